package clickhouse_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
)

// TestMemory: groups and joins that are larger than max_memory_usage go to disk,
// and would fail if nobody said so to the engine.
func TestMemory(t *testing.T) {
	s := chtest.Start(t)
	database := s.Database(t)
	if _, err := s.Query("CREATE TABLE " + database + ".a ENGINE = MergeTree ORDER BY tuple() AS SELECT toNullable(toInt64(number)) AS n, toNullable(toString(sipHash64(number))) AS v FROM numbers(1500000)"); err != nil {
		t.Fatal(err)
	}
	const limit = "200000000"
	engine := map[string]string{ // its own defaults
		"max_bytes_before_external_group_by": "0", "max_bytes_before_external_sort": "0",
		"join_algorithm": "direct,parallel_hash,hash", "max_bytes_in_join": "0", "min_insert_block_size_bytes": "268402944",
	}
	for name, statement := range map[string]string{
		"group": "SELECT v, min(n) AS n, count() AS c FROM " + database + ".a GROUP BY v",
		"join":  "SELECT a.n AS n, b.v AS v, a.v AS w FROM " + database + ".a AS a LEFT JOIN " + database + ".a AS b ON b.v = a.v",
	} {
		for _, ours := range []bool{true, false} {
			config := target(t, s)
			config.Settings = map[string]string{"max_memory_usage": limit}
			if !ours {
				maps.Copy(config.Settings, engine)
			}
			driver, err := clickhouse.Open(t.Context(), config, "", resolver(s))
			if err != nil {
				t.Fatal(err)
			}
			err = driver.Exec(t.Context(), []string{"CREATE OR REPLACE TABLE " + database + ".b ENGINE = MergeTree ORDER BY tuple() AS " + statement})
			if known, ok := errors.AsType[*adapters.Error](err); ours && err != nil || !ours && (!ok || known.Kind != adapters.Quota) {
				t.Errorf("%s, with our bounds %v: got %v", name, ours, err)
			}
			if err := driver.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
