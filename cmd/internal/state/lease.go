package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Lease is the right of one process to deliver a sync. Its fence is greater
// than that of every lease of the name before, so that whoever had one of those
// and was paused meanwhile can be told from its present holder.
type Lease struct {
	store *Store
	name  string
	// shown is the name without the store's scope.
	shown string
	fence int64
	// marked is the mark that the lease was left with.
	marked string

	mu sync.Mutex // guards what follows
	// renewed is when the lease was last known to be held, by this machine's
	// clock, before the store was asked.
	renewed time.Time
	lost    bool
}

// HeldError says that another process has the lease.
type HeldError struct {
	Name, Holder string
	Since, Until time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is in use by %s since %s: nothing was sent; wait until it is done (if it has died, its lease ends at %s)",
		e.Name, e.Holder, e.Since.UTC().Format(time.RFC3339), e.Until.UTC().Format(time.RFC3339))
}

// LostError says that a process does not have its lease any more.
type LostError struct{ Name string }

func (e *LostError) Error() string {
	return fmt.Sprintf("this process was paused, or cut off from the state, for too long, and another may use %s by now: stopped; what was not recorded is sent again by the next run", e.Name)
}

// Acquire takes the lease of a name, with a fence greater than above. The error
// is a *HeldError where another process has it.
func (s *Store) Acquire(ctx context.Context, name string, above int64) (*Lease, error) {
	l := &Lease{store: s, name: s.name(name), shown: name, renewed: s.opt.Now()}
	err := s.within(ctx, "taking a lease in", func(tx *sql.Tx) error {
		// The row is there for whoever comes second to wait on.
		if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_leases (name, fence, holder, since, expires_at)
			VALUES ($1, 0, '', 0, 0) ON CONFLICT (name) DO NOTHING`, l.name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE customhouse_leases SET name = name WHERE name = $1`, l.name); err != nil {
			return err
		}
		var fence, since, expires int64
		var by string
		err := tx.QueryRowContext(ctx, `SELECT fence, holder, since, expires_at, mark FROM customhouse_leases WHERE name = $1`, l.name).
			Scan(&fence, &by, &since, &expires, &l.marked)
		if err != nil {
			return err
		}
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		if who := decodeHolder(by); expires > now && !who.dead(s.self) {
			return &HeldError{Name: name, Holder: who.String(), Since: time.UnixMicro(since), Until: time.UnixMicro(expires)}
		}
		l.fence = max(fence, above) + 1
		_, err = tx.ExecContext(ctx, `UPDATE customhouse_leases SET fence = $1, holder = $2, since = $3, expires_at = $4 WHERE name = $5`,
			l.fence, s.self.encode(), now, now+s.opt.TTL.Microseconds(), l.name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Use takes the lease of a name and renews it until stop is called. The context
// that it returns ends with a *LostError where the lease is lost before that.
func (s *Store) Use(ctx context.Context, name string) (_ context.Context, stop func() error, err error) {
	using, _, stop, err := s.use(ctx, name)
	return using, stop, err
}

func (s *Store) use(ctx context.Context, name string) (_ context.Context, _ *Lease, stop func() error, err error) {
	l, err := s.Acquire(ctx, name, 0)
	if err != nil {
		return ctx, nil, nil, err
	}
	using, end := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(l.Every())
		defer tick.Stop()
		for {
			select {
			case <-using.Done():
				return
			case <-tick.C:
			}
			// What fails for another reason is tried again while there is time.
			if _, lost := errors.AsType[*LostError](l.Renew(using)); !lost {
				lost = l.Held() != nil
				if !lost {
					continue
				}
			}
			end(&LostError{Name: name})
			return
		}
	}()
	return using, l, func() error {
		end(nil)
		<-stopped
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		return l.Release(late)
	}, nil
}

// farewell is how long giving a lease back may take.
const farewell = 10 * time.Second

// Fence is the number of the lease.
func (l *Lease) Fence() int64 { return l.fence }

// Marked is the mark that the lease had when it was taken.
func (l *Lease) Marked() string { return l.marked }

// Mark leaves a mark with the lease for whoever has it next, in place of the one
// before; it is on disk when it returns. The error is a *LostError where the lease
// is not held.
func (l *Lease) Mark(ctx context.Context, mark string) error {
	return l.with(ctx, "marking a lease in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE customhouse_leases SET mark = $1 WHERE name = $2`, mark, l.name)
		return err
	})
}

// Every is how often a lease is to be renewed.
func (l *Lease) Every() time.Duration { return l.store.opt.TTL / 6 }

// Renew makes the lease last longer. The error is a *LostError where it has
// ended: it is not taken up again. It gives up when the next renewal is due: a
// connection that has died without a word would keep it for ever, and the next
// one gets another.
func (l *Lease) Renew(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, l.Every())
	defer done()
	return l.with(ctx, "renewing a lease in", func(*sql.Tx) error { return nil })
}

// with runs a transaction that takes effect only where the lease is held, and
// renews it.
func (l *Lease) with(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	s, asked := l.store, l.store.opt.Now()
	err := s.within(ctx, doing, func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE customhouse_leases SET expires_at = $1 WHERE name = $2 AND fence = $3 AND expires_at > $4`,
			now+s.opt.TTL.Microseconds(), l.name, l.fence, now)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, &LostError{Name: l.shown})
		}
		return do(tx)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, lost := errors.AsType[*LostError](err); lost {
		l.lost = true
	} else if err == nil {
		l.renewed = asked
	}
	return err
}

// Held is a *LostError where the lease may have ended, as far as this process
// can tell without asking. It errs half a lease early, so that what was sent in
// time is answered before anybody else may send.
func (l *Lease) Held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.store.opt.Now()
	// A monotonic clock may stand still while the machine sleeps, and the one on
	// the wall may be set: the one that has advanced more counts.
	passed := max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
	if l.lost || passed >= l.store.opt.TTL/2 {
		return &LostError{Name: l.shown}
	}
	return nil
}

// Release gives the lease back. One that was lost is left alone.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	l.lost = true
	l.mu.Unlock()
	return l.store.within(ctx, "giving a lease back to", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE customhouse_leases SET holder = '', expires_at = 0 WHERE name = $1 AND fence = $2`, l.name, l.fence)
		return err
	})
}
