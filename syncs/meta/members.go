package meta

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// encodeMembers spells those who are added and those who leave as a request each.
func (d *destination) encodeMembers(chunk *syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var requests []syncs.Request
	var rejections []syncs.Rejection
	for _, leaves := range []bool{false, true} {
		if !slices.ContainsFunc(chunk.Ops, func(op syncs.Op) bool { return op.Kind.Leaves() == leaves }) {
			continue
		}
		request, refused := d.members(chunk, leaves, false)
		rejections = append(rejections, refused...)
		if len(request.Ops) > 0 {
			requests = append(requests, request)
		}
	}
	return requests, rejections
}

// members spells the operations of a chunk that add, or those that take away. The
// last request of a replacement says that it is.
func (d *destination) members(chunk *syncs.Chunk, leaves, last bool) (syncs.Request, []syncs.Rejection) {
	m := identify.NewMembers(chunk.Schema, memberColumns, d.config.Policy(), d.config.Region)
	value := slices.IndexFunc(chunk.Schema.Fields, func(f syncs.Field) bool { return f.Name == worth })
	columns := make([]int, 0, len(m.Columns()))
	for i := range m.Columns() {
		if !leaves || i == m.Key() {
			columns = append(columns, i)
		}
	}
	if leaves {
		value = -1
	}
	b := make([]byte, 0, 256+len(chunk.Ops)*(8+67*len(columns)))
	b = append(b, `{"payload":{"schema":[`...)
	for n, i := range columns {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), m.Columns()[i].Name...), '"')
	}
	if value >= 0 {
		b = append(b, `,"LOOKALIKE_VALUE"`...)
	}
	b = append(b, `],"data":[`...)
	request := syncs.Request{Ops: make([]int, 0, len(chunk.Ops)), Idempotent: true, Bucket: audience}
	var rejections []syncs.Rejection
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if op.Kind.Leaves() != leaves {
			continue
		}
		if !m.Read(op) {
			rejections = append(rejections, m.Nobody(i))
			continue
		}
		before := len(b)
		if len(request.Ops) > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for n, at := range columns {
			if n > 0 {
				b = append(b, ',')
			}
			b = m.AppendCell(b, at)
		}
		if value >= 0 {
			var ok bool
			if b, ok = appendWorth(append(b, ','), chunk.Schema.Fields[value].Type, op.Values[value]); !ok {
				b = b[:before]
				rejections = append(rejections, syncs.Rejection{Op: i, Code: "bad-value", Message: "the field value is not a number from 0 on, which each member has to have"})
				continue
			}
		}
		b = append(b, ']')
		request.Ops = append(request.Ops, i)
	}
	b = append(b, "]}"...)
	method, path := http.MethodPost, "/users"
	switch r := chunk.Replacement; {
	case leaves:
		method = http.MethodDelete
	case r != nil:
		path = "/usersreplace"
		b = appendSession(b, chunk, last)
	}
	_, id := syncs.Which(chunk.Schema.Object)
	b = append(d.appendProof(b, chunk), '}')
	request.HTTP = d.request(method, "/"+id+path, b, chunk.Secrets)
	request.Values = m.Values()
	return request, rejections
}

// appendWorth appends what a member is worth.
func appendWorth(b []byte, t syncs.Type, v any) ([]byte, bool) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10), v >= 0
	case float64:
		out, err := syncs.AppendJSON(b, t, v)
		return out, err == nil && v >= 0
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return append(b, v...), err == nil && n >= 0 && !math.IsInf(n, 0) && t == syncs.Decimal
	}
	return b, false
}

// appendSession appends the place of a request in its session. A session is a run
// of a sync: the id is made of them.
func appendSession(b []byte, chunk *syncs.Chunk, last bool) []byte {
	sum := sha256.Sum256([]byte(chunk.Schema.Object + "\x00" + chunk.Schema.Sync + "\x00" + chunk.RunID))
	r := chunk.Replacement
	b = append(b, `,"session":{"session_id":`...)
	b = strconv.AppendUint(b, binary.BigEndian.Uint64(sum[:])>>2+1, 10) // a positive number of 63 bits
	b = strconv.AppendInt(append(b, `,"batch_seq":`...), int64(r.Number), 10)
	b = strconv.AppendBool(append(b, `,"last_batch_flag":`...), last)
	b = strconv.AppendInt(append(b, `,"estimated_num_total":`...), max(r.Rows, 1), 10)
	return append(b, '}')
}

// errNobody says that an audience cannot be replaced by nobody.
var errNobody = errors.New("nobody is wanted, and Meta replaces an audience only by somebody: empty or delete it in the Audience Manager, or send it with replace: never")

// EncodeFinish implements syncs.Finisher: one member once more, in the request
// that is flagged as the last.
func (d *destination) EncodeFinish(chunk syncs.Chunk) (syncs.Request, error) {
	if len(chunk.Ops) == 0 {
		return syncs.Request{}, errNobody
	}
	request, _ := d.members(&chunk, false, true)
	return request, nil
}
