package syncs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The codes of rows that are not sent, where a destination has no better one.
const (
	// BadValue: a value cannot be written as the platform wants it.
	BadValue = "bad-value"
	// NoIdentifier: nothing in the row tells the platform who or what is meant.
	NoIdentifier = "no-identifier"
	// TooLong: the row, or a part of it, is longer than the platform takes.
	TooLong = "too-long"
)

// Refusal is the error of a row that is not sent, with the code of its rejection.
type Refusal struct{ Code, Message string } //nolint:errname // it is a rejection without its place

// Error is the message: no row content.
func (r *Refusal) Error() string { return r.Message }

// Spell appends what a platform takes for one operation. What it appended does
// not count where it returns an error, which is a *Refusal or about a value.
type Spell func(b []byte, op *Op) ([]byte, error)

// AtMost refuses what takes more than so many bytes; platform is its name.
func AtMost(bytes int, platform string, spell Spell) Spell {
	return func(b []byte, op *Op) ([]byte, error) {
		from := len(b)
		b, err := spell(b, op)
		if err == nil && len(b)-from > bytes {
			err = &Refusal{TooLong, fmt.Sprintf("the row takes more than the %d bytes that %s permits", bytes, platform)}
		}
		return b, err
	}
}

// Draft is what an Encode makes of a chunk: it begins with none of either.
type Draft struct {
	Requests   []Request
	Rejections []Rejection
}

// Refuse has an operation not sent. The code is that of a *Refusal, and BadValue
// of any other error.
func (d *Draft) Refuse(op int, err error) {
	code := BadValue
	if known, ok := errors.AsType[*Refusal](err); ok {
		code = known.Code
	}
	d.Rejections = append(d.Rejections, Rejection{Op: op, Code: code, Message: err.Error()})
}

// Elements appends operations, by their places in the chunk, as the elements of a
// JSON array that is begun. What cannot be spelled is refused; sent are the others.
func (d *Draft) Elements(b []byte, chunk *Chunk, ops []int, spell Spell) (body []byte, sent []int) {
	sent = make([]int, 0, len(ops))
	for _, i := range ops {
		before := len(b)
		if len(sent) > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = spell(b, &chunk.Ops[i]); err != nil {
			b = b[:before]
			d.Refuse(i, err)
			continue
		}
		sent = append(sent, i)
	}
	return b, sent
}

// OfKind are the places of the operations of some kinds.
func (c *Chunk) OfKind(kinds ...Kind) []int {
	var ops []int
	for i := range c.Ops {
		if slices.Contains(kinds, c.Ops[i].Kind) {
			ops = append(ops, i)
		}
	}
	return ops
}

// Sides are the places of the operations that bring something, and of those that
// take something away.
func (c *Chunk) Sides() (bring, leave []int) {
	for i := range c.Ops {
		if c.Ops[i].Kind.Leaves() {
			leave = append(leave, i)
		} else {
			bring = append(bring, i)
		}
	}
	return bring, leave
}

// At is the place of a field among the values of a row, -1 where the schema does
// not have it.
func (s *Schema) At(name string) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

// Places are those of the fields that the schema has of some, in the order of
// their names here.
func (s *Schema) Places(names ...string) []int {
	var at []int
	for _, name := range names {
		if i := s.At(name); i >= 0 {
			at = append(at, i)
		}
	}
	return at
}

// First is the first of the fields at some places that has a text in a row, for a
// platform that wants one identifier of somebody who has several. Both are empty
// where none has.
func (s *Schema) First(places []int, values []any) (name, text string) {
	for _, i := range places {
		b, err := AppendText(nil, s.Fields[i].Type, values[i])
		if text := string(b); err == nil && strings.TrimSpace(text) != "" {
			return s.Fields[i].Name, text
		}
	}
	return "", ""
}

// At is the value at a place that Schema.At gave, nil at -1 and of what leaves.
func (o *Op) At(place int) any {
	if place < 0 || place >= len(o.Values) {
		return nil
	}
	return o.Values[place]
}
