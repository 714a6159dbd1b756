package files

import "github.com/customhouse-cdp/customhouse/syncs"

// ndjsonEncoder writes one JSON object a line, its keys in the order of the
// fields.
type ndjsonEncoder struct {
	object  *syncs.Spelling
	changes bool
	body    []byte
}

func newNDJSON(schema syncs.Schema, changes bool) *ndjsonEncoder {
	return &ndjsonEncoder{object: syncs.NewSpelling(schema.Fields, nil), changes: changes}
}

func (e *ndjsonEncoder) row(op *syncs.Op) error {
	b, before := e.body, len(e.body)
	if e.changes {
		b = append(b, `{"_op":"`...)
		b = append(b, op.Kind.String()...)
		b = append(b, `","_key":`...)
		b = syncs.AppendJSONString(b, op.Key)
	}
	if op.Values != nil {
		at := len(b)
		var err error
		if b, err = e.object.Append(b, op.Values); err != nil {
			e.body = b[:before]
			return err
		}
		if e.changes { // The fields go on where the columns of ours end.
			if b[at] = ','; b[at+1] == '}' {
				b = append(b[:at], '}')
			}
		}
	} else {
		b = append(b, '}') // a removal, which only layout changes writes
	}
	b = append(b, '\n')
	e.body = b
	return nil
}

func (e *ndjsonEncoder) bytes() (head, body []byte, err error) { return nil, e.body, nil }
