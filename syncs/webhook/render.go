package webhook

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// unfit says why a row cannot be spelled. It repeats no value.
type unfit struct{ code, message string }

func (u *unfit) Error() string { return u.message }

// scope is what the placeholders of one request stand for.
type scope struct {
	schema  *syncs.Schema
	secrets func(secret.Ref) secret.Value
	run     string
	sentAt  time.Time
	asOf    time.Time
	kind    syncs.Kind
	request string
	count   int
	// op is the row, nil where there are many.
	op *syncs.Op
	// rows are those of a batch, spelled; nil where there is one.
	rows []byte
	// fields spells all fields of a row, and empty those that are cleared.
	fields *syncs.Spelling
	empty  []byte
}

// value is what a placeholder stands for, with its type. skip says that it is
// to be left out.
func (s *scope) value(name string) (v any, t syncs.Type, skip bool, err error) {
	switch name {
	case ofSync:
		return s.schema.Sync, syncs.String, false, nil
	case ofObject:
		return s.schema.Object, syncs.String, false, nil
	case ofObjectID:
		_, id := syncs.Which(s.schema.Object)
		return id, syncs.String, false, nil
	case ofRun:
		return s.run, syncs.String, false, nil
	case ofSentAt:
		return s.sentAt, syncs.Timestamp, false, nil
	case ofAsOf:
		return s.asOf, syncs.Timestamp, false, nil
	case ofOp:
		return s.kind.String(), syncs.String, false, nil
	case ofKeyName:
		return s.schema.Key, syncs.String, false, nil
	case ofRequest:
		return s.request, syncs.String, false, nil
	case ofCount:
		return int64(s.count), syncs.Int, false, nil
	}
	switch {
	case s.op == nil:
	case name == ofKey:
		return s.op.Key, syncs.String, false, nil
	case name == ofID:
		return s.op.EntityID, syncs.Int, false, nil
	case strings.HasPrefix(name, ofField):
		return s.field(strings.TrimPrefix(name, ofField))
	}
	return nil, 0, false, &unfit{"bad-template", "the template has {" + name + "} where it means nothing"}
}

// field is the value of one field of the row.
func (s *scope) field(name string) (v any, t syncs.Type, skip bool, err error) {
	i := slices.IndexFunc(s.schema.Fields, func(f syncs.Field) bool { return f.Name == name })
	switch {
	case i < 0:
		return nil, 0, false, &unfit{"no-field", "the sync maps no field " + name + ", which the template wants"}
	case s.op.Kind.Leaves() && name == s.schema.Key:
		return s.op.Key, syncs.String, false, nil
	case s.op.Kind == syncs.Clear:
		return nil, s.schema.Fields[i].Type, false, nil
	case s.op.Kind.Leaves() || i >= len(s.op.Values):
		return nil, 0, false, &unfit{"no-field", "who left has no field " + name + ", which the template wants"}
	}
	f := &s.schema.Fields[i]
	v = s.op.Values[i]
	return v, f.Type, v == nil && f.SkipNull, nil
}

// escape makes what a placeholder stands for a part of a text.
type escape func(b []byte, text string) ([]byte, error)

// append appends a text, with what its placeholders and references stand for
// escaped. The literal parts are as they were written.
func (s *scope) append(b []byte, t Text, escaped escape) ([]byte, error) {
	for _, p := range t.parts {
		var err error
		switch {
		case !p.ref.IsZero():
			b, err = escaped(b, s.secrets(p.ref).Reveal())
		case p.name == ofRows:
			b = append(b, s.rows...)
		case p.name != "":
			var text string
			if text, err = s.text(p.name); err == nil {
				b, err = escaped(b, text)
			}
		default:
			b = append(b, p.literal...)
		}
		if err != nil {
			return b, about(err, p.name)
		}
	}
	return b, nil
}

// about says which placeholder an error is about.
func about(err error, name string) error {
	var u *unfit
	if name == "" || errors.As(err, &u) && strings.Contains(u.message, name) {
		return err
	}
	if u != nil {
		return &unfit{u.code, "{" + name + "}: " + u.message}
	}
	return fmt.Errorf("{%s}: %w", name, err)
}

// text is what a placeholder stands for in a text; nothing is "".
func (s *scope) text(name string) (string, error) {
	v, t, _, err := s.value(name)
	if err != nil {
		return "", err
	}
	b, err := syncs.AppendText(nil, t, v)
	return string(b), err
}

// plain leaves a text as it is.
func plain(b []byte, text string) ([]byte, error) { return append(b, text...), nil }

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// percent encodes all but what RFC 3986 calls unreserved.
func percent(b []byte, text string) ([]byte, error) {
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(unreserved, c) >= 0 {
			b = append(b, c)
		} else {
			const hex = "0123456789ABCDEF"
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b, nil
}

// segment encodes what stands in a path, where nothing would be another path.
func segment(b []byte, text string) ([]byte, error) {
	if text == "" {
		return b, &unfit{"empty-in-path", "has no value, and stands in the path"}
	}
	return percent(b, text)
}

// headerText refuses what would end a header.
func headerText(b []byte, text string) ([]byte, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return b, &unfit{"bad-header-value", "a header cannot hold its value, which has a line break or control character"}
	}
	return append(b, text...), nil
}

// markup escapes what has a meaning in XML, and replaces what XML cannot hold.
func markup(b []byte, text string) ([]byte, error) {
	var out strings.Builder
	// A strings.Builder never fails.
	_ = xml.EscapeText(&out, []byte(text))
	return append(b, out.String()...), nil
}

// pairs appends name=value of a query or a form. A value that is one
// placeholder is repeated for each item of a list, and left out where its field
// skips null.
func (s *scope) pairs(b []byte, list strict.Ordered[Text]) ([]byte, error) {
	pair := func(name string) {
		if len(b) > 0 {
			b = append(b, '&')
		}
		b, _ = percent(b, name)
		b = append(b, '=')
	}
	for _, entry := range list {
		if name, ok := entry.Value.whole(); ok {
			v, t, skip, err := s.value(name)
			if err != nil {
				return b, err
			}
			if skip {
				continue
			}
			items, many := v.([]any)
			if !many {
				items = []any{v}
			}
			for _, item := range items {
				text, err := syncs.AppendText(nil, t, item)
				if err != nil {
					return b, about(err, name)
				}
				pair(entry.Key)
				b, _ = percent(b, string(text))
			}
			continue
		}
		pair(entry.Key)
		var err error
		if b, err = s.append(b, entry.Value, percent); err != nil {
			return b, err
		}
	}
	return b, nil
}

// tree appends a value as JSON.
func (s *scope) tree(b []byte, n *node) ([]byte, error) {
	var err error
	switch {
	case n.text != nil:
		return s.leaf(b, n.text)
	case n.kind == strict.List:
		b = append(b, '[')
		first := true
		for _, child := range n.children {
			if s.skips(child) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			if b, err = s.tree(b, child); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case n.kind == strict.Mapping:
		b = append(b, '{')
		first := true
		for i, child := range n.children {
			if s.skips(child) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			if b, err = s.tree(append(b, n.names[i]...), child); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	default:
		return append(b, n.scalar...), nil
	}
}

// skips says that a value is a field that is left out where it has no value.
func (s *scope) skips(n *node) bool {
	if n.text == nil {
		return false
	}
	name, ok := n.text.whole()
	if !ok || !strings.HasPrefix(name, ofField) {
		return false
	}
	_, _, skip, err := s.value(name)
	return err == nil && skip
}

// leaf appends a text as JSON, or the value that it stands for.
func (s *scope) leaf(b []byte, t *Text) ([]byte, error) {
	name, whole := t.whole()
	switch {
	case whole && name == ofRows:
		return append(append(append(b, '['), s.rows...), ']'), nil
	case whole && name == ofFields && s.op != nil:
		if s.op.Kind == syncs.Clear {
			return append(b, s.empty...), nil
		}
		return s.fields.Append(b, s.op.Values)
	case whole:
		v, kind, _, err := s.value(name)
		if err != nil {
			return b, err
		}
		if b, err = syncs.AppendJSON(b, kind, v); err != nil {
			return b, about(err, name)
		}
		return b, nil
	}
	text, err := s.append(nil, *t, plain)
	if err != nil {
		return b, err
	}
	return syncs.AppendJSONString(b, string(text)), nil
}

func jsonName(name string) string { return string(syncs.AppendJSONString(nil, name)) + ":" }

// isJSON says that the text of a YAML scalar is the same value in JSON.
func isJSON(text string) bool { return json.Valid([]byte(text)) }

// unixText is an instant as signatures have it.
func unixText(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
