package console

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
)

// Summary tells a person what a run did.
func Summary(w io.Writer, s run.Summary) error {
	b := &report{}
	b.line("Run %s on target %s, as of %s", s.RunID, s.Target, s.AsOf.UTC().Format(time.RFC3339Nano))
	b.rows(s.Measures)
	b.aggregates(s)
	b.identity(s)
	b.relations(s.Measures)
	b.segments(s.Measures)
	b.standing(s.Evaluations)
	b.tests(s.Tests)
	b.syncs(s.Syncs)
	b.values(s.Syncs)
	b.models(s.Models)
	b.end(s)
	_, err := io.WriteString(w, b.String())
	return err
}

type report struct{ strings.Builder }

func (b *report) line(format string, args ...any) {
	fmt.Fprintln(&b.Builder, strings.TrimRight(oneLine(fmt.Sprintf(format, args...)), " "))
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

func (b *report) rows(list []run.Measure) {
	var rows [][]string
	for _, m := range list {
		name, ok := strings.CutPrefix(m.Subject, "source:")
		if !ok {
			continue
		}
		read, _ := m.Get("rows")
		row := []string{name, counted(read, "row", "rows")}
		if lacking, _ := m.Get("without_identifier"); lacking > 0 {
			row = append(row, Number(lacking)+" without a usable identifier")
		}
		rows = append(rows, row)
	}
	b.table("Rows read", rows)
}

// aggregates says of sources that only grow what was read of them.
func (b *report) aggregates(s run.Summary) {
	var rows [][]string
	for _, m := range s.Measures {
		name, ok := strings.CutPrefix(m.Subject, "aggregates:")
		if !ok {
			continue
		}
		read, _ := m.Get("rows")
		row := []string{name, counted(read, "row", "rows")}
		for _, model := range s.Models {
			if model.Name == "features:"+name && model.Note != "" {
				row = append(row, model.Note)
			}
		}
		rows = append(rows, row)
	}
	b.table("Aggregated", rows)
}

// identity says in a few lines for each entity who was found.
func (b *report) identity(s run.Summary) {
	list := s.Measures
	for _, m := range list {
		entity, ok := strings.CutPrefix(m.Subject, "identity:")
		if !ok {
			continue
		}
		identifiers, _ := m.Get("identifiers")
		found, _ := m.Get("customers")
		largest, _ := m.Get("largest")
		rows := [][]string{
			{counted(identifiers, "identifier", "identifiers")},
			{counted(found, entity, plural(entity)), "the largest has " + counted(largest, "identifier", "identifiers")},
		}
		for _, model := range s.Models {
			if model.Name == "identity:"+entity && model.Note != "" {
				rows = append(rows, []string{model.Note})
			}
		}
		for _, other := range list {
			switch other.Subject {
			case "scope:" + entity:
				n, _ := other.Get("touched")
				rows = append(rows, []string{counted(n, "identifier", "identifiers") + " touched by what is new"})
			case "profile:" + entity:
				n, _ := other.Get("profiles")
				rows = append(rows, []string{counted(n, "profile", "profiles")})
			case "changes:" + entity:
				rows = append(rows, nonZero("ids changed", other)...)
			case "incidents:" + entity:
				rows = append(rows, nonZero("refused", other)...)
			}
		}
		b.table("Identity of "+entity, rows)
	}
}

// nonZero is a row of the numbers that are not zero, none where all are.
func nonZero(what string, m run.Measure) [][]string {
	var parts []string
	for _, v := range m.Values {
		if v.Value != 0 {
			parts = append(parts, Number(v.Value)+" "+words(v.Name))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return [][]string{{what, strings.Join(parts, ", ")}}
}

// plural is good enough for the names of entities.
func plural(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return stem + "ies"
	}
	return noun + "s"
}

func (b *report) relations(list []run.Measure) {
	var rows [][]string
	for _, m := range list {
		name, ok := strings.CutPrefix(m.Subject, "relation:")
		if !ok {
			continue
		}
		pairs, _ := m.Get("pairs")
		primary, _ := m.Get("primary")
		rows = append(rows, []string{name, counted(pairs, "pair", "pairs") + ", " + Number(primary) + " primary"})
	}
	b.table("Relations", rows)
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

// standing says what was not evaluated, those for one reason on a line.
func (b *report) standing(list []models.Evaluation) {
	const most = 5 // names on a line
	names := map[string][]string{}
	var reasons []string
	for _, x := range list {
		if x.Evaluated {
			continue
		}
		if names[x.Because] == nil {
			reasons = append(reasons, x.Because)
		}
		names[x.Because] = append(names[x.Because], strings.TrimPrefix(x.Node, "segment:"))
	}
	var rows [][]string
	for _, why := range reasons {
		text := strings.Join(names[why][:min(most, len(names[why]))], ", ")
		if more := len(names[why]) - most; more > 0 {
			text += " and " + Number(int64(more)) + " more"
		}
		rows = append(rows, []string{text, why})
	}
	b.table("Not evaluated", rows)
}

func (b *report) syncs(list []run.SyncResult) {
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{s.Sync + " -> " + s.Destination, string(s.Status), SyncText(s)})
	}
	b.table("Syncs", rows)
}

// values says what was done to values before they were sent.
func (b *report) values(list []run.SyncResult) {
	var rows [][]string
	for _, s := range list {
		parts, field := []string{}, ""
		flush := func() {
			if len(parts) > 0 {
				rows = append(rows, []string{s.Sync, field, strings.Join(parts, ", ")})
			}
			parts = nil
		}
		for _, v := range s.Report.Values {
			if v.Field != field {
				flush()
				field = v.Field
			}
			part := Number(int64(v.Count)) + " " + v.Fate.String()
			if v.Reason != "" {
				part += " (" + v.Reason + ")"
			}
			parts = append(parts, part)
		}
		flush()
	}
	b.table("Values", rows)
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
	add(r.Exists, "there already")
	add(r.Absent, "not there to update")
	add(r.Rejected, "rejected by the destination")
	add(r.Invalid, "invalid")
	add(r.Unknown, "sent without knowing whether they were taken")
	add(r.Unanswered-r.InJobs, "unanswered")
	add(r.InJobs, "with a job of the destination that has not ended")
	add(r.Unnamed, "of them refused without saying which")
	add(r.Withheld, "withheld")
	if len(parts) == 0 && s.Err == nil {
		parts = append(parts, "nothing to send")
	}
	waiting, _ := s.Counts.Get("waiting")
	add(waiting, "in doubt before: customhouse sync retry sends them again")
	for _, rule := range audience.Rules {
		n, _ := s.Counts.Get(rule)
		add(n, "left out by "+rule)
	}
	if known, ok := s.Counts.Get("known"); ok && known > 0 {
		parts = append(parts, Number(known)+" known there before")
	}
	if why := AgainText(s.Full); why != "" {
		parts = append(parts, why)
	}
	if s.Err != nil {
		parts = append(parts, s.Err.Error())
	}
	return strings.Join(parts, ", ")
}

// AgainText says why rows go out that are there as they are; "" where none do.
func AgainText(f run.Full) string {
	switch f {
	case run.MappingChanged:
		return "every row again, since the mapping has changed"
	case run.AskedFor:
		return "every row again, as asked for"
	case run.FirstRun:
	}
	return ""
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
	for _, w := range s.Warnings {
		b.line("WARNING: %s", w)
	}
	for _, v := range s.Volumes {
		if v.Unusual {
			b.line("UNUSUAL: %s.", unusual(v))
		}
	}
	for _, r := range s.Syncs {
		if r.Status == run.Withheld {
			b.line("Withheld: target %s does not deliver (set deliver: true on a target that may).", s.Target)
			break
		}
	}
	if s.Billed {
		b.line("The warehouse billed %s.", Bytes(s.BytesBilled))
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
