package alert

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Message is what is told at once.
type Message struct {
	Alert   string
	Project string
	Target  string
	Changes []Change
	At      time.Time
}

// Change is one subject whose state is another now.
type Change struct {
	Subject string `json:"subject"`
	// State is one of config.Occasions: recovered where it is fine again.
	State  string `json:"state"`
	Before string `json:"before"`
	Reason string `json:"reason,omitempty"`
	RunID  string `json:"run_id,omitempty"`
	// Next is what to do, and Command how to look.
	Next    string    `json:"next,omitempty"`
	Command string    `json:"command,omitempty"`
	Since   time.Time `json:"since"`
}

// changeOf is how a subject is told of.
func changeOf(x state.Subject, target string) Change {
	c := Change{Subject: x.Name, State: x.State, Before: x.Told, Reason: x.Reason, RunID: x.RunID, Since: x.Since}
	on := " --target " + target
	kind, name, _ := strings.Cut(x.Name, ":")
	switch {
	case x.State == state.Fine:
		c.State = "recovered"
	case kind == "sync" && x.State == Degraded:
		c.Next = "the rows stay due, and are tried again by each run: see why they were refused, and correct them where they come from"
		c.Command = "customhouse show sync_rejections" + on
	case kind == "sync":
		c.Next = "nothing more of it was sent: see what it would send and which guard stops it, then run it again"
		c.Command = "customhouse plan --select sync:" + name + on
	case kind == "model":
		c.Next = "the last good tables are in place: see the error in the log of the run, or in target/run_results.json, then run again"
		c.Command = "customhouse doctor" + on
	case kind == "schedule":
		c.Next = "see what became of its slots, and whether customhouse serve runs"
		c.Command = "customhouse schedule slots " + name + on
	case kind == "size":
		c.Next = "see whether its sources are complete before the next sync takes away whom it no longer has"
		if segment, ok := strings.CutPrefix(name, "segment:"); ok {
			c.Command = "customhouse segments history " + segment + on
		} else {
			c.Command = "customhouse show runs" + on
		}
	default:
		c.Next = "nothing was changed after that: see the log of the run"
		c.Command = "customhouse doctor" + on
	}
	return c
}

// Title says in a line what a message is about.
func (m Message) Title() string {
	if len(m.Changes) == 1 {
		c := m.Changes[0]
		return line(fmt.Sprintf("%s: %s %s (%s)", m.Project, c.Subject, c.State, m.Target))
	}
	counts := map[string]int{}
	var order []string
	for _, c := range m.Changes {
		if counts[c.State] == 0 {
			order = append(order, c.State)
		}
		counts[c.State]++
	}
	for i, s := range order {
		order[i] = fmt.Sprintf("%d %s", counts[s], s)
	}
	return line(fmt.Sprintf("%s: %s (%s)", m.Project, strings.Join(order, ", "), m.Target))
}

// Text is the whole of a message for people.
func (m Message) Text() string {
	var b strings.Builder
	for i, c := range m.Changes {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s", strings.ToUpper(c.State), line(c.Subject))
		if c.Before != state.Fine && c.Before != "" {
			fmt.Fprintf(&b, " (was %s)", c.Before)
		}
		if c.Reason != "" {
			fmt.Fprintf(&b, ": %s", line(c.Reason))
		}
		b.WriteString("\n")
		if c.RunID != "" {
			fmt.Fprintf(&b, "  run %s\n", line(c.RunID))
		}
		if c.Next != "" {
			fmt.Fprintf(&b, "  %s\n", c.Next)
		}
		if c.Command != "" {
			fmt.Fprintf(&b, "  $ %s\n", c.Command)
		}
	}
	return b.String()
}

// line keeps a text on its line.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}
