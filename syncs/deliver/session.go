package deliver

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Session is what the syncs of one run to one destination share: its limits,
// what its answers said of them, and the credential that it issued.
//
// Requests pass through lanes: the one of their bucket, where they name one,
// and the one of everybody. In each lane one request at a time waits for its
// turn, so that nothing is reserved that a refusal would have to take back.
// Each limit is a token bucket, kept as the instant at which it will be full
// again (the generic cell rate algorithm of ATM). A refusal for rate lowers
// the limits of a lane by a share, and time raises them again step by step; a
// lane without a limit gets one by its first refusal, which is then felt out.
type Session struct {
	clock Clock
	spec  syncs.Spec

	// renewing has room for one: who asks for a new token.
	renewing chan struct{}

	mu         sync.Mutex // guards what follows, and what is in the lanes
	lanes      map[string]*lane
	credential credential
}

// NewSession makes a session for a destination. It may be used by several
// deliveries at once.
func NewSession(d syncs.Destination, clock Clock) *Session {
	return &Session{clock: clock, spec: d.Spec(), lanes: map[string]*lane{}, renewing: make(chan struct{}, 1)}
}

// Resume begins with a refresh token that an earlier run was given in place of
// the configured one, unless there is one of this run.
func (s *Session) Resume(refresh secret.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.credential.token.Refresh.IsZero() {
		s.credential.token.Refresh = refresh
	}
}

const (
	// margin is the share of a rate that is kept aside, and slack how far ahead
	// of an even spread a request may go in return. So late timers cost nothing,
	// and yet no second has more than the rate.
	margin = 0.02
	slack  = 10 * time.Millisecond
	// keep is what a refusal leaves of a rate, and raise the share of it that
	// comes back each second. A declared rate is lowered to the share least.
	keep  = 0.7
	raise = 0.02
	least = 0.05
	// slowest is the lowest rate that is felt out, a second.
	slowest = 0.1
	// lull is a pause after which the rate is measured anew.
	lull = time.Second
)

// lane is what is known of one bucket of a destination.
type lane struct {
	// turn has room for one: the request that waits.
	turn   chan struct{}
	limits []*meter
	// resume is when the destination wants to hear from us again.
	resume time.Time
	// windows are what answers said, in the order in which they do.
	windows []window
	// flying counts what was sent and not answered, in the unit of the window.
	flying int64
	// share of the limits' rates was permitted at lowered, the last refusal;
	// it has risen since.
	share   float64
	lowered time.Time
	// since and sent measure the rate that nothing has limited yet.
	since, last time.Time
	sent        int64
}

// window is a span of time that the destination counts in. Nothing is known of
// one that has ended.
type window struct {
	ends time.Time
	// left is the least that an answer said to be left. It was said last, and
	// counts whatever was answered; what is on its way may have to be counted
	// yet.
	left int64
}

// meter is one limit.
type meter struct {
	rate  float64
	burst int
	unit  syncs.Unit
	// learned says that the rate is a guess, which may rise without end.
	learned bool
	// full is when the bucket is full again.
	full time.Time
}

// lane returns the lane of a bucket. The caller holds the lock.
func (s *Session) lane(bucket string) *lane {
	l, ok := s.lanes[bucket]
	if !ok {
		l = &lane{turn: make(chan struct{}, 1), share: 1}
		for _, limit := range s.spec.Limits {
			if limit.Bucket == bucket && limit.Rate > 0 {
				l.limits = append(l.limits, &meter{rate: limit.Rate, burst: limit.Burst, unit: limit.Unit})
			}
		}
		s.lanes[bucket] = l
	}
	return l
}

// ticket is a request that may be sent now, and has to be given back with its
// answer.
type ticket struct {
	session *Session
	bucket  string
	lanes   []*lane
	rows    int64
	at      time.Time
}

// wait returns when a request may be sent, or with the context's cause.
func (s *Session) wait(ctx context.Context, bucket string, rows int) (*ticket, error) {
	s.mu.Lock()
	p := &ticket{session: s, bucket: bucket, lanes: []*lane{s.lane("")}, rows: int64(rows)}
	if bucket != "" {
		p.lanes = append(p.lanes, s.lane(bucket))
	}
	s.mu.Unlock()
	all, own := p.lanes[0], p.lanes[len(p.lanes)-1]
	if own == all {
		return p, s.pass(ctx, all, p)
	}
	if err := own.enter(ctx); err != nil {
		return nil, err
	}
	defer own.leave()
	for {
		// Nobody else is kept waiting while the bucket is empty.
		if err := s.ready(ctx, []*lane{own}, p.rows); err != nil {
			return nil, err
		}
		if err := s.pass(ctx, all, p); err != nil || !p.at.IsZero() {
			return p, err
		}
	}
}

// pass takes the turn in the lane of everybody, and draws once that one is
// ready. The ticket stays without a time where another of its lanes is not
// ready any more.
func (s *Session) pass(ctx context.Context, all *lane, p *ticket) error {
	if err := all.enter(ctx); err != nil {
		return err
	}
	defer all.leave()
	if err := s.ready(ctx, []*lane{all}, p.rows); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for _, l := range p.lanes[1:] {
		if l.opens(now, p.rows).After(now) {
			return nil
		}
	}
	for _, l := range p.lanes {
		l.draw(now, p.rows)
	}
	p.at = now
	return nil
}

func (l *lane) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *lane) leave() { <-l.turn }

// ready waits until the lanes are open.
func (s *Session) ready(ctx context.Context, lanes []*lane, rows int64) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.mu.Lock()
		now := s.clock.Now()
		opens := now
		for _, l := range lanes {
			opens = later(opens, l.opens(now, rows))
		}
		s.mu.Unlock()
		if !opens.After(now) {
			return nil
		}
		if err := s.clock.Sleep(ctx, opens.Sub(now)); err != nil {
			return err
		}
	}
}

// opens is when the next request may go, as far as is known now.
func (l *lane) opens(now time.Time, rows int64) time.Time {
	at := l.resume
	for _, w := range l.windows {
		if w.left-l.flying < l.weight(rows) {
			at = later(at, w.ends)
		}
	}
	share := l.permitted(now)
	for _, m := range l.limits {
		at = later(at, m.full.Add(-m.depth(share)))
	}
	return at
}

// draw takes a request out of every limit.
func (l *lane) draw(now time.Time, rows int64) {
	share := l.permitted(now)
	for _, m := range l.limits {
		n := int64(1)
		if m.unit == syncs.PerRow {
			n = rows
		}
		m.full = later(m.full, now).Add(m.cost(n, share))
	}
	l.flying += l.weight(rows)
	if now.Sub(l.last) > lull {
		l.since, l.sent = now, 0
	}
	l.last = now
	l.sent++
}

// weight is what a request takes of a window.
func (l *lane) weight(rows int64) int64 {
	if len(l.limits) > 0 && l.limits[0].unit == syncs.PerRow {
		return rows
	}
	return 1
}

// permitted is the share of the limits' rates that may be used now.
func (l *lane) permitted(now time.Time) float64 {
	if l.lowered.IsZero() {
		return 1
	}
	share := l.share + raise*max(now.Sub(later(l.lowered, l.resume)).Seconds(), 0)
	if len(l.limits) > 0 && l.limits[0].learned {
		return share
	}
	return min(share, 1)
}

// pace is the rate that requests are sent at.
func (m *meter) pace(share float64) float64 {
	rate := m.rate * share
	if m.burst == 0 {
		rate *= 1 - margin
	}
	return rate
}

// cost is how long the bucket takes to fill up after n were drawn.
func (m *meter) cost(n int64, share float64) time.Duration {
	return time.Duration(math.Ceil(float64(n) * float64(time.Second) / m.pace(share)))
}

// depth is how long before it is full a bucket may be drawn from.
func (m *meter) depth(share float64) time.Duration {
	if m.burst == 0 {
		return slack
	}
	return m.cost(int64(m.burst-1), share)
}

// unused gives a ticket back that nothing was sent with; nil is one of a file.
func (p *ticket) unused() {
	if p != nil {
		p.answered(syncs.Outcome{})
	}
}

// answered gives a ticket back, with what the answer said of the limits.
func (p *ticket) answered(outcome syncs.Outcome) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for _, l := range p.lanes {
		l.flying -= l.weight(p.rows)
	}
	seen := map[*lane]int{}
	for _, q := range outcome.Quotas {
		l := s.lane(q.Bucket)
		l.observe(seen[l], q, now)
		seen[l]++
	}
	if outcome.Wait > 0 {
		// A destination that asks for a pause means the account, or the
		// endpoint, and not one request.
		l := s.lane(p.bucket)
		l.resume = later(l.resume, now.Add(outcome.Wait))
	}
	own := p.lanes[len(p.lanes)-1]
	if outcome.Throttled && !p.at.Before(own.lowered) {
		own.lower(now)
	}
}

// observe takes in what an answer said of its i-th window.
func (l *lane) observe(i int, q syncs.Quota, now time.Time) {
	if i == len(l.windows) {
		l.windows = append(l.windows, window{})
	}
	w := &l.windows[i]
	if !now.Before(w.ends) {
		*w = window{ends: now.Add(q.Reset), left: q.Remaining}
	}
	w.left = min(w.left, q.Remaining)
}

// lower reacts to a refusal for rate. Those that were sent before it say
// nothing new.
func (l *lane) lower(now time.Time) {
	share := l.permitted(now)
	if len(l.limits) == 0 {
		elapsed := max(now.Sub(l.since), slack)
		l.limits = []*meter{{rate: float64(l.sent) / elapsed.Seconds(), learned: true}}
	}
	if m := l.limits[0]; m.learned {
		m.rate, share = max(m.rate*share, slowest/keep), 1
	}
	l.share, l.lowered = max(share*keep, least), now
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
