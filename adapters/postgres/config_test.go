package postgres_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a reference": {"url: '${env:DATABASE_URL}'\nstatement_timeout: 30m\n", nil},
		"an address":  {"url: postgres://me@db.example.com/shop?sslmode=verify-full\n", nil},
		"parts":       {"host: db.example.com\nport: 5433\ndatabase: shop\nuser: me\npassword: '${env:PGPASSWORD}'\nsslmode: verify-ca\nsslrootcert: ca.pem\nsslcert: me.pem\nsslkey: me.key\n", nil},
		"nothing":     {"statement_timeout: 1m\n", []string{"1:1 a postgres target needs a url or a host"}},
		"half":        {"host: db\n", []string{"1:1 a postgres target with a host needs a database", "1:1 a postgres target with a host needs a user"}},
		"both":        {"url: postgres://db/shop\nuser: me\n", []string{"2:7 user is given beside url"}},
		"no address":  {"url: mysql://db/shop\n", []string{"1:6 url is no address of a PostgreSQL"}},
		"a password":  {"url: postgres://me:private@db/shop\n", []string{"1:6 url holds a password"}},
		"another":     {"url: postgres://db/shop?password=private\n", []string{"1:6 url holds a password"}},
		"values": {"host: db\ndatabase: d\nuser: u\nport: 70000\nsslmode: maybe\nsslcert: x\nstatement_timeout: -1s\n", []string{
			"5:10 sslmode is none of PostgreSQL's", "1:1 a client's certificate and its key go together", "4:7 port is out of range", "7:20 statement_timeout is negative",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			report := func(d diag.Diagnostic) {
				if d.Severity != diag.Error || d.Code == "" || d.Help == "" {
					t.Errorf("a finding without its code or help: %+v", d)
				}
				got = append(got, fmt.Sprintf("%d:%d %s", d.Span.Start.Line, d.Span.Start.Col, d.Summary))
			}
			n := strict.Parse(&diag.Source{Name: "customhouse.yaml", Text: []byte(c.text)}, report)
			var config postgres.Config
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
	for f := range reflect.TypeFor[postgres.Config]().Fields() {
		if f.Tag.Get("doc") == "" {
			t.Errorf("%s has no doc tag", f.Name)
		}
	}
}
