package synctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// truth is what a Platform holds. Its methods are called under the lock.
type truth struct {
	// records and archived are fields as JSON by key.
	records, archived map[string]string
	events            []Operation
	// keyed says that an event with a known key is not a second one.
	keyed bool
	known map[string]bool
}

func newTruth(keyed bool) *truth {
	return &truth{records: map[string]string{}, archived: map[string]string{}, known: map[string]bool{}, keyed: keyed}
}

// The answers for an operation that is not refused.
const (
	statusOK     = "ok"
	statusExists = "exists"
	statusAbsent = "absent"
)

// apply does one operation, and says what is to be answered for it.
func (t *truth) apply(op Operation) string {
	_, there := t.records[op.Key]
	switch syncs.KindOf(op.Op) {
	case syncs.Upsert, syncs.Add:
		delete(t.archived, op.Key)
		t.records[op.Key] = string(op.Fields)
	case syncs.Update:
		if !there {
			return statusAbsent
		}
		t.records[op.Key] = string(op.Fields)
	case syncs.Insert:
		if there {
			return statusExists
		}
		t.records[op.Key] = string(op.Fields)
	case syncs.Remove, syncs.Delete, syncs.Erase:
		delete(t.records, op.Key)
		if !there {
			return statusAbsent
		}
	case syncs.Archive:
		if !there {
			return statusAbsent
		}
		t.archived[op.Key] = t.records[op.Key]
		delete(t.records, op.Key)
	case syncs.Clear:
		if !there {
			return statusAbsent
		}
		t.records[op.Key] = merged(t.records[op.Key], op.Fields)
	case syncs.Append:
		if t.keyed && t.known[op.Key] {
			return statusExists
		}
		t.known[op.Key] = true
		t.events = append(t.events, op)
	}
	return statusOK
}

// merged is a record with some of its fields set.
func merged(record string, set json.RawMessage) string {
	var all, some map[string]json.RawMessage
	if err := json.Unmarshal([]byte(record), &all); err != nil {
		panic(fmt.Sprintf("synctest: reading a record: %v", err)) // It was read as one.
	}
	if err := json.Unmarshal(set, &some); err != nil {
		panic(fmt.Sprintf("synctest: reading fields: %v", err))
	}
	maps.Copy(all, some)
	text, err := json.Marshal(all)
	if err != nil {
		panic(fmt.Sprintf("synctest: writing a record: %v", err))
	}
	return string(text)
}

// Records are the fields of each record, or member of an audience, as JSON, by
// key.
func (p *Platform) Records() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.truth.records)
}

// Archived are the records that were put away.
func (p *Platform) Archived() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.truth.archived)
}

// Events are those that were appended, in their order, doubles too.
func (p *Platform) Events() []Operation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.truth.events)
}

// Hold puts records there as if somebody else had: fields as JSON by key.
func (p *Platform) Hold(records map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.truth.records, records)
}
