package state

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PrivacyKeyBytes is how long the key of digests is.
const PrivacyKeyBytes = 32

// PrivacyKey is the key of the digests by which those who were erased are known.
// It is made at first need, from the machine's randomness, and never changes.
func (s *Store) PrivacyKey(ctx context.Context) (key []byte, err error) {
	fresh := make([]byte, PrivacyKeyBytes)
	rand.Read(fresh) // never fails: see its documentation
	err = s.within(ctx, "reading the key of digests in", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_privacy_keys (scope, key) VALUES ($1, $2) ON CONFLICT (scope) DO NOTHING`, s.opt.Scope, fresh); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT key FROM customhouse_privacy_keys WHERE scope = $1`, s.opt.Scope).Scan(&key)
	})
	return key, err
}

// Person is whom a request is about.
type Person struct {
	// Identifiers are in clear while a request is open, and for good where the
	// person stays stored.
	Identifiers []Identifier `json:"identifiers,omitempty"`
	// Digests are what is left of them when an erasure is done.
	Digests []string `json:"digests,omitempty"`
}

// Identifier is one identifier of a person, in its comparable form.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// PrivacyRequest is what somebody asked for as is their right, and how far it is.
type PrivacyRequest struct {
	ID     string
	Kind   string
	Entity string
	Person
	// Evidence says what proved who they are. It stays: it names nobody.
	Evidence string
	// Purpose is that of an objection, empty for all; Trait and Value are those of a
	// correction.
	Purpose, Trait, Value string
	Status                string
	// Reason is why it was refused or withdrawn.
	Reason string
	// By is who wrote it down.
	By string
	// Asked is the writer's: what tells the request from others that are like it.
	Asked         string
	Received, Due time.Time
	// Extended is when Due was put off, and Because why; zero where it was not.
	Extended time.Time
	Because  string
	Ended    time.Time
	// Found is the writer's: what was found of the person before anything changed.
	// It is empty when an erasure is done.
	Found []byte
}

// Open says that something is still to be done, or waited for.
func (r *PrivacyRequest) Open() bool { return r.Ended.IsZero() }

// PrivacyStep is a part of a request: one thing to do at one system.
type PrivacyStep struct {
	Request, Step, System string
	Status                string
	Attempts              int
	// Error is why the last attempt failed, and Receipt what the system answered
	// when it was done, or what somebody gave as evidence.
	Error, Receipt string
	At             time.Time
}

const requestColumns = `id, kind, entity, subject, found, evidence, purpose, trait, value, status, reason, asked_by, received_at, due_at, extended_at, extended_because, ended_at, asked_key`

// AddRequest writes a new request down.
func (s *Store) AddRequest(ctx context.Context, r *PrivacyRequest) error {
	subject, err := json.Marshal(r.Person)
	if err != nil {
		return fmt.Errorf("writing a request down: %w", err)
	}
	return s.within(ctx, "writing a request to", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO customhouse_privacy_requests (scope, `+requestColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			s.opt.Scope, r.ID, r.Kind, r.Entity, subject, bytesOf(r.Found), r.Evidence, r.Purpose, r.Trait, r.Value, r.Status, r.Reason, r.By,
			micro(r.Received), micro(r.Due), micro(r.Extended), r.Because, micro(r.Ended), r.Asked)
		return err
	})
}

// bytesOf is never NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// ChangeRequest lets change look at a request and change it, in one transaction:
// where it returns an error nothing changes. The ID, Kind and Entity stay. An
// unknown id is an *Error.
func (s *Store) ChangeRequest(ctx context.Context, id string, change func(*PrivacyRequest) error) (out PrivacyRequest, err error) {
	err = s.within(ctx, "changing a request in", func(tx *sql.Tx) error {
		// Two that change it wait for each other, in whichever database.
		if _, err := tx.ExecContext(ctx, `UPDATE customhouse_privacy_requests SET status = status WHERE scope = $1 AND id = $2`, s.opt.Scope, id); err != nil {
			return err
		}
		list, err := scanRequests(tx.QueryContext(ctx, `SELECT `+requestColumns+` FROM customhouse_privacy_requests WHERE scope = $1 AND id = $2`, s.opt.Scope, id))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return unknownRequest(id)
		}
		r := list[0]
		had := len(r.Identifiers)+len(r.Found) > 0
		if err := change(&r); err != nil {
			return err
		}
		subject, err := json.Marshal(r.Person)
		if err != nil {
			return err
		}
		if had && len(r.Identifiers)+len(r.Found) == 0 {
			s.deleted.Store(true)
		}
		out = r
		_, err = tx.ExecContext(ctx, `UPDATE customhouse_privacy_requests SET subject = $1, found = $2, evidence = $3, purpose = $4, trait = $5, value = $6,
			status = $7, reason = $8, received_at = $9, due_at = $10, extended_at = $11, extended_because = $12, ended_at = $13 WHERE scope = $14 AND id = $15`,
			subject, bytesOf(r.Found), r.Evidence, r.Purpose, r.Trait, r.Value, r.Status, r.Reason,
			micro(r.Received), micro(r.Due), micro(r.Extended), r.Because, micro(r.Ended), s.opt.Scope, id)
		return err
	})
	return out, err
}

func unknownRequest(id string) error {
	return &Error{Message: "there is no request " + id, Help: "customhouse privacy list names those that there are", Unknown: true}
}

// PrivacyRequest is the request of an id, or an *Error where there is none.
func (s *Store) PrivacyRequest(ctx context.Context, id string) (PrivacyRequest, error) {
	list, err := scanRequests(s.db.QueryContext(ctx, `SELECT `+requestColumns+` FROM customhouse_privacy_requests WHERE scope = $1 AND id = $2`, s.opt.Scope, id))
	switch {
	case err != nil:
		return PrivacyRequest{}, s.fail("reading a request in", err)
	case len(list) == 0:
		return PrivacyRequest{}, unknownRequest(id)
	}
	return list[0], nil
}

// PrivacyRequests are all that there ever were, the first received first.
func (s *Store) PrivacyRequests(ctx context.Context) ([]PrivacyRequest, error) {
	list, err := scanRequests(s.db.QueryContext(ctx, `SELECT `+requestColumns+` FROM customhouse_privacy_requests WHERE scope = $1 ORDER BY received_at, id`, s.opt.Scope))
	return list, s.failed("reading requests in", err)
}

// RequestPage is a part of the requests, the first received first.
type RequestPage struct {
	// Kinds and Statuses choose; what is empty chooses all.
	Kinds, Statuses []string
	// Overdue chooses those that are open and were due before it; all where it is zero.
	Overdue time.Time
	// After begins after this request: only its Received and ID count. The zero one
	// begins with the first.
	After PrivacyRequest
	Limit int
}

// RequestPage lists a part of the requests, without what was found.
func (s *Store) RequestPage(ctx context.Context, p RequestPage) ([]PrivacyRequest, error) {
	args := []any{s.opt.Scope}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	among := func(column string, wanted []string) string {
		if len(wanted) == 0 {
			return ""
		}
		var list []string
		for _, v := range wanted {
			list = append(list, arg(v))
		}
		return " AND " + column + " IN (" + strings.Join(list, ", ") + ")"
	}
	where := "scope = $1" + among("kind", p.Kinds) + among("status", p.Statuses)
	if !p.Overdue.IsZero() {
		where += " AND ended_at = 0 AND due_at < " + arg(micro(p.Overdue))
	}
	if p.After.ID != "" {
		received := arg(micro(p.After.Received))
		where += " AND received_at >= " + received + " AND (received_at > " + received + " OR id > " + arg(p.After.ID) + ")"
	}
	list, err := scanRequests(s.db.QueryContext(ctx, `SELECT `+strings.Replace(requestColumns, "found", "''", 1)+`
		FROM customhouse_privacy_requests WHERE `+where+` ORDER BY received_at, id LIMIT `+arg(p.Limit), args...))
	return list, s.failed("reading requests in", err)
}

// OpenRequests are those of which something is still to be done, or waited for, the
// first received first, without what was found.
func (s *Store) OpenRequests(ctx context.Context) ([]PrivacyRequest, error) {
	list, err := scanRequests(s.db.QueryContext(ctx, `SELECT `+strings.Replace(requestColumns, "found", "''", 1)+`
		FROM customhouse_privacy_requests WHERE scope = $1 AND ended_at = 0 ORDER BY received_at, id`, s.opt.Scope))
	return list, s.failed("reading open requests in", err)
}

func scanRequests(rows *sql.Rows, err error) (list []PrivacyRequest, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r PrivacyRequest
		var subject []byte
		var received, due, extended, ended int64
		if err := rows.Scan(&r.ID, &r.Kind, &r.Entity, &subject, &r.Found, &r.Evidence, &r.Purpose, &r.Trait, &r.Value, &r.Status, &r.Reason, &r.By,
			&received, &due, &extended, &r.Because, &ended, &r.Asked); err != nil {
			return nil, fmt.Errorf("a request: %w", err)
		}
		if err := json.Unmarshal(subject, &r.Person); err != nil {
			return nil, fmt.Errorf("whom request %s is about: %w", r.ID, err)
		}
		r.Received, r.Due, r.Extended, r.Ended = moment(received), moment(due), moment(extended), moment(ended)
		list = append(list, r)
	}
	return list, rows.Err()
}

// PlanSteps writes down what is to be done for a request, in order, before any of
// it is. A step that is there already stays as it is.
func (s *Store) PlanSteps(ctx context.Context, request string, steps []PrivacyStep) error {
	return s.within(ctx, "writing steps to", func(tx *sql.Tx) error {
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM customhouse_privacy_steps WHERE scope = $1 AND request = $2`, s.opt.Scope, request).Scan(&last); err != nil {
			return err
		}
		for i, x := range steps {
			if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_privacy_steps (scope, request, seq, step, system, status, attempts, error, receipt, at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (scope, request, step, system) DO NOTHING`,
				s.opt.Scope, request, last+int64(i)+1, x.Step, x.System, x.Status, x.Attempts, x.Error, x.Receipt, micro(x.At)); err != nil {
				return err
			}
		}
		return nil
	})
}

// SaveStep writes down how far a step is.
func (s *Store) SaveStep(ctx context.Context, x PrivacyStep) error {
	return s.within(ctx, "writing a step to", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE customhouse_privacy_steps SET status = $1, attempts = $2, error = $3, receipt = $4, at = $5
			WHERE scope = $6 AND request = $7 AND step = $8 AND system = $9`,
			x.Status, x.Attempts, x.Error, x.Receipt, micro(x.At), s.opt.Scope, x.Request, x.Step, x.System)
		return err
	})
}

// PrivacySteps are those of a request, in order.
func (s *Store) PrivacySteps(ctx context.Context, request string) (list []PrivacyStep, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT step, system, status, attempts, error, receipt, at FROM customhouse_privacy_steps
		WHERE scope = $1 AND request = $2 ORDER BY seq`, s.opt.Scope, request)
	if err != nil {
		return nil, s.fail("reading steps in", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		x := PrivacyStep{Request: request}
		var at int64
		if err := rows.Scan(&x.Step, &x.System, &x.Status, &x.Attempts, &x.Error, &x.Receipt, &at); err != nil {
			return nil, s.fail("reading steps in", fmt.Errorf("a step: %w", err))
		}
		x.At = moment(at)
		list = append(list, x)
	}
	return list, s.failed("reading steps in", rows.Err())
}

// Rewrite writes the file of the state anew, so that nothing of what was deleted
// stays in it: of a database on a server that is for the server to do.
func (s *Store) Rewrite(ctx context.Context) error {
	if s.kind.rewrite == "" {
		return nil
	}
	_, err := s.db.ExecContext(ctx, s.kind.rewrite)
	return s.failed("rewriting", err)
}
