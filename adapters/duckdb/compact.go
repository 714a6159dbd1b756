package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/customhouse-cdp/customhouse/adapters"
)

var _ adapters.Compacter = (*Driver)(nil)

// compactCatalog is the file that is written anew.
const compactCatalog = "customhouse_compact"

// Compact writes the file anew and puts that in its place: a block that is free
// keeps what was in it until it is written again. A process that is killed
// meanwhile leaves the old file, and perhaps a new one beside it, which the next
// compaction replaces. A database in memory keeps nothing.
func (d *Driver) Compact(ctx context.Context) error {
	if d.file == "" {
		return nil
	}
	aside := d.file + ".compact"
	if err := remove(aside, aside+".wal"); err != nil {
		return err
	}
	file, compact := name(FileCatalog), name(compactCatalog)
	err := d.Exec(ctx, []string{
		"CHECKPOINT " + file, "ATTACH " + quote(aside) + " AS " + compact, "COPY FROM DATABASE " + file + " TO " + compact, "CHECKPOINT " + compact,
	})
	// What was attached is to be let go of whatever came of it.
	err = errors.Join(err, d.bootstrap(context.WithoutCancel(ctx), "DETACH DATABASE IF EXISTS "+compact))
	if err != nil {
		return errors.Join(err, remove(aside, aside+".wal"))
	}
	// From here on nobody stops half way.
	return d.replace(context.WithoutCancel(ctx), aside)
}

// replace puts a file in the place of the one that is open.
func (d *Driver) replace(ctx context.Context, aside string) error {
	d.mu.Lock()
	idle := d.idle
	d.idle = nil
	d.mu.Unlock()
	for _, c := range idle {
		c.close() // It has the old file as the default of its names.
	}
	if err := d.bootstrap(ctx, "DETACH DATABASE "+name(FileCatalog)); err != nil {
		return errors.Join(err, remove(aside))
	}
	// Rename takes effect as a whole; what is new was synced when it was detached.
	err := os.Rename(aside, d.file)
	if err != nil {
		err = errors.Join(fmt.Errorf("putting the compacted file in place: %w", err), remove(aside))
	}
	return errors.Join(err, d.bootstrap(ctx, "ATTACH "+quote(d.file)+" AS "+name(FileCatalog)))
}

func remove(files ...string) error {
	for _, f := range files {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", f, err)
		}
	}
	return nil
}
