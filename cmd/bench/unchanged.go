package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// unchanged compares a run over sources in which nothing has changed with one that
// evaluates everything: where all segments depend on the time of the run, where a
// fifth does, and where none does. It also says what looking for changes adds to a
// run that finds some.
func unchanged(b *bench) error {
	c, err := b.crowd(int64(b.customers))
	if err != nil {
		return err
	}
	list := conditions(50)
	for _, kind := range []struct {
		name  string
		timed int
	}{{"all-timed", 50}, {"10-timed", 10}, {"none-timed", 0}} {
		some := slices.Clone(list)
		for i := range some[kind.timed:] {
			x := &some[kind.timed+i]
			x.cel = strings.ReplaceAll(x.cel, "now", fmt.Sprintf("timestamp(%q)", lastDay.Format(time.RFC3339)))
		}
		if err := c.unchanged(kind.name, some); err != nil {
			return err
		}
	}
	return nil
}

// unchanged does so for some segments. The members must be the same.
func (c *crowd) unchanged(kind string, list []condition) error {
	dir := filepath.Join(c.dir, "unchanged-"+kind)
	first, _, err := c.evaluateIn(dir, c.raw, "compare", "changed", list)
	if err != nil {
		return err
	}
	c.where(first)
	skipped, _, err := c.evaluateIn(dir, c.raw, "compare", "changed-next", list)
	if err != nil {
		return err
	}
	c.where(skipped)
	all, _, err := c.evaluateIn(dir, c.raw, "compare", "planned-next", list)
	if err != nil {
		return err
	}
	if err := same(skipped, all); err != nil {
		return fmt.Errorf("what was left out against all: %w", err)
	}
	size := fmt.Sprintf("-%d-%s-%sx%s", len(list), kind, short(c.customers), short(c.events))
	fmt.Printf("# unchanged: CPU seconds: all %.2f, nothing changed %.2f, first run %.2f\n", cpuOf(all), cpuOf(skipped), cpuOf(first))
	fmt.Printf("FIGURE segments/unchanged-vs-all%s %.2f (no bound: how many depend on the time decides)\n", size, cpuOf(skipped)/cpuOf(all))
	var looking float64
	for _, s := range first.Steps {
		if strings.Contains(s.Name, "look for changes") || strings.Contains(s.Name, "look again") {
			looking += s.CPU.Seconds()
		}
	}
	fmt.Printf("FIGURE segments/looking-for-changes-vs-all%s %.2f (no bound: what it adds where something has changed)\n", size, looking/cpuOf(all))
	return nil
}
