package state

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Result is what became of a run, or of a sync in the last run that delivered
// it. The body is the writer's, and holds nobody's data.
type Result struct {
	// Of is the run, or the sync.
	Of    string
	RunID string
	Ended time.Time
	Body  []byte
}

// Keep writes down what became of a run, and of each of its syncs.
func (t *Timetable) Keep(run Result, syncs ...Result) error {
	t.store.asked.Add(1)
	_, err := t.tx.ExecContext(t.ctx, `INSERT INTO customhouse_results (scope, run_id, ended_at, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (scope, run_id) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body`,
		t.store.opt.Scope, run.RunID, micro(t.Now), run.Body)
	for _, x := range syncs {
		if err != nil {
			return err
		}
		t.store.asked.Add(1)
		_, err = t.tx.ExecContext(t.ctx, `INSERT INTO customhouse_sync_results (scope, sync, run_id, ended_at, body) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (scope, sync) DO UPDATE SET run_id = excluded.run_id, ended_at = excluded.ended_at, body = excluded.body`,
			t.store.opt.Scope, x.Of, run.RunID, micro(t.Now), x.Body)
	}
	return err
}

// Result is what became of a run, and whether that is known.
func (s *Store) Result(ctx context.Context, runID string) (Result, bool, error) {
	x := Result{Of: runID, RunID: runID}
	var ended int64
	err := s.db.QueryRowContext(ctx, `SELECT ended_at, body FROM customhouse_results WHERE scope = $1 AND run_id = $2`, s.opt.Scope, runID).Scan(&ended, &x.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return x, false, nil
	}
	x.Ended = moment(ended)
	return x, err == nil, s.failed("reading a result in", err)
}

// SyncResults are what became of each sync in the last run of a server that
// delivered it.
func (s *Store) SyncResults(ctx context.Context) (list []Result, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT sync, run_id, ended_at, body FROM customhouse_sync_results WHERE scope = $1 ORDER BY sync`, s.opt.Scope)
	if err != nil {
		return nil, s.fail("reading results in", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Result
		var ended int64
		if err := rows.Scan(&x.Of, &x.RunID, &ended, &x.Body); err != nil {
			return nil, s.fail("reading results in", err)
		}
		x.Ended = moment(ended)
		list = append(list, x)
	}
	return list, s.failed("reading results in", rows.Err())
}

// Asked is the slot that was made for a request of this key, and the digest of
// what was asked for; false where there is none.
func (t *Timetable) Asked(key string) (slot Slot, digest string, known bool, err error) {
	var schedule string
	var due int64
	t.store.asked.Add(1)
	err = t.tx.QueryRowContext(t.ctx, `SELECT digest, schedule, due_at FROM customhouse_requests WHERE scope = $1 AND key = $2`, t.store.opt.Scope, key).
		Scan(&digest, &schedule, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return slot, "", false, nil
	}
	if err != nil {
		return slot, "", false, err
	}
	slot, known, err = t.Slot(schedule, moment(due))
	return slot, digest, known, err
}

// Ask notes for which slot a request was made, so that it is made once.
func (t *Timetable) Ask(key, digest string, slot Slot) error {
	t.store.asked.Add(1)
	_, err := t.tx.ExecContext(t.ctx, `INSERT INTO customhouse_requests (scope, key, digest, schedule, due_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, schedule = excluded.schedule, due_at = excluded.due_at`,
		t.store.opt.Scope, key, digest, slot.Schedule, micro(slot.Due))
	return err
}

// Stop notes that somebody asks for the end of an open slot. Where somebody has
// before, it changes nothing.
func (t *Timetable) Stop(x Slot, by string) error {
	t.store.asked.Add(1)
	_, err := t.tx.ExecContext(t.ctx, `UPDATE customhouse_slots SET stop_at = $1, stop_by = $2
		WHERE scope = $3 AND schedule = $4 AND due_at = $5 AND ended_at = 0 AND stop_at = 0`,
		micro(t.Now), by, t.store.opt.Scope, x.Schedule, micro(x.Due))
	return err
}
