package expr

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// within is true for the rows under an alias that are young enough to count: as if
// every expression had that condition. It makes an expression one of the time of
// the run.
func (c *compiler) within(d config.Duration, alias string) sql.Expr {
	return Within(d, alias, c.now())
}

// Within is true for the rows under an alias whose time is not longer before asOf
// than a retention. A row without a time has none that it could be held to.
func Within(d config.Duration, alias string, asOf time.Time) sql.Expr {
	after := sql.Timestamp(asOf.UTC().Truncate(time.Microsecond).Add(-time.Duration(d)))
	return sql.And{sql.Fn(sql.IsNotNull, sql.Col(alias, TimeField)), sql.Fn(sql.Gt, sql.Col(alias, TimeField), after)}
}

// Retention is how long a value of a column of a source counts; 0 is for ever.
func Retention(s *config.Source, column string) config.Duration {
	if x, ok := s.Columns.Get(column); ok && x.Retention != 0 {
		return x.Retention
	}
	return s.Retention
}

// forgotten is a value that is there under a condition alone.
func (t *translator) forgotten(v value, young sql.Expr) value {
	v.expr = sql.If(young, v.expr, nil)
	if v.decimal != nil {
		v.decimal = sql.If(young, v.decimal, nil)
	}
	return v
}

// young leaves of a collection's rows those that count, and of those the values
// that do.
func (s *Subject) young(source *config.Source, rows []*rowValue) []ref.Val {
	counts := func(r *rowValue, d config.Duration) bool {
		if d == 0 {
			return true
		}
		at, ok := r.fields[TimeField].(types.Timestamp)
		return ok && at.After(s.now.Time.Add(-time.Duration(d)))
	}
	out := []ref.Val{}
	for _, r := range rows {
		if !counts(r, source.Retention) {
			continue
		}
		for _, col := range source.Columns {
			if !counts(r, col.Value.Retention) {
				delete(r.fields, col.Key)
				delete(r.fields, exactly(col.Key))
			}
		}
		out = append(out, r)
	}
	return out
}
