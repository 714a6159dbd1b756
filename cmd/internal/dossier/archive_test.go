package dossier

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
)

func sample() Options {
	return Options{
		Project: &config.Project{Name: "shop", Owner: `<img src=x onerror=alert(1)>`},
		Person:  person.Person{Entity: &config.Entity{Name: "customer"}, IDs: []int64{17, 3}},
		Made:    time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), Request: `"><script>alert(1)</script>`,
	}
}

// made writes an archive of one part and reads its files.
func made(t *testing.T, p part, rows [][]any) map[string]string {
	t.Helper()
	var b bytes.Buffer
	a, err := newArchive(&b, t.TempDir(), sample())
	if err != nil {
		t.Fatal(err)
	}
	err = a.add(p, func(put func([]any) error) error {
		for _, r := range rows {
			if err := put(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, a.finish(), a.discard()); err != nil {
		t.Fatal(err)
	}
	return unzipped(t, b.Bytes())
}

func unzipped(t *testing.T, text []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range r.File {
		if !filepath.IsLocal(f.Name) || f.Mode() != 0o600 {
			t.Errorf("the archive has a file %q of mode %v", f.Name, f.Mode())
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(in)
		if err := errors.Join(err, in.Close()); err != nil {
			t.Fatal(err)
		}
		if _, twice := out[f.Name]; twice {
			t.Errorf("the archive has %s twice", f.Name)
		}
		out[f.Name] = string(all)
	}
	return out
}

// hostile are values that mean something to what reads them.
var hostile = []string{
	`=cmd|' /C calc'!A0`, "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "'=1", "''=1", "＝1", "a;=1", "a\n=1", `a;"=1`, "\ufeff=1", "x\t-1",
	`</td></table><script>alert("x")</script>`, `" onmouseover="alert(1)`, "</bdi><h1>", "<!--", "{{.}}", "javascript:alert(1)",
	"\x00\x01\x1b[31mred\x7f", "\u202egnp.exe", "\u2066a", "\u0085", "\u2028", "invalid \xff\xfe", "", " ", ",", `"`, "🙂 é", "../../etc/passwd",
}

// TestHostile: what anybody wrote is text in each of the files.
func TestHostile(t *testing.T) {
	t.Parallel()
	var rows [][]any
	for _, h := range hostile {
		rows = append(rows, []any{h, []any{h}, int64(-5)})
	}
	p := part{name: "../x/<b>", title: hostile[16], about: hostile[16], columns: columns(hostile[0], hostile[16], "n")}
	files := made(t, p, rows)
	page := files["index.html"]
	for _, bad := range []string{"<script", "<img", "<h1><", "<!--", `onmouseover="`, "</td></table><", "\u202e", "\u2066", "\x00", "\x1b", "\u2028"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;") || !utf8.ValidString(page) {
		t.Error("the page does not show the text")
	}
	name := "csv/01-___x__b_.csv"
	records, err := csv.NewReader(strings.NewReader(files[name])).ReadAll()
	if err != nil {
		t.Fatal(err, slices.Collect(func(yield func(string) bool) {
			for n := range files {
				yield(n)
			}
		}))
	}
	for i, r := range records {
		for k, c := range r {
			if k < 2 && starts(c) {
				t.Errorf("row %d: a spreadsheet runs %q", i, c)
			}
			if strings.ContainsFunc(c, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }) {
				t.Errorf("row %d holds a control character: %q", i, c)
			}
		}
	}
	if got := records[1][2]; got != "-5" {
		t.Errorf("a number is %q", got)
	}
	var d struct {
		Parts []struct{ Rows []map[string]any }
	}
	if err := json.Unmarshal([]byte(files["person.json"]), &d); err != nil {
		t.Fatal(err)
	}
	for i, h := range hostile {
		want := any(h)
		if !utf8.ValidString(h) {
			want = map[string]any{"base64": "aW52YWxpZCD//g=="}
		}
		if diff := cmp.Diff(want, d.Parts[0].Rows[i][hostile[0]]); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i, diff)
		}
	}
}

// starts says that a spreadsheet takes a cell, or what stands in it behind a
// separator of another country, for a formula; it shares no code with harmless.
func starts(cell string) bool {
	for _, piece := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
		piece = strings.TrimLeft(piece, " \u00a0\ufeff\"\v\f\u0085\u2028\u2029\u3000")
		if piece != "" && strings.ContainsAny(string([]rune(piece)[0]), "=+-@＝＋－＠") {
			return true
		}
	}
	return cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0]))
}

// TestJSON: whatever values there are, the document is JSON and says them.
func TestJSON(t *testing.T) {
	t.Parallel()
	sent := "x"
	values := []any{
		nil, true, int64(math.MaxInt64), 0.1, math.NaN(), math.Inf(-1), "a",
		[]byte{0, 255},
		[]any{"a", nil, int64(1)},
		time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		withheld{},
		fields{{Name: "e", Text: &sent}, {Name: "n"}},
	}
	want := `[null,true,9223372036854775807,0.1,"NaN","-Inf","a",{"base64":"AP8="},["a",null,1],"2026-01-02T03:04:05.000006Z",{"withheld":true},{"e":"x","n":null}]`
	if got := string(appendJSON(nil, values)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		if !json.Valid(appendJSON(nil, []any{text, rapid.Float64().Draw(t, "number")})) {
			t.Errorf("%q is written as what is no JSON", text)
		}
	})
}

// TestLong: rows beyond those that the page shows, and a value of megabytes, are
// whole in the files, and the page stays small.
func TestLong(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("é<", 4<<20)
	rows := [][]any{{huge, int64(0)}}
	for i := range 5 * pageRows {
		rows = append(rows, []any{"x", int64(i)})
	}
	files := made(t, part{name: "long", title: "Long", columns: columns("text", "n")}, rows)
	if n := len(files["index.html"]); n > 64<<10 {
		t.Errorf("the page has %d bytes", n)
	}
	if !strings.Contains(files["index.html"], "The first 100 rows are shown") || !strings.Contains(files["index.html"], "the whole value is in the files") {
		t.Error("the page does not say that there is more")
	}
	records, err := csv.NewReader(strings.NewReader(files["csv/01-long.csv"])).ReadAll()
	if err != nil || len(records) != len(rows)+1 || records[1][0] != huge {
		t.Errorf("the table has %d rows (%v)", len(records), err)
	}
}

// TestManifest: the manifest has the digest of every other file.
func TestManifest(t *testing.T) {
	t.Parallel()
	files := made(t, part{name: "few", title: "Few", columns: columns("a")}, [][]any{{nil}, {"x"}})
	var m struct {
		Files []struct {
			Name, Sha256 string
			Bytes        int
			Rows         *int64
		}
	}
	if err := json.Unmarshal([]byte(files["manifest.json"]), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != len(files)-1 {
		t.Errorf("the manifest has %d files of %d", len(m.Files), len(files)-1)
	}
	for _, f := range m.Files {
		sum := sha256.Sum256([]byte(files[f.Name]))
		if f.Sha256 != hex.EncodeToString(sum[:]) || f.Bytes != len(files[f.Name]) {
			t.Errorf("the digest of %s is another", f.Name)
		}
		if f.Name == "csv/01-few.csv" && (f.Rows == nil || *f.Rows != 2) {
			t.Errorf("%s has 2 rows, the manifest says another number", f.Name)
		}
	}
	if got, want := files["csv/01-few.csv"], "a\r\n\"\"\r\nx\r\n"; got != want {
		t.Errorf("the table is %q, want %q", got, want)
	}
}

// TestCreate: a file that is there is not touched, and of one that cannot be made
// nothing is left.
func TestCreate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	there := filepath.Join(dir, "there.zip")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(context.Background(), there, sample()); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file that was there has %q (%v)", text, err)
	}
}
