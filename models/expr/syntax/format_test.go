package syntax

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFormat holds the layout to the pairs of testdata/format.txt: what is
// written, a line of dashes, and what becomes of it.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("testdata/format.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for pair := range strings.SplitSeq(string(text), "\n====\n") {
		in, want, ok := strings.Cut(strings.Trim(pair, "\n"), "\n----\n")
		if !ok {
			t.Fatalf("not a pair: %q", pair)
		}
		n++
		got, err := Format(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
		again, err := Format(got)
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Errorf("%s: formatted twice: %v -want +got\n%s", in, err, diff)
		}
	}
	if n < 20 {
		t.Errorf("only %d pairs", n)
	}
}

// TestErrors: a text that is no expression is refused at its place.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text, want string
		at         int
	}{
		{"", "there is no expression here", 0},
		{"// only this", "there is no expression here", 0},
		{"a &&", "the expression ends too early", 4},
		{"a & b", `the character '&' has no meaning here`, 2},
		{"a and b", "and is not expected here", 2},
		{"f(a", "the expression ends too early: ) should follow", 3},
		{"a == 'x", "a text is never closed", 5},
		{"[a, b", "the expression ends too early: ] should follow", 5},
		{"é == 1", `the character 'é' has no meaning here`, 0},
		{"a ? b", "the expression ends too early: : should follow", 5},
		{`a == "\q"`, `the escape \q has no meaning`, 6},
		{`a == "\u12"`, `token recognition error at: '"\u12"'`, 5},
		{strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100), "the expression nests too deep", 60},
		{strings.Repeat("a", 20_001), "the expression is too long", 0},
	} {
		_, err := Format(c.text)
		got, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.20s: %v", c.text, err)
			continue
		}
		if got.Summary != c.want || got.Start != c.at {
			t.Errorf("%.20s: got %d %q, want %d %q", c.text, got.Start, got.Summary, c.at, c.want)
		}
	}
}

// random writes expressions of the whole grammar, with spaces, line feeds and
// comments wherever they may stand.
type random struct {
	*rand.Rand
	b strings.Builder
}

func (r *random) pick(texts ...string) string { return texts[r.IntN(len(texts))] }

// put writes a token and what may follow it.
func (r *random) put(tokens ...string) {
	for _, t := range tokens {
		r.b.WriteString(t)
		r.b.WriteString(r.pick(" ", " ", " ", "  ", "\n", "\t", " \n \n", "\r\n"))
		if r.IntN(12) == 0 {
			r.b.WriteString(r.pick("// one\n", "//two\n", "// \"three\" \n// four\n", "\n// five\n", "//\n"))
		}
	}
}

func (r *random) list(open, closed string, depth int, item func(int)) {
	r.put(open)
	n := r.IntN(4)
	for i := range n {
		item(depth)
		if i+1 < n || open != "(" && r.IntN(4) == 0 {
			r.put(",")
		}
	}
	r.put(closed)
}

func (r *random) expression(depth int) {
	if depth <= 0 {
		switch r.IntN(3) {
		case 0:
			r.put(r.pick("a", "country", "spent", "x_1", "very_long_name_of_a_trait_that_somebody_chose"))
		case 1:
			r.put(r.pick("1", "-1", "0x1f", "2u", "1.5", "-.5e3", "true", "false", "null", "9223372036854775807"))
		default:
			r.put(r.pick(`"FR"`, `'it"s'`, `r"\d"`, `b"\x00"`, `"""a "q" b"""`, "'''x\n y'''", `"// no"`, `"é\n"`))
		}
		return
	}
	sub := func(n int) { r.expression(depth - 1 - r.IntN(n)) }
	atom := func() {
		if r.IntN(2) == 0 {
			r.put("(")
			sub(2)
			r.put(")")
			return
		}
		r.put(r.pick("a", "orders", ".b", "vip"))
	}
	switch r.IntN(13) {
	case 0, 1, 2:
		op := r.pick("&&", "||")
		sub(2)
		for range 1 + r.IntN(4) {
			r.put(op)
			sub(2)
		}
	case 3:
		atom()
		r.put(r.pick("==", "!=", "<", "<=", ">", ">=", "in"))
		atom()
	case 4:
		atom()
		r.put(r.pick("+", "-", "*", "/", "%"))
		atom()
	case 5:
		r.put(r.pick("!", "-", "! !", "- -"))
		atom()
	case 6:
		atom()
		r.put("?")
		atom()
		r.put(":")
		sub(2)
	case 7:
		atom()
		r.put(r.pick(".", ".", ". ?"), r.pick("f", "`a-b`", "time"))
	case 8, 9:
		atom()
		r.put(".", r.pick("exists", "sum", "f"), "(", "o", ",")
		sub(2)
		r.put(")")
	case 10:
		r.put(r.pick("f", ".g"))
		r.list("(", ")", depth-2, r.expression)
	case 11:
		r.list("[", "]", depth-2, func(d int) {
			if r.IntN(8) == 0 {
				r.put("?")
			}
			r.expression(d)
		})
	default:
		r.put(r.pick("", "a.B"))
		name := strings.HasSuffix(strings.TrimRight(r.b.String(), " \n\t\r"), "B")
		r.list("{", "}", depth-2, func(d int) {
			if name {
				r.put(r.pick("x", "y"))
			} else {
				r.expression(d)
			}
			r.put(":")
			r.expression(d)
		})
	}
}

// steady checks the properties of a format that Format does not check itself.
func steady(t *testing.T, text string) bool {
	t.Helper()
	got, err := Format(text)
	if err != nil {
		if bad := (*Error)(nil); errors.As(err, &bad) {
			return false
		}
		t.Fatalf("%q: %v", text, err)
	}
	again, err := Format(got)
	if err != nil || again != got {
		t.Fatalf("%q: formatted twice: %v\n%s\n--- is not\n%s", text, err, again, got)
	}
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " ") != line && !strings.Contains(text, "'''") && !strings.Contains(text, `"""`) {
			t.Fatalf("%q: white space at the end of %q", text, line)
		}
	}
	if strings.HasPrefix(got, " ") || strings.HasSuffix(got, "\n") {
		t.Fatalf("%q: %q begins or ends with white space", text, got)
	}
	single, err := FormatLine(text)
	if err != nil {
		t.Fatalf("%q: on one line: %v", text, err)
	}
	if strings.Contains(single, "\n") && !strings.Contains(text, "//") && !strings.Contains(text, "'''") {
		t.Fatalf("%q: not on one line: %q", text, single)
	}
	return true
}

// TestRandom formats expressions of the whole grammar.
func TestRandom(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 500
	}
	read := 0
	for seed := range n {
		r := &random{Rand: rand.New(rand.NewPCG(7, uint64(seed)))}
		r.expression(1 + r.IntN(5))
		if steady(t, r.b.String()) {
			read++
		}
	}
	if read < n*9/10 {
		t.Errorf("only %d of %d texts are expressions", read, n)
	}
}

// written are the expressions in the documentation and the examples.
func written(tb testing.TB) []string {
	tb.Helper()
	var out []string
	quoted := regexp.MustCompile("`([^`\n]+)`|(?:value|when): '((?:[^'\n]|'')+)'")
	files, err := filepath.Glob("../../../docs/*.md")
	if err != nil {
		tb.Fatal(err)
	}
	more, err := filepath.Glob("../../../examples/*/*.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range append(files, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			out = append(out, m[1]+strings.ReplaceAll(m[2], "''", "'"))
		}
	}
	return out
}

// TestWritten formats what the documentation shows.
func TestWritten(t *testing.T) {
	read := 0
	for _, text := range written(t) {
		if steady(t, text) {
			read++
		}
	}
	if read < 100 {
		t.Errorf("only %d expressions found", read)
	}
}

// FuzzFormat formats any text: what cel-go accepts is formatted, and stays.
func FuzzFormat(f *testing.F) {
	for _, text := range written(f) {
		f.Add(text)
	}
	f.Add("a // x\n && // y\n b // z")
	f.Add(`[a, b,][?1].?c{x: -1}`)
	f.Add("{,}")
	f.Add("!A(!-")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 2000 {
			steady(t, text)
		}
	})
}

// FuzzParse holds the grammar to cel-go's: what one of them reads as an
// expression the other does, as long as it is small.
func FuzzParse(f *testing.F) {
	for _, text := range written(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			return
		}
		if _, theirs := parsed(text); theirs == nil {
			if _, ours := Parse(text); ours != nil {
				t.Fatalf("%q: cel-go reads this, we say: %v", text, ours)
			}
		}
	})
}
