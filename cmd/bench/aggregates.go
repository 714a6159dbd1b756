package main

import (
	dbsql "database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// aggregatesBatch compares a run that aggregates the events of one more day, a
// hundredth of all, with a run that aggregates all of them again: where hardly
// anybody does two things in a day, so that there are about as many days as
// events, and where a few people do a lot.
func aggregatesBatch(b *bench) error {
	c, err := b.crowd(int64(b.customers))
	if err != nil {
		return err
	}
	if err := c.batch("sparse", "FROM whole.events"); err != nil {
		return err
	}
	busy := fmt.Sprintf("(customer %% %d)", max(c.customers/50, 1))
	return c.batch("dense", fmt.Sprintf(`SELECT * FROM (SELECT %s AS customer, 'u' || %s AS user_id, name, topic, amount,
		TIMESTAMP '%s' - to_microseconds(datediff('microsecond', happened, TIMESTAMP '%[3]s') // 20) AS happened FROM whole.events) ORDER BY happened`,
		busy, busy, lastDay.Format(time.DateTime)))
}

// batch is aggregatesBatch on the events of a query. The members must be the same.
func (c *crowd) batch(shape, events string) error {
	list := conditions(50)
	raw := filepath.Join(c.dir, shape+".duckdb")
	if err := within(raw, func(db *dbsql.DB) error {
		return script(db, "ATTACH '"+c.raw+"' AS whole (READ_ONLY)",
			"CREATE OR REPLACE TABLE contacts AS FROM whole.contacts", "CREATE OR REPLACE TABLE events AS "+events)
	}); err != nil {
		return err
	}
	grown, all := filepath.Join(c.dir, shape+"-grown"), filepath.Join(c.dir, shape+"-all")
	first, _, err := c.evaluateIn(grown, raw, "append\n    by_day: true", "planned", list)
	if err != nil {
		return err
	}
	c.where(first)
	if err := within(raw, func(db *dbsql.DB) error {
		return script(db, fmt.Sprintf(`INSERT INTO events SELECT customer, user_id, name, topic, amount,
			TIMESTAMP '%s' + to_microseconds((hash(user_id, happened) %% 86400000000)::BIGINT) FROM events WHERE hash(happened, user_id) %% 100 = 0`,
			lastDay.Format(time.DateTime)))
	}); err != nil {
		return err
	}
	ours, _, err := c.evaluateIn(grown, raw, "append\n    by_day: true", "planned-next", list)
	if err != nil {
		return err
	}
	c.where(ours)
	full, _, err := c.evaluateIn(all, raw, "compare", "planned-next", list)
	if err != nil {
		return err
	}
	c.where(full)
	if err := same(ours, full); err != nil {
		return fmt.Errorf("kept by day against all events: %w", err)
	}
	size := "-" + shape + "-" + short(c.customers) + "x" + short(c.events)
	fmt.Printf("# aggregates: %s, CPU seconds of the events: first run %.2f, one more day %.2f, all again %.2f\n",
		shape, aggregating(first), aggregating(ours), aggregating(full))
	fmt.Printf("FIGURE aggregates/batch-1pct-vs-all%s %.2f (no bound: how many days there are for each event decides)\n", size, aggregating(ours)/aggregating(full))
	fmt.Printf("FIGURE aggregates/first-run-vs-all%s %.2f (no bound: what is kept for later runs)\n", size, aggregating(first)/aggregating(full))
	return nil
}

// aggregating is what the aggregates of events cost, in CPU seconds.
func aggregating(e evaluation) float64 {
	var out time.Duration
	for _, s := range e.Steps {
		if strings.HasPrefix(s.Name, "features:events:") {
			out += s.CPU
		}
	}
	return out.Seconds()
}
