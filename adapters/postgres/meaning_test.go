package postgres_test

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// read is all rows of a query.
func read(tb testing.TB, w *adapters.Warehouse, q sql.Query) [][]any {
	tb.Helper()
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			tb.Error(err)
		}
	}()
	var out [][]any
	row := make([]any, len(rows.Columns()))
	for rows.Next(row) == nil {
		out = append(out, append([]any{}, row...))
	}
	return out
}

// TestDoubles compares the arithmetic of doubles with Go's, which is IEEE 754's,
// to the last bit: around the ends of what a double holds the engine fails.
func TestDoubles(t *testing.T) {
	w := open(t, postgrestest.Database(t))
	values := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, 2, 1e-200, -1e200, 1e150, 1e-150, math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64 / 2, math.Nextafter(math.MaxFloat64, 0),
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 3 * math.SmallestNonzeroFloat64, math.Ldexp(1, -1022), math.Ldexp(1, 1023), math.Ldexp(1, 970), math.Ldexp(1, 969), -math.Ldexp(1, 970),
		math.Ldexp(1, -537), math.Ldexp(1, -538), math.Ldexp(1, 511), math.Ldexp(1, 512), math.Inf(1), math.Inf(-1), math.NaN(), 1.0 / 3, math.Nextafter(1, 2), math.Nextafter(1, 0),
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		values = append(values, math.Ldexp(r.Float64()+0.5, r.IntN(2140)-1074)*float64(1-2*r.IntN(2)))
	}
	table := sql.Table{Space: sql.Work, Name: "doubles"}
	err := w.Exec(t.Context(), sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "i", Type: sql.TypeInt}, {Name: "x", Type: sql.TypeFloat}}})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Load(t.Context(), table, []string{"i", "x"}, func(yield func([]any, error) bool) {
		for i, x := range values {
			if !yield([]any{int64(i), x}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	operators := []struct {
		name sql.Func
		of   func(a, b float64) float64
	}{
		{sql.FloatAdd, func(a, b float64) float64 { return a + b }},
		{sql.FloatSub, func(a, b float64) float64 { return a - b }},
		{sql.FloatMul, func(a, b float64) float64 { return a * b }},
		{sql.FloatDiv, func(a, b float64) float64 { return a / b }},
	}
	q := &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("a", "i"), "a"), sql.As(sql.Col("b", "i"), "b")},
		From:  sql.Joins(sql.TableRef{Table: table, As: "a"}, sql.Join{Kind: sql.CrossJoin, Right: sql.TableRef{Table: table, As: "b"}}),
	}
	for _, o := range operators {
		q.Items = append(q.Items, sql.As(sql.Fn(o.name, sql.Col("a", "x"), sql.Col("b", "x")), string(o.name)))
	}
	rows := read(t, w, q)
	if len(rows) != len(values)*len(values) {
		t.Fatalf("got %d rows", len(rows))
	}
	for _, row := range rows {
		a, b := values[row[0].(int64)], values[row[1].(int64)]
		for i, o := range operators {
			want := o.of(a, b)
			got, ok := row[2+i].(float64)
			if !ok || math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s(%v, %v): got %v, want %v", o.name, a, b, row[2+i], want)
			}
		}
	}
}

// TestPatterns compares searching with Go's regexp, which has RE2's patterns.
func TestPatterns(t *testing.T) {
	w := open(t, postgrestest.Database(t, locales["English"]))
	texts := []string{
		"", "a", "A", "b", "ab", "aab", "abab", "a\nb", "\n", "a\n", "\na", "é", "É", "ß", "ſ", "s", "S", "K", "\u212a", "k", "σ", "ς", "Σ", "ǆ", "ǅ", "日本", "😀", "a.b", "a-b", "a]b", "a^b", `a\b`,
		"foo@example.com", "FOO@EXAMPLE.COM", "0033", "12", "1_000", "x y", "x\ty", "x\u00a0y", "word boundary", "under_score", "$", "^", "(", "***", "(?i)a", "{2}", "aaaa", "\u0085", "\x7f",
	}
	patterns := []string{
		``, `a`, `^a`, `a$`, `^a$`, `(?m)^b`, `(?m)a$`, `(?s)a.b`, `a.b`, `.`, `^.$`, `^..$`, `[ab]+`, `[^a]`, `[^a\n]`, `(?i)a`, `(?i)é`, `(?i)k`, `(?i)s`, `(?i)ß`, `(?i)σ`, `(?i)ǆ`, `(?i)[a-c]x?`, `\d`, `\D`, `\w+`, `\W`, `\s`, `\S`, `\bb`, `\Bb`,
		`\bword\b`, `a|b`, `^(a|b)+$`, `(ab){2}`, `a{2,3}`, `a{2,}`, `a{0}`, `(?:a|ab)(?:c|b)`, `a*?b`, `\.`, `\-`, `\]`, `\\`, `\^`, `[\]]`, `[\^a]`, `[\-a]`, `\pL`, `\p{Greek}`, `\PL`, `[[:alpha:]]`, `[^[:alpha:]]`, `\x{1F600}`, `😀`, `日`, `^$`, `(a*)*`, `(a|b|)+`,
		`\$`, `\(`, `\*\*\*`, `\{2\}`, `x\sy`, `^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$`, `(?i)^foo@example\.com$`, `\Aa\z`, `\Qa.b\E`, `(?i:A)b`, `a+?`, `(?P<n>a)b`, `[^\x00-\x{10FFFF}]`, `[\x00-\x{10FFFF}]`, `(^a|b$)`, `(?:^)*a`, `(?:\b)+a`, `$^`, `[a-zà-ÿ]`, `.*`, `(?U)a+`,
	}
	for _, whole := range []bool{false, true} {
		f, around := sql.Matches, func(p string) string { return p }
		if whole {
			f, around = sql.MatchesAll, func(p string) string { return `\A(?:` + p + `)\z` }
		}
		q := &sql.Select{From: sql.Derived{As: "t", Query: rowsOf(texts)}, OrderBy: []sql.Order{sql.Asc(sql.Col("t", "i"))}}
		for i, p := range patterns {
			q.Items = append(q.Items, sql.As(sql.Fn(f, sql.Col("t", "v"), sql.String(p)), "p"+strconv.Itoa(i)))
		}
		for i, row := range read(t, w, q) {
			for k, p := range patterns {
				if want := regexp.MustCompile(around(p)).MatchString(texts[i]); row[k] != want {
					text, err := w.Printer().Expr(sql.Fn(f, sql.Col("t", "v"), sql.String(p)))
					t.Errorf("%s: pattern %q, text %q: got %v, want %v: %s %v", f, p, texts[i], row[k], want, text, err)
				}
			}
		}
	}
	// What replaces takes the same match, or is refused.
	refused := 0
	for _, p := range append(patterns, `[^0-9]+`, `^00`, `^0`, `ab?`, `(ab)+`, `a[0-9]*b`, `x|y`, `a(b|c)d`, `^[+-]?0*`, `^(0*)`) {
		e := sql.Fn(sql.RegexpReplace, sql.Col("t", "v"), sql.String(p), sql.String("#"))
		if _, err := w.Printer().Expr(e); err != nil {
			refused++
			continue
		}
		for i, row := range read(t, w, &sql.Select{
			Items: []sql.Item{sql.As(e, "v")}, From: sql.Derived{As: "t", Query: rowsOf(texts)}, OrderBy: []sql.Order{sql.Asc(sql.Col("t", "i"))},
		}) {
			if want := regexp.MustCompile(p).ReplaceAllLiteralString(texts[i], "#"); row[0] != want {
				t.Errorf("replacing %q in %q: got %q, want %q", p, texts[i], row[0], want)
			}
		}
	}
	if refused == 0 || refused > len(patterns)/2 {
		t.Errorf("%d patterns are refused for replacing", refused)
	}
	for _, p := range []string{`a|ab`, `(a*)(ab)*`, `a*?`, `a*`, `(a|ab)(c|bcd)`} {
		if text, err := w.Printer().Expr(sql.Fn(sql.RegexpReplace, sql.Col("t", "v"), sql.String(p), sql.String("#"))); err == nil {
			t.Errorf("%q is not refused for replacing: %s", p, text)
		}
	}
}

// rowsOf is a query of texts v, numbered by i.
func rowsOf(texts []string) sql.Query {
	var u sql.Union
	for i, s := range texts {
		u = append(u, &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(i), To: sql.TypeInt}, "i"), sql.As(sql.String(s), "v")}})
	}
	return u
}

// TestKeywords compares the keywords that are quoted with the engine's: a new
// version may have more.
func TestKeywords(t *testing.T) {
	driver := connect(t, postgrestest.Database(t))
	rows, err := driver.Query(t.Context(), "SELECT word, catcode <> 'U' FROM pg_get_keywords()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	row := make([]any, 2)
	seen := 0
	for ; rows.Next(row) == nil; seen++ {
		word, _ := row[0].(string)
		if quoted := strings.HasPrefix(sql.PostgreSQL.QuoteName(word), `"`); row[1] == true && !quoted {
			t.Errorf("%s is reserved and not quoted", word)
		}
	}
	if seen < 400 {
		t.Fatalf("the engine knows only %d words", seen)
	}
	for name, want := range map[string]string{"country": "country", "_": "_", "User": `"User"`, "user": `"user"`, "a b": `"a b"`, `a"b`: `"a""b"`, "1a": `"1a"`, "é": `"é"`} {
		if got := sql.PostgreSQL.QuoteName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}
