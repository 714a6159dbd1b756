package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
)

func (a *app) serveCommand() *cobra.Command {
	listen := ""
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the schedules of the project, until it is stopped",
		Long: `Run what the schedules of the project say, when they say it, as customhouse run
does. Several processes may serve a target whose state is in PostgreSQL: they
take turns, and one that dies is taken over by the others.

The project is read again when its files change, and on SIGHUP; while it is not
valid the last one that was goes on. SIGTERM and SIGINT stop what is running
cleanly, to be run again by whoever serves next; a second one stops at once.

With --listen it answers the requests of its API too, see docs/api.md, and
Prometheus can read metrics at /metrics. Other machines can ask only where a token
was made: customhouse token create.`,
		Example: `  customhouse serve
  customhouse serve --listen 127.0.0.1:8080`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			if len(a.include)+len(a.exclude) > 0 || a.asOf != "" {
				return usageError{errors.New("serve runs what the schedules select, as of when they are due: leave --select, --exclude and --as-of out")}
			}
			s, err := a.newServer(ctx)
			if err != nil {
				return err
			}
			return errors.Join(s.listenAndServe(ctx, listen), s.store.Close())
		}),
	}
	a.observeFlags(cmd)
	cmd.Flags().StringVar(&listen, "listen", "", "host and port that the API is served at, such as 127.0.0.1:8080; without it there is none")
	return cmd
}

// observer is told what happens while a server runs: what schedules do, and what
// each run does. Either may be nil. They are called from one goroutine at a
// time, and must return soon.
type observer struct {
	schedule schedule.Func
	run      func(schedule.Job, run.Event)
}

// server runs the schedules of a project.
type server struct {
	app   *app
	log   *slog.Logger
	store *state.Store
	loop  *schedule.Loop
	// observers are complete before the server serves.
	observers []observer
	// listening are those that listen to runs too, and alerts what they are to
	// tell.
	listening *observers
	alerts    *alerter

	// warehouse is had by whoever has the target open, nil where several can.
	warehouse chan struct{}

	mu      sync.Mutex // guards what follows
	project *project
	// plan is that of everything.
	plan *models.Plan
	// found are the findings of a project that was not taken, since it is not
	// valid.
	found error
}

// newServer reads the project and opens its state.
func (a *app) newServer(ctx context.Context) (*server, error) {
	p, plan, list, err := a.serviceable()
	if err != nil {
		return nil, err
	}
	store, err := a.openState(ctx, p)
	if err != nil {
		return nil, err
	}
	s := &server{app: a, log: a.serverLog(), store: store, project: p, plan: plan}
	if p.kind.layout(p.target).Exclusive {
		s.warehouse = make(chan struct{}, 1)
	}
	s.loop = schedule.New(schedule.Options{
		State: store, Run: s.run, Look: s.look, RunID: newRunID, Holder: store.Holder(), Events: s.scheduled, Poll: a.poll,
	})
	s.loop.Set(list, time.Duration(p.Keep.Slots))
	s.listening, err = a.observe(ctx, true, func(text string) { s.log.WarnContext(ctx, "warning", slog.String("message", text)) })
	if err != nil {
		return nil, errors.Join(usageError{err}, store.Close())
	}
	s.alerts = newAlerter(s)
	s.listening.found = s.alerts.found
	s.observers = []observer{ //nolint:contextcheck // events have none
		{schedule: scheduleLog(s.log)}, {schedule: s.listening.scheduled}, {schedule: s.alerts.scheduled},
	}
	return s, nil
}

// serviceable reads a project that a server can go by.
func (a *app) serviceable() (*project, *models.Plan, []schedule.Schedule, error) {
	p, plan, err := a.planned()
	if err != nil {
		return nil, nil, nil, err
	}
	list, err := p.timetable()
	return p, plan, list, err
}

// serverLog writes lines with their time.
func (a *app) serverLog() *slog.Logger {
	if a.logFormat == "json" {
		return a.logger()
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// serve runs until the context ends, and what is under way has.
func (s *server) serve(ctx context.Context) {
	s.log.InfoContext(ctx, "serving", slog.String("project", s.project.Name), slog.String("target", s.project.target.Name),
		slog.Int("schedules", len(s.project.Timetable())), slog.String("holder", s.store.Holder()))
	var wg sync.WaitGroup
	wg.Go(func() { s.reload(ctx) })
	wg.Go(func() { s.alerts.work(ctx) })
	s.loop.Run(ctx)
	wg.Wait()
	s.alerts.last(ctx)
	s.listening.close(ctx)
	s.log.InfoContext(ctx, "stopped")
}

// current is the project that is served: a copy that its user may compile.
func (s *server) current() *project {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := *s.project
	return &own
}

// planned is the plan of everything that is served.
func (s *server) planned() *models.Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan
}

// scheduled tells the observers what the schedules do.
func (s *server) scheduled(e schedule.Event) {
	for _, o := range s.observers {
		if o.schedule != nil {
			o.schedule(e)
		}
	}
}

// run does a run of slots.
func (s *server) run(ctx context.Context, job schedule.Job, begun func()) schedule.Result {
	o := order{runID: job.RunID, asOf: job.AsOf.UTC().Truncate(time.Microsecond), today: s.app.now(), selected: together(job.Schedules), refresh: refreshed(job.Schedules)}
	o.observers = s.listening
	o.listen = func(attrs ...any) run.Func {
		var names []string
		for _, x := range job.Slots {
			names = append(names, x.Schedule)
		}
		log := console.Log(s.log.With(append(attrs, slog.String("schedule", strings.Join(names, ",")))...))
		return func(e run.Event) {
			log(e)
			for _, x := range s.observers {
				if x.run != nil {
					x.run(job, e)
				}
			}
		}
	}
	leave, err := s.have(ctx)
	if err != nil {
		return schedule.Result{Status: schedule.Interrupted}
	}
	defer leave()
	had := false
	summary, err := s.app.perform(ctx, s.current(), o, func() {
		had = true
		begun()
	})
	switch busy := inUse(err); {
	case !had && busy != "":
		return schedule.Result{Busy: busy}
	case ctx.Err() != nil:
		return schedule.Result{Status: schedule.Interrupted, Keep: keeping(summary)}
	case cutShort(err) != "":
		return schedule.Result{Status: schedule.Interrupted, Reason: cutShort(err)}
	case err != nil:
		s.wrong(ctx, "the run could not be done", err)
		return schedule.Result{Status: schedule.Failed, Reason: firstLine(err.Error())}
	}
	for _, x := range summary.Syncs {
		if reason := cutShort(x.Err); reason != "" {
			return schedule.Result{Status: schedule.Interrupted, Reason: reason}
		}
	}
	return schedule.Result{Status: statusOf(summary.Status), Reason: troubles(summary), Keep: keeping(summary)}
}

// inUse says who has the target, empty where the error is another one.
func inUse(err error) string {
	if held, ok := errors.AsType[*state.HeldError](err); ok {
		return fmt.Sprintf("%s is in use by %s", held.Name, held.Holder)
	}
	if locked, ok := errors.AsType[*adapters.Error](err); ok && locked.Kind == adapters.Locked {
		return firstLine(locked.Message)
	}
	return ""
}

// cutShort says why a run that began could not do all of what it was to do, and
// is to be done again: a process that died, or stands still, may have a sync for
// longer than its turn, and this one may have stood still for long enough to lose
// a lease, though not its turn. It is empty for any other error.
func cutShort(err error) string {
	if lost, ok := errors.AsType[*state.LostError](err); ok {
		return "it was paused or cut off for too long, and lost " + lost.Name
	}
	if _, held := errors.AsType[*state.HeldError](err); held {
		return "waits: " + inUse(err)
	}
	return ""
}

// statusOf is the status of slots whose run has one.
func statusOf(s run.Status) string {
	switch s {
	case run.Failed:
		return schedule.Failed
	case run.Degraded:
		return schedule.Degraded
	case run.Interrupted:
		return schedule.Interrupted
	case run.OK, run.Skipped, run.Withheld:
	}
	return schedule.OK
}

// troubles names what did not end well, and says no more: a warehouse or a
// platform may have put a value into its words.
func troubles(s run.Summary) string {
	var names []string
	for _, m := range s.Models {
		if m.Status != run.OK {
			names = append(names, string(m.Status)+": "+m.Name)
		}
	}
	for _, x := range s.Syncs {
		if x.Status != run.OK && x.Status != run.Withheld {
			names = append(names, string(x.Status)+": sync:"+x.Sync)
		}
	}
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// look returns what a schedule watches.
func (s *server) look(ctx context.Context, x schedule.Schedule) (string, error) {
	if x.Watch == nil || !x.Watch.Local {
		leave, err := s.have(ctx)
		if err != nil {
			return "", err
		}
		defer leave()
	}
	return s.current().look(ctx, s.app, x.Name)
}

// reloadEvery is how often the files of the project are looked at.
const reloadEvery = 2 * time.Second

// reload takes the project anew when its files change, and on SIGHUP.
func (s *server) reload(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	last := s.signature()
	for {
		forced := false
		select {
		case <-ctx.Done():
			return
		case <-asked:
			forced = true
		case <-tick.C:
		}
		now := s.signature()
		if now == last && !forced {
			continue
		}
		last = now
		s.take(ctx)
	}
}

// take reads the project and goes by it, where it is valid.
func (s *server) take(ctx context.Context) {
	p, plan, list, err := s.app.serviceable()
	if err == nil && (p.Name != s.project.Name || p.target.Name != s.project.target.Name || p.target.State.Text() != s.project.target.State.Text()) {
		err = errors.New("the name of the project, its target or the place of its state is another: start customhouse serve again")
	}
	s.mu.Lock()
	s.found = err
	if err == nil {
		s.project, s.plan = p, plan
	}
	s.mu.Unlock()
	if err != nil {
		s.wrong(ctx, "the project was changed and cannot be used: the last valid one goes on", err)
		return
	}
	s.loop.Set(list, time.Duration(p.Keep.Slots))
	s.log.InfoContext(ctx, "the project was read again", slog.Int("schedules", len(list)))
}

// wrong logs an error, each finding by itself.
func (s *server) wrong(ctx context.Context, what string, err error) {
	var list diag.List
	if !errors.As(err, &list) {
		s.log.ErrorContext(ctx, "failed", slog.String("what", what), slog.String("error", err.Error()))
		return
	}
	for _, d := range list {
		s.log.ErrorContext(ctx, "failed", slog.String("what", what), slog.String("at", d.Span.String()), slog.String("code", d.Code),
			slog.String("error", d.Summary), slog.String("help", d.Help))
	}
}

// signature changes when a file of the project does.
func (s *server) signature() string {
	var b strings.Builder
	dir := s.current().dir
	// What cannot be read is the loader's to report.
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		inside := strings.TrimPrefix(strings.TrimPrefix(name, dir), string(filepath.Separator))
		if inside == "" {
			return nil
		}
		if config.Skipped(filepath.ToSlash(inside), d) && !slices.Contains(lockFiles, inside) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintf(&b, "%s %d %d\n", inside, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}

// lockFiles are read with a project though they are no YAML.
var lockFiles = []string{"schema.lock", "destinations.lock"}

// scheduleLog logs what schedules do, a line for each slot.
func scheduleLog(log *slog.Logger) schedule.Func {
	slots := func(at slog.Level, what string, list []state.Slot) {
		ctx := context.Background()
		// Many at once are those of an absence.
		const most = 20
		for i, x := range list {
			if i == most {
				log.Log(ctx, at, "more slots", slog.String("what", what), slog.Int("more", len(list)-most))
				return
			}
			log.Log(ctx, at, "slot", slog.String("what", what), slog.String("schedule", x.Schedule), slog.Time("due", x.Due), slog.String("status", x.Status),
				slog.String("reason", x.Reason), slog.Bool("late", x.Late), slog.String("run_id", x.RunID))
		}
	}
	return func(e schedule.Event) {
		switch e := e.(type) {
		case schedule.SlotsDue:
			skipped := slices.DeleteFunc(slices.Clone(e.Slots), func(x state.Slot) bool { return x.Status != schedule.Skipped })
			slots(slog.LevelWarn, "skipped", skipped)
			slots(slog.LevelInfo, "due", slices.DeleteFunc(slices.Clone(e.Slots), func(x state.Slot) bool { return x.Status == schedule.Skipped }))
		case schedule.SlotsSkipped:
			slots(slog.LevelWarn, "skipped", e.Slots)
		case schedule.TookOver:
			slots(slog.LevelWarn, "taken over", e.Slots)
		case schedule.RunStarted:
			slots(slog.LevelInfo, "started", e.Job.Slots)
		case schedule.RunDone:
			slots(map[string]slog.Level{
				schedule.Failed: slog.LevelError, schedule.Degraded: slog.LevelWarn, schedule.Interrupted: slog.LevelWarn,
			}[e.Result.Status], "done", e.Slots)
		case schedule.Waiting:
			slots(slog.LevelWarn, "waits", e.Slots)
		case schedule.Lost:
			slots(slog.LevelError, "lost: this process was paused or cut off for too long, and another takes it over", e.Job.Slots)
		case schedule.ClockBack:
			log.Warn("the clock is behind what was planned already: nothing is due until it has caught up", slog.Duration("by", e.By))
		case schedule.Problem:
			log.Error("failed, and will be tried again", slog.String("what", e.Doing), slog.String("error", e.Err.Error()))
		}
	}
}
