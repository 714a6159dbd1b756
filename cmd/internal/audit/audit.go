// Package audit keeps the log of what was decided and done with people's data: an
// entry for each, added to and never changed, chained so that no entry can be
// edited, cut out, put in, moved or repeated unnoticed, nor the end cut off. It
// is in the state store, and its head in the warehouse too.
//
// It holds nobody's data: an entry takes names of the project, numbers of things
// and keyed digests, and the words of whoever gives a reason, which it refuses
// where they look as if they named somebody. It does not decide what is written
// down, and asks nobody.
//
// Start at Open and Log.Add; entry.go says what an entry can hold, decide.go how
// changes of decisions are found, and verify.go how the chain is.
package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"iter"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Store is where the log is: a *state.Store.
type Store interface {
	Audit(ctx context.Context, add func(now time.Time, head state.AuditHead) ([]state.AuditEntry, state.AuditHead, error)) error
	AuditHead(ctx context.Context) (state.AuditHead, error)
	AuditEntries(ctx context.Context, after int64) iter.Seq2[state.AuditEntry, error]
}

// Log is an open audit log.
type Log struct {
	store Store
	// entries, heads, copies and subjects are keys, each for one thing alone.
	entries, heads, copies, subjects []byte
}

const (
	digestSize = sha256.Size
	// minKey is how long a key is at least, in bytes.
	minKey = 16
)

// Open opens the log in a store. The key is that of the target's privacy; what
// the log is sealed with is derived from it.
func Open(store Store, key []byte) (*Log, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("the key of the audit log has %d bytes, and needs %d at least", len(key), minKey)
	}
	derived := func(name string) []byte { return seal(key, "customhouse/audit/key/v1", name) }
	return &Log{
		store: store, entries: derived("entries"), heads: derived("heads"), copies: derived("copies"), subjects: derived("subjects"),
	}, nil
}

// seal is HMAC-SHA256 of some texts, each after its length, so that no two lists
// of texts read as one.
func seal(key []byte, parts ...string) []byte { return with(hmac.New(sha256.New, key), parts...) }

// with is seal by a hash of its key.
func with(sum hash.Hash, parts ...string) []byte {
	sum.Reset()
	var text []byte
	for _, p := range parts {
		text = append(binary.BigEndian.AppendUint64(text, uint64(len(p))), p...)
	}
	sum.Write(text)
	return sum.Sum(nil)
}

// sealed compares a seal with what it should be.
func sealed(text string, want []byte) bool {
	got, err := hex.DecodeString(text)
	return err == nil && hmac.Equal(got, want)
}

// number is an integer as a seal takes it.
func number(n int64) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) } //nolint:gosec // its bits

// entrySeal is over all of an entry but its hash, by a hash of the key of entries.
func entrySeal(sum hash.Hash, e state.AuditEntry) []byte {
	return with(sum, "entry", number(e.Seq), number(e.At.UnixMicro()), e.Body, e.Previous)
}

func (l *Log) headSeal(h state.AuditHead) []byte {
	return seal(l.heads, "head", number(h.Seq), h.Hash, h.Decided)
}

// Subject is the subject that an entity of a number is.
func (l *Log) Subject(entity string, id int64) Subject {
	return Subject{hex.EncodeToString(seal(l.subjects, entity, number(id)))}
}

// body is an entry as it is kept: JSON, of which each byte is sealed.
type body struct {
	Actor   string         `json:"actor"`
	Action  Action         `json:"action"`
	Object  string         `json:"object"`
	Subject string         `json:"subject,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Details map[string]any `json:"details,omitempty"`
}

func (e Entry) body() (string, error) {
	if err := e.check(); err != nil {
		return "", err
	}
	b := body{
		Actor: e.Actor.text, Action: e.Action, Object: e.Object.kind + ":" + e.Object.name,
		Subject: e.Subject.digest, Reason: line(e.Reason, maxReason),
	}
	for _, d := range e.Details {
		if b.Details == nil {
			b.Details = map[string]any{}
		}
		b.Details[d.name] = d.value
	}
	return b.text()
}

func (b body) text() (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // It is for people too.
	if err := encoder.Encode(b); err != nil {
		return "", fmt.Errorf("writing an entry of the audit log: %w", err)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// brokenHead is the error of a log whose end is not as it was written.
func brokenHead() error {
	return &state.Error{
		Message: "the audit log was changed by something else than customhouse, or is of another key: nothing is added to it",
		Help:    "customhouse privacy audit --verify says where; where privacy_key of the target was changed, give it the key that it had",
	}
}

// intact says that a head is as this log wrote it.
func (l *Log) intact(h state.AuditHead) bool {
	return h == state.AuditHead{} || sealed(h.Seal, l.headSeal(h))
}

// Ready is an error where nothing can be added: whoever is about to do what is to
// be written down asks before. The error is a *state.Error.
func (l *Log) Ready(ctx context.Context) error {
	head, err := l.store.AuditHead(ctx)
	if err == nil && !l.intact(head) {
		err = brokenHead()
	}
	return err
}

// Add writes entries down, as one: all or none. It is on disk when it returns.
func (l *Log) Add(ctx context.Context, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	bodies := make([]string, len(entries))
	for i, e := range entries {
		var err error
		if bodies[i], err = e.body(); err != nil {
			return err
		}
	}
	return l.add(ctx, func(state.AuditHead) ([]string, string, error) { return bodies, "", nil })
}

// add writes down what chained makes of the head before it. A text of what was decided, where
// it is not empty, takes the place of the one before.
func (l *Log) add(ctx context.Context, chained func(state.AuditHead) (bodies []string, decided string, err error)) error {
	return l.store.Audit(ctx, func(now time.Time, head state.AuditHead) ([]state.AuditEntry, state.AuditHead, error) {
		if !l.intact(head) {
			return nil, head, brokenHead()
		}
		bodies, decided, err := chained(head)
		if err != nil {
			return nil, head, err
		}
		sum := hmac.New(sha256.New, l.entries)
		var list []state.AuditEntry
		for _, b := range bodies {
			e := state.AuditEntry{Seq: head.Seq + 1, At: now, Body: b, Previous: head.Hash}
			e.Hash = hex.EncodeToString(entrySeal(sum, e))
			head.Seq, head.Hash = e.Seq, e.Hash
			list = append(list, e)
		}
		if decided != "" {
			head.Decided = decided
		}
		head.Seal = hex.EncodeToString(l.headSeal(head))
		return list, head, nil
	})
}

// Record is an entry as it was written, customhouse/audit/v1.
type Record struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	body
	Previous string `json:"previous"`
	Hash     string `json:"hash"`
}

// Records are the entries since an instant, in order, whatever became of them: ask
// Verify whether they are what was written. It ends after the first error.
func (l *Log) Records(ctx context.Context, since time.Time) iter.Seq2[Record, error] {
	return l.After(ctx, state.AuditFirst, since)
}

// After are the Records that come after the entry of a number.
func (l *Log) After(ctx context.Context, seq int64, since time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for e, err := range l.store.AuditEntries(ctx, seq) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			if e.At.Before(since) {
				continue
			}
			r := Record{Seq: e.Seq, At: e.At, Previous: e.Previous, Hash: e.Hash}
			if err := json.Unmarshal([]byte(e.Body), &r.body); err != nil {
				r.body = body{Action: "unreadable"}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Head is the head of a log as the warehouse keeps it.
type Head struct {
	RunID string
	At    time.Time
	Seq   int64
	Hash  string
	Seal  string
}

// copySeal is over all of a head but its seal, the time in whole microseconds.
func (l *Log) copySeal(h Head) []byte {
	return seal(l.copies, "copy", h.RunID, number(h.At.UnixMicro()), number(h.Seq), h.Hash)
}

// Head is the present head, for the run of an id to leave in the warehouse; false
// where the log is empty.
func (l *Log) Head(ctx context.Context, runID string, at time.Time) (Head, bool, error) {
	h, err := l.store.AuditHead(ctx)
	if err != nil || h.Seq == 0 {
		return Head{}, false, err
	}
	if !l.intact(h) {
		return Head{}, false, brokenHead()
	}
	out := Head{RunID: runID, At: at.UTC().Truncate(time.Microsecond), Seq: h.Seq, Hash: h.Hash}
	out.Seal = hex.EncodeToString(l.copySeal(out))
	return out, true, nil
}

// names are the keys of a map in order.
func names[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
