package impact

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Marker is the first line of every comment, by which the one of an earlier commit
// is found and replaced.
const Marker = "<!-- customhouse plan -->"

// maxComment is how many bytes a comment has at most: GitHub takes 65,536
// characters, GitLab more.
const maxComment = 60_000

// sectionShare is how many bytes one section has at most, so that a long diff
// leaves room for what matters more.
const sectionShare = 16_000

// Markdown is the report as a comment of a pull request: what matters in a table,
// and the rest folded. It has no values of people, whatever the report holds: no
// identifiers, no examples and no frequent values but true and false.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### Customhouse plan: %s on %s\n\n", Marker, r.Project, r.Target)
	fmt.Fprintf(&b, "As of %s, beside %s.", r.AsOf.UTC().Format(time.RFC3339), r.beside())
	if r.Sample > 0 {
		fmt.Fprintf(&b, " Profiles, segments and syncs are those of a sample of %s%% of the customers.", plain(r.Sample))
	}
	b.WriteString("\n\n")
	if !r.Changes {
		b.WriteString("**No changes.**\n")
		return b.String()
	}
	b.WriteString("| | |\n|---|---|\n")
	item := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", what, fmt.Sprintf(format, args...))
	}
	if r.Compared && len(r.Resources) > 0 {
		item("resources", "%s", r.resourceCounts())
	}
	for _, i := range r.Identities {
		if i.differs() {
			item("identities of "+i.Entity, "%s → %s; %s merged, %s split, %s gone", number(i.Before), number(i.After), number(i.Merged), number(i.Split), number(i.Gone))
		}
	}
	for _, e := range r.Traits {
		if len(e.Traits) > 0 {
			item("traits of "+e.Entity, "%d moved", len(e.Traits))
		}
	}
	entered, left := int64(0), int64(0)
	for _, s := range r.Segments {
		entered, left = entered+s.Entered, left+s.Left
	}
	if entered+left > 0 {
		item("segments", "%s enter, %s leave", number(entered), number(left))
	}
	for _, s := range r.Syncs {
		if s.differs() || s.Sends() > 0 {
			item("sync "+s.Sync, "%s", s.text())
		}
	}
	for _, s := range r.Syncs {
		for _, g := range s.Guards {
			fmt.Fprintf(&b, "\n> [!WARNING]\n> %s would stop: %s\n", s.Sync, oneLine(g))
		}
	}
	b.WriteString("\n")
	r.sections(func(title string, lines []string) {
		text := folded(title, lines)
		if b.Len()+len(text) > maxComment {
			text = "\n" + title + ": left out, the comment would be too long\n"
		}
		b.WriteString(text)
	})
	if cost := r.Cost.text(); cost != "" {
		b.WriteString("\n" + cost + "\n")
	}
	return b.String()
}

// sections are what is folded, the most important first.
func (r *Report) sections(add func(title string, lines []string)) {
	if lines := r.segmentLines(); len(lines) > 0 {
		add("Segments, and the parts of conditions that decide", spaced(lines))
	}
	for _, i := range r.Identities {
		if lines := i.lines(false); len(lines) > 0 {
			add("Identities of "+i.Entity, lines)
		}
	}
	for _, e := range r.Traits {
		if lines := e.masked().lines(); len(lines) > 0 {
			add("Traits of "+e.Entity, spaced(lines))
		}
	}
	if r.Compared && len(r.Resources) > 0 {
		var lines []string
		for _, x := range r.Resources {
			// What a diff marks is the lines; a resource is a heading.
			lines = append(lines, signs[x.Change]+" "+x.Key)
			if x.Change == "modified" {
				lines[len(lines)-1] = "@@ " + x.Key + " @@"
				lines = append(lines, x.lines()...)
			}
		}
		add("Resources that differ", lines)
	}
}

// masked is an entity without the values that somebody asked to see.
func (e Entity) masked() Entity {
	mask := func(d *Distribution) *Distribution {
		if d == nil {
			return nil
		}
		out := *d
		if out.Values < Fewest {
			out.Quantiles = nil
		}
		out.Top = nil
		for _, t := range d.Top {
			if t.Value != nil && *t.Value != "true" && *t.Value != "false" {
				t.Value = nil
			}
			out.Top = append(out.Top, t)
		}
		return &out
	}
	out := e
	out.Traits = nil
	for _, t := range e.Traits {
		t.Before, t.After = mask(t.Before), mask(t.After)
		out.Traits = append(out.Traits, t)
	}
	return out
}

// folded is a section that is opened by a click, cut where it is long.
func folded(title string, lines []string) string {
	var body strings.Builder
	for i, l := range lines {
		if body.Len()+len(l) > sectionShare {
			fmt.Fprintf(&body, "... and %d more lines\n", len(lines)-i)
			break
		}
		body.WriteString(l + "\n")
	}
	fence := "```"
	for strings.Contains(body.String(), fence) {
		fence += "`"
	}
	return fmt.Sprintf("<details><summary>%s</summary>\n\n%sdiff\n%s%s\n\n</details>\n", title, fence, body.String(), fence)
}

// spaced writes columns that tabs separate below each other.
func spaced(lines []string) []string {
	var rows [][]string
	var widths []int
	for _, l := range lines {
		cells := strings.Split(l, "\t")
		rows = append(rows, cells)
		for i, c := range cells[:len(cells)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	out := make([]string, len(rows))
	for i, cells := range rows {
		var b strings.Builder
		for k, c := range cells {
			b.WriteString(c)
			if k < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[k]-utf8.RuneCountInString(c)+2))
			}
		}
		// A diff would take a line of ours for one that is gone.
		out[i] = " " + b.String()
	}
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
