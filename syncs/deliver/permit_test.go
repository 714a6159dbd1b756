package deliver

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

func TestPermit(t *testing.T) {
	const (
		always  = "dialled always"
		private = "dialled where allow_private is set"
		never   = "never dialled"
	)
	for ip, want := range map[string]string{
		"93.184.216.34": always, "8.8.8.8": always, "1.1.1.1": always, "172.15.0.1": always, "172.32.0.1": always, "11.0.0.1": always,
		"[2606:4700::1111]": always, "[::ffff:8.8.8.8]": always, "[64:ff9b::808:808]": always, "[2002:808:808::1]": always,
		"127.0.0.1": private, "127.255.255.254": private, "10.0.0.1": private, "10.255.255.255": private, "172.16.0.1": private,
		"172.31.255.255": private, "192.168.1.1": private, "100.64.0.1": private, "198.18.0.1": private, "[::1]": private,
		"[fc00::1]": private, "[fd12:3456::1]": private, "[::ffff:127.0.0.1]": private, "[::ffff:10.0.0.1]": private,
		"[64:ff9b::7f00:1]": private, "[64:ff9b::a00:1]": private, "[2002:7f00:1::]": private, "[2002:c0a8:101::1]": private, "[::127.0.0.1]": private,
		"169.254.169.254": never, "169.254.0.1": never, "0.0.0.0": never, "0.1.2.3": never, "224.0.0.1": never, "255.255.255.255": never,
		"240.0.0.1": never, "192.0.0.192": never, "[::]": never, "[fe80::1]": never, "[fe80::1%eth0]": never, "[ff02::1]": never,
		"[fd00:ec2::254]": never, "[::ffff:169.254.169.254]": never, "[64:ff9b::a9fe:a9fe]": never, "[2002:a9fe:a9fe::]": never,
		"[::ffff:0.0.0.0]": never, "[fec0::1]": never,
	} {
		got := always
		if err := permit(ip+":443", false); err != nil {
			var stop *StopError
			if !errors.As(err, &stop) || stop.Code != "address-refused" {
				t.Errorf("permit(%s) = %v, want a StopError", ip, err)
			}
			got = private
			if permit(ip+":443", true) != nil {
				got = never
			}
		}
		if got != want {
			t.Errorf("%s is %s, want %s", ip, got, want)
		}
	}
	for _, bad := range []string{"", "localhost:80", "1.2.3.4", "0x7f.1:80", "2130706433:80", "/var/run/docker.sock"} {
		if permit(bad, true) == nil {
			t.Errorf("permit(%q) = nil, want an error", bad)
		}
	}
}

func TestRedact(t *testing.T) {
	r := &redactor{}
	r.learn(secret.NewValue(`p@ss "w/rd`))
	ops := []syncs.Op{{Key: "K-123", Values: []any{"Jane", "jane smith", int64(48213), 12.75, "FR", "Jane Smith-Doe", []any{"inner"}}}}
	for text, want := range map[string]string{
		"":                             "",
		"plain words stay":             "plain words stay",
		"bad address jane@x.org!":      "bad address [redacted]",
		"call +33 6 12 34 56 78 now":   "call [redacted] now",
		"record k-123 of JANE SMITH":   "record [redacted] of [redacted]",
		"value 48213 or 12.75":         "value [redacted] or [redacted]",
		"country FR is fine":           "country FR is fine",
		"Jane Smith-Doe and jane":      "[redacted] and [redacted]",
		"inner":                        "[redacted]",
		"a\nb\x00c":                    "a b c",
		`token p@ss "w/rd leaked`:      "token [redacted] leaked",
		`"p@ss \"w/rd"`:                `"[redacted]"`,
		"p%40ss+%22w%2Frd":             "[redacted]",
		"cEBzcyAid3Jk":                 "cEBzcyAid3Jk",
		"cEBzcyAidy9yZA==":             "[redacted]",
		strings.Repeat("é", 300):       strings.Repeat("é", 100) + "…",
		"\xff\xfe":                     "?",
		"row 7: duplicate value (409)": "row 7: duplicate value (409)",
	} {
		if got := r.message(text, ops); got != want {
			t.Errorf("message(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("message of jane@example.com", "jane", "s3cret-value")
	f.Fuzz(func(t *testing.T, text, value, hidden string) {
		r := &redactor{}
		r.learn(secret.NewValue(hidden))
		got := r.message(text, []syncs.Op{{Key: value, Values: []any{value}}})
		if len(got) > maxMessage+len("…") || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00") {
			t.Errorf("message(%q) = %q", text, got)
		}
	})
}
