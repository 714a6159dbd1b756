package identity

import (
	"regexp"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// maxLength is the greatest length of an identifier, in code points. Longer
// ones are payloads that slipped into the wrong column: they identify nobody
// and would cost a join on kilobytes.
const maxLength = 512

// normal is the comparable form of the text raw, NULL where it is not an
// identifier of that kind. It means what normalize.Value means; the tests run
// both on the same vectors.
//
// It is built in three stages, since most kinds need the result of one several
// times over: trim, fold, finish. Where many values are normalised, each stage
// is a column of its own (Rows), so that it is computed once.
func normal(id config.Identifier, raw sql.Expr) sql.Expr {
	trimmed := trim(raw)
	return finish(id, raw, trimmed, fold(id, trimmed))
}

func trim(raw sql.Expr) sql.Expr { return sql.Fn(sql.TrimSpace, raw) }

// fold takes away what does not tell values of the kind apart.
func fold(id config.Identifier, trimmed sql.Expr) sql.Expr {
	switch id.Normalize {
	case "email", "domain", "lower":
		return sql.Fn(sql.Lower, trimmed)
	case "phone":
		return strip(sql.Fn(sql.Replace, trimmed, sql.String(normalize.TrunkHint), sql.String("")), `[^0-9]+`)
	case "digits":
		return strip(trimmed, `[^0-9]+`)
	case config.CustomNormalizer: // folds as it likes
		return trimmed
	default:
		return trimmed
	}
}

// finish judges a folded value and gives it its final form.
func finish(id config.Identifier, raw, trimmed, folded sql.Expr) sql.Expr {
	switch id.Normalize {
	case "":
		// As it is; but white space alone identifies nobody.
		return sql.If(sql.Fn(sql.Ne, trimmed, sql.String("")), raw, nil)
	case "email":
		return matching(folded, normalize.EmailPattern)
	case "phone":
		return phone(id.Region, trimmed, folded)
	case "domain":
		return domain(folded)
	case "integer":
		return integer(folded)
	case config.CustomNormalizer:
		return custom(id, folded)
	default:
		return sql.Fn(sql.NullIfEmpty, folded)
	}
}

// matching is a value that matches a whole pattern, and NULL where it does not.
func matching(value sql.Expr, pattern string) sql.Expr {
	return sql.If(sql.Fn(sql.MatchesAll, value, sql.String(pattern)), value, nil)
}

func strip(value sql.Expr, pattern string) sql.Expr {
	return sql.Fn(sql.RegexpReplace, value, sql.String(pattern), sql.String(""))
}

// phone is the E.164 form of a number, national ones read in a region.
func phone(region string, text, digits sql.Expr) sql.Expr {
	c := sql.Case{Whens: []sql.When{
		{If: sql.Fn(sql.StartsWith, text, sql.String("+")), Then: digits},
		{If: sql.Fn(sql.StartsWith, digits, sql.String("00")), Then: strip(digits, `^00`)},
	}}
	if r, ok := normalize.Regions[region]; ok {
		national := digits
		if r.Trunk != "" {
			national = strip(digits, "^"+r.Trunk)
			if r.TrunkDigits > 0 {
				national = sql.If(sql.Fn(sql.Eq, sql.Fn(sql.Length, digits), sql.Int(r.TrunkDigits)), national, digits)
			}
		}
		c.Else = sql.Fn(sql.Concat, sql.String(r.Code), sql.Fn(sql.NullIfEmpty, national))
	}
	return matching(sql.Fn(sql.Concat, sql.String("+"), c), normalize.PhonePattern)
}

// domain is the host of a URL, what follows the @ of an e-mail address, or what
// is left of a bare domain.
func domain(host sql.Expr) sql.Expr {
	for _, pattern := range []string{`^([a-z][a-z0-9+.-]*:)?//`, `(?s)[/?#].*$`, `^\S*@`, `:[0-9]*$`, `^(www\.)+`, `\.$`} {
		host = strip(host, pattern)
	}
	return matching(host, normalize.DomainPattern)
}

// integer is a whole number without plus, leading zeros and decimals of zero.
func integer(text sql.Expr) sql.Expr {
	number := matching(text, normalize.IntegerPattern)
	digits := strip(strip(number, `\.0*$`), `^[+-]?0*`)
	sign := sql.If(sql.Fn(sql.StartsWith, text, sql.String("-")), sql.String("-"), sql.String(""))
	return sql.Case{
		Whens: []sql.When{{If: sql.Fn(sql.Eq, digits, sql.String("")), Then: sql.String("0")}},
		Else:  sql.Fn(sql.Concat, sign, digits),
	}
}

// Normal is a value that a person typed, spelled as the identity tables hold
// it: what a look-up by an identifier compares with.
func Normal(id config.Identifier, value string) sql.Expr { return normal(id, sql.String(value)) }

// Comparable is the text of a source's column, spelled as the identity tables hold
// it, NULL where it is none of its kind. Values on the ignore list are not told
// apart: the tables have none of them.
func Comparable(id config.Identifier, raw sql.Expr) sql.Expr {
	return sql.If(sql.Fn(sql.Le, sql.Fn(sql.Length, raw), sql.Int(maxLength)), normal(id, raw), nil)
}

// blank says that a raw value is no value at all.
func blank(raw sql.Expr) sql.Expr {
	return sql.Fn(sql.IsNull, sql.Fn(sql.NullIfEmpty, sql.Fn(sql.TrimSpace, raw)))
}

// custom is what the project's own SQL makes of a text. It never sees an empty
// one, of which some expressions, such as a hash, would make a value that links
// all who have none; and what it gives is text without white space around it.
func custom(id config.Identifier, trimmed sql.Expr) sql.Expr {
	byDialect := make(map[string]string, len(id.Custom))
	for _, e := range id.Custom {
		byDialect[e.Key] = strings.TrimSpace(e.Value)
	}
	made := sql.Cast{Expr: sql.Custom{ByDialect: byDialect, Value: trimmed}, To: sql.TypeString}
	given := sql.Fn(sql.Ne, trimmed, sql.String(""))
	return sql.If(given, sql.Fn(sql.NullIfEmpty, trim(made)), nil)
}

// ignored says that a normal value is on the identifier's ignore list.
func ignored(id config.Identifier, value sql.Expr) sql.Expr {
	var exact, domains []sql.Expr
	terms := sql.Or{}
	for _, pattern := range id.Ignore {
		switch {
		case pattern == config.FreeMail && id.Normalize == "email":
			domains = texts(normalize.FreeMail)
		case pattern == config.FreeMail:
			exact = append(exact, texts(normalize.FreeMail)...)
		case strings.Contains(pattern, "*"):
			parts := strings.Split(pattern, "*")
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			// (?s): the star stands for any text, line breaks included.
			terms = append(terms, sql.Fn(sql.MatchesAll, value, sql.String("(?s)"+strings.Join(parts, ".*"))))
		default:
			exact = append(exact, sql.String(pattern))
		}
	}
	if len(exact) > 0 {
		terms = append(terms, sql.In{Expr: value, List: exact})
	}
	if len(domains) > 0 {
		terms = append(terms, sql.In{Expr: strip(value, `^[^@]*@`), List: domains})
	}
	return terms
}

// texts are the literals of a list.
func texts(list []string) []sql.Expr {
	out := make([]sql.Expr, len(list))
	for i, s := range list {
		out[i] = sql.String(s)
	}
	return out
}
