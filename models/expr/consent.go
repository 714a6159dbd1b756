package expr

import (
	"strconv"
	"time"

	"github.com/google/cel-go/common/ast"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// beginning stands in for the time of a row that has none.
var beginning = sql.Timestamp(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))

// consent is whether the latest word on a permission is yes. Who has said
// nothing has not given it, and of two words at the same time the refusal
// counts.
func (t *translator) consent(x ast.Expr) value {
	arg := x.AsCall().Args()[0]
	name, ok := literalString(arg)
	if !ok {
		return t.refuse(arg, "the name of a consent must be written out", functionHelp[fnConsent])
	}
	var consent *config.Consent
	var names []string
	for _, c := range t.c.in.Consents {
		names = append(names, c.Name)
		if c.Name == name {
			consent = c
		}
	}
	if consent == nil {
		help := suggest(name, names)
		if help == "" {
			help = "Declare it under consents."
		}
		t.failAt(t.e.src.of(arg), "unknown-consent", "there is no consent "+strconv.Quote(name)+" of "+t.c.entity(), help)
		return t.nothing(x)
	}
	var refused, said []sql.Expr
	for _, from := range consent.From {
		source, column := models.Reference(from)
		s := t.c.sources[source]
		word := sql.Col(Event, column)
		at := sql.Expr(beginning)
		if s.Time != "" {
			at = sql.Fn(sql.Coalesce, sql.Col(Event, TimeField), beginning)
		}
		// Among words at one time the greatest counts: a refusal, said so.
		refused = append(refused, t.feature(s, "refused", sql.TypeBool, sql.FnOf(sql.TypeBool, sql.ArgMax, sql.Fn(sql.Not, word), at)))
		said = append(said, t.feature(s, "said", sql.TypeTimestamp, sql.Fn(sql.Max, sql.If(sql.Fn(sql.IsNotNull, word), at, nil))))
	}
	if len(refused) == 1 {
		return value{expr: sql.Fn(sql.Not, sql.Fn(sql.Coalesce, refused[0], sql.Bool(true)))}
	}
	// Given is what somebody has said, and nobody refused last.
	latest := sql.Fn(sql.Greatest, said...)
	given := sql.And{sql.Fn(sql.IsNotNull, latest)}
	for i := range refused {
		given = append(given, sql.Fn(sql.Not, sql.Fn(sql.Coalesce, sql.And{sql.Fn(sql.Eq, said[i], latest), refused[i]}, sql.Bool(false))))
	}
	return value{expr: given}
}
