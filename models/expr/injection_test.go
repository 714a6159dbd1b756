package expr

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// harmful are texts that mean harm to SQL, to a pattern or to a snippet.
var harmful = []string{
	"", "'", "''", `"`, `\`, `\'`, "'; DROP TABLE people; --", "') OR TRUE --", "' || (SELECT 1) || '", "*/ DROP TABLE people; /*", "$1", "$2$*$over", "{value}",
	"--", ";", "a\nb", "\r\n", "%", "_", "lambda x: x", "é", "😀", "e\u0301", "\u2028", "\ufeff", "\ufffd", "👩\u200d👧", "(", "[", "(?i)a", `\d`, "$$", "^^a", "0$^", "a$b", "(?m)$^", "^$", "a|b", "x*", "\\1", "\\0",
	strings.Repeat("'", 99), "NULL", "TRUE", "Europe/Paris", "2026-01-01T00:00:00Z", "0x10", "1e3",
}

// FuzzInjection puts a text wherever an expression can have one: as a literal,
// as a parameter, and as the value of a column. What the warehouse answers
// is what cel-go's interpreter does, and nothing is executed.
func FuzzInjection(f *testing.F) {
	for i, s := range harmful {
		f.Add(s, harmful[(i*7+3)%len(harmful)])
	}
	w := warehouses[0].open(f)
	f.Fuzz(func(t *testing.T, s, other string) { inject(t, w, s, other) })
}

// TestInjection puts the harmful texts to each warehouse.
func TestInjection(t *testing.T) {
	for _, kind := range warehouses {
		t.Run(kind.name, func(t *testing.T) {
			w := kind.open(t)
			for i, s := range harmful {
				inject(t, w, s, harmful[(i*7+3)%len(harmful)])
			}
		})
	}
}

func inject(t *testing.T, w *adapters.Warehouse, s, other string) {
	t.Helper()
	if !utf8.ValidString(s) || !utf8.ValidString(other) || strings.ContainsRune(s+other, 0) {
		return
	}
	c := newCompiler(project(t, shop))
	if !c.prepare() || !c.declare(nil) {
		t.Fatal(c.found)
	}
	c.parameters["given"] = &parameter{Parameter: &config.Parameter{Name: "given"}, typ: types.StringType, value: types.String(other)}
	if err := c.env.AddIdents(decls.NewVariable("given", types.StringType)); err != nil {
		t.Fatal(err)
	}
	v := &Evaluator{c: c}
	text, more := celQuote(s), celQuote(other)
	var list []attempt
	for _, e := range []string{
		"S", "S + country", "country == S", "country != S || given == T", "S in [country, T]", "[S, T].exists(x, x == country)", "size(S) + size(given)", "country.contains(S)",
		"S.startsWith(T)", "country.endsWith(S)", "country.indexOf(S)", "T.lastIndexOf(S)", "country.split(S)", "country.split(S, 2)", "[country, T].join(S)", "country.replace(S, T)",
		"country.matches(S)", "S.lowerAscii()", "country.trim().reverse()", "timestamp(S) == now", "int(S)", "double(country)", "bytes(S)", "now.getHours(S)", "sets.contains([S, country], [T])", "given",
	} {
		c.found, c.failed = nil, false
		a, ok := try(t, v, strings.NewReplacer("S", text, "T", more).Replace(e))
		if !ok {
			continue
		}
		// A dialect may refuse a pattern, and nothing else.
		if _, err := w.Printer().Expr(a.value); err == nil || !strings.Contains(e, "matches") {
			list = append(list, a)
		}
	}
	loadPeople(t, w, []sql.ColumnDef{{Name: "country", Type: sql.TypeString}}, []person{{"country": other}})
	got, err := ask(t, w, list)
	if err != nil {
		t.Fatal(err)
	}
	known, err := interpreter.NewActivation(map[string]any{"country": other, "given": other, "now": types.Timestamp{Time: c.asOf}})
	if err != nil {
		t.Fatal(err)
	}
	column := 0
	for _, a := range list {
		if want, value := comparedAs(a.run.Eval(known)), fromWarehouse(a.typ, got[0][column]); !cmp.Equal(want, value, cmpopts.EquateNaNs()) {
			t.Errorf("%s\n%s\ngot %#v, want %#v", a.text, printedFor(t, w, a.value), value, want)
		}
		if column++; a.condition != nil {
			column++
		}
	}
	count := &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: peopleTable, As: "p"}}
	if n, err := w.Int(t.Context(), count); err != nil || n != 1 {
		t.Fatalf("the table is not what it was: %v, %v", n, err)
	}
}

// celQuote writes a text as a literal of CEL.
func celQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
