package snowflake_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestCheck(t *testing.T) {
	const key = "private_key: '${env:K}'\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"all keys": {"account: a-b\ndatabase: d\nwarehouse: w\nrole: r\nuser: u\nprivate_key_passphrase: '${env:P}'\nhost: h\nport: 443\nprotocol: https\nstatement_timeout: 30m\n" + key, nil},
		"token":    {"account: a\ndatabase: d\ntoken: '${env:T}'\n", nil},
		"password": {"account: a\ndatabase: d\nuser: u\npassword: '${env:P}'\n", []string{"4:11 Snowflake retires signing in with a password alone"}},
		"nothing":  {"account: a\ndatabase: d\nuser: u\n", []string{"1:1 nothing says how to sign in"}},
		"two":      {"account: a\ndatabase: d\nuser: u\ntoken: '${env:T}'\n" + key, []string{"4:8 token is given beside private_key"}},
		"user":     {"account: a\ndatabase: d\n" + key, []string{"1:1 there is no user"}},
		"account":  {"account: https://a\ndatabase: d\nuser: u\n" + key, []string{"1:10 account is not the identifier of an account"}},
		"clear":    {"account: a\ndatabase: d\nuser: u\nhost: h\nprotocol: http\n" + key, []string{"5:11 http would send secrets in the clear"}},
		"timeout":  {"account: a\ndatabase: d\nuser: u\nstatement_timeout: 5ms\n" + key, []string{"4:20 statement_timeout is no number of seconds"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			report := func(d diag.Diagnostic) {
				got = append(got, fmt.Sprintf("%d:%d %s", d.Span.Start.Line, d.Span.Start.Col, d.Summary))
			}
			n := strict.Parse(&diag.Source{Name: "customhouse.yaml", Text: []byte(c.text)}, report)
			var config snowflake.Config
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
	for f := range reflect.TypeFor[snowflake.Config]().Fields() {
		if f.Tag.Get("doc") == "" {
			t.Errorf("%s has no doc tag", f.Name)
		}
	}
}

// TestQuiet: the client has not loaded a library of its own.
func TestQuiet(t *testing.T) {
	open(t)
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("what the client loads is not looked at: this system has no /proc/self/maps, which Linux has")
	}
	if strings.Contains(string(maps), "sf_mini_core") {
		t.Error("the client's library is loaded")
	}
}

// TestNames reads names back as they were given.
func TestNames(t *testing.T) {
	d := sql.Snowflake
	for name, want := range map[string]string{
		"orders": "orders", "order": `"ORDER"`, "Orders": `"Orders"`, `"orders"`: `"orders"`, `""orders""`: `"""orders"""`, "a b": `"a b"`, "a.b": `"a.b"`, `"`: `""""`,
	} {
		if got := d.QuoteName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
		id := strings.ToUpper(want)
		if strings.HasPrefix(want, `"`) {
			id = strings.ReplaceAll(want[1:len(want)-1], `""`, `"`)
		}
		if got := d.ReadName(id); got != name {
			t.Errorf("%q is read back as %q", name, got)
		}
	}
}

func TestGrants(t *testing.T) {
	c := snowflake.Config{Database: "analytics", Warehouse: "w", Role: "loader", User: "me"}
	text := strings.Join(snowflake.Grants(c, adapters.GrantsFor{Schema: "customhouse", Work: "customhouse_work", Tables: []string{"raw.orders", "other.raw.users"}}), "\n")
	for _, want := range []string{
		"GRANT USAGE ON WAREHOUSE w TO ROLE loader;", "GRANT USAGE, CREATE TABLE ON SCHEMA analytics.customhouse_work TO ROLE loader;",
		"GRANT SELECT ON TABLE analytics.raw.orders TO ROLE loader;", "GRANT USAGE ON DATABASE other TO ROLE loader;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if read := strings.Join(snowflake.Grants(c, adapters.GrantsFor{ReadOnly: true, Tables: []string{"raw.orders"}}), "\n"); strings.Contains(read, "CREATE T") {
		t.Errorf("read-only grants make tables:\n%s", read)
	}
}
