package main

import (
	"archive/zip"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// rawSource is a source as it lies on disk, and how its identifiers are spelled.
type rawSource struct {
	name string
	// time is a column that is shown whosever the row is.
	time string
	rows []map[string]any
	// kinds are identifier types, the strongest first, each with its column.
	kinds []rawKind
}

type rawKind struct {
	name, column string
	spell        func(string) (string, bool)
}

func spelled(kind, region string) func(string) (string, bool) {
	return func(s string) (string, bool) { return normalize.Value(kind, region, s) }
}

// asIs is a value without a normalizer.
func asIs(s string) (string, bool) { return s, strings.TrimSpace(s) != "" }

// plain is a value of a file, or of a document, as text; times and decimals, which
// each spells in its own way, are not told apart.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case []byte:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case map[string]any:
		return fmt.Sprint(v), true
	}
	return "", false
}

// expected are the rows of a source that a dossier of id must have, worked out
// from the files alone: the values as text, sorted.
func (s rawSource) expected(id string, owners map[oracle.Value]string, refused map[oracle.Value]bool) []string {
	var out []string
	for _, row := range s.rows {
		mine, others := map[string]bool{}, map[string]bool{}
		held, owner := false, ""
		for _, k := range s.kinds {
			raw, _ := plain(row[k.column])
			text, ok := k.spell(raw)
			v := oracle.Value{Kind: k.name, Text: text}
			if !ok || owners[v] == "" {
				continue
			}
			if owner == "" {
				owner = owners[v]
			}
			switch {
			case owners[v] == id:
				held, mine[k.column] = true, true
			case !refused[v]:
				others[k.column] = true
			}
		}
		if !held {
			continue
		}
		shown := map[string]string{}
		for column, value := range row {
			text, compared := plain(value)
			switch own := owner == id; {
			case column == s.time || !compared:
				continue
			case !mine[column] && (!own || others[column]):
				text = "map[withheld:true]"
			}
			shown[column] = text
		}
		out = append(out, fmt.Sprint(shown))
	}
	slices.Sort(out)
	return out
}

// dossierRows are the rows of a source in a dossier, as expected has them.
func (s rawSource) dossierRows(t *testing.T, file string) []string {
	t.Helper()
	var d struct {
		Parts []struct {
			Name string
			Rows []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(fromZIP(t, file, "person.json")), &d); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range d.Parts {
		if p.Name != "source_"+s.name {
			continue
		}
		for _, row := range p.Rows {
			shown := map[string]string{}
			for column, value := range row {
				compared := true
				if len(s.rows) > 0 {
					_, compared = plain(s.rows[0][column])
				}
				text, _ := plain(value)
				if column != s.time && compared {
					shown[column] = text
				}
			}
			out = append(out, fmt.Sprint(shown))
		}
	}
	slices.Sort(out)
	return out
}

func fromZIP(t *testing.T, file, name string) string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unpack writes the files of a ZIP into a folder that is made, with the ends of
// lines that scripts have.
func unpack(ts *testscript.TestScript, _ bool, args []string) {
	r, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, f := range r.File {
		in, err := f.Open()
		ts.Check(err)
		text, err := io.ReadAll(in)
		path := filepath.Join(ts.MkAbs(args[1]), f.Name)
		ts.Check(errors.Join(err, in.Close(), os.MkdirAll(filepath.Dir(path), 0o700)))
		ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "\r\n", "\n")), 0o600))
	}
	ts.Check(r.Close())
}

// dossiers compares what the dossiers of people have with what the files say: each
// row that carries an identifier of theirs, no other, and nothing of anybody else.
// Half of the people are such that rows of theirs carry identifiers of others.
func dossiers(t *testing.T, env []string, dir, entity string, people int, sources []rawSource) {
	t.Helper()
	id := entity + "_id"
	owners, refused := map[oracle.Value]string{}, map[oracle.Value]bool{}
	everybody := map[string]bool{}
	for _, row := range table(t, env, dir, entity+"_identities") {
		owners[oracle.Value{Kind: row["identifier_type"], Text: row["identifier"]}] = row[id]
		if row[id] != "" {
			everybody[row[id]] = true
		}
	}
	for v, why := range incidents(table(t, env, dir, entity+"_identity_incidents"), "shared", "conflict", "too_many") {
		refused[v] = why != ""
	}
	entangled := map[string]bool{}
	for _, s := range sources {
		for _, row := range s.rows {
			on := map[string]bool{}
			for _, k := range s.kinds {
				raw, _ := plain(row[k.column])
				if text, ok := k.spell(raw); ok && owners[oracle.Value{Kind: k.name, Text: text}] != "" {
					on[owners[oracle.Value{Kind: k.name, Text: text}]] = true
				}
			}
			if len(on) > 1 {
				maps.Copy(entangled, on)
			}
		}
	}
	random := rand.New(rand.NewPCG(7, 7))
	draw := func(from map[string]bool) string {
		list := slices.Sorted(maps.Keys(from))
		return list[random.IntN(len(list))]
	}
	rows, withheld := 0, 0
	for i := range people {
		who := draw(everybody)
		if i%2 == 1 && len(entangled) > 0 {
			who = draw(entangled)
		}
		file := filepath.Join(t.TempDir(), "person.zip")
		must(t, env, "--project-dir", dir, "privacy", "access", "id="+who, "--entity", entity, "--evidence", "by mail", "--out", file)
		for _, s := range sources {
			want, got := s.expected(who, owners, refused), s.dossierRows(t, file)
			rows += len(want)
			withheld += strings.Count(strings.Join(want, " "), "withheld")
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("rows of %s of %s %s (-want +got):\n%s", s.name, entity, who, d)
			}
		}
	}
	if rows < people || len(entangled) > 0 && withheld == 0 {
		t.Errorf("compared %d rows with %d values withheld: that tests nothing", rows, withheld)
	}
}

// csvRows are those of a CSV file, an empty field being no value.
func csvRows(t *testing.T, path string) (out []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		row := map[string]any{}
		for i, name := range records[0] {
			row[name] = nil
			if r[i] != "" {
				row[name] = r[i]
			}
		}
		out = append(out, row)
	}
	return out
}

func parquetRows(t *testing.T, path string) (out []map[string]any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	for {
		row := map[string]any{}
		err := r.Read(&row)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
}

func gzippedJSON(t *testing.T, path string) (out []map[string]any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(r); ; {
		row := map[string]any{}
		err := d.Decode(&row)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
}

func TestDossierOfTheShop(t *testing.T) {
	t.Parallel()
	dir, env := shopProject(t, 400)
	must(t, env, "--project-dir", dir, "run", "--as-of", asOf(1), "--exclude", toFiles)
	raw := filepath.Join(dir, "raw")
	user, email := rawKind{"user_id", "user_id", spelled("trim", "")}, rawKind{"email", "email", spelled("email", "")}
	phone := func(column string) rawKind { return rawKind{"phone", column, spelled("phone", "FR")} }
	card := rawKind{"card", "card", spelled("digits", "")}
	dossiers(t, env, dir, "customer", 16, []rawSource{
		{"contacts", "updated_at", parquetRows(t, filepath.Join(raw, "contacts.parquet")), []rawKind{user, email, phone("mobile")}},
		{"loyalty", "joined_at", csvRows(t, filepath.Join(raw, "loyalty.csv")), []rawKind{email, phone("phone"), card}},
		{"newsletter", "changed_at", gzippedJSON(t, filepath.Join(raw, "newsletter.ndjson.gz")), []rawKind{email}},
		{"orders", "ordered_at", parquetRows(t, filepath.Join(raw, "orders.parquet")), []rawKind{email, card}},
		{"page_views", "viewed_at", parquetRows(t, filepath.Join(raw, "web_events.parquet")), []rawKind{user, {"cookie", "cookie", asIs}}},
	})
}

func TestDossierOfFake(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	dir, env, _ := example(t, "fake-1000", data, "2026-01-01")
	dossiers(t, env, dir, "customer", 8, []rawSource{
		{"records", "", csvRows(t, filepath.Join(data, "fake-1000", "fake_1000.csv")), []rawKind{{"record", "unique_id", asIs}, {"email", "email", spelled("email", "")}}},
	})
}

func TestDossierOfTruthset(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	from := filepath.Join("..", "..", "examples", "truthset")
	dir := copyProject(t, os.DirFS(from))
	prepare, err := os.ReadFile(filepath.Join(from, "prepare.sql"))
	if err != nil {
		t.Fatal(err)
	}
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: "truthset.duckdb"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	script := []string{
		"SET VARIABLE data = '" + strings.ReplaceAll(data, "'", "''") + "';\n" + string(prepare),
		"COPY (SELECT * FROM raw.people) TO '" + people + "' (HEADER)",
	}
	if err := errors.Join(driver.Exec(t.Context(), script), driver.Close()); err != nil {
		t.Fatal(err)
	}
	must(t, nil, "--project-dir", dir, "run", "--as-of", "2026-01-01")
	notDigits := regexp.MustCompile(`[^0-9]`)
	kinds := []rawKind{{"record", "record", asIs}, {"ssn", "ssn", func(s string) (string, bool) {
		s = notDigits.ReplaceAllString(s, "")
		return s, len(s) == 9
	}}, {"lei", "lei", spelled("trim", "")}}
	for _, name := range []string{"national_id", "tax_id", "passport", "licence"} {
		kinds = append(kinds, rawKind{name, name, asIs})
	}
	kinds = append(kinds, rawKind{"email", "email", spelled("email", "")}, rawKind{"national_number", "national_number", asIs}, rawKind{"phone", "phone", spelled("phone", "US")})
	dossiers(t, nil, dir, "customer", 10, []rawSource{{"people", "", csvRows(t, people), kinds}})
}

// TestDossierEverywhere: each warehouse has the same to tell of a person.
func TestDossierEverywhere(t *testing.T) { //nolint:tparallel // the others are compared with the first
	t.Parallel()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "dossier.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	told := func(t *testing.T, line string, env []string) string {
		t.Helper()
		dir := t.TempDir()
		for _, f := range archive.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		addTarget(t, dir, "there", line)
		project := []string{"--project-dir", dir, "--target", "there"}
		must(t, env, append(project, "run", "--as-of", "2026-03-01")...)
		if err := os.Rename(filepath.Join(dir, "contacts2.csv"), filepath.Join(dir, "contacts.csv")); err != nil {
			t.Fatal(err)
		}
		must(t, env, append(project, "run", "--as-of", "2026-03-02")...)
		var out strings.Builder
		for _, who := range []string{"user_id=1", "email=ada@example.com", "user_id=3"} {
			file := filepath.Join(dir, "person.zip")
			must(t, env, append(project, "privacy", "access", who, "--evidence", "by mail", "--out", file)...)
			var d map[string]any
			if err := json.Unmarshal([]byte(fromZIP(t, file, "person.json")), &d); err != nil {
				t.Fatal(err)
			}
			delete(d, "made_at")
			delete(d, "request") // It is another one each time.
			text, err := json.MarshalIndent(d, "", " ")
			if err := errors.Join(err, os.Remove(file)); err != nil {
				t.Fatal(err)
			}
			out.WriteString(string(text) + must(t, env, append(project, "privacy", "where", who, "--all")...))
		}
		return regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}|request access-.*`).ReplaceAllString(out.String(), "ANOTHER")
	}
	want := told(t, "{type: duckdb, path: there.duckdb, deliver: true}", nil)
	if n := strings.Count(want, "withheld"); n < 6 {
		t.Fatalf("%d values are withheld, and too few to test anything", n)
	}
	for _, w := range []struct {
		name   string
		target func(*testing.T) (line string, env []string)
	}{
		{"postgres", func(t *testing.T) (string, []string) {
			t.Helper()
			target := postgrestest.NewTarget(t)
			return target.YAML(), target.Env
		}},
		{"clickhouse", func(t *testing.T) (string, []string) {
			t.Helper()
			server := chtest.Start(t)
			target, _ := clickhouseTarget(t, server)
			return target, []string{"CLICKHOUSE_PASSWORD=" + server.Password}
		}},
		{"bigquery", func(t *testing.T) (string, []string) {
			t.Helper()
			return bqtest.NewTarget(t).YAML(), nil
		}},
		{"snowflake", func(t *testing.T) (string, []string) {
			t.Helper()
			target := sftest.NewTarget(t)
			return target.YAML(), target.Env
		}},
	} {
		t.Run(w.name, func(t *testing.T) {
			line, env := w.target(t)
			if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(told(t, line, env), "\n")); d != "" {
				t.Errorf("it tells something else than DuckDB (-want +got):\n%s", d)
			}
		})
	}
}
