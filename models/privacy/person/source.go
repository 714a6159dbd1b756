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
	return remove(s, in.whose(s, in.own))
}

// SourceRows counts, as n, the rows that Source takes out, of files as well. It is nil
// where the source has no identifier.
func (in Input) SourceRows(s *config.Source) *sql.Select {
	where := in.whose(s, in.own)
	if len(where) == 0 {
		return nil
	}
	return &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: identity.SourceTable(s)}, Where: where}
}

// SourceByValues is Source as somebody can execute it elsewhere: with the values of
// the person in its text, by the name of the type. It is nil also where the source
// has none of the types.
func (in Input) SourceByValues(s *config.Source, values map[string][]string) sql.Statement {
	return remove(s, in.whose(s, func(id config.Identifier, value sql.Expr) sql.Expr {
		var list []sql.Expr
		for _, v := range values[id.Name] {
			list = append(list, sql.String(v))
		}
		if list == nil {
			return nil
		}
		return sql.In{Expr: value, List: list}
	}))
}

// own says that a value is an identifier of the person alone.
func (in Input) own(id config.Identifier, value sql.Expr) sql.Expr {
	return inTable(Identifiers.Table, sql.And{ownKind(), eq(sql.Col("q", "identifier_type"), sql.String(id.Name))}, "identifier")(value)
}

// whose says of a row of a source that one of its identifiers is what it is asked to be.
func (in Input) whose(s *config.Source, is func(config.Identifier, sql.Expr) sql.Expr) sql.Or {
	var where sql.Or
	for _, b := range identity.Bindings(in.Entity, s) {
		if term := is(b.Identifier, identity.Comparable(b.Identifier, sql.Fn(sql.Text, sql.Col("", b.Column)))); term != nil {
			where = append(where, term)
		}
	}
	return where
}

func remove(s *config.Source, where sql.Or) sql.Statement {
	if s.Files != nil || len(where) == 0 {
		return nil
	}
	return sql.Delete{Table: identity.SourceTable(s), Where: where}
}
