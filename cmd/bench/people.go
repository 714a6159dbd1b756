package main

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// people is generated data for identity: wide rows in three sources, and the
// graph of what they link.
type people struct {
	b *bench
	// rows are those of the sources before any batch.
	rows int64
	// dir holds everything below; wide the sources contacts, web and orders;
	// graphs one table of edges a shape.
	dir, wide, graphs string
	// linked says that graphs holds that of the rows.
	linked bool
	// samples are the measured runs so far, so that benchmarks share them.
	contests  map[string][]contest
	pipelines map[variant][]spent
}

// firstSeen is when row 0 was seen; each later row is three seconds younger.
var firstSeen = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

const between = 3 * time.Second

// people generates the data of a size, once.
func (b *bench) people(rows int64) (*people, error) {
	if p, ok := b.populations[rows]; ok {
		return p, nil
	}
	dir := filepath.Join(b.dir, "people-"+short(rows))
	p := &people{
		b: b, rows: rows, dir: dir, wide: filepath.Join(dir, "wide.duckdb"), graphs: filepath.Join(dir, "graphs.duckdb"),
		contests: map[string][]contest{}, pipelines: map[variant][]spent{},
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	fmt.Printf("# identity: generating %s rows\n", short(rows))
	err := within(p.wide, func(db *dbsql.DB) error {
		return script(db, slices.Concat(vocabulary(rows), tables, insertRows(0, rows))...)
	})
	if err != nil {
		return nil, fmt.Errorf("generating rows: %w", err)
	}
	b.populations[rows] = p
	return p, nil
}

// asOf is a time after the youngest of so many rows.
func asOf(rows int64) string {
	return firstSeen.Add(time.Duration(rows)*between + time.Hour).Format(time.RFC3339)
}

// copyFile copies a file that nobody has open.
func copyFile(to, from string) (err error) {
	in, err := os.Open(from) //nolint:gosec // our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.Create(to) //nolint:gosec // our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// short is a round number as names have it: 10m, 500k.
func short(n int64) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return strconv.FormatInt(n/1_000_000, 10) + "m"
	case n >= 1_000 && n%1_000 == 0:
		return strconv.FormatInt(n/1_000, 10) + "k"
	}
	return strconv.FormatInt(n, 10)
}

// vocabulary are the macros that rows are made with. Everything comes from
// hash(), so that the same row is the same on every run.
//
// A fifth of the rows are contacts, three fifths web, the rest orders. How
// many identifiers a person has, and how many rows, follows a power law. Three
// households in a hundred share a device, a few hundred devices are in public
// places, and nine values of junk stand where nobody had anything to say: of ten
// million rows, 7.5 million identifiers and 3.8 million links, 85,000 identifiers
// in the largest cluster where nothing protects it.
func vocabulary(rows int64) []string {
	persons := max(rows*15/100, 10)
	return []string{
		"SET preserve_insertion_order = true",
		// A number in [0, 1).
		"CREATE OR REPLACE MACRO chance(i, salt) AS (hash(i, salt) >> 11) / 9007199254740992.0",
		// A whole number from 1 on, seldom large.
		"CREATE OR REPLACE MACRO few(i, salt, tail, most) AS least(most, floor(pow(1 - chance(i, salt), -tail)))::BIGINT",
		// The person of a row; skew 1 makes all as likely.
		fmt.Sprintf("CREATE OR REPLACE MACRO person(i, skew) AS floor(%d * pow(chance(i, 'person'), skew))::BIGINT", persons),
		// Which of a person's identifiers a row carries.
		"CREATE OR REPLACE MACRO which(i, p, salt, tail, most) AS (hash(i, salt, 'which') % few(p, salt, tail, most)::UBIGINT)::BIGINT",
		"CREATE OR REPLACE MACRO the_user(p) AS 'u' || p",
		"CREATE OR REPLACE MACRO the_email(p, k) AS concat('p', p, CASE WHEN k = 0 THEN '' ELSE '.' || k END, '@mail', hash(p, k) % 40, '.example')",
		// The factors are odd and no multiples of 5: no two people share a number.
		"CREATE OR REPLACE MACRO the_phone(p, k) AS '06' || lpad(((p * 3 + k) * 38431967 % 100000000)::VARCHAR, 8, '0')",
		"CREATE OR REPLACE MACRO the_card(p, k) AS 'C' || lpad(((p * 2 + k) * 612493 % 10000000000)::VARCHAR, 10, '0')",
		"CREATE OR REPLACE MACRO the_cookie(p, k) AS 'c.' || to_hex(hash(p, k, 'cookie'))",
		`CREATE OR REPLACE MACRO the_device(i, p, k) AS 'd.' || to_hex(CASE
			WHEN chance(i, 'public') < 0.0005 THEN hash(hash(i, 'place') % 300, 'public')
			WHEN chance(p, 'household') < 0.03 THEN hash(p // 3, 'household')
			ELSE hash(p, k, 'device') END)`,
		// As different people and forms write the same.
		"CREATE OR REPLACE MACRO written_email(i, e) AS CASE WHEN chance(i, 'case') < 0.05 THEN upper(e) WHEN chance(i, 'case') < 0.07 THEN e || ' ' ELSE e END",
		`CREATE OR REPLACE MACRO written_phone(i, t) AS CASE
			WHEN chance(i, 'form') < 0.1 THEN '+33' || t[2:]
			WHEN chance(i, 'form') < 0.2 THEN concat_ws(' ', t[1:2], t[3:4], t[5:6], t[7:8], t[9:10])
			ELSE t END`,
		// A value of junk, in one row of a hundred alone and in one in all columns.
		"CREATE OR REPLACE MACRO junk(i, salt, list, value) AS CASE WHEN least(chance(i, salt), chance(i, 'nobody')) < 0.009 THEN list[1 + (hash(i, salt) % len(list)::UBIGINT)::BIGINT] ELSE value END",
	}
}

// tables are the statements that make the sources.
var tables = []string{
	"CREATE TABLE contacts (user_id VARCHAR, email VARCHAR, phone VARCHAR, card VARCHAR, seen TIMESTAMP)",
	"CREATE TABLE web (cookie VARCHAR, device VARCHAR, user_id VARCHAR, seen TIMESTAMP)",
	"CREATE TABLE orders (email VARCHAR, phone VARCHAR, card VARCHAR, seen TIMESTAMP)",
}

// insertRows are the statements that add the rows with the numbers from to
// below to.
func insertRows(from, to int64) []string {
	// A macro's argument is text that is put in place: what is used more than
	// once is a column first.
	insert := func(table, columns, kind, skew string) string {
		return fmt.Sprintf(`INSERT INTO %s SELECT %s, make_timestamp(%d + i * %d) FROM (
			SELECT i, person(i, %s) AS p FROM range(%d, %d) r (i) WHERE %s)`,
			table, columns, firstSeen.UnixMicro(), between.Microseconds(), skew, from, to, kind)
	}
	const (
		email = "written_email(i, junk(i, 'e', ['null@null.com', 'none@none.com', 'test@test.com'], the_email(p, which(i, p, 'email', 0.35, 5))))"
		phone = "written_phone(i, junk(i, 't', ['0000000000', '0600000000', '0123456789'], the_phone(p, which(i, p, 'phone', 0.3, 3))))"
		card  = "junk(i, 'c', ['N/A', '0'], the_card(p, which(i, p, 'card', 0.2, 2)))"
	)
	return []string{
		insert("contacts", strings.Join([]string{
			"the_user(p)", email,
			"CASE WHEN chance(p, 'has phone') < 0.4 THEN " + phone + " END",
			"CASE WHEN chance(p, 'has card') < 0.3 THEN " + card + " END",
		}, ", "), "i % 10 < 2", "1"),
		insert("web", strings.Join([]string{
			// Half of all visits are somebody's who never said who it was.
			"CASE WHEN chance(i, 'known') < 0.72 THEN the_cookie(p, which(i, p, 'cookie', 0.75, 60)) ELSE 'v.' || to_hex(hash(i, 'visitor')) END",
			"CASE WHEN chance(i, 'known') < 0.54 THEN junk(i, 'd', ['00000000-0000-0000-0000-000000000000'], the_device(i, p, which(i, p, 'device', 0.4, 12))) END",
			"CASE WHEN chance(i, 'login') < 0.4 AND chance(i, 'known') < 0.72 THEN the_user(p) END",
		}, ", "), "i % 10 BETWEEN 2 AND 7", "1.5"),
		insert("orders", strings.Join([]string{
			email,
			"CASE WHEN chance(i, 'gave phone') < 0.5 AND chance(p, 'has phone') < 0.4 THEN " + phone + " END",
			"CASE WHEN chance(i, 'gave card') < 0.5 AND chance(p, 'has card') < 0.3 THEN " + card + " END",
		}, ", "), "i % 10 >= 8", "1.5"),
	}
}

// linkRows are the statements that make the table rows (u, v): what the wide
// rows link, as identity sees it. Identifiers are numbered in the order in
// which they were first seen, and each row's strongest is linked to the
// others. Values are normalised as the project of the pipeline says.
func linkRows(name string) []string {
	const (
		email = "lower(trim(email))"
		// Two zeros begin an international number, and no country has a zero.
		phone = "CASE WHEN phone LIKE '00%' THEN NULL WHEN phone LIKE '+%' THEN phone ELSE '+33' || replace(phone, ' ', '')[2:] END"
	)
	columns := []string{"i0", "i1", "i2", "i3", "i4", "i5"}
	var nodes, links []string
	for k, c := range columns {
		nodes = append(nodes, "SELECT "+c+" AS h, min(seen) AS seen FROM tuple WHERE "+c+" IS NOT NULL GROUP BY 1")
		if k > 0 {
			links = append(links, "SELECT coalesce("+strings.Join(columns, ", ")+") AS a, "+c+" AS x FROM tuple WHERE "+c+" IS NOT NULL AND coalesce("+strings.Join(columns[:k], ", ")+") IS NOT NULL")
		}
	}
	return []string{
		"SET preserve_insertion_order = false",
		// The hash of an identifier stands for it; NULL has a hash too.
		"CREATE OR REPLACE TEMP MACRO mark(rank, value) AS CASE WHEN value IS NOT NULL THEN hash(rank, value) END",
		`CREATE TEMP TABLE tuple AS
			SELECT mark(0, user_id) AS i0, mark(1, ` + email + `) AS i1, mark(2, ` + phone + `) AS i2, mark(3, card) AS i3,
				NULL::UBIGINT AS i4, NULL::UBIGINT AS i5, seen FROM wide.contacts
			UNION ALL SELECT mark(0, user_id), NULL, NULL, NULL, mark(4, device), mark(5, cookie), seen FROM wide.web
			UNION ALL SELECT NULL, mark(1, ` + email + `), mark(2, ` + phone + `), mark(3, card), NULL, NULL, seen FROM wide.orders`,
		"CREATE TEMP TABLE node AS SELECT h, row_number() OVER (ORDER BY seen, h) - 1 AS n FROM (" + strings.Join(nodes, " UNION ALL ") + ")",
		"CREATE TABLE " + name + ` AS SELECT greatest(a.n, x.n) AS u, least(a.n, x.n) AS v
			FROM (SELECT DISTINCT * FROM (` + strings.Join(links, " UNION ALL ") + `)) l JOIN node a ON a.h = l.a JOIN node x ON x.h = l.x`,
		"DROP TABLE tuple",
		"DROP TABLE node",
	}
}

// within opens a database file, does something and closes it again.
func within(path string, do func(*dbsql.DB) error) (err error) {
	db, err := dbsql.Open("duckdb", path)
	if err != nil {
		return err
	}
	// One connection, so that temporary tables and settings last.
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

func script(db *dbsql.DB, statements ...string) error {
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			return fmt.Errorf("%w in:\n%s", err, s)
		}
	}
	return nil
}
