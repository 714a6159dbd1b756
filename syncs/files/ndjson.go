package files

import "github.com/customhouse-cdp/customhouse/syncs"

// ndjsonEncoder writes one JSON object a line, its keys in the order of the
// fields.
type ndjsonEncoder struct {
	fields  []syncs.Field
	names   [][]byte
	changes bool
	body    []byte
}

func newNDJSON(schema syncs.Schema, changes bool) *ndjsonEncoder {
	e := &ndjsonEncoder{fields: schema.Fields, changes: changes}
	for _, f := range schema.Fields {
		e.names = append(e.names, append(syncs.AppendJSONString(nil, f.Name), ':'))
	}
	return e
}

func (e *ndjsonEncoder) row(op *syncs.Op) error {
	b, before := e.body, len(e.body)
	b = append(b, '{')
	if e.changes {
		b = append(b, `"_op":"`...)
		b = append(b, op.Kind.String()...)
		b = append(b, `","_key":`...)
		b = syncs.AppendJSONString(b, op.Key)
	}
	for i, v := range op.Values {
		if i > 0 || e.changes {
			b = append(b, ',')
		}
		b = append(b, e.names[i]...)
		var err error
		if b, err = syncs.AppendJSON(b, e.fields[i].Type, v); err != nil {
			e.body = b[:before]
			return &fieldError{e.fields[i].Name, err}
		}
	}
	b = append(b, '}', '\n')
	e.body = b
	return nil
}

func (e *ndjsonEncoder) bytes() ([]byte, error) { return e.body, nil }
