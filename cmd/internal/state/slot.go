package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Slot is one time at which a schedule is due, and what became of it.
type Slot struct {
	Schedule string
	// Due tells it from the others of its schedule; Start is when it may start.
	Due, Start time.Time
	// Cause is why it is due.
	Cause string
	// Status is the writer's word; a slot is open until it has Ended.
	Status string
	// Late says that it started later than it might have.
	Late bool
	// Reason is why the status is what it is, for people.
	Reason string
	RunID  string
	// Started and Ended are zero where it has not.
	Started, Ended time.Time
	// Holder is the process that has or had it, under the lease with the Fence.
	Holder string
	Fence  int64
	// Attempts is how often it was started.
	Attempts int
	// Wanted is what it is to run in place of what its schedule does, in the
	// writer's words; empty for that. It never changes.
	Wanted string
	// Stop is when somebody asked for its end, zero where nobody has, and StopBy
	// is who. Only Stop writes them.
	Stop   time.Time
	StopBy string
}

// Schedule is what is known of a schedule from one process to the next.
type Schedule struct {
	Name string
	// Line is what it was when it was last planned.
	Line string
	// Anchor is when intervals began to count; all slots up to Planned are rows.
	Anchor, Planned time.Time
	// Seen is what it last saw of what it waits for, and Looked when.
	Seen   string
	Looked time.Time
	// Paused is zero where it is not.
	Paused   time.Time
	PausedBy string
}

// Holder is this process, as slots name it.
func (s *Store) Holder() string { return s.self.String() }

// Asked is how many statements about schedules the state was asked.
func (s *Store) Asked() int64 { return s.asked.Load() }

// turn is the name of the lease under which slots are taken and ended.
const turn = "schedules"

// Turn is the right of one process to take slots and to say what became of
// them. Its lease is renewed until End; the context that Take returns ends with
// a *LostError where it is lost before.
type Turn struct {
	lease *Lease
	end   func() error
}

// TakeTurn takes the turn. The error is a *HeldError where another process has
// it.
func (s *Store) TakeTurn(ctx context.Context) (context.Context, *Turn, error) {
	using, lease, end, err := s.use(ctx, turn)
	if err != nil {
		return ctx, nil, err
	}
	return using, &Turn{lease: lease, end: end}, nil
}

// Fence is the number of the turn: greater than that of all turns before.
func (t *Turn) Fence() int64 { return t.lease.fence }

// Change runs a transaction on the slots that takes effect only while the turn
// lasts; the error is a *LostError otherwise.
func (t *Turn) Change(ctx context.Context, do func(*Timetable) error) error {
	return t.lease.with(ctx, "writing slots to", func(tx *sql.Tx) error { return t.lease.store.timetable(ctx, tx, do) })
}

// End gives the turn to whoever takes it next.
func (t *Turn) End() error { return t.end() }

// Plan runs a transaction on the slots, whoever has the turn. No two run at
// once.
func (s *Store) Plan(ctx context.Context, do func(*Timetable) error) error {
	return s.within(ctx, "writing slots to", func(tx *sql.Tx) error {
		name := s.name(turn)
		if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_leases (name, fence, holder, since, expires_at)
			VALUES ($1, 0, '', 0, 0) ON CONFLICT (name) DO NOTHING`, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE customhouse_leases SET name = name WHERE name = $1`, name); err != nil {
			return err
		}
		return s.timetable(ctx, tx, do)
	})
}

func (s *Store) timetable(ctx context.Context, tx *sql.Tx, do func(*Timetable) error) error {
	now, err := s.now(ctx, tx)
	if err != nil {
		return err
	}
	return do(&Timetable{Now: moment(now), store: s, tx: tx, ctx: ctx})
}

// Timetable is what a transaction sees of the schedules and their slots.
type Timetable struct {
	// Now is the time of the state: of PostgreSQL where that is what it is.
	Now   time.Time
	store *Store
	tx    *sql.Tx
	ctx   context.Context //nolint:containedctx // of the transaction, which it does not outlive
}

// slotColumns are those of readSlots.
const slotColumns = `schedule, due_at, start_at, cause, status, late, reason, run_id, started_at, ended_at, holder, fence, attempts, wanted`

// queryer is a transaction or a database.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *Store) readSlots(ctx context.Context, q queryer, where string, args ...any) (list []Slot, err error) {
	s.asked.Add(1)
	rows, err := q.QueryContext(ctx, `SELECT `+slotColumns+`, stop_at, stop_by FROM customhouse_slots WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Slot
		var due, start, late, started, ended, stop int64
		if err := rows.Scan(&x.Schedule, &due, &start, &x.Cause, &x.Status, &late, &x.Reason, &x.RunID, &started, &ended, &x.Holder, &x.Fence, &x.Attempts, &x.Wanted, &stop, &x.StopBy); err != nil {
			return nil, err
		}
		x.Due, x.Start, x.Late, x.Started, x.Ended = moment(due), moment(start), late != 0, moment(started), moment(ended)
		x.Stop = moment(stop)
		list = append(list, x)
	}
	return list, rows.Err()
}

func (s *Store) readSchedules(ctx context.Context, q queryer) (list []Schedule, err error) {
	s.asked.Add(1)
	rows, err := q.QueryContext(ctx, `SELECT schedule, line, anchor, planned_to, seen, looked_at, paused_at, paused_by
		FROM customhouse_schedules WHERE scope = $1 ORDER BY schedule`, s.opt.Scope)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Schedule
		var anchor, planned, looked, paused int64
		if err := rows.Scan(&x.Name, &x.Line, &anchor, &planned, &x.Seen, &looked, &paused, &x.PausedBy); err != nil {
			return nil, err
		}
		x.Anchor, x.Planned, x.Looked, x.Paused = moment(anchor), moment(planned), moment(looked), moment(paused)
		list = append(list, x)
	}
	return list, rows.Err()
}

// Schedules are those that were ever planned, paused or asked for, by name.
func (t *Timetable) Schedules() ([]Schedule, error) { return t.store.readSchedules(t.ctx, t.tx) }

// Open are the slots that have not ended, in the order in which they were due.
func (t *Timetable) Open() ([]Slot, error) {
	return t.store.readSlots(t.ctx, t.tx, `scope = $1 AND ended_at = 0 ORDER BY due_at, schedule`, t.store.opt.Scope)
}

// Slot is the slot of a schedule at a time, and whether there is one.
func (t *Timetable) Slot(schedule string, due time.Time) (Slot, bool, error) {
	list, err := t.store.readSlots(t.ctx, t.tx, `scope = $1 AND schedule = $2 AND due_at = $3`, t.store.opt.Scope, schedule, micro(due))
	if err != nil || len(list) == 0 {
		return Slot{}, false, err
	}
	return list[0], true, nil
}

// insertRows is how many rows one statement writes. SQLite looks for the name of
// each parameter among those before it.
const insertRows = 100

// Write writes slots, in place of those that there are of their schedule and
// time.
func (t *Timetable) Write(slots ...Slot) error {
	for len(slots) > 0 {
		n := min(len(slots), insertRows)
		var text strings.Builder
		text.WriteString(`INSERT INTO customhouse_slots (scope, ` + slotColumns + `) VALUES `)
		args := []any{t.store.opt.Scope}
		for i, x := range slots[:n] {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString("($1")
			for _, v := range []any{
				x.Schedule, micro(x.Due), micro(x.Start), x.Cause, x.Status, truth(x.Late), x.Reason, x.RunID,
				micro(x.Started), micro(x.Ended), x.Holder, x.Fence, x.Attempts, x.Wanted,
			} {
				args = append(args, v)
				fmt.Fprintf(&text, ", $%d", len(args))
			}
			text.WriteString(")")
		}
		text.WriteString(` ON CONFLICT (scope, schedule, due_at) DO UPDATE SET start_at = excluded.start_at, cause = excluded.cause,
			status = excluded.status, late = excluded.late, reason = excluded.reason, run_id = excluded.run_id, started_at = excluded.started_at,
			ended_at = excluded.ended_at, holder = excluded.holder, fence = excluded.fence, attempts = excluded.attempts`)
		t.store.asked.Add(1)
		if _, err := t.tx.ExecContext(t.ctx, text.String(), args...); err != nil {
			return err
		}
		slots = slots[n:]
	}
	return nil
}

// Save writes what is known of a schedule, but whether it is paused.
func (t *Timetable) Save(x Schedule) error {
	t.store.asked.Add(1)
	_, err := t.tx.ExecContext(t.ctx, `INSERT INTO customhouse_schedules (scope, schedule, line, anchor, planned_to, seen, looked_at, paused_at, paused_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '')
		ON CONFLICT (scope, schedule) DO UPDATE SET line = excluded.line, anchor = excluded.anchor, planned_to = excluded.planned_to,
			seen = excluded.seen, looked_at = excluded.looked_at`,
		t.store.opt.Scope, x.Name, x.Line, micro(x.Anchor), micro(x.Planned), x.Seen, micro(x.Looked))
	return err
}

// Forget removes the slots that have ended and were due before a time, with what
// is known of their runs and of who asked for them.
func (t *Timetable) Forget(before time.Time) error {
	for _, query := range []string{
		`DELETE FROM customhouse_slots WHERE scope = $1 AND due_at < $2 AND ended_at > 0`,
		`DELETE FROM customhouse_results WHERE scope = $1 AND ended_at < $2`,
		`DELETE FROM customhouse_requests WHERE scope = $1 AND due_at < $2`,
	} {
		t.store.asked.Add(1)
		if _, err := t.tx.ExecContext(t.ctx, query, t.store.opt.Scope, micro(before)); err != nil {
			return err
		}
	}
	return nil
}

// Pause pauses a schedule, or resumes it; by says who did.
func (s *Store) Pause(ctx context.Context, schedule, by string, paused bool) error {
	return s.Plan(ctx, func(t *Timetable) error {
		at := int64(0)
		if paused {
			at = micro(t.Now)
		} else {
			by = ""
		}
		s.asked.Add(1)
		_, err := t.tx.ExecContext(ctx, `INSERT INTO customhouse_schedules (scope, schedule, line, anchor, planned_to, seen, looked_at, paused_at, paused_by)
			VALUES ($1, $2, '', 0, 0, '', 0, $3, $4)
			ON CONFLICT (scope, schedule) DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by`,
			s.opt.Scope, schedule, at, by)
		return err
	})
}

// Glance is what the schedules are like, and their open slots, without waiting
// for anybody.
func (s *Store) Glance(ctx context.Context) (now time.Time, schedules []Schedule, open []Slot, err error) {
	if now, err = s.Time(ctx); err != nil {
		return now, nil, nil, err
	}
	if schedules, err = s.readSchedules(ctx, s.db); err == nil {
		open, err = s.readSlots(ctx, s.db, `scope = $1 AND ended_at = 0 ORDER BY due_at, schedule`, s.opt.Scope)
	}
	if err != nil {
		return now, nil, nil, s.fail("reading slots in", err)
	}
	return now, schedules, open, nil
}

// Time is the time of the state.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	if s.kind.now == "" {
		return moment(s.opt.Now().UnixMicro()), nil
	}
	var now int64
	if err := s.db.QueryRowContext(ctx, "SELECT "+s.kind.now).Scan(&now); err != nil {
		return time.Time{}, s.fail("asking the time of", err)
	}
	return moment(now), nil
}

// Slots are those that were due last, the last one first: of one schedule, or
// of all where it is empty. There are limit of them at most.
func (s *Store) Slots(ctx context.Context, schedule string, limit int) ([]Slot, error) {
	where, args := `scope = $1 ORDER BY due_at DESC, schedule LIMIT $2`, []any{s.opt.Scope, limit}
	if schedule != "" {
		where, args = `scope = $1 AND schedule = $2 ORDER BY due_at DESC LIMIT $3`, []any{s.opt.Scope, schedule, limit}
	}
	list, err := s.readSlots(ctx, s.db, where, args...)
	if err != nil {
		return nil, s.fail("reading slots in", err)
	}
	return list, nil
}

// Slot is the slot of a schedule at a time, and whether there is one.
func (s *Store) Slot(ctx context.Context, schedule string, due time.Time) (Slot, bool, error) {
	list, err := s.readSlots(ctx, s.db, `scope = $1 AND schedule = $2 AND due_at = $3`, s.opt.Scope, schedule, micro(due))
	if err != nil || len(list) == 0 {
		return Slot{}, false, s.failed("reading slots in", err)
	}
	return list[0], true, nil
}

// Page is a part of the slots, the last one due first.
type Page struct {
	// Schedule and Statuses choose; what is empty chooses all.
	Schedule string
	Statuses []string
	// Not leaves out those of a status.
	Not string
	// Before begins after this slot: only its schedule and Due count. The zero
	// slot begins with the last one.
	Before Slot
	Limit  int
}

// Page lists a part of the slots.
func (s *Store) Page(ctx context.Context, p Page) ([]Slot, error) {
	args := []any{s.opt.Scope}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := "scope = $1"
	if p.Schedule != "" {
		where += " AND schedule = " + arg(p.Schedule)
	}
	if len(p.Statuses) > 0 {
		var list []string
		for _, status := range p.Statuses {
			list = append(list, arg(status))
		}
		where += " AND status IN (" + strings.Join(list, ", ") + ")"
	}
	if p.Not != "" {
		where += " AND status <> " + arg(p.Not)
	}
	if !p.Before.Due.IsZero() {
		due := arg(micro(p.Before.Due))
		where += " AND due_at <= " + due + " AND (due_at < " + due + " OR schedule > " + arg(p.Before.Schedule) + ")"
	}
	list, err := s.readSlots(ctx, s.db, where+" ORDER BY due_at DESC, schedule LIMIT "+arg(p.Limit), args...)
	return list, s.failed("reading slots in", err)
}

// failed is the error of something done, nil for nil.
func (s *Store) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return s.fail(doing, err)
}

// moment is a time of the state, zero for 0.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
