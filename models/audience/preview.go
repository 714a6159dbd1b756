package audience

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/sql"
)

// PreviewRows is how many rows of each reason a preview has.
const PreviewRows = 20

// sent is the mapped fields and their values in one text that Sent reads: each
// name and each value after its length in code points, and "-" for no value.
func (b *builder) sent(alias string) sql.Expr {
	var all []sql.Expr
	for _, f := range b.fields {
		value := text(sql.Col(alias, column(f.Name)), f.Type)
		all = append(all, sql.String(strconv.Itoa(utf8.RuneCountInString(f.Name))+":"+f.Name),
			sql.Fn(sql.Coalesce, sql.Fn(sql.Concat, sql.Fn(sql.IntToString, sql.Fn(sql.Length, value)), sql.String(":")), sql.String("-")),
			sql.Fn(sql.Coalesce, value, sql.String("")))
	}
	return sql.Fn(sql.ConcatAll, all...)
}

// framed is a text after its length.
func framed(value sql.Expr) sql.Expr {
	return sql.Fn(sql.Concat, sql.Fn(sql.Concat, sql.Fn(sql.IntToString, sql.Fn(sql.Length, value)), sql.String(":")), value)
}

// Value is a field of a row that was or will be sent.
type Value struct {
	Name string
	// Text is nil where there is no value.
	Text *string
}

// Sent reads the column sent of the ledger, and those of a preview.
func Sent(text string) ([]Value, error) {
	rest := []rune(text)
	next := func() (string, error) {
		var digits strings.Builder
		for i, r := range rest {
			if r == ':' {
				n, err := strconv.Atoi(digits.String())
				if err != nil || n < 0 || n > len(rest)-i-1 {
					break
				}
				value := string(rest[i+1 : i+1+n])
				rest = rest[i+1+n:]
				return value, nil
			}
			digits.WriteRune(r)
		}
		return "", fmt.Errorf("what was sent cannot be read after %d characters", len([]rune(text))-len(rest))
	}
	var out []Value
	for len(rest) > 0 {
		name, err := next()
		if err != nil {
			return nil, err
		}
		v := Value{Name: name}
		if len(rest) > 0 && rest[0] == '-' {
			rest = rest[1:]
		} else {
			value, err := next()
			if err != nil {
				return nil, err
			}
			v.Text = &value
		}
		out = append(out, v)
	}
	return out, nil
}

// due lists what is to be sent, so that two states can be told apart.
func (b *builder) due() sql.Query {
	return &sql.Select{
		Items:   sql.Items("c", "operation", "key", "fingerprint"),
		From:    sql.TableRef{Table: b.changes, As: "c"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("c", "key")), sql.Asc(sql.Col("c", "operation"))},
	}
}

// preview selects the first rows of each reason, with what the ledger knows
// and what is to be sent.
func (b *builder) preview() sql.Query {
	ranked := &sql.Select{
		Items: append(sql.Items("c", "operation", "reason", "key", "entity_id"), sql.As(sql.Window{
			Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("c", "reason")}, OrderBy: []sql.Order{sql.Asc(sql.Col("c", "key"))},
		}, "place")),
		From: sql.TableRef{Table: b.changes, As: "c"},
	}
	for _, f := range b.fields {
		ranked.Items = append(ranked.Items, sql.Items("c", column(f.Name))...)
	}
	now := sql.If(b.brings("c"), b.sent("c"), nil)
	return &sql.Select{
		Items: append(sql.Items("c", "operation", "reason", "key", "entity_id"), sql.As(sql.Col("l", "sent"), "before"), sql.As(now, "after")),
		From: sql.Joins(sql.Derived{Query: ranked, As: "c"}, sql.Join{
			Kind: sql.LeftJoin, On: sql.Fn(sql.Eq, sql.Col("l", "key"), sql.Col("c", "key")),
			Right: sql.Derived{As: "l", Query: &sql.Select{
				Items: sql.Items("k", "key", "sent"), From: sql.TableRef{Table: Ledger, As: "k"}, Where: b.isThere("k"),
			}},
		}),
		Where:   sql.Fn(sql.Le, sql.Col("c", "place"), sql.Int(PreviewRows)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("c", "reason")), sql.Asc(sql.Col("c", "key"))},
	}
}
