package rules

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

var update = flag.Bool("update", false, "rewrite golden files")

// encode is a rule in JSON.
func encode(tb testing.TB, v any) string {
	tb.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// schema is the JSON Schema, compiled.
func schema(tb testing.TB) func(document string) error {
	tb.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rules.json", doc); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile("rules.json")
	if err != nil {
		tb.Fatal(err)
	}
	return func(document string) error {
		x, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
		if err != nil {
			return err
		}
		return s.Validate(x)
	}
}

// roundTrip holds an expression to what the package promises, and returns its
// rule.
func roundTrip(t *testing.T, text string, valid func(string) error) *Rule {
	t.Helper()
	r, err := FromCEL(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	out, err := ToCEL(r)
	if err != nil {
		t.Fatalf("%q: rule %s: %v", text, encode(t, r), err)
	}
	if same, err := syntax.Same(text, out); err != nil || !same {
		t.Fatalf("%q became %q: %v", text, out, err)
	}
	if diff := cmp.Diff(remarks(text), remarks(out)); diff != "" {
		t.Fatalf("%q: comments -want +got\n%s", text, diff)
	}
	again, err := FromCEL(out)
	if err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if twice, err := ToCEL(again); err != nil || twice != out {
		t.Fatalf("%q became %q, then %q: %v", text, out, twice, err)
	}
	document := encode(t, Document{Schema: Schema, Rule: r})
	decoded, found := Decode(&diag.Source{Name: "rules.json", Text: []byte(document)})
	if len(found) > 0 {
		t.Fatalf("%q: %s: %v", text, document, found)
	}
	if diff := cmp.Diff(r, decoded.Rule); diff != "" {
		t.Fatalf("%q: through JSON -want +got\n%s", text, diff)
	}
	if err := valid(document); err != nil {
		t.Fatalf("%q: %s: %v", text, document, err)
	}
	return r
}

// TestGolden holds the trees to those of testdata/rules.txt.
func TestGolden(t *testing.T) {
	const file = "testdata/rules.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	valid := schema(t)
	var out []string
	n := 0
	for pair := range strings.SplitSeq(strings.Trim(string(text), "\n"), "\n\n") {
		in, want, _ := strings.Cut(pair, "\n=> ")
		got := encode(t, roundTrip(t, in, valid))
		n++
		if got != want && !*update {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		out = append(out, in+"\n=> "+got)
	}
	if n < 40 {
		t.Errorf("only %d expressions", n)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// written are the expressions in the documentation and the examples.
func written(tb testing.TB) []string {
	tb.Helper()
	var out []string
	quoted := regexp.MustCompile("`([^`\n]+)`|(?:value|when): '((?:[^'\n]|'')+)'")
	for _, pattern := range []string{"../../../docs/*.md", "../../../examples/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
				x := m[1] + strings.ReplaceAll(m[2], "''", "'")
				if _, err := syntax.Format(x); err == nil && strings.ContainsAny(x, " (") {
					out = append(out, x)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestWritten opens everything that the documentation shows.
func TestWritten(t *testing.T) {
	texts := written(t)
	if len(texts) < 100 {
		t.Errorf("only %d expressions found", len(texts))
	}
	valid := schema(t)
	for _, text := range texts {
		roundTrip(t, text, valid)
	}
}

// TestWidgets: no condition in the tables of docs/expressions.md is shown as
// CEL, except those that compute.
func TestWidgets(t *testing.T) {
	text, err := os.ReadFile("../../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range regexp.MustCompile("(?m)^\\|[^|]*\\| `([^`]*)` \\|").FindAllStringSubmatch(string(text), -1) {
		r, err := FromCEL(m[1])
		if err != nil {
			t.Fatal(err)
		}
		n++
		computed := strings.Contains(m[1], "?") || strings.Contains(m[1], ".map(") || strings.Contains(m[1], "sample(") || strings.Contains(m[1], `== start_of("month").period`)
		if r.CEL != "" && !computed {
			t.Logf("no widget: %s", m[1])
			n--
		}
	}
	if n < 55 {
		t.Errorf("only %d conditions have a widget", n)
	}
}

// grower makes random rules in the form that FromCEL gives them.
type grower struct{ *rand.Rand }

func (g grower) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g grower) whole() *int64 {
	n := g.Int64N(2*maxInt) - maxInt
	if g.IntN(2) == 0 {
		n = g.Int64N(200) - 100
	}
	return &n
}

func (g grower) text() *string {
	s := g.pick("FR", "", "it's", `say "no"`, `a\b`, "é€", "line\nfeed", "\x00", "// no", "${x}")
	return &s
}

func (g grower) span() *Value {
	switch g.IntN(4) {
	case 0:
		return &Value{Days: g.whole()}
	case 1:
		return &Value{Hours: g.whole()}
	case 2:
		return &Value{Minutes: g.whole()}
	}
	return &Value{Duration: g.text()}
}

func (g grower) value() *Value {
	switch g.IntN(13) {
	case 0, 1:
		return &Value{Int: g.whole()}
	case 2, 3:
		x := g.NormFloat64() * 1e3
		if g.IntN(3) == 0 {
			x = []float64{0, 100, 1e21, 1e-9, 0.1, -5e-324, 1.7976931348623157e308}[g.IntN(7)]
		}
		return &Value{Double: &x}
	case 4, 5:
		return &Value{String: g.text()}
	case 6:
		b := g.IntN(2) == 0
		return &Value{Bool: &b}
	case 7:
		return &Value{Null: true}
	case 8:
		return &Value{Now: true}
	case 9:
		return &Value{Ago: g.span()}
	case 10:
		return &Value{Ahead: g.span()}
	case 11:
		if g.IntN(2) == 0 {
			return &Value{DaysAgo: g.whole()}
		}
		p := &Period{Unit: g.pick("month", "day")}
		if g.IntN(2) == 0 {
			p.Offset = g.whole()
		}
		return &Value{StartOf: p}
	}
	return g.span()
}

// operate gives a rule an operator and a value.
func (g grower) operate(r *Rule) *Rule {
	o := operators[g.IntN(len(operators))]
	r.Op = o.name
	switch o.form {
	case bare, has:
	case method:
		if r.Value = (&Value{String: g.text()}); g.IntN(3) == 0 {
			r.Value = &Value{Field: "city"}
		}
	case member:
		r.Value = g.value()
	case infix:
		if r.Value = g.value(); o.word == "in" {
			r.Value = &Value{List: []*Value{g.value(), g.value()}}
		}
		if g.IntN(5) == 0 {
			r.Value = &Value{Field: g.pick("other", "employer.seats")}
		}
	}
	return r
}

func (g grower) call(names []string) *Call {
	if g.IntN(3) > 0 {
		return nil
	}
	c := &Call{Name: names[g.IntN(len(names))]}
	for range g.IntN(3) {
		c.Args = append(c.Args, g.value())
	}
	return c
}

func (g grower) collection(depth int) *Rule {
	m := measures[g.IntN(len(measures))]
	r := &Rule{Collection: g.pick("orders", "page_views"), Measure: m.name}
	if m.of {
		r.Of = g.pick("amount", "time", "sku")
		r.Call = g.call(methods)
	}
	if g.IntN(2) == 0 {
		r.Where = g.rule(depth-1, true)
	}
	if g.IntN(2) == 0 {
		r.Within = g.span()
	}
	conditional := r.Where != nil || r.Within != nil
	if m.name == "size" && !conditional {
		r.Within = g.span()
		conditional = true
	}
	r.Filter = m.name == "count" && conditional && g.IntN(2) == 0
	if conditional || m.test && m.name != "count" || m.of && !m.field {
		r.As = g.pick("o", "e", "row")
	}
	return g.operate(r)
}

func (g grower) rule(depth int, inRow bool) *Rule {
	group := func(least int) []*Rule {
		var out []*Rule
		for range least + g.IntN(3) {
			out = append(out, g.rule(depth-1, inRow))
		}
		return out
	}
	if depth > 0 && g.IntN(2) == 0 {
		switch g.IntN(3) {
		case 0:
			return &Rule{All: group(2)}
		case 1:
			return &Rule{Any: group(2)}
		}
		none := group(1)
		if len(none) == 1 && none[0].Any != nil {
			none = none[0].Any
		}
		return &Rule{None: none}
	}
	if !inRow {
		switch g.IntN(6) {
		case 0:
			return &Rule{Segment: g.pick("staff", "a b", `"`), Op: g.pick("yes", "no")}
		case 1:
			return &Rule{Consent: g.pick("mail", "é"), Op: g.pick("yes", "no")}
		case 2:
			return &Rule{CEL: g.pick("a + 1 > b", "!(a == b)", "a ? b : c", "orders.map(o, o.x).size() > 1", "is_true(vip)", "1 < 2")}
		case 3, 4:
			return g.collection(depth)
		}
	}
	r := &Rule{Field: g.pick("country", "employer.plan", "vip", "spent"), Call: g.call(slices.Concat(methods, functions))}
	return g.operate(r)
}

// TestRandomRules: the CEL of a rule gives the rule back.
func TestRandomRules(t *testing.T) {
	n := 150
	if testing.Short() {
		n = 50
	}
	valid := schema(t)
	for seed := range n {
		g := grower{rand.New(rand.NewPCG(11, uint64(seed)))}
		want := g.rule(3, false)
		text, err := ToCEL(want)
		if err != nil {
			t.Fatalf("%s: %v", encode(t, want), err)
		}
		got := roundTrip(t, text, valid)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n-want +got\n%s", text, diff)
		}
	}
}

// TestRandomText opens expressions with comments anywhere, and with every kind
// of mix between what has a widget and what has none.
func TestRandomText(t *testing.T) {
	n := 150
	if testing.Short() {
		n = 50
	}
	valid := schema(t)
	for seed := range n {
		g := grower{rand.New(rand.NewPCG(13, uint64(seed)))}
		text, err := ToCEL(g.rule(2, false))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := syntax.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, token := range tree.Tokens {
			if i > 0 && g.IntN(40) == 0 {
				b.WriteString(g.pick(" // beside\n", "\n // above\n", "//\n", "// x\n // y\n"))
			}
			// A bracket here and there, and a name less.
			switch {
			case g.IntN(60) == 0 && token.Kind == syntax.Name && token.Text == "country" && tree.Tokens[max(i-1, 0)].Text != ".":
				b.WriteString("(country)")
			case g.IntN(40) == 0 && token.Kind == syntax.Name && token.Text == "o":
				b.WriteString("x")
			default:
				b.WriteString(token.Text)
			}
			b.WriteByte(' ')
		}
		roundTrip(t, b.String(), valid)
	}
}

// TestDecodeErrors: each mistake is told with its place.
func TestDecodeErrors(t *testing.T) {
	valid := schema(t)
	document := func(rule string) string { return `{"schema": "customhouse/rules/v1", "rule": ` + rule + `}` }
	for _, c := range []struct{ text, want string }{
		{`{`, "rules.json:1:1: error[rules-json]: this is not valid JSON: it ends too early"},
		{`{"schema": }`, "rules.json:1:11: error[rules-json]: this is not valid JSON: invalid character '}' looking for beginning of value"},
		{document(`{"cel": "true"}`) + " 1", "rules.json:1:61: error[rules-json]: this is not valid JSON: something follows the document"},
		{"{\"schema\": \"\xff\"}", "rules.json: error[rules-json]: the document is not UTF-8"},
		{strings.Repeat("[", 100), "rules.json:1:90: error[rules-json]: this is not valid JSON: it nests too deep"},
		{`[]`, "rules.json:1:1: error[bad-rule]: an object is expected here, not a list"},
		{`{"schema": "customhouse/rules/v2", "rule": {"cel": "true"}}`, `rules.json:1:12: error[bad-rule]: /schema: the schema is "customhouse/rules/v2"`},
		{`{"schema": "customhouse/rules/v1"}`, "rules.json:1:1: error[bad-rule]: the key rule is missing"},
		{document(`null`), "rules.json:1:44: error[bad-rule]: /rule: an object is expected here, not null"},
		{document(`{}`), "/rule: the rule has none of all, any, none, field, collection, segment, consent, cel"},
		{document(`{"cel": "true", "cel": "false"}`), "rules.json:1:67: error[bad-rule]: /rule/cel: the key is given twice"},
		{document(`{"cel": "true", "any": [{"cel": "a"}]}`), "/rule: the rule has more than one of"},
		{document(`{"filed": "country", "op": "set"}`), "/rule/filed: the key is unknown"},
		{document(`{"all": []}`), "/rule/all: there is no value here"},
		{document(`{"all": {}}`), "/rule/all: a list is expected here, not an object"},
		{document(`{"all": [null]}`), "/rule/all/0: an object is expected here, not null"},
		{document(`{"cel": "a &&"}`), "/rule/cel: this is no expression: the expression ends too early"},
		{document(`{"cel": "a) || (b"}`), "/rule/cel: this is no expression: ) is not expected here"},
		{document(`{"cel": "a", "op": "yes"}`), "/rule/op: a rule with cel has no op"},
		{document(`{"field": "a b", "op": "yes"}`), `/rule/field: "a b" is not the name of a field`},
		{document(`{"field": "a", "op": "equals"}`), `/rule/op: there is no operator "equals"`},
		{document(`{"field": "a"}`), "/rule/op: the operator is missing"},
		{document(`{"field": "a", "op": "eq"}`), "/rule: the value to compare with is missing"},
		{document(`{"field": "a", "op": "set", "value": {"int": 1}}`), "/rule/value: set takes no value"},
		{document(`{"field": "a", "op": "in", "value": {"int": 1}}`), "/rule/value: in takes a list or a field"},
		{document(`{"field": "a", "op": "eq", "value": {"list": [{"int": 1}]}}`), "/rule/value: eq takes no list"},
		{document(`{"field": "a", "op": "eq", "value": {"int": 1.0}}`), "/rule/value/int: 1.0 is not a whole number of 64 bits"},
		{document(`{"field": "a", "op": "eq", "value": {"int": 9007199254740992}}`), "/rule/value: the number is beyond 2^53"},
		{document(`{"field": "a", "op": "eq", "value": {"double": 1e999}}`), "/rule/value/double: 1e999 is not a number that a double can hold"},
		{document(`{"field": "a", "op": "eq", "value": {"int": "1"}}`), "/rule/value/int: a number is expected here, not a text"},
		{document(`{"field": "a", "op": "eq", "value": {"int": 1, "double": 1}}`), "/rule/value: a value has exactly one type"},
		{document(`{"field": "a", "op": "eq", "value": {"string": "\ud800"}}`), "/rule/value: the text holds a character that could not be read"},
		{document(`{"field": "a", "op": "eq", "value": {"ago": {"int": 1}}}`), "/rule/value/ago: this is a length of time"},
		{document(`{"field": "a", "op": "lt", "call": {"name": "month"}, "value": {"int": 1}}`), `/rule/call/name: there is no function "month"`},
		{document(`{"field": "for", "op": "yes"}`), ""},
		{document(`{"collection": "orders", "op": "yes"}`), "/rule/measure: the measure is missing"},
		{document(`{"collection": "orders", "measure": "sum", "op": "gt", "value": {"int": 1}}`), "/rule/of: sum is of a column"},
		{document(`{"collection": "orders", "measure": "count", "of": "x", "op": "gt", "value": {"int": 1}}`), "/rule/of: count is of no column"},
		{document(`{"collection": "orders", "measure": "exists", "op": "yes", "where": {"cel": "o.a > o.b"}}`), "/rule/where/cel: a condition on rows that has no widget"},
		{document(`{"collection": "orders", "measure": "exists", "op": "yes", "where": {"segment": "a", "op": "yes"}}`), "/rule/where: a condition on rows cannot ask for a segment"},
		{document(`{"segment": "a", "op": "in"}`), `/rule/op: there is no operator "in"`},
		{document(`{"cel": "true", "comment": ["a\nb"]}`), "/rule/comment/0: a comment is one line of text"},
		{document(strings.Repeat(`{"none": [`, 42) + `{"cel": "true"}` + strings.Repeat(`]}`, 42)), "the tree is too deep or too large"},
	} {
		doc, found := Decode(&diag.Source{Name: "rules.json", Text: []byte(c.text)})
		if c.want == "" { // a word that CEL keeps for itself: known to its parser alone
			if len(found) > 0 {
				t.Fatal(found)
			}
			if text, err := ToCEL(doc.Rule); err == nil {
				t.Errorf("%s became %s", c.text, text)
			}
			continue
		}
		if !strings.Contains(fmt.Sprint(found), c.want) {
			t.Errorf("%.90s\n got %v\nwant %s", c.text, found, c.want)
		}
		// What the schema can say it does.
		if !strings.Contains(c.want, "rules-json") && valid(c.text) == nil && !beyondSchema.MatchString(c.want) {
			t.Errorf("the schema allows %.90s", c.text)
		}
	}
}

// beyondSchema are the mistakes that JSON Schema cannot tell, or says in
// another way.
var beyondSchema = regexp.MustCompile(`no expression|twice|2\^53|could not be read|no widget|too deep|cannot ask|of a column|of no column|takes|to compare|one line|1\.0 is|operator is|1e999`)

// TestInjection: no text of a tree gets out of its literal.
func TestInjection(t *testing.T) {
	for _, hostile := range []string{`" || true || "`, `\`, `\"`, "a\nb", "// x", "\u2028", `'`, "${env:X}"} {
		r := &Rule{All: []*Rule{
			{Field: "a", Op: "eq", Value: &Value{String: &hostile}},
			{Segment: "x" + strings.TrimSpace(strings.ReplaceAll(hostile, "\n", "")), Op: "yes"},
		}}
		text, err := ToCEL(r)
		if err != nil {
			t.Fatalf("%q: %v", hostile, err)
		}
		got, err := FromCEL(text)
		if diff := cmp.Diff(r, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
}

// FuzzFromCEL opens any expression.
func FuzzFromCEL(f *testing.F) {
	for _, text := range written(f) {
		f.Add(text)
	}
	f.Add("// a\n(x // b\n && orders.exists(o, // c\n o.y)) // d\n// e")
	valid := schema(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		if _, err := syntax.Format(text); err == nil {
			roundTrip(t, text, valid)
		}
	})
}

// FuzzDecode reads any document: what is accepted is an expression that opens
// again, or is refused with a reason.
func FuzzDecode(f *testing.F) {
	for _, text := range written(f) {
		if r, err := FromCEL(text); err == nil {
			f.Add(encode(f, Document{Schema: Schema, Rule: r}))
		}
	}
	valid := schema(f)
	f.Fuzz(func(t *testing.T, text string) {
		doc, found := Decode(&diag.Source{Name: "rules.json", Text: []byte(text)})
		if len(found) > 0 || len(text) > 2000 {
			return
		}
		if err := valid(text); err != nil {
			t.Fatalf("%s: accepted, and the schema says %v", text, err)
		}
		if out, err := ToCEL(doc.Rule); err == nil {
			roundTrip(t, out, valid)
		}
	})
}
