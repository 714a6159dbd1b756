package console

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
)

// Summary tells a person what a run did.
func Summary(w io.Writer, s run.Summary) error {
	b := &report{}
	b.line("Run %s on target %s, as of %s", s.RunID, s.Target, s.AsOf.UTC().Format(time.RFC3339Nano))
	b.measures("Rows read", "source:", s.Measures)
	b.measures("Identity", "identity:", s.Measures)
	b.measures("Profiles", "profile:", s.Measures)
	b.segments(s.Measures)
	b.syncs(s.Syncs)
	b.models(s.Models)
	b.end(s)
	_, err := io.WriteString(w, b.String())
	return err
}

type report struct{ strings.Builder }

func (b *report) line(format string, args ...any) {
	b.WriteString(strings.TrimRight(oneLine(fmt.Sprintf(format, args...)), " ") + "\n")
}

// table writes rows of cells, aligned, under a heading; none where there are
// no rows.
func (b *report) table(heading string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	b.line("")
	b.line("%s", heading)
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(t, "  "+strings.Join(row, "\t"))
	}
	t.Flush() //nolint:errcheck,gosec // a strings.Builder takes everything
	for l := range strings.Lines(text.String()) {
		b.line("%s", strings.TrimSuffix(l, "\n"))
	}
}

// measures lists the numbers of the subjects of a kind.
func (b *report) measures(heading, kind string, list []run.Measure) {
	var rows [][]string
	for _, m := range list {
		if name, ok := strings.CutPrefix(m.Subject, kind); ok {
			row := []string{name}
			for _, v := range m.Values {
				row = append(row, words(v.Name)+" "+Number(v.Value))
			}
			rows = append(rows, row)
		}
	}
	b.table(heading, rows)
}

func (b *report) segments(list []run.Measure) {
	var rows [][]string
	for _, m := range list {
		name, ok := strings.CutPrefix(m.Subject, "segment:")
		if !ok {
			continue
		}
		members, _ := m.Get("members")
		entered, _ := m.Get("entered")
		left, _ := m.Get("left")
		change := "no change"
		if entered != 0 || left != 0 {
			change = fmt.Sprintf("+%s -%s", Number(entered), Number(left))
		}
		rows = append(rows, []string{name, counted(members, "member", "members"), change})
	}
	b.table("Segments", rows)
}

func (b *report) syncs(list []run.SyncResult) {
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{s.Sync + " -> " + s.Destination, string(s.Status), SyncText(s)})
	}
	b.table("Syncs", rows)
}

// SyncText says in a line what a sync did.
func SyncText(s run.SyncResult) string {
	var parts []string
	add := func(n int64, what string) {
		if n != 0 {
			parts = append(parts, Number(n)+" "+what)
		}
	}
	r := s.Report
	add(r.Upserted, "delivered")
	add(r.Removed, "removed")
	add(r.Rejected, "rejected by the destination")
	add(r.Invalid, "invalid")
	add(r.Unanswered, "unanswered")
	add(r.Withheld, "withheld")
	if len(parts) == 0 && s.Err == nil {
		parts = append(parts, "nothing to send")
	}
	if known, ok := s.Counts.Get("known"); ok && known > 0 {
		parts = append(parts, Number(known)+" known there before")
	}
	if s.Err != nil {
		parts = append(parts, s.Err.Error())
	}
	return strings.Join(parts, ", ")
}

func (b *report) models(list []run.ModelResult) {
	var rows [][]string
	for _, m := range list {
		row := []string{m.Name, Duration(m.Duration)}
		if m.Status != run.OK {
			row = append(row, string(m.Status))
		}
		if m.Err != nil {
			row = append(row, m.Err.Error())
		}
		rows = append(rows, row)
	}
	b.table("Time per model", rows)
}

// end is the last line: the one that counts.
func (b *report) end(s run.Summary) {
	took := Duration(s.FinishedAt.Sub(s.StartedAt))
	b.line("")
	for _, r := range s.Syncs {
		if r.Status == run.Withheld {
			b.line("Withheld: target %s does not deliver (set deliver: true on a target that may).", s.Target)
			break
		}
	}
	switch s.Status {
	case run.OK:
		b.line("Done in %s.", took)
	case run.Degraded:
		b.line("DEGRADED after %s: some rows were rejected or not answered for. They stay due; see sync_rejections for why.", took)
	case run.Failed:
		b.line("FAILED after %s: what is named above failed; everything else is up to date.", took)
	case run.Interrupted:
		b.line("Interrupted after %s: the last complete tables are in place.", took)
	case run.Skipped, run.Withheld:
	}
}
