package person

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Source compiles the statement that takes the person's rows out of a source of
// the user's: those that carry an identifier of theirs alone. It is nil where the
// source is files, which no statement changes.
func (in Input) Source(s *config.Source) sql.Statement {
	return in.source(s, func(id config.Identifier, value sql.Expr) sql.Expr {
		return inTable(Identifiers.Table, sql.And{ownKind(), eq(sql.Col("q", "identifier_type"), sql.String(id.Name))}, "identifier")(value)
	})
}

// SourceByValues is Source as somebody can execute it elsewhere: with the values of
// the person in its text, by the name of the type. It is nil also where the source
// has none of the types.
func (in Input) SourceByValues(s *config.Source, values map[string][]string) sql.Statement {
	return in.source(s, func(id config.Identifier, value sql.Expr) sql.Expr {
		var list []sql.Expr
		for _, v := range values[id.Name] {
			list = append(list, sql.String(v))
		}
		if list == nil {
			return nil
		}
		return sql.In{Expr: value, List: list}
	})
}

func (in Input) source(s *config.Source, is func(config.Identifier, sql.Expr) sql.Expr) sql.Statement {
	if s.Files != nil {
		return nil
	}
	where := sql.Or{}
	for _, b := range identity.Bindings(in.Entity, s) {
		if term := is(b.Identifier, identity.Comparable(b.Identifier, sql.Fn(sql.Text, sql.Col("", b.Column)))); term != nil {
			where = append(where, term)
		}
	}
	if len(where) == 0 {
		return nil
	}
	return sql.Delete{Table: identity.SourceTable(s), Where: where}
}
