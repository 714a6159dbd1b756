package config

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Schedule says when what is to be built and delivered, for `customhouse serve`.
type Schedule struct {
	Name        string `yaml:"name,required" doc:"Name of the schedule."`
	Description string `yaml:"description,blank" doc:"What the schedule is for, for readers."`
	// Exactly one of Cron and On is given.
	Cron string   `yaml:"cron" doc:"When: a cron line of five fields, or a word such as @daily or @every 15m. Either cron or on is given."`
	On   *Trigger `yaml:"on" doc:"After what, in place of a time. Either cron or on is given."`
	// Timezone is a name of the IANA database; Zone is what it stands for, the
	// project's where none is given.
	Timezone string         `yaml:"timezone" doc:"IANA time zone of cron, such as Europe/Paris; the project's where none is given."`
	Zone     *time.Location `yaml:"-"`
	// Jitter is how far slots are spread, by their own time: see CatchUps.
	Jitter time.Duration `yaml:"jitter" doc:"How much later than due a slot may start, such as 5m: each by another part of it, always the same one."`
	// CatchUp is one of CatchUps. Load fills in latest where none is given.
	CatchUp string `yaml:"catch_up" doc:"What becomes of slots that came due while nothing served: skip runs none of them, latest the last one, all each of them, as of its own time. latest where none is given."`
	// Overlap is one of Overlaps. Load fills in skip where none is given, and
	// queue for On, of which nothing is to be missed, and where CatchUp is all.
	Overlap string `yaml:"overlap" doc:"What becomes of a slot that comes due before the one before it has ended: skip, or queue. skip where none is given; queue for on and for catch_up: all."`
	// Deadline is 0 for none.
	Deadline time.Duration `yaml:"deadline" doc:"How long after it was due a slot may start or go on, such as 2h; as long as it takes where none is given."`
	Paused   bool          `yaml:"paused" doc:"Whether its slots are skipped until this is removed."`
	// Select and Exclude follow dbt's grammar; without them it is the whole
	// project.
	Select  strict.OneOrMany `yaml:"select" doc:"What to build and deliver, as --select has it; the whole project where none is given."`
	Exclude strict.OneOrMany `yaml:"exclude" doc:"What to leave out, as --exclude has it."`
	Pos     strict.Node      `yaml:"-"`
}

// Trigger is what a schedule waits for in place of a time: one of its keys.
type Trigger struct {
	Freshness string `yaml:"freshness" doc:"A source, or a query in the warehouse's SQL: a slot is due when its newest time or its number of rows, or the query's value, is another than before."`
	Run       string `yaml:"run" doc:"Another schedule: a slot is due when one of its slots has ended well."`
	DBT       string `yaml:"dbt" doc:"Path of a dbt run_results.json or manifest.json, relative to the project: a slot is due when it is another than before."`
	// Every is how often freshness and dbt are looked at.
	Every time.Duration `yaml:"every" doc:"How often freshness and dbt are looked at, such as 10m; 5m for freshness and 10s for dbt where none is given."`
	Pos   strict.Node   `yaml:"-"`
}

// CatchUps are the values of Schedule.CatchUp, and Overlaps those of
// Schedule.Overlap.
var (
	CatchUps = []string{"skip", "latest", "all"}
	Overlaps = []string{"skip", "queue"}
)

// The least and the most that durations of schedules may be.
const (
	minEvery    = time.Second
	maxEvery    = 366 * 24 * time.Hour
	maxJitter   = 24 * time.Hour
	minDeadline = time.Second
)

// lookEvery is how often triggers are looked at where nothing else is said.
const (
	freshnessEvery = 5 * time.Minute
	dbtEvery       = 10 * time.Second
)

// SyncSchedule and SegmentSchedule are the names of the schedules that stand
// on a sync and on a segment.
func SyncSchedule(sync string) string { return "sync:" + sync }

// SegmentSchedule is the name of the schedule that stands on a segment.
func SegmentSchedule(segment string) string { return "segment:" + segment }

// Timetable lists all schedules of the project: its own, then those that stand
// on segments and on syncs, which build what those need and no more.
func (p *Project) Timetable() []*Schedule {
	list := slices.Clone(p.Schedules)
	short := func(name, line string, pos strict.Node) {
		if line == "" {
			return
		}
		list = append(list, &Schedule{
			Name: name, Cron: line, Zone: p.Timezone, CatchUp: CatchUps[1], Overlap: Overlaps[0],
			Select: strict.OneOrMany{"+" + name}, Pos: pos,
		})
	}
	for _, s := range p.Segments {
		short(SegmentSchedule(s.Name), s.Schedule, s.Pos)
	}
	for _, s := range p.Syncs {
		short(SyncSchedule(s.Name), s.Schedule, s.Pos)
	}
	return list
}

// schedules checks the schedules of the project.
func (l *loader) schedules(ix *index) {
	p := &l.project
	named(l, "schedule", p.Schedules, func(s *Schedule) (string, strict.Node) { return s.Name, s.Pos })
	for _, s := range p.Schedules {
		l.schedule(ix, s)
	}
	for _, s := range p.Schedules {
		l.follows(s)
	}
}

func (l *loader) schedule(ix *index, s *Schedule) {
	has := func(key string) bool { return s.Pos.Get(key).Kind() != strict.Absent }
	switch {
	case has("cron") && has("on"):
		l.report(diag.Errorf(s.Pos.Key("on"), codeConflict, "a schedule follows either the clock or something else, not both").
			WithHelp("remove one of them, or make two schedules of it").WithRelated(s.Pos.Key("cron"), "cron is here"))
	case !has("cron") && !has("on"):
		l.report(diag.Errorf(s.Pos.At("name"), codeMissing, "the schedule %q does not say when", s.Name).
			WithHelp("add cron: '15 * * * *', or on: {run: another_schedule}"))
	case has("cron") && s.Pos.Get("cron").IsString():
		l.cron(s.Pos.At("cron"), s.Cron)
	case s.On != nil:
		l.trigger(ix, s)
	}
	s.Zone = l.project.Timezone
	if s.Timezone != "" {
		if !has("cron") {
			l.report(diag.Errorf(s.Pos.Key("timezone"), codeConflict, "only cron has a time zone").WithHelp("remove it"))
		}
		if strings.HasPrefix(s.Cron, "@every") {
			l.report(diag.Errorf(s.Pos.Key("timezone"), codeConflict, "an interval has no time zone").WithHelp("remove it, or write cron in five fields").
				WithRelated(s.Pos.At("cron"), "the interval is here"))
		}
		if zone, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
			l.report(diag.Errorf(s.Pos.At("timezone"), codeTimezone, "unknown time zone %q", s.Timezone).
				WithHelp("use a name of the IANA database, such as UTC, Europe/Paris or America/New_York"))
		} else {
			s.Zone = zone
		}
	}
	l.between(s.Pos, "jitter", s.Jitter, minEvery, maxJitter)
	l.between(s.Pos, "deadline", s.Deadline, minDeadline, 0)
	if s.Jitter > 0 && s.Deadline > 0 && s.Deadline <= s.Jitter {
		l.report(diag.Errorf(s.Pos.At("deadline"), codeConflict, "a slot may start %s after it is due, which is beyond its deadline", s.Jitter).
			WithHelp("make the deadline longer than the jitter").WithRelated(s.Pos.At("jitter"), "the jitter is here"))
	}
	if s.On != nil {
		for _, key := range l.given(s.Pos, "jitter", "catch_up") {
			l.report(diag.Errorf(s.Pos.Key(key), codeConflict, "%s is about the times of cron, and this schedule has none", key).WithHelp("remove it"))
		}
	}
	l.choice(s.Pos, "catch_up", &s.CatchUp, CatchUps, "latest")
	overlap := "skip"
	if s.CatchUp == "all" || s.On != nil {
		overlap = "queue"
	}
	l.choice(s.Pos, "overlap", &s.Overlap, Overlaps, overlap)
	if s.CatchUp == "all" && s.Overlap == "skip" {
		l.report(diag.Errorf(s.Pos.At("overlap"), codeConflict, "a schedule that catches up on all its slots cannot skip some of them").
			WithHelp("write overlap: queue, or catch_up: latest").WithRelated(s.Pos.At("catch_up"), "catch_up is here"))
	}
}

// between checks a duration that was given; there is no upper bound where most
// is 0.
func (l *loader) between(n strict.Node, key string, d, least, most time.Duration) {
	if _, err := time.ParseDuration(n.Text(key).Value); err != nil || !n.Get(key).IsString() {
		return // It is not there, or no duration.
	}
	switch {
	case d < least:
		l.report(diag.Errorf(n.At(key), codeRange, "%s is shorter than %s", key, least).WithHelp("write %s or more, or remove it", least))
	case most > 0 && d > most:
		l.report(diag.Errorf(n.At(key), codeRange, "%s is longer than %d hours", key, most/time.Hour).WithHelp("write %dh or less", most/time.Hour))
	}
}

// choice checks a word, and fills in the one that stands for none.
func (l *loader) choice(n strict.Node, key string, word *string, words []string, none string) {
	if *word == "" {
		*word = none
		return
	}
	if !slices.Contains(words, *word) {
		l.report(unknown(n.At(key), codeValue, key, *word, words))
		*word = none
	}
}

// trigger checks what a schedule waits for.
func (l *loader) trigger(ix *index, s *Schedule) {
	t, n := s.On, s.Pos.Get("on")
	var given []string
	for _, key := range []string{"freshness", "run", "dbt"} {
		if n.Get(key).Kind() != strict.Absent {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0:
		l.report(diag.Errorf(s.Pos.Key("on"), codeMissing, "the schedule does not say what it waits for").
			WithHelp("write on: {freshness: a_source}, {run: another_schedule} or {dbt: target/run_results.json}"))
		return
	case len(given) > 1:
		l.report(diag.Errorf(n.Key(given[1]), codeConflict, "a schedule waits for one thing").
			WithHelp("make two schedules of it").WithRelated(n.Key(given[0]), "the first is here"))
		return
	}
	l.between(n, "every", t.Every, minEvery, 0)
	switch given[0] {
	case "freshness":
		if t.Every == 0 {
			t.Every = freshnessEvery
		}
		switch {
		case t.Freshness == "": // reported
		case !strings.ContainsAny(t.Freshness, " \t\n("):
			find(l, ix.sources, ix.sourceNames, t.Freshness, n.At("freshness"), codeUnknownSource, "source")
		case !query.MatchString(t.Freshness) || strings.Contains(strings.TrimRight(t.Freshness, "; \t\n"), ";"):
			l.report(diag.Errorf(n.At("freshness"), codeSQL, "this is neither the name of a source nor one query").
				WithHelp("write a query that has one value, such as SELECT max(loaded_at) FROM raw.loads"))
		}
	case "dbt":
		if t.Every == 0 {
			t.Every = dbtEvery
		}
		if name := filepath.Base(t.DBT); t.DBT != "" && name != "run_results.json" && name != "manifest.json" {
			l.report(diag.Errorf(n.At("dbt"), codeValue, "this is neither a run_results.json nor a manifest.json").
				WithHelp("name a file that dbt writes, such as ../dbt/target/run_results.json"))
		}
	case "run":
		if n.Get("every").Kind() != strict.Absent {
			l.report(diag.Errorf(n.Key("every"), codeConflict, "another schedule is not looked at: it says when it is done").WithHelp("remove it"))
		}
		var names []string
		for _, other := range l.project.Timetable() {
			names = append(names, other.Name)
		}
		if t.Run != "" && !slices.Contains(names, t.Run) {
			l.report(unknown(n.At("run"), codeUnknownSchedule, "schedule", t.Run, names))
		}
	}
}

// query matches how queries begin, in the words of any warehouse.
var query = regexp.MustCompile(`(?is)^\s*(--|/\*|\(|(select|with|from|values|table)\b)`)

// follows reports schedules that wait for each other in a circle, at the first
// of them.
func (l *loader) follows(s *Schedule) {
	next := func(s *Schedule) *Schedule {
		if s.On == nil || s.On.Run == "" {
			return nil
		}
		i := slices.IndexFunc(l.project.Schedules, func(o *Schedule) bool { return o.Name == s.On.Run })
		if i < 0 {
			return nil
		}
		return l.project.Schedules[i]
	}
	path := []string{s.Name}
	for at := next(s); at != nil && len(path) <= len(l.project.Schedules); at = next(at) {
		if at == s {
			if slices.Min(path) == s.Name {
				l.report(diag.Errorf(s.Pos.Get("on").At("run"), codeConflict, "these schedules wait for each other: %s", strings.Join(append(path, s.Name), ", ")).
					WithHelp("give one of them a cron"))
			}
			return
		}
		path = append(path, at.Name)
	}
}

// cron checks a cron line. The parser's words are kept: they name the field that
// is wrong.
func (l *loader) cron(at diag.Span, line string) {
	if strings.TrimSpace(line) == "" {
		l.notBlank("", at, "schedule")
		return
	}
	if strings.HasPrefix(line, "TZ=") || strings.HasPrefix(line, "CRON_TZ=") {
		l.report(diag.Errorf(at, codeSchedule, "a cron line has no time zone of its own").
			WithHelp("set timezone of the schedule, or of the project"))
		return
	}
	plan, err := cron.ParseStandard(line)
	if every, ok := strings.CutPrefix(line, "@every "); ok && err == nil {
		switch d, err := time.ParseDuration(every); {
		case err != nil || d < minEvery || d%time.Second != 0:
			l.report(diag.Errorf(at, codeSchedule, "@every takes whole seconds, one at least").WithHelp("write for example @every 15m"))
		case d > maxEvery:
			l.report(diag.Errorf(at, codeSchedule, "@every %s is longer than a year", every).WithHelp("write for example @every 15m"))
		}
		return
	}
	switch {
	case err != nil:
		l.report(diag.Errorf(at, codeSchedule, "this is not a schedule: %v", err).
			WithHelp("write five fields (minute hour day month weekday), such as '15 * * * *', or @hourly, @daily or @every 15m"))
	case wideStep(line) != "":
		l.report(diag.Errorf(at, codeSchedule, "the step of %s is longer than what it steps through", wideStep(line)).
			WithHelp("write @every for an interval of your own, such as @every 100m"))
	case plan.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero():
		l.report(diag.Errorf(at, codeSchedule, "this schedule names a day that does not exist").
			WithHelp("check its day and month"))
	}
}

// wideStep is the first part of a cron line whose step leads beyond its field, and
// would come to its first value alone; empty where there is none.
func wideStep(line string) string {
	for i, field := range strings.Fields(line) {
		for part := range strings.SplitSeq(field, ",") {
			_, step, _ := strings.Cut(part, "/")
			// Of minutes, hours, days, months and days of the week.
			if n, err := strconv.Atoi(step); err == nil && i < 5 && n > []int{60, 24, 31, 12, 7}[i] {
				return part
			}
		}
	}
	return ""
}
