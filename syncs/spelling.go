package syncs

import (
	"fmt"
	"slices"
)

// Spelling spells rows as JSON objects, with objects inside where the paths of
// their fields lead through them. It is made once for many rows; see NewSpelling.
type Spelling struct {
	fields []Field
	// at are the indexes of the fields among a row's values.
	at []int
	// keys are the elements of each field's path as JSON, with the colon.
	keys [][][]byte
	// shared is how many elements the path of a field shares with that of the
	// one before, its own name aside.
	shared []int
	// bare says that decimals are numbers.
	bare bool
}

// NewSpelling prepares the spelling of those of a schema's fields that which
// names; all where it is nil.
func NewSpelling(fields []Field, which func(Field) bool) *Spelling {
	o := &Spelling{}
	var before []string
	for i, f := range fields {
		if which != nil && !which(f) {
			continue
		}
		path := f.Path
		if len(path) == 0 {
			path = []string{f.Name}
		}
		keys := make([][]byte, len(path))
		for j, name := range path {
			keys[j] = append(AppendJSONString(nil, name), ':')
		}
		shared := 0
		for shared < min(len(before), len(path))-1 && path[shared] == before[shared] {
			shared++
		}
		o.fields, o.at = append(o.fields, f), append(o.at, i)
		o.keys, o.shared = append(o.keys, keys), append(o.shared, shared)
		before = path
	}
	return o
}

// Bare makes decimals JSON numbers, digit by digit as they are, for a platform that
// compares numbers and takes texts for texts.
func (o *Spelling) Bare() *Spelling {
	o.bare = true
	return o
}

// Empty says that there are no fields to spell.
func (o *Spelling) Empty() bool { return len(o.fields) == 0 }

// Append appends a row's values as an object. Fields that skip null are not in
// it where they have no value, and neither is an object without any field. The
// error names the field whose value cannot be spelled, and wraps ErrValue.
func (o *Spelling) Append(b []byte, values []any) ([]byte, error) {
	return o.append(b, func(i int) any { return values[i] }, false)
}

// AppendMembers appends what Append does as members of an object that is begun,
// with a comma before them where it has any.
func (o *Spelling) AppendMembers(b []byte, values []any) ([]byte, error) {
	from := len(b)
	b, err := o.Append(b, values)
	if err != nil {
		return b, err
	}
	return Members(b[:from], b[from:]), nil
}

// Emptied is the object of all fields without a value, also of those that skip
// null: what a Clear makes of them.
func (o *Spelling) Emptied() []byte {
	b, _ := o.append(nil, func(int) any { return nil }, true) // Nothing can be spelled.
	return b
}

// Members appends the members of an object to one that is begun, with a comma
// before them where it has any. The object may stand in its memory right behind it.
func Members(b, object []byte) []byte {
	if len(object) <= len("{}") {
		return b
	}
	if b[len(b)-1] == '{' {
		return append(b, object[1:len(object)-1]...)
	}
	return append(append(b, ','), object[1:len(object)-1]...)
}

// append is Append of the values that of gives, by their places.
func (o *Spelling) append(b []byte, of func(int) any, all bool) ([]byte, error) {
	b = append(b, '{')
	depth, common, first := 0, 0, true
	for i := range o.fields {
		f, keys := &o.fields[i], o.keys[i]
		if !first {
			common = min(common, o.shared[i])
		}
		v := of(o.at[i])
		if v == nil && f.SkipNull && !all {
			continue
		}
		for ; depth > common; depth-- {
			b = append(b, '}')
		}
		if !first {
			b = append(b, ',')
		}
		for ; depth < len(keys)-1; depth++ {
			b = append(append(b, keys[depth]...), '{')
		}
		b = append(b, keys[depth]...)
		var err error
		if _, text := v.(string); text && o.bare && f.Type == Decimal {
			b, err = AppendNumber(b, f.Type, v)
		} else {
			b, err = AppendJSON(b, f.Type, v)
		}
		if err != nil {
			return b, fmt.Errorf("field %s: %w", f.Name, err)
		}
		common, first = depth, false
	}
	return append(b, slices.Repeat([]byte{'}'}, depth+1)...), nil
}
