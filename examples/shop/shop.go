// Package shop is a sample project, and a synthetic shop of any size to run it
// on: what the demo shows and what the benchmarks measure.
//
// Files is the project. Generate writes the shop's raw tables as they stand on
// a given day: CRM contacts, loyalty cards, a newsletter tool's subscribers,
// orders and web events, in the file formats that such systems export. The
// shop has what makes identity hard: people under several addresses, family
// mailboxes and devices, public machines, junk values, careless typing. It
// knows the truth, too: each raw row names its person in truth_person, a column
// that no source declares, and truth.parquet lists whose each identifier is.
// Score compares an identity table with it.
//
// The package never reads the clock, the environment or the project it ships;
// the same Options give the same rows. Start with Generate; the shop's world
// is generate.sql.
package shop

import (
	"context"
	dbsql "database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver that writes the files
)

// Files is the project: what a user would keep in Git.
//
//go:embed *.yaml
var Files embed.FS

//go:embed generate.sql
var world string

// MaxCustomers is how many people the shop can have: there are not more
// telephone numbers.
const MaxCustomers = 50_000_000

// Options say which shop to write.
type Options struct {
	// Customers is how many people there are on day 1; each later day adds one
	// in a hundred. Some of them never give a name: they are only a cookie.
	Customers int
	// Seed chooses one of the possible shops.
	Seed uint64
	// Dir is the folder that gets the files; it is made where it is missing.
	Dir string
	// Day is 1 or more. A later day has the tables as a later export would:
	// everything that happened before, with what was added, changed and
	// deleted since.
	Day int
}

// Stats count the rows of each file.
type Stats struct {
	Contacts, Loyalty, Newsletter, Orders, WebEvents int64
	// Truth counts the identifiers of truth.parquet.
	Truth int64
}

// Rows is how many rows a run reads.
func (s Stats) Rows() int64 {
	return s.Contacts + s.Loyalty + s.Newsletter + s.Orders + s.WebEvents
}

// AsOf is the instant of a day's export: nothing in it is later. A run on the
// data of a day takes it as its as_of.
func AsOf(day int) time.Time {
	return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
}

// Generate writes the shop's files to Dir, over those of an earlier day. Its
// time is linear in the number of customers, about half a minute of two cores
// a million; its memory stays within two gigabytes.
func Generate(ctx context.Context, o Options) (Stats, error) {
	var stats Stats
	if o.Customers < 1 || o.Customers > MaxCustomers {
		return stats, fmt.Errorf("the shop can have 1 to %d customers, not %d", MaxCustomers, o.Customers)
	}
	if o.Day < 1 || o.Day > 365 {
		return stats, fmt.Errorf("the shop is open on days 1 to 365, not on day %d", o.Day)
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return stats, fmt.Errorf("making the folder of the shop's files: %w", err)
	}
	spill, err := os.MkdirTemp(o.Dir, ".spill")
	if err != nil {
		return stats, fmt.Errorf("making a folder to spill to: %w", err)
	}
	stats, err = generate(ctx, o, spill)
	return stats, errors.Join(err, os.RemoveAll(spill))
}

func generate(ctx context.Context, o Options, spill string) (stats Stats, err error) {
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		return stats, fmt.Errorf("opening DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// One connection: variables and temporary views belong to it.
	conn, err := db.Conn(ctx)
	if err != nil {
		return stats, fmt.Errorf("opening DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	settings := fmt.Sprintf(`
SET memory_limit = '2GB'; SET temp_directory = %s;
SET VARIABLE customers = %d; SET VARIABLE day = %d; SET VARIABLE seed = %d::UBIGINT;
`, quote(spill), o.Customers, o.Day, o.Seed)
	if _, err := conn.ExecContext(ctx, settings+world); err != nil {
		return stats, fmt.Errorf("making the shop's world: %w", err)
	}
	for _, f := range []struct {
		view, file, format string
		rows               *int64
	}{
		{"raw_contacts", "contacts.parquet", "FORMAT parquet", &stats.Contacts},
		{"raw_loyalty", "loyalty.csv", "FORMAT csv, HEADER", &stats.Loyalty},
		{"raw_newsletter", "newsletter.ndjson.gz", "FORMAT json, COMPRESSION gzip", &stats.Newsletter},
		{"raw_orders", "orders.parquet", "FORMAT parquet", &stats.Orders},
		{"raw_web_events", "web_events.parquet", "FORMAT parquet", &stats.WebEvents},
		{"raw_truth", "truth.parquet", "FORMAT parquet", &stats.Truth},
	} {
		// Written aside and renamed, so that a reader of an earlier day's file
		// keeps it, and an interrupted Generate leaves no half a file.
		aside := filepath.Join(spill, f.file)
		copied, err := conn.ExecContext(ctx, fmt.Sprintf("COPY (FROM %s) TO %s (%s)", f.view, quote(aside), f.format))
		if err != nil {
			return stats, fmt.Errorf("writing %s: %w", f.file, err)
		}
		if *f.rows, err = copied.RowsAffected(); err != nil {
			return stats, fmt.Errorf("counting the rows of %s: %w", f.file, err)
		}
		if err := os.Rename(aside, filepath.Join(o.Dir, f.file)); err != nil {
			return stats, fmt.Errorf("putting %s in place: %w", f.file, err)
		}
	}
	return stats, nil
}

// quote spells a string literal of DuckDB.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
