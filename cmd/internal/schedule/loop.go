package schedule

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Options are what a Loop needs.
type Options struct {
	State *state.Store
	// Run does a run, which has ended when it returns: soon after the context has.
	// It calls begun once it has what it needs.
	Run func(ctx context.Context, job Job, begun func()) Result
	// Look returns what a schedule watches is like now, empty where that cannot be
	// said.
	Look func(context.Context, Schedule) (string, error)
	// RunID names a run.
	RunID func(time.Time) string
	// Holder is this process as people know it.
	Holder string
	// Events may be nil.
	Events Func
	// Poll is how often the state is looked at where nothing is known to be due,
	// 5 seconds where 0: within so long others hear of a request or a pause, and
	// of the end of a process.
	Poll time.Duration
	// Absence is how long nobody may have looked before slots that came due
	// meanwhile are missed, and not only late; 5 minutes where 0.
	Absence time.Duration
	// Keep is how long slots are kept that have ended, 90 days where 0.
	Keep time.Duration
}

// The defaults of Options.
const (
	DefaultPoll    = 5 * time.Second
	DefaultAbsence = 5 * time.Minute
	DefaultKeep    = 90 * 24 * time.Hour
)

// Loop runs schedules until it is told to stop.
type Loop struct {
	opt  Options
	wake chan struct{}

	mu   sync.Mutex // guards what follows
	list []*Schedule
	keep time.Duration
	// runID is the run that is under way, empty for none, and stop ends it.
	runID string
	stop  context.CancelCauseFunc

	events sync.Mutex // one event at a time
	// busy is what the last turn waited for: it is told once.
	busy string
}

// New makes a loop of no schedules.
func New(opt Options) *Loop {
	if opt.Poll == 0 {
		opt.Poll = DefaultPoll
	}
	if opt.Absence == 0 {
		opt.Absence = DefaultAbsence
	}
	if opt.Keep == 0 {
		opt.Keep = DefaultKeep
	}
	return &Loop{opt: opt, wake: make(chan struct{}, 1), keep: opt.Keep}
}

// Set gives the loop its schedules, in place of those before. A run that is
// under way goes on.
func (l *Loop) Set(list []Schedule, keep time.Duration) {
	own := make([]*Schedule, len(list))
	for i := range list {
		own[i] = &list[i]
	}
	l.mu.Lock()
	l.list = own
	if l.keep = keep; keep == 0 {
		l.keep = l.opt.Keep
	}
	l.mu.Unlock()
	l.Wake()
}

// Wake has the loop look at the state now.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default: // It is about to.
	}
}

func (l *Loop) schedules() ([]*Schedule, rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list, rules{absence: l.opt.Absence, keep: l.keep}
}

func (l *Loop) emit(e Event) {
	if l.opt.Events == nil {
		return
	}
	l.events.Lock()
	defer l.events.Unlock()
	l.opt.Events(e)
}

func (l *Loop) problem(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		l.emit(Problem{Doing: doing, Err: err})
	}
}

// Run runs until the context ends. A run that is under way is told so through
// its context, and its slots are run again, by whoever looks next.
func (l *Loop) Run(ctx context.Context) {
	w := &watcher{Loop: l, seen: map[string]glimpse{}}
	var work chan time.Duration // of the turn that is under way, nil for none
	var pause time.Duration     // for how long no turn is tried
	var rest time.Time          // until when no turn is tried
	var pruned, warned time.Time
	for {
		now, wait, todo, err := l.look(ctx, w, &warned)
		if err != nil {
			l.problem(ctx, "looking at the state", err)
			wait = l.opt.Poll
		}
		if pause > 0 && err == nil {
			rest, pause = now.Add(pause), 0
		}
		if err == nil && now.Sub(pruned) >= time.Hour {
			pruned = now
			l.problem(ctx, "removing old slots", l.prune(ctx))
		}
		if work == nil && todo && pause == 0 && ctx.Err() == nil {
			if late := rest.Sub(now); late > 0 && late <= l.opt.Poll {
				wait = min(wait, late)
			} else {
				work = make(chan time.Duration, 1)
				go func() { work <- l.turn(ctx) }()
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			if work != nil {
				<-work
			}
			return
		case <-timer.C:
		case <-l.wake:
		case pause = <-work:
			work, rest = nil, time.Time{}
		}
		timer.Stop()
	}
}

// look writes rows of the slots that have come due. It returns the time of the
// state, until when there is nothing to do, and whether there is something for a
// turn.
func (l *Loop) look(ctx context.Context, w *watcher, warned *time.Time) (now time.Time, wait time.Duration, todo bool, err error) {
	list, r := l.schedules()
	now, rows, open, err := l.opt.State.Glance(ctx)
	if err != nil {
		return now, 0, false, err
	}
	l.heed(open)
	if c := r.plan(list, now, rows, open); !c.empty() {
		if now, rows, open, err = l.plan(ctx, list, r); err != nil {
			return now, 0, false, err
		}
	}
	if err := w.local(ctx, list, now); err != nil {
		return now, 0, false, err
	}
	wait = l.opt.Poll
	behind := time.Duration(0)
	for _, s := range list {
		row, known := find(rows, s.Name)
		if !known {
			continue
		}
		behind = max(behind, row.Planned.Sub(now))
		if s.Clock != nil {
			if next, ok := s.Clock.Next(row.Planned, row.Anchor); ok {
				wait = min(wait, next.Sub(now))
			}
		}
		if s.Watch != nil {
			if late := w.next(s, row).Sub(now); late > 0 {
				wait = min(wait, late)
			} else if s.pausedBy(row) == "" {
				todo = true
			}
		}
	}
	for _, x := range open {
		if x.Status != Running && x.Start.After(now) {
			wait = min(wait, x.Start.Sub(now))
		}
	}
	if behind > l.opt.Absence && now.Sub(*warned).Abs() > time.Hour {
		*warned = now
		l.emit(ClockBack{By: behind})
	}
	return now, max(wait, time.Millisecond), todo || startable(list, now, open), nil
}

// plan writes what is due.
func (l *Loop) plan(ctx context.Context, list []*Schedule, r rules) (now time.Time, rows []state.Schedule, open []state.Slot, err error) {
	var c change
	err = l.opt.State.Plan(ctx, func(t *state.Timetable) error {
		now = t.Now
		rows, err := t.Schedules()
		if err != nil {
			return err
		}
		open, err := t.Open()
		if err != nil {
			return err
		}
		c = r.plan(list, now, rows, open)
		for _, row := range c.schedules {
			if err := t.Save(row); err != nil {
				return err
			}
		}
		return t.Write(c.slots...)
	})
	if err != nil {
		return now, nil, nil, err
	}
	if len(c.slots) > 0 {
		l.emit(SlotsDue{Slots: c.slots})
	}
	return l.opt.State.Glance(ctx)
}

func (l *Loop) prune(ctx context.Context) error {
	_, r := l.schedules()
	return l.opt.State.Plan(ctx, func(t *state.Timetable) error { return t.Forget(t.Now.Add(-r.keep)) })
}

// errDeadline ends the context of a run whose slots have to have ended.
var errDeadline = errors.New("the deadline has passed")

// turn takes the turn, looks at what is watched, and runs what is due. It returns
// for how long to let be.
func (l *Loop) turn(ctx context.Context) time.Duration {
	own, turn, err := l.opt.State.TakeTurn(ctx)
	if err != nil {
		if _, held := errors.AsType[*state.HeldError](err); !held {
			l.problem(ctx, "taking the turn", err)
		}
		return l.opt.Poll
	}
	defer func() { l.problem(ctx, "giving the turn back", turn.End()) }()
	if err := l.watch(own, turn); err != nil {
		l.problem(ctx, "looking at what schedules wait for", err)
	}
	job, err := l.take(own, turn)
	if err != nil {
		l.problem(ctx, "taking slots", err)
		return l.opt.Poll
	}
	if len(job.Slots) == 0 {
		return again
	}
	result := l.run(own, job)
	return l.ended(own, turn, job, result)
}

// take takes the slots that are to run.
func (l *Loop) take(ctx context.Context, turn *state.Turn) (Job, error) {
	list, _ := l.schedules()
	var t taken
	err := turn.Change(ctx, func(table *state.Timetable) error {
		rows, err := table.Schedules()
		if err != nil {
			return err
		}
		open, err := table.Open()
		if err != nil {
			return err
		}
		t = take(list, table.Now, rows, open, turn.Fence())
		t.job.begin(table.Now, l.opt.RunID(table.Now), l.opt.Holder, turn.Fence())
		if err := table.Write(t.write...); err != nil {
			return err
		}
		return table.Write(t.job.Slots...)
	})
	if err != nil {
		return Job{}, err
	}
	if len(t.over) > 0 {
		l.emit(TookOver{Slots: t.over})
	}
	if len(t.skipped) > 0 {
		l.emit(SlotsSkipped{Slots: t.skipped})
	}
	return t.job, nil
}

// run runs a job, until its deadline.
func (l *Loop) run(ctx context.Context, job Job) Result {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if at := job.deadline(); !at.IsZero() {
		timer := time.AfterFunc(at.Sub(job.Slots[0].Started), func() { cancel(errDeadline) })
		defer timer.Stop()
	}
	l.underWay(job.RunID, cancel)
	defer l.underWay("", nil)
	result := l.opt.Run(ctx, job, func() { l.emit(RunStarted{Job: job}) })
	if result.Status != Interrupted {
		return result
	}
	if errors.Is(context.Cause(ctx), errDeadline) {
		result.Status, result.Reason = Failed, "it had not ended by its deadline"
	} else if asked, ok := errors.AsType[*stoppedError](context.Cause(ctx)); ok {
		result.Status, result.Reason = Cancelled, asked.Error()
	}
	return result
}

// stoppedError ends the context of a run that somebody asked to stop.
type stoppedError struct{ by string }

func (e *stoppedError) Error() string { return "stopped by " + e.by }

func (l *Loop) underWay(runID string, stop context.CancelCauseFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runID, l.stop = runID, stop
}

// heed stops the run that is under way where somebody has asked for that.
func (l *Loop) heed(open []state.Slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range open {
		if l.stop != nil && x.RunID == l.runID && !x.Stop.IsZero() {
			l.stop(&stoppedError{by: x.StopBy})
		}
	}
}

// The last words of a turn: they are tried until the turn is lost.
const (
	lastWords = 30 * time.Second
	again     = time.Second
)

// ended writes down what became of a run.
func (l *Loop) ended(ctx context.Context, turn *state.Turn, job Job, result Result) time.Duration {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	for {
		var due []state.Slot
		done := job
		err := turn.Change(late, func(t *state.Timetable) (err error) {
			done.Slots = append([]state.Slot(nil), job.Slots...)
			done.end(t.Now, result)
			if err := t.Write(done.Slots...); err != nil {
				return err
			}
			if result.Keep != nil && result.Busy == "" {
				if err := result.Keep(t); err != nil {
					return err
				}
			}
			due, err = l.follow(t, done.Slots)
			return err
		})
		if err == nil {
			if len(due) > 0 {
				l.emit(SlotsDue{Slots: due})
			}
			if result.Busy != "" {
				if l.busy != result.Busy {
					l.emit(Waiting{Slots: done.Slots, Reason: result.Busy})
				}
				l.busy = result.Busy
				return l.opt.Poll
			}
			l.busy = ""
			l.emit(RunDone{Job: job, Slots: done.Slots, Result: result})
			if result.Status == Interrupted {
				return l.opt.Poll
			}
			return 0
		}
		if _, lost := errors.AsType[*state.LostError](err); lost {
			l.emit(Lost{Job: job})
			return l.opt.Poll
		}
		l.emit(Problem{Doing: "writing down how a run ended", Err: err})
		select {
		case <-late.Done():
			return l.opt.Poll
		case <-time.After(again):
		}
	}
}

// follow adds the slots of schedules that come after those that have ended well.
func (l *Loop) follow(t *state.Timetable, ended []state.Slot) ([]state.Slot, error) {
	list, _ := l.schedules()
	var out []state.Slot
	for _, x := range ended {
		if x.Status != OK && x.Status != Degraded {
			continue
		}
		for _, s := range list {
			if s.After != x.Schedule {
				continue
			}
			slot, err := l.trigger(t, s, ByRun, "after "+x.Schedule+" of "+stamp(x.Due))
			if err != nil {
				return nil, err
			}
			out = append(out, slot)
		}
	}
	return out, nil
}

// trigger adds a slot of a schedule that is due now.
func (l *Loop) trigger(t *state.Timetable, s *Schedule, cause, reason string) (state.Slot, error) {
	rows, err := t.Schedules()
	if err != nil {
		return state.Slot{}, err
	}
	open, err := t.Open()
	if err != nil {
		return state.Slot{}, err
	}
	row, _ := find(rows, s.Name)
	return add(t, s.triggered(t.Now, cause, reason, row, open))
}

// add adds a slot, a little later where there is one at its time.
func add(t *state.Timetable, x state.Slot) (state.Slot, error) {
	for {
		_, taken, err := t.Slot(x.Schedule, x.Due)
		if err != nil {
			return x, err
		}
		if !taken {
			return x, t.Write(x)
		}
		x.Due = x.Due.Add(time.Microsecond)
		x.Start = x.Due
	}
}
