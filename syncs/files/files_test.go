package files_test

import (
	"bytes"
	"compress/gzip"
	dbsql "database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/files"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

func destination(tb testing.TB, change func(*files.Config)) syncs.Destination {
	tb.Helper()
	c := files.Default()
	path, err := secret.NewTemplate("out")
	if err != nil {
		tb.Fatal(err)
	}
	c.Path = path
	if change != nil {
		change(c)
	}
	return files.New(c)
}

func TestContract(t *testing.T) {
	for _, format := range []string{files.CSV, files.NDJSON, files.Parquet} {
		for _, layout := range []string{files.Changes, files.Snapshot, files.Append} {
			t.Run(format+" "+layout, func(t *testing.T) {
				synctest.Run(t, synctest.Harness{Destination: destination(t, func(c *files.Config) {
					c.Format, c.Layout = format, layout
				})})
			})
		}
	}
}

// TestVariants keeps the contract at other places, under other names, packed.
func TestVariants(t *testing.T) {
	secretly := func(text string) secret.Template {
		v, err := secret.NewTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, change := range map[string]func(*files.Config){
		"s3": func(c *files.Config) {
			c.S3 = &files.S3{Bucket: secretly("${env:BUCKET}"), Region: secretly("eu-west-1")}
		},
		"gcs":         func(c *files.Config) { c.GCS, c.Compress = &files.GCS{Bucket: secretly("b")}, files.Gzip },
		"sftp":        func(c *files.Config) { c.SFTP, c.Compress = &files.SFTP{Host: secretly("h")}, files.Zstd },
		"one file":    func(c *files.Config) { c.FileName, c.Replace, c.Format = "{sync}.{ext}", true, files.NDJSON },
		"gzip inside": func(c *files.Config) { c.Format, c.Compress = files.Parquet, files.Gzip },
		"zstd inside": func(c *files.Config) { c.Format, c.Compress = files.Parquet, files.Zstd },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Run(t, synctest.Harness{Destination: destination(t, change)})
		})
	}
}

// TestPacked: what is packed is what would have been written, in one piece and in
// several.
func TestPacked(t *testing.T) {
	plain := encode(t, destination(t, nil), chunk(rows()...))
	for how, unpack := range map[string]func(io.Reader) (io.Reader, error){
		files.Gzip: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		files.Zstd: func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	} {
		for _, template := range []string{"{run}-{part}.{ext}", "{run}.{ext}"} {
			got := encode(t, destination(t, func(c *files.Config) { c.Compress, c.FileName = how, template }), chunk(rows()...))
			r, err := unpack(bytes.NewReader(slices.Concat(got.Head, got.Body)))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(text, plain.Body) {
				t.Errorf("%s %s: %d bytes, want %d; error %v", how, template, len(text), len(plain.Body), err)
			}
			if ext := map[string]string{files.Gzip: ".csv.gz", files.Zstd: ".csv.zst"}[how]; !strings.HasSuffix(got.Name, ext) {
				t.Errorf("name %s, want one that ends with %s", got.Name, ext)
			}
		}
	}
}

// TestQuotes: with all of them, only what is no value goes without.
func TestQuotes(t *testing.T) {
	c := chunk(syncs.Op{Kind: syncs.Upsert, Key: "a", Values: []any{"x", nil, int64(1)}})
	c.Schema.Fields = c.Schema.Fields[:3]
	got := encode(t, destination(t, func(c *files.Config) { c.Quotes, c.Null = files.All, "NULL" }), c)
	if want := "\"upsert\",\"a\",\"x\",NULL,\"1\"\r\n"; !strings.HasSuffix(string(got.Body), want) || !strings.HasPrefix(string(got.Body), `"_op","_key",`) {
		t.Errorf("body %q", got.Body)
	}
}

// TestAppended: rows alone, of what is new.
func TestAppended(t *testing.T) {
	d := destination(t, func(c *files.Config) { c.Layout = files.Append })
	c := chunk(syncs.Op{Kind: syncs.Append, Key: "e1", Values: []any{"x"}})
	c.Schema.Fields = c.Schema.Fields[:1]
	if got := encode(t, d, c); string(got.Body) != "email\r\nx\r\n" {
		t.Errorf("body %q", got.Body)
	}
	if diff := cmp.Diff([]syncs.Kind{syncs.Append, syncs.Insert, syncs.Add}, d.Spec().Kinds); diff != "" {
		t.Error(diff)
	}
}

// texts survive a round trip, whatever they hold.
var texts = []string{
	"", " ", "plain", "NULL", `\N`, "=1+1", "+33612345678", "-5", "@x", "\t=x", "\r=x", "\n=x", " =x", "'=x", "''=x", "'t Hooft", "'",
	`a"b`, `"`, "a,b", "a;b", "a\nb", "a\r\nb", "\r\n", "nul\x00nul", "\x00", "😀 émoji", "日本語", "\u2028", "\ufeff=x", "＝1+1", `\`, "x ",
	"a,=1+1", "a;=1+1", "a\t=1+1", "a|=1+1", "a\n=1+1", "a\r=1+1", `a";=1+1`, "＋1", "－1", "＠x", "@SUM(1)|x", "\u00a0=x", "\x0b=x",
}

func chunk(ops ...syncs.Op) syncs.Chunk {
	c := synctest.Chunk(ops)
	c.Schema.Fields = []syncs.Field{
		{Name: "email", Type: syncs.String},
		{Name: "note, \"of\" 😀", Type: syncs.String},
		{Name: "visits", Type: syncs.Int},
		{Name: "spent", Type: syncs.Decimal},
		{Name: "seen", Type: syncs.Timestamp},
		{Name: "born", Type: syncs.Date},
		{Name: "ok", Type: syncs.Bool},
		{Name: "score", Type: syncs.Float},
		{Name: "topics", Type: syncs.List},
	}
	return c
}

var (
	seen = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	born = time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
)

func rows() []syncs.Op {
	var ops []syncs.Op
	for i, text := range texts {
		key := fmt.Sprintf("k%d", i)
		ops = append(ops, syncs.Op{Kind: syncs.Upsert, Key: key, Values: []any{key, text, int64(-i), "-1.50", seen, born, i%2 == 0, -0.5, []any{text, nil}}})
	}
	return append(ops, syncs.Op{Kind: syncs.Upsert, Key: "none", Values: make([]any, 9)}, syncs.Op{Kind: syncs.Remove, Key: "=gone"})
}

func encode(tb testing.TB, d syncs.Destination, c syncs.Chunk) *syncs.FileRequest {
	tb.Helper()
	requests, rejections := d.Encode(c)
	if len(requests) != 1 || len(rejections) != 0 {
		tb.Fatalf("%d requests and %d rejections %+v, want 1 and 0", len(requests), len(rejections), rejections)
	}
	return requests[0].File
}

func TestNames(t *testing.T) {
	got := encode(t, destination(t, nil), chunk(rows()...))
	got.Body = nil
	want := &syncs.FileRequest{Dir: "loyal_readers/run-1", Name: "part-00001.csv", Manifest: "manifest.json", Rows: len(texts) + 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCSVRoundTrip(t *testing.T) {
	for _, delimiter := range []string{",", ";", "\t", "|"} {
		d := destination(t, func(c *files.Config) { c.Delimiter = delimiter })
		body := encode(t, d, chunk(rows()...)).Body
		for _, separator := range []string{",", ";", "\t", "|", "\n", "\r"} {
			// A reader that takes another separator for granted finds it in quotes.
			if !bytes.Contains(body, []byte(`"a`+separator+`=1+1"`)) {
				t.Errorf("with %q between cells %q is not in quotes", delimiter, separator)
			}
		}
		r := csv.NewReader(bytes.NewReader(body))
		r.Comma = rune(delimiter[0])
		got, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"_op", "_key", "email", "note, \"of\" 😀", "visits", "spent", "seen", "born", "ok", "score", "topics"}, got[0]); diff != "" {
			t.Error(diff)
		}
		for i, text := range texts {
			line := got[i+1]
			// encoding/csv reads CR LF as LF.
			if want := strings.ReplaceAll(text, "\r\n", "\n"); files.Unescape(line[3]) != want {
				t.Errorf("text %q came back as %q", want, files.Unescape(line[3]))
			}
			if c := line[3]; c != "" && strings.ContainsAny(c[:1], "=+-@\t\r\n") {
				t.Errorf("cell %q begins a formula", c)
			}
			want := []string{"upsert", fmt.Sprintf("k%d", i), fmt.Sprintf("k%d", i), strconv.Itoa(-i), "-1.50", "2026-01-02T03:04:05.678901Z", "1969-12-31", strconv.FormatBool(i%2 == 0), "-0.5"}
			if diff := cmp.Diff(want, append(line[:3:3], line[4:10]...)); diff != "" {
				t.Error(diff)
			}
		}
		if diff := cmp.Diff([]string{"remove", "'=gone", "", "", "", "", "", "", "", "", ""}, got[len(got)-1]); diff != "" {
			t.Error(diff)
		}
	}
}

// DuckDB tells empty text from no value, and keeps line ends.
func TestDuckDBReadsAll(t *testing.T) {
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for format, from := range map[string]string{
		files.CSV:     `read_csv('%s', header=true, all_varchar=true, nullstr='\N', allow_quoted_nulls=false)`,
		files.NDJSON:  `read_ndjson('%s')`,
		files.Parquet: `read_parquet('%s')`,
	} {
		t.Run(format, func(t *testing.T) {
			d := destination(t, func(c *files.Config) { c.Format, c.Null = format, `\N` })
			name := filepath.Join(t.TempDir(), "part."+format)
			if err := os.WriteFile(name, encode(t, d, chunk(rows()...)).Body, 0o600); err != nil {
				t.Fatal(err)
			}
			seenAt := "(seen::timestamptz at time zone 'UTC')::timestamp"
			result, err := db.Query(`select _op, _key, "note, ""of"" 😀", visits::varchar, spent::varchar, ` + seenAt + `, born::date, score::double from ` + fmt.Sprintf(from, name))
			if err != nil {
				t.Fatal(err)
			}
			defer result.Close()
			count := 0
			for result.Next() {
				var op, key string
				var note, visits, spent *string
				var at, day *time.Time
				var score *float64
				if err := result.Scan(&op, &key, &note, &visits, &spent, &at, &day, &score); err != nil {
					t.Fatal(err)
				}
				if count < len(texts) {
					if note == nil {
						t.Fatalf("text %q came back as no value", texts[count])
					}
					got := *note
					if format == files.CSV {
						got = files.Unescape(got)
					}
					if got != texts[count] {
						t.Errorf("text %q came back as %q", texts[count], got)
					}
					if *visits != strconv.Itoa(-count) || *spent != "-1.50" || !at.Equal(seen) || !day.Equal(born) || *score != -0.5 {
						t.Errorf("row %d: %s %s %s %s %v", count, *visits, *spent, at, day, *score)
					}
				} else if note != nil || visits != nil || at != nil || day != nil || score != nil {
					t.Errorf("row %d has values, want none", count)
				}
				count++
			}
			if err := result.Err(); err != nil || count != len(texts)+2 {
				t.Errorf("%d rows, error %v", count, err)
			}
		})
	}
}

func TestNDJSON(t *testing.T) {
	d := destination(t, func(c *files.Config) { c.Format = files.NDJSON })
	body := encode(t, d, chunk(rows()...)).Body
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	if len(lines) != len(texts)+2 {
		t.Fatalf("%d lines, want %d", len(lines), len(texts)+2)
	}
	for i, text := range texts {
		var all map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &all); err != nil {
			t.Fatal(err)
		}
		if all[`note, "of" 😀`] != text {
			t.Errorf("text %q came back as %q", text, all[`note, "of" 😀`])
		}
	}
	if got := lines[len(lines)-1]; got != `{"_op":"remove","_key":"=gone"}` {
		t.Errorf("removal is %s", got)
	}
	if got := lines[0]; got != `{"_op":"upsert","_key":"k0","email":"k0","note, \"of\" 😀":"","visits":0,"spent":"-1.50","seen":"2026-01-02T03:04:05.678901Z","born":"1969-12-31","ok":true,"score":-0.5,"topics":["",null]}` {
		t.Errorf("row is %s", got)
	}
}

func TestParquet(t *testing.T) {
	d := destination(t, func(c *files.Config) { c.Format = files.Parquet })
	body := encode(t, d, chunk(rows()...)).Body
	file, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range file.Schema().Fields() {
		names = append(names, f.Name()+" "+f.Type().String())
	}
	want := []string{
		"_op STRING", "_key STRING", "email STRING", "note, \"of\" 😀 STRING", "visits INT(64,true)", "spent STRING",
		"seen TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)", "born DATE", "ok BOOLEAN", "score DOUBLE", "topics JSON",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	rows := make([]parquet.Row, len(texts))
	r := parquet.NewReader(bytes.NewReader(body))
	defer r.Close()
	if n, err := r.ReadRows(rows); n != len(texts) {
		t.Fatalf("read %d rows: %v", n, err)
	}
	for i, text := range texts {
		if got := rows[i][3].String(); got != text {
			t.Errorf("text %q came back as %q", text, got)
		}
	}
}

func TestSnapshotLeavesRemovalsOut(t *testing.T) {
	d := destination(t, func(c *files.Config) { c.Layout, c.Format = files.Snapshot, files.CSV })
	if !d.Spec().Replace || d.Spec().Place == nil {
		t.Errorf("spec %+v, want Replace and a Place", d.Spec())
	}
	c := chunk(syncs.Op{Kind: syncs.Remove, Key: "gone"})
	c.Schema.Fields = c.Schema.Fields[:1]
	got := encode(t, d, c)
	if string(got.Body) != "email\r\n" || got.Rows != 0 {
		t.Errorf("body %q with %d rows, want only a header", got.Body, got.Rows)
	}
	// A single column without a value is no empty line.
	c.Ops = []syncs.Op{{Kind: syncs.Upsert, Key: "a", Values: []any{nil}}}
	if got := encode(t, d, c); string(got.Body) != "email\r\n\"\"\r\n" {
		t.Errorf("body %q", got.Body)
	}
}

func TestFormulasKept(t *testing.T) {
	d := destination(t, func(c *files.Config) { c.Formulas, c.Layout = files.Keep, files.Snapshot })
	c := chunk(syncs.Op{Kind: syncs.Upsert, Key: "a", Values: []any{"+33612345678"}})
	c.Schema.Fields = c.Schema.Fields[:1]
	if got := encode(t, d, c); string(got.Body) != "email\r\n+33612345678\r\n" {
		t.Errorf("body %q", got.Body)
	}
}

func TestReservedNames(t *testing.T) {
	c := chunk(rows()...)
	c.Schema.Fields[0].Name = "_op"
	requests, rejections := destination(t, nil).Encode(c)
	if len(requests) != 0 || len(rejections) != len(c.Ops) || rejections[0].Code != "reserved-name" {
		t.Errorf("%d requests, rejections %+v", len(requests), rejections)
	}
}

// Unescape is the inverse of what the encoder does, for any text.
func FuzzUnescape(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	d := destination(f, func(c *files.Config) { c.Layout = files.Snapshot })
	f.Fuzz(func(t *testing.T, text string) {
		c := chunk(syncs.Op{Kind: syncs.Upsert, Key: "a", Values: []any{text}})
		c.Schema.Fields = c.Schema.Fields[:1]
		body := encode(t, d, c).Body
		lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("%d lines, error %v", len(lines), err)
		}
		want := strings.ReplaceAll(text, "\r\n", "\n")
		if got := files.Unescape(lines[1][0]); got != want && !strings.Contains(text, "\r") {
			t.Errorf("%q came back as %q", want, got)
		}
	})
}
