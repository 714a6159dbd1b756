package audience

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// codeFieldType is a field whose value is of no type that it can be sent as.
const codeFieldType = "field-type"

// FieldName names the expression of a field among those of an entity.
func FieldName(s *config.Sync, leaf config.Leaf) string { return s.Name + "." + leaf.Name() }

// FieldTraits are the traits that the fields of a sync read, and the id where
// they do, each once in the order of its first use. computed are the
// expressions of its entity.
func FieldTraits(s *config.Sync, computed []expr.Compiled) []string {
	var out []string
	for _, leaf := range s.Leaves() {
		names := leaf.List
		if leaf.Trait != "" {
			names = []string{leaf.Trait}
		}
		for _, x := range computed {
			if leaf.Value != "" && x.Name == FieldName(s, leaf) {
				names = x.Reads
			}
		}
		for _, name := range names {
			if _, ofEvent := s.From.EventColumn(name); !ofEvent && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Check finds the fields of a sync that cannot be filled as they say.
func Check(in Input) diag.List {
	var found diag.List
	(&builder{Input: in}).fill(func(d diag.Diagnostic) { found = append(found, d) })
	return found
}

// field is a field of the sync as SQL over a profile under the alias p.
type field struct {
	models.Field
	value sql.Expr
	// unfit is true where there is a value that cannot be converted; nil where
	// every value can.
	unfit sql.Expr
	// wants is what it cannot be converted to, for messages.
	wants string
}

// fill compiles the fields, and reports those that it cannot.
func (b *builder) fill(report func(diag.Diagnostic)) []field {
	var out []field
	for _, leaf := range b.Sync.Leaves() {
		f := field{Field: models.Field{
			Name: leaf.Name(), Path: leaf.Path, SkipNull: leaf.SkipNull, SetIfEmpty: leaf.SetIfEmpty,
		}}
		switch {
		case len(leaf.List) > 0:
			f.value, f.Type = b.list(leaf, report)
		case leaf.Value != "":
			// One that is not among them has an error of its own.
			i := slices.IndexFunc(b.Computed, func(x expr.Compiled) bool { return x.Name == FieldName(b.Sync, leaf) })
			if i < 0 {
				continue
			}
			f.value, f.Type, f.Texts = b.Computed[i].Expr, b.Computed[i].Type, b.Computed[i].Texts
		default:
			f.value, f.Type = b.trait(leaf.Trait)
			if _, ofEvent := b.Sync.From.EventColumn(leaf.Trait); !ofEvent {
				f.Texts = b.declared(leaf.Trait).Texts
			}
		}
		if f.Type == 0 {
			continue
		}
		to := f.Type
		if leaf.Type != "" {
			to = models.ColumnType(leaf.Type)
		}
		if leaf.Hash != "" {
			to = sql.TypeString
		}
		from := f.Type
		converted, mayFail, ok := convert(f.value, from, to)
		if !ok {
			report(diag.Errorf(leaf.At(map[bool]string{true: "hash", false: "type"}[leaf.Hash != ""]), codeFieldType,
				"the field %q holds %s, which cannot be converted to %s", leaf.Name(), word(from), word(to)).
				WithHelp("%s", conversionHelp(from, to)))
			continue
		}
		if mayFail {
			f.unfit = sql.And{sql.Fn(sql.IsNotNull, f.value), sql.Fn(sql.IsNull, converted)}
			f.wants = word(to)
		}
		if f.value, f.Type = converted, to; from != to {
			f.Texts = nil
		}
		if leaf.Hash != "" {
			f.value, f.Texts = sql.Fn(sql.Sha256, f.value), nil
		}
		out = append(out, f)
	}
	return out
}

// trait is the column of a profile, or the id; or one of the event.
func (b *builder) trait(name string) (sql.Expr, sql.Type) {
	if column, ok := b.Sync.From.EventColumn(name); ok {
		return b.eventColumn(column)
	}
	return sql.Col("p", name), b.fieldType(name)
}

// list is the values that there are of some traits.
func (b *builder) list(leaf config.Leaf, report func(diag.Diagnostic)) (sql.Expr, sql.Type) {
	lists := map[sql.Type]sql.Type{
		sql.TypeString: sql.TypeStrings, sql.TypeInt: sql.TypeInts, sql.TypeFloat: sql.TypeFloats, sql.TypeTimestamp: sql.TypeTimestamps,
	}
	_, of := b.trait(leaf.List[0])
	typ, ok := lists[of]
	if !ok {
		report(diag.Errorf(leaf.At("list"), codeFieldType, "there is no list of values such as %s, %s", leaf.List[0], word(of)).
			WithHelp("a list holds texts, numbers or instants"))
		return nil, 0
	}
	none := sql.Cast{Expr: sql.Fn(sql.ListOf), To: typ}
	parts := make([]sql.Expr, len(leaf.List))
	for i, name := range leaf.List {
		value, t := b.trait(name)
		if t != of {
			report(diag.Errorf(leaf.At("list"), codeFieldType, "the list holds values of two types: %s is %s, %s is %s",
				leaf.List[0], word(of), name, word(t)).WithHelp("convert one in a trait of its own"))
			return nil, 0
		}
		parts[i] = sql.If(sql.Fn(sql.IsNotNull, value), sql.Fn(sql.ListOf, value), none)
	}
	return sql.FnOf(typ, sql.ListColumn, sql.Fn(sql.ListConcat, parts...)), typ
}

// Texts that are read as values are those that the same type has when it is
// written: nothing is guessed.
const (
	decimalText = `[+-]?[0-9]{1,29}([.][0-9]{1,9})?`
	dateText    = `[0-9]{4}-[0-9]{2}-[0-9]{2}`
)

// convert is a value as another type: NULL, where mayFail, for a value that has
// no equal there. ok is false where such values have no customary equal.
func convert(v sql.Expr, from, to sql.Type) (out sql.Expr, mayFail, ok bool) {
	type pair struct{ from, to sql.Type }
	matching := func(pattern string) sql.Expr {
		return sql.If(sql.Fn(sql.MatchesAll, v, sql.String(pattern)), sql.TryCast{Expr: v, To: to}, sql.Null{Type: to})
	}
	whole := func(x sql.Expr) sql.Expr {
		n := sql.Fn(sql.FloatToInt, x)
		return sql.If(sql.Fn(sql.Eq, sql.Fn(sql.IntToFloat, n), x), n, sql.Null{Type: to})
	}
	if from == to {
		return v, false, true
	}
	switch (pair{from, to}) {
	case pair{sql.TypeString, sql.TypeInt}:
		return sql.Fn(sql.StringToInt, v), true, true
	case pair{sql.TypeString, sql.TypeFloat}:
		return sql.Fn(sql.StringToFloat, v), true, true
	case pair{sql.TypeString, sql.TypeBool}:
		return sql.Fn(sql.StringToBool, v), true, true
	case pair{sql.TypeString, sql.TypeTimestamp}:
		return sql.Fn(sql.StringToTime, v), true, true
	case pair{sql.TypeString, sql.TypeDecimal}:
		return matching(decimalText), true, true
	case pair{sql.TypeString, sql.TypeDate}:
		return matching(dateText), true, true
	case pair{sql.TypeInt, sql.TypeFloat}:
		// Beyond 2^53 a double has another value.
		f := sql.Fn(sql.IntToFloat, v)
		return sql.If(sql.Fn(sql.Eq, sql.Fn(sql.FloatToInt, f), v), f, sql.Null{Type: to}), true, true
	case pair{sql.TypeInt, sql.TypeDecimal}:
		return sql.Cast{Expr: v, To: to}, false, true
	case pair{sql.TypeFloat, sql.TypeInt}:
		return whole(v), true, true
	case pair{sql.TypeDecimal, sql.TypeInt}:
		n := sql.TryCast{Expr: v, To: to}
		return sql.If(sql.Fn(sql.Eq, sql.TryCast{Expr: n, To: from}, v), n, sql.Null{Type: to}), true, true
	case pair{sql.TypeDecimal, sql.TypeFloat}:
		return sql.Cast{Expr: v, To: to}, false, true
	case pair{sql.TypeDate, sql.TypeTimestamp}, pair{sql.TypeTimestamp, sql.TypeDate}:
		return sql.Cast{Expr: v, To: to}, false, true
	}
	if scalar := word(from); to == sql.TypeString && !strings.HasPrefix(scalar, "a list") {
		return text(v, from), false, true
	}
	return nil, false, false
}

func conversionHelp(from, to sql.Type) string {
	if from == sql.TypeTimestamp && to == sql.TypeInt {
		return "write the expression: {value: int(trait)} is the seconds since 1970"
	}
	return "send it as it is, or compute it with value"
}

// word is a type in the words of the project.
func word(t sql.Type) string {
	switch t {
	case sql.TypeString:
		return "a text"
	case sql.TypeInt:
		return "a whole number"
	case sql.TypeFloat:
		return "a number"
	case sql.TypeDecimal:
		return "a decimal of at most 29 and 9 digits"
	case sql.TypeBool:
		return "true or false"
	case sql.TypeTimestamp:
		return "an instant"
	case sql.TypeDate:
		return "a date"
	case sql.TypeStrings, sql.TypeInts, sql.TypeFloats, sql.TypeTimestamps:
		return "a list"
	case sql.TypeUint, sql.TypeBytes, sql.TypeBools, sql.TypeUints, sql.TypeBlobs:
	}
	return "a value of an expression"
}

// unfit is what is wrong with a row whose values cannot be converted, NULL
// where nothing is; nil where every value can be. It names the first field and
// holds no value.
func (b *builder) unfit() sql.Expr {
	var c sql.Case
	for _, f := range b.fields {
		if f.unfit != nil {
			c.Whens = append(c.Whens, sql.When{If: f.unfit, Then: sql.String("the value of field " + f.Name + " is not " + f.wants)})
		}
	}
	if c.Whens == nil {
		return nil
	}
	c.Else = sql.Null{Type: sql.TypeString}
	return c
}
