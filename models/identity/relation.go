package identity

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Text is a column of texts that are to be read as identifiers.
type Text struct {
	Identifier config.Identifier
	// Column holds the texts, As is the column for their comparable values.
	Column, As string
}

// Normalised adds comparable values to rows and keeps the named columns of
// them. A text that is none of its kind, too long or ignored is NULL, and so is
// a domain at which anybody can have an address: it says nothing of whom
// somebody belongs to.
func Normalised(rows sql.Query, keep []string, texts []Text) *sql.Select {
	stage := func(query sql.Query, as string) *sql.Select {
		return &sql.Select{Items: sql.Items(as, keep...), From: sql.Derived{Query: query, As: as}}
	}
	trimmed := stage(rows, "g")
	folded := stage(trimmed, "t")
	valued := stage(folded, "f")
	out := stage(valued, "v")
	for _, t := range texts {
		id := t.Identifier
		if id.Normalize == "domain" && !slices.Contains(id.Ignore, config.FreeMail) {
			id.Ignore = append(slices.Clone(id.Ignore), config.FreeMail)
		}
		trimmedAs, foldedAs, valueAs := "trimmed."+t.As, "folded."+t.As, "value."+t.As
		raw := sql.Col("g", t.Column)
		short := sql.Fn(sql.Le, sql.Fn(sql.Length, raw), sql.Int(maxLength))
		trimmed.Items = append(trimmed.Items, sql.As(sql.If(short, raw, nil), valueAs), sql.As(sql.If(short, trim(raw), nil), trimmedAs))
		folded.Items = append(folded.Items, sql.Items("t", valueAs, trimmedAs)...)
		folded.Items = append(folded.Items, sql.As(fold(id, sql.Col("t", trimmedAs)), foldedAs))
		valued.Items = append(valued.Items, sql.As(finish(id, sql.Col("f", valueAs), sql.Col("f", trimmedAs), sql.Col("f", foldedAs)), valueAs))
		kept := sql.Expr(sql.Col("v", valueAs))
		if len(id.Ignore) > 0 {
			kept = sql.If(ignored(id, kept), sql.Null{Type: sql.TypeString}, kept)
		}
		out.Items = append(out.Items, sql.As(kept, t.As))
	}
	return out
}
