// Package alert tells people when the state of something changes: a sync, a model,
// a schedule, the size of a segment, or a run that could not begin.
//
// What was told is kept in the state, so that each change is told once, by one
// process, and its end too, across runs and restarts. What cannot be sent is tried
// again by whoever comes next; where a process dies in the moment between sending
// and writing that down, a message comes twice. A message holds names of the
// project, counts and words of our own: nothing that a warehouse or a platform
// said, since that may hold a person's data.
//
// It never fails a run. Start with Run for what becomes a state, then Teller for
// how it is told, and message.go for the words.
package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

// The states beside state.Fine: config.Occasions but for recovered.
const (
	Failed   = "failed"
	Degraded = "degraded"
	Late     = "late"
	Anomaly  = "anomaly"
)

// Observation is the state that something was found in.
type Observation struct {
	// Subject is "run", "sync:crm", "model:identity:customer", "schedule:hourly" or
	// "size:segment:vip".
	Subject string
	// Nodes are the resources that it is about, for selection; a schedule and a run
	// have none, and are watched by alerts that select nothing.
	Nodes  []string
	State  string
	Reason string
	// Rows is how many rows a degraded sync left behind.
	Rows  int64
	RunID string
}

// Run is what a run found. The error is why it ended early, or could not begin:
// what was not looked at stays as it was.
func Run(plan *models.Plan, s run.Summary, err error) []Observation {
	var out []Observation
	add := func(o Observation) {
		o.RunID = s.RunID
		out = append(out, o)
	}
	whole := Observation{Subject: "run", State: state.Fine}
	if err != nil {
		whole.State, whole.Reason = Failed, "the run ended early: "+run.Reason(err)
	}
	if s.Status != run.Interrupted { // Somebody stopped it: that says nothing of it.
		add(whole)
	}
	built := map[string][]string{}
	if plan != nil {
		for _, m := range plan.Models {
			built[m.Name] = m.Nodes
		}
	}
	for _, m := range s.Models {
		o := Observation{Subject: "model:" + m.Name, Nodes: built[m.Name], State: state.Fine}
		switch m.Status {
		case run.Failed:
			o.State, o.Reason = Failed, run.Reason(m.Err)
		case run.Skipped, run.Interrupted:
			continue // What it reads has failed, and is told.
		case run.OK, run.Degraded, run.Withheld:
		}
		add(o)
	}
	for _, r := range s.Syncs {
		o := Observation{Subject: "sync:" + r.Sync, Nodes: []string{"sync:" + r.Sync}, State: state.Fine}
		switch r.Status {
		case run.Failed, run.Skipped:
			o.State, o.Reason = Failed, run.Reason(r.Err)
		case run.Degraded:
			o.Rows = r.Report.Absent + r.Report.Invalid + r.Report.Rejected + r.Report.Unknown + r.Report.Unanswered + r.Report.Unnamed
			o.State, o.Reason = Degraded, fmt.Sprintf("%d rows were not delivered, of %d", o.Rows, r.Report.Attempted)
		case run.Interrupted:
			continue
		case run.OK, run.Withheld:
		}
		add(o)
	}
	for _, v := range s.Volumes {
		o := Observation{Subject: "size:" + v.Subject, Nodes: []string{v.Node}, State: state.Fine}
		if v.Unusual {
			o.State = Anomaly
			o.Reason = fmt.Sprintf("there are %d, and usually %d to %d", v.Size, v.Usual.Low, v.Usual.High)
		}
		add(o)
	}
	return out
}

// Schedule is what an event of the scheduler says of schedules.
func Schedule(e schedule.Event) []Observation {
	var slots []state.Slot
	switch e := e.(type) {
	case schedule.RunDone:
		slots = e.Slots
	case schedule.SlotsDue:
		slots = e.Slots
	case schedule.SlotsSkipped:
		slots = e.Slots
	case schedule.TookOver:
		slots = e.Slots
	case schedule.RunStarted, schedule.Waiting, schedule.Lost, schedule.ClockBack, schedule.Problem:
	}
	var out []Observation
	for _, x := range slots {
		o := Observation{Subject: "schedule:" + x.Schedule, State: state.Fine, RunID: x.RunID}
		due := "the slot of " + x.Due.UTC().Format("2006-01-02 15:04 MST")
		switch {
		case x.Ended.IsZero():
			continue
		case x.Status == schedule.Failed:
			o.State, o.Reason = Failed, due+" failed"
		case x.Status == schedule.Skipped:
			o.State, o.Reason = Late, due+" was skipped"
		case x.Late:
			o.State, o.Reason = Late, fmt.Sprintf("%s started %s late", due, x.Started.Sub(x.Start).Round(1e9))
		case x.Status == schedule.Degraded:
			o.State, o.Reason = Degraded, due+" left rows behind"
		}
		out = append(out, o)
	}
	return out
}

// watched are the observations that an alert is about, in the states that it
// tells.
func watched(a *config.Alert, selected map[string]bool, list []Observation) []state.Subject {
	var out []state.Subject
	for _, o := range list {
		if selected != nil && !slices.ContainsFunc(o.Nodes, func(n string) bool { return selected[n] }) {
			continue
		}
		x := state.Subject{Name: o.Subject, State: o.State, RunID: o.RunID, Reason: o.Reason}
		if !slices.Contains(a.On, o.State) || o.State == Degraded && o.Rows > 0 && o.Rows < a.Rows {
			x.State, x.Reason = state.Fine, ""
		}
		out = append(out, x)
	}
	return out
}

// sorted puts what is worst first.
func sorted(list []state.Subject) []state.Subject {
	rank := map[string]int{Failed: 0, Late: 1, Degraded: 2, Anomaly: 3, state.Fine: 4}
	slices.SortFunc(list, func(a, b state.Subject) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), strings.Compare(a.Name, b.Name))
	})
	return list
}
