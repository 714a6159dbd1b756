package clickhouse_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"all keys": {"address: 'a:8443, b:8443'\nprotocol: http\ndatabase: raw\nuser: me\npassword: '${env:X}'\nsecure: true\nca: ca.pem\ncertificate: c.pem\nkey: k.pem\nsettings: {max_memory_usage: '1000'}\n", nil},
		"address":  {"address: https://host:8443\n", []string{"1:10 address is not host:port"}},
		"port":     {"address: host\n", []string{"1:10 address is not host:port"}},
		"protocol": {"address: a:1\nprotocol: grpc\n", []string{"2:11 there is no protocol grpc"}},
		"key":      {"address: a:1\nsecure: true\nkey: k.pem\n", []string{"1:1 a client certificate needs both certificate and key"}},
		"no TLS":   {"address: a:1\nca: ca.pem\n", []string{"1:1 certificates are given, and TLS is off"}},
		"settings": {"address: a:1\nsettings:\n  join_use_nulls: '0'\n  A B: '1'\n", []string{"4:3 A B is not the name of a setting", "3:3 the setting join_use_nulls is not yours to change"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			report := func(d diag.Diagnostic) {
				if d.Severity != diag.Error || d.Code != "invalid-target" || d.Help == "" {
					t.Errorf("a finding without its code or help: %+v", d)
				}
				got = append(got, fmt.Sprintf("%d:%d %s", d.Span.Start.Line, d.Span.Start.Col, d.Summary))
			}
			n := strict.Parse(&diag.Source{Name: "customhouse.yaml", Text: []byte(c.text)}, report)
			var config clickhouse.Config
			if !n.Decode(report, &config) {
				t.Fatal(got)
			}
			config.Check(n, report)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

// TestConfigIsDescribed finds a key that editors would show without a word.
func TestConfigIsDescribed(t *testing.T) {
	for f := range reflect.TypeFor[clickhouse.Config]().Fields() {
		if f.Tag.Get("doc") == "" {
			t.Errorf("%s has no doc tag", f.Name)
		}
	}
}
