package bigquery_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
)

func TestMain(m *testing.M) { os.Exit(adaptertest.Main(m.Run, bqtest.Inherited)) }

// open opens empty datasets and closes the warehouse with the test.
func open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	return bqtest.NewTarget(tb).Open(tb)
}

// leftOut are the cases that BigQuery answers in another way. The emulator executes
// all others.
var leftOut = map[string]string{
	"year(in_offset(9999-12-31T23:59:59Z, 3600000000))":  "times end with the year 9999, also those of a clock east of Greenwich",
	"year(in_offset(0001-01-01T00:00:00Z, -3600000000))": "times begin with the year 1, also those of a clock west of Greenwich",
}

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{Open: open, Without: leftOut})
}

// TestLeftOut: the page on warehouses says which they are.
func TestLeftOut(t *testing.T) {
	adaptertest.Documented(t, "../../docs/warehouses.md", "BigQuery", leftOut)
}

// TestLive runs a part of the suite as on a project that the variable names, which
// is the engine here.
func TestLive(t *testing.T) {
	s := bqtest.Start(t)
	t.Setenv("CUSTOMHOUSE_TEST_BIGQUERY", s.Project+"/US?anonymous=true&endpoint="+url.QueryEscape(s.Endpoint))
	target := bqtest.NewTarget(t)
	if !target.Live || target.Config.Endpoint != s.Endpoint || !strings.Contains(target.YAML(), "location: 'US'") {
		t.Errorf("the variable is not followed: %s", target.YAML())
	}
	adaptertest.Run(t, adaptertest.Harness{Open: open, Only: adaptertest.Brief})
}

func TestStopOthers(t *testing.T) {
	adaptertest.Stops(t, bqtest.NewTarget(t).Connect, bqtest.NewTarget(t).Connect)
}

func TestKilledScript(t *testing.T) {
	rounds := 4
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 60
	}
	target := bqtest.NewTarget(t)
	adaptertest.Killed(t, adaptertest.Killing{Connect: target.Connect, Env: target.Inheritance(), Tables: target.Tables, Rounds: rounds})
}
