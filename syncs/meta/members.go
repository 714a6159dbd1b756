package meta

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// encodeMembers spells those who are added and those who leave as a request each.
func (d *destination) encodeMembers(chunk *syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var draft syncs.Draft
	bring, leave := chunk.Sides()
	d.members(&draft, chunk, bring, false, false)
	d.members(&draft, chunk, leave, true, false)
	return draft.Requests, draft.Rejections
}

// members drafts the request with those who are added, or those who are taken off.
// The last request of a replacement says that it is.
func (d *destination) members(draft *syncs.Draft, chunk *syncs.Chunk, ops []int, leaves, last bool) {
	m := identify.NewMembers(chunk.Schema, memberColumns, d.config.Policy(), d.config.Region)
	value := chunk.Schema.At(worth)
	columns := make([]int, 0, len(m.Columns()))
	for i := range m.Columns() {
		if !leaves || i == m.Key() {
			columns = append(columns, i)
		}
	}
	if leaves {
		value = -1
	}
	b := make([]byte, 0, 256+len(ops)*(8+67*len(columns)))
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
	b, sent := draft.Elements(b, chunk, ops, func(b []byte, op *syncs.Op) ([]byte, error) {
		if !m.Read(op) {
			return b, m.Nobody()
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
				return b, errWorth
			}
		}
		return append(b, ']'), nil
	})
	if len(sent) == 0 {
		return
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
	draft.Requests = append(draft.Requests, syncs.Request{
		HTTP: d.request(method, "/"+id+path, b, chunk.Secrets), Ops: sent, Idempotent: true, Bucket: audience, Values: m.Values(),
	})
}

var errWorth = &syncs.Refusal{Code: syncs.BadValue, Message: "the field value is not a number from 0 on, which each member has to have"}

// appendWorth appends what a member is worth.
func appendWorth(b []byte, t syncs.Type, v any) ([]byte, bool) {
	from := len(b)
	b, err := syncs.AppendNumber(b, t, v)
	return b, err == nil && (b[from] != '-' || len(bytes.Trim(b[from:], "-0.")) == 0)
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
	var draft syncs.Draft
	bring, _ := chunk.Sides()
	d.members(&draft, &chunk, bring, false, true)
	if len(draft.Requests) == 0 {
		return syncs.Request{}, errNobody
	}
	return draft.Requests[0], nil
}
