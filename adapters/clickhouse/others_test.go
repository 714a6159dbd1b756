package clickhouse_test

import (
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestStopOthers: a process that writes to a target stops what another one has
// left running on it, and nothing else.
func TestStopOthers(t *testing.T) {
	t.Parallel()
	s := chtest.Start(t)
	connect := func() *clickhouse.Driver {
		driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := driver.Close(); err != nil {
				t.Error(err)
			}
		})
		return driver
	}
	schema, work, another := s.Database(t), s.Database(t), s.Database(t)
	gone := connect()
	const endless = " ENGINE = MergeTree ORDER BY tuple() AS\nSELECT sleepEachRow(0.01) AS n FROM numbers(1000000) SETTINGS max_block_size = 1"
	ended := map[string]chan error{}
	for name, statement := range map[string]string{
		"public":  "CREATE OR REPLACE TABLE " + schema + ".left" + endless,
		"work":    "CREATE OR REPLACE TABLE " + work + ".left" + endless,
		"another": "CREATE OR REPLACE TABLE " + another + ".left" + endless,
		"longer":  "CREATE OR REPLACE TABLE " + another + ".my" + schema + endless,
	} {
		end := make(chan error, 1)
		ended[name] = end
		go func() { end <- gone.Exec(t.Context(), []string{statement}) }()
		running(t, s, strings.TrimPrefix(strings.Split(statement, " ENGINE")[0], "CREATE OR REPLACE TABLE "))
	}
	w := adapters.New(adapters.Options{Driver: connect(), Dialect: sql.ClickHouse, Schema: schema, Work: []string{work}})
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.Stopped(); got != 2 {
		t.Errorf("want 2 statements to be stopped, got %d", got)
	}
	for _, name := range []string{"public", "work"} {
		if kind := kindOf(t, <-ended[name]); kind != adapters.Canceled {
			t.Errorf("%s ended with an error of kind %d", name, kind)
		}
	}
	for _, name := range []string{"another", "longer"} {
		select {
		case err := <-ended[name]:
			t.Errorf("%s ended: %v", name, err)
		default:
		}
	}
	// Nor does it stop its own, or anything the second time.
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.Stopped(); got != 0 {
		t.Errorf("want nothing to be stopped, got %d", got)
	}
	w = adapters.New(adapters.Options{Driver: connect(), Dialect: sql.ClickHouse, Schema: another})
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.Stopped(); got != 2 {
		t.Errorf("want 2 statements to be stopped, got %d", got)
	}
}
