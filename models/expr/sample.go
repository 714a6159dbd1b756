package expr

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// sample is a share of the population that is the same in every run and every
// warehouse: those whose digest of salt and id is below a bound, so that a
// greater share keeps whoever is in a smaller one.
func (t *translator) sample(x ast.Expr) value {
	args := x.AsCall().Args()
	share, ok := t.value(args[0]).konst.(types.Double)
	switch {
	case t.value(args[0]).refused:
		return t.nothing(x)
	case !ok:
		return t.refuse(args[0], "the share of a sample must be written out, or be a parameter", functionHelp[fnSample])
	case !(share >= 0 && share <= 1):
		t.failAt(t.e.src.of(args[0]), "cel-type", "the share of a sample is between 0.0 and 1.0", functionHelp[fnSample])
		return t.nothing(x)
	}
	salt := ""
	if len(args) > 1 {
		if salt, ok = t.constText(args[1], "the salt of a sample", functionHelp[fnSample]); !ok {
			return t.nothing(x)
		}
	}
	if share == 1 {
		return t.literal(x, types.True)
	}
	return value{expr: sql.Fn(sql.Lt, models.Spread(sampleSalt(salt), sql.Col(Row, t.c.id())), sql.String(models.ShareBound(float64(share))))}
}

// sampleSalt keeps the salt of a sample apart from the id.
func sampleSalt(salt string) string { return salt + ":" }

// id is the column of Row that holds the entity's id.
func (c *compiler) id() string { return c.entity() + "_id" }
