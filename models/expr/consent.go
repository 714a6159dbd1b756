package expr

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

// beginning stands in for the time of a row that has none.
var beginning = sql.Timestamp(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))

// KeptColumn is the column of Row that says up to when the words on a purpose do
// not count, since one of two people who turned out to be one had refused; NULL
// where there are none of those.
func KeptColumn(purpose string) string { return keptColumns + purpose }

const keptColumns = "consents.kept_"

// IsKept says that a column of Row is a KeptColumn.
func IsKept(column string) bool { return strings.HasPrefix(column, keptColumns) }

// Consented is what somebody has said of a purpose, over Row.
type Consented struct {
	Purpose string
	// Given is never NULL. At is NULL for whoever has said nothing, and Untimed of a
	// word of which nobody knows when.
	Given, At sql.Expr
	// Source and Provenance are texts, NULL where nobody knows.
	Source, Provenance sql.Expr
	// Features are those that are read, and Kept is the KeptColumn.
	Features []string
	Kept     string
}

// Untimed is what Consented.At is of a word of which nobody knows when.
var Untimed sql.Expr = beginning

// Said is a word of a row under Event: About is true where it is about the purpose,
// nil where all are; Given is NULL where it says nothing.
func Said(w config.Word) (about, given sql.Expr) {
	if w.PurposeColumn != "" {
		about = among(sql.Col(Event, w.PurposeColumn), w.Values)
	}
	said := sql.Col(Event, w.Column)
	switch {
	case len(w.Given) == 0:
		return about, said
	case len(w.Refused) > 0:
		return about, sql.Case{Whens: []sql.When{
			{If: among(said, w.Given), Then: sql.Bool(true)}, {If: among(said, w.Refused), Then: sql.Bool(false)},
		}}
	default:
		return about, sql.Case{Whens: []sql.When{
			{If: among(said, w.Given), Then: sql.Bool(true)}, {If: sql.Fn(sql.IsNotNull, said), Then: sql.Bool(false)},
		}}
	}
}

func among(e sql.Expr, values []string) sql.Expr {
	if len(values) == 1 {
		return sql.Fn(sql.Eq, e, sql.String(values[0]))
	}
	in := sql.In{Expr: e}
	for _, v := range values {
		in.List = append(in.List, sql.String(v))
	}
	return in
}

// about is a value of rows that are about the purpose of a word.
func about(of, value sql.Expr) sql.Expr {
	if of == nil {
		return value
	}
	return sql.If(of, value, nil)
}

// word is what the rows of a source say of a purpose, as features.
type word struct {
	config.Word
	// refused is whether the latest is a refusal, NULL where there are none; said is
	// when it was said.
	refused, said sql.Expr
	of, given, at sql.Expr
	source        *config.Source
}

// words are those on a purpose, in the order of the project.
func (t *translator) words(purpose string) []word {
	var out []word
	for _, c := range t.c.in.Consents {
		for _, said := range c.Words(purpose) {
			s := t.c.sources[said.Source]
			at := sql.Expr(beginning)
			if s.Time != "" {
				at = sql.Fn(sql.Coalesce, sql.Col(Event, TimeField), beginning)
			}
			of, given := Said(said)
			w := word{Word: said, source: s, of: of, given: given, at: at}
			// Among words at one time the greatest counts: a refusal, said so.
			w.refused = t.feature(s, "refused", sql.TypeBool, sql.FnOf(sql.TypeBool, sql.ArgMax, about(of, sql.Fn(sql.Not, given)), at))
			heard := sql.Expr(sql.Fn(sql.IsNotNull, given))
			if of != nil {
				heard = sql.And{of, heard}
			}
			w.said = t.feature(s, "said", sql.TypeTimestamp, sql.Fn(sql.Max, sql.If(heard, at, nil)))
			out = append(out, w)
		}
	}
	return out
}

// latest is when the latest of words was said.
func latest(list []word) sql.Expr {
	if len(list) == 1 {
		return list[0].said
	}
	said := make([]sql.Expr, len(list))
	for i, w := range list {
		said[i] = w.said
	}
	return sql.Fn(sql.Greatest, said...)
}

// permitted is whether the latest word is yes: that is what somebody has said, and
// nobody refused last, and what was said after any refusal that was kept.
func permitted(purpose string, list []word) sql.Expr {
	kept, at := sql.Col(Row, KeptColumn(purpose)), latest(list)
	after := sql.Or{sql.Fn(sql.IsNull, kept), sql.Fn(sql.Coalesce, sql.Fn(sql.Gt, at, kept), sql.Bool(false))}
	if len(list) == 1 {
		return sql.And{sql.Fn(sql.Not, sql.Fn(sql.Coalesce, list[0].refused, sql.Bool(true))), after}
	}
	given := sql.And{sql.Fn(sql.IsNotNull, at)}
	for _, w := range list {
		given = append(given, sql.Fn(sql.Not, sql.Fn(sql.Coalesce, sql.And{sql.Fn(sql.Eq, w.said, at), w.refused}, sql.Bool(false))))
	}
	return append(given, after)
}

// consent is whether the latest word on a purpose is yes. Who has said
// nothing has not given it, and of two words at the same time the refusal
// counts.
func (t *translator) consent(x ast.Expr) value {
	arg := x.AsCall().Args()[0]
	name, ok := literalString(arg)
	if !ok {
		return t.refuse(arg, "the name of a purpose must be written out", functionHelp[fnConsent])
	}
	words := t.words(name)
	if len(words) == 0 {
		help := suggest(name, t.c.purposes())
		if help == "" {
			help = "Declare under consents where people say so."
		}
		t.failAt(t.e.src.of(arg), "unknown-consent", "no "+t.c.entity()+" can consent to a purpose "+strconv.Quote(name), help)
		return t.nothing(x)
	}
	return value{expr: permitted(name, words)}
}

// purposes are those that somebody can consent to, in the order of the project.
func (c *compiler) purposes() []string {
	var out []string
	for _, x := range c.in.Consents {
		for _, name := range x.About() {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// consents is what people have said of each purpose.
func (c *compiler) consents() []Consented {
	t := newTranslator(c, newExpression("consent", "", "", strict.Text{}))
	var out []Consented
	for _, purpose := range c.purposes() {
		list := t.words(purpose)
		kept, at := sql.Col(Row, KeptColumn(purpose)), latest(list)
		// A refusal that was kept stands for all words up to it.
		is := func(s word) sql.Expr { return sql.Fn(sql.Eq, s.said, at) }
		var source, provenance sql.Case
		add := func(when sql.Expr, w word, refusal bool) {
			source.Whens = append(source.Whens, sql.When{If: when, Then: sql.String(w.source.Name)})
			value := sql.Expr(sql.Null{Type: sql.TypeString})
			if w.Provenance != "" {
				what, said := "given_by", w.given
				if refusal {
					what, said = "refused_by", sql.Fn(sql.Not, w.given)
				}
				if w.of != nil {
					said = sql.And{w.of, said}
				}
				text := sql.Fn(sql.Coalesce, sql.Col(Event, w.Provenance), sql.String(""))
				value = sql.Fn(sql.NullIfEmpty, t.feature(w.source, what, sql.TypeString,
					sql.FnOf(sql.TypeString, sql.ArgMax, sql.If(said, text, nil), w.at)))
			}
			provenance.Whens = append(provenance.Whens, sql.When{If: when, Then: value})
		}
		for _, w := range list {
			add(sql.And{is(w), w.refused}, w, true)
		}
		for _, w := range list {
			add(is(w), w, false)
		}
		old := sql.Fn(sql.Coalesce, sql.Fn(sql.Le, at, kept), sql.Bool(false))
		source.Whens = append([]sql.When{{If: old, Then: sql.Null{Type: sql.TypeString}}}, source.Whens...)
		provenance.Whens = append([]sql.When{{If: old, Then: sql.String(KeptProvenance)}}, provenance.Whens...)
		x := Consented{
			Purpose: purpose, Kept: KeptColumn(purpose), Given: permitted(purpose, list),
			At: sql.If(old, kept, at), Source: source, Provenance: provenance,
		}
		read := map[string]bool{}
		for _, e := range []sql.Expr{x.Given, x.At, x.Source, x.Provenance} {
			columns(e, Row, func(name string) {
				if !IsKept(name) {
					read[name] = true
					c.use(name)
				}
			})
		}
		x.Features = sorted(read)
		out = append(out, x)
	}
	return out
}

// KeptProvenance is where a refusal comes from that a merge of two people kept.
const KeptProvenance = "refused before two records became one"
