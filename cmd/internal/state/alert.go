package state

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Fine is the state of a subject that nobody is to be told of.
const Fine = "ok"

// Subject is something that an alert watches, and the state that it is in.
type Subject struct {
	// Name is the node's or the schedule's: "sync:crm".
	Name  string
	State string
	// RunID is the run that found it so, and Reason why, in words of ours.
	RunID, Reason string
	// Told is the state that was told last, and Since when the present one began;
	// Observe does not read them.
	Told  string
	Since time.Time

	claimed int64
}

// Observe writes down the states of subjects that an alert watches, as a run
// found them. A state other than Fine is to be told once that many runs in a row
// have found one, and differs from what was told before.
func (s *Store) Observe(ctx context.Context, alert string, list []Subject) error {
	return s.within(ctx, "writing alerts to", func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.State == Fine {
				_, err = tx.ExecContext(ctx, `UPDATE customhouse_alerts SET state = $1, times = 0, since = $2, run_id = $3, reason = ''
					WHERE scope = $4 AND alert = $5 AND subject = $6 AND state <> $1`, Fine, now, x.RunID, s.opt.Scope, alert, x.Name)
			} else {
				_, err = tx.ExecContext(ctx, `INSERT INTO customhouse_alerts (scope, alert, subject, state, told, times, since, run_id, reason, claimed_until)
					VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, 0)
					ON CONFLICT (scope, alert, subject) DO UPDATE SET times = customhouse_alerts.times + 1,
						since = CASE WHEN customhouse_alerts.state = excluded.state THEN customhouse_alerts.since ELSE excluded.since END,
						state = excluded.state, run_id = excluded.run_id, reason = excluded.reason`,
					s.opt.Scope, alert, x.Name, x.State, Fine, now, x.RunID, x.Reason)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Claim gives out what an alert is to tell and nobody has told, or is about to:
// for a while it is given to nobody else. times is in how many runs in a row
// something must have been found. Told ends the claim.
func (s *Store) Claim(ctx context.Context, alert string, times int, hold time.Duration) (list []Subject, err error) {
	err = s.within(ctx, "reading alerts in", func(tx *sql.Tx) (err error) {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		until := now + hold.Microseconds()
		rows, err := tx.QueryContext(ctx, `UPDATE customhouse_alerts SET claimed_until = $1
			WHERE scope = $2 AND alert = $3 AND told <> state AND claimed_until <= $4 AND (state = $5 OR times >= $6)
			RETURNING subject, state, told, since, run_id, reason`, until, s.opt.Scope, alert, now, Fine, times)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			x := Subject{claimed: until}
			var since int64
			if err := rows.Scan(&x.Name, &x.State, &x.Told, &since, &x.RunID, &x.Reason); err != nil {
				return err
			}
			x.Since = moment(since)
			list = append(list, x)
		}
		return rows.Err()
	})
	return list, err
}

// Told ends the claim on subjects: they were told, or could not be and are to be
// given out again.
func (s *Store) Told(ctx context.Context, alert string, list []Subject, told bool) error {
	return s.within(ctx, "writing alerts to", func(tx *sql.Tx) error {
		for _, x := range list {
			was := x.Told
			if told {
				was = x.State
			}
			_, err := tx.ExecContext(ctx, `UPDATE customhouse_alerts SET told = $1, claimed_until = 0
				WHERE scope = $2 AND alert = $3 AND subject = $4 AND claimed_until = $5`, was, s.opt.Scope, alert, x.Name, x.claimed)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
