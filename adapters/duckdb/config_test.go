package duckdb_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"all keys": {"path: shop.duckdb\nmemory_limit: 1.5 GiB\nthreads: 2\ntemp_directory: /spill\nattach: {crm: crm.duckdb, Crm_2: crm2.duckdb}\n", nil},
		"memory":   {"path: ':memory:'\nmemory_limit: 50%\n", nil},
		"no path":  {"threads: 1\n", []string{"1:1 a duckdb target needs a path"}},
		"limit":    {"path: x\nmemory_limit: lots\n", []string{"2:15 memory_limit is not a size"}},
		"no unit":  {"path: x\nmemory_limit: '4'\n", []string{"2:15 memory_limit is not a size"}},
		"threads":  {"path: x\nthreads: -1\n", []string{"2:10 threads is negative"}},
		"attach": {"path: x\nattach:\n  a-b: y\n  CUSTOMHOUSE_WORK: y\n  Main: y\n  good: y\n  none: ' '\n", []string{
			"4:3 the name CUSTOMHOUSE_WORK is taken",
			"5:3 the name Main is taken",
			"3:3 the name of an attached file is not an identifier",
			"7:9 attached file none has no path",
		}},
		"everything": {"memory_limit: x\nthreads: -2\n", []string{"1:1 a duckdb target needs a path", "1:15 memory_limit is not a size", "2:10 threads is negative"}},
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
			var config duckdb.Config
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
	for f := range reflect.TypeFor[duckdb.Config]().Fields() {
		if f.Tag.Get("doc") == "" {
			t.Errorf("%s has no doc tag", f.Name)
		}
	}
}
