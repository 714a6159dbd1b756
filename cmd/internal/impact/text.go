package impact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
)

// Text is the report for people at a terminal. Tabs separate columns.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Candidate on target %s, as of %s, beside %s\n", r.Target, r.AsOf.UTC().Format(time.RFC3339Nano), r.beside())
	if r.Sample > 0 {
		fmt.Fprintf(&b, "Profiles, segments and syncs are those of a sample, %s%% of the customers\n", plain(r.Sample))
	}
	section := func(title string, lines []string) {
		b.WriteString("\n" + title + "\n")
		for _, l := range lines {
			b.WriteString("  " + l + "\n")
		}
	}
	switch {
	case !r.Compared:
		section("Resources: not compared; --base or --state says with what", nil)
	case len(r.Resources) == 0:
		section("Resources: none differs", nil)
	default:
		var lines []string
		for _, x := range r.Resources {
			lines = append(lines, signs[x.Change]+" "+x.Key)
			if x.Change == "modified" {
				for _, l := range x.lines() {
					lines = append(lines, "    "+l)
				}
			}
		}
		section("Resources: "+r.resourceCounts(), lines)
	}
	for _, i := range r.Identities {
		section(i.title(), i.lines(true))
	}
	for _, e := range r.Traits {
		section(e.title(), e.lines())
	}
	section(r.segmentsTitle(), r.segmentLines())
	if len(r.Syncs) > 0 {
		var lines []string
		for _, s := range r.Syncs {
			lines = append(lines, s.Sync+" -> "+s.Destination+": "+s.text())
			for _, g := range s.Guards {
				lines = append(lines, "WOULD STOP: "+g)
			}
		}
		section("Syncs, compared with what the destinations acknowledged", lines)
	}
	b.WriteString("\n")
	if cost := r.Cost.text(); cost != "" {
		b.WriteString(cost + "\n")
	}
	if r.Changes {
		b.WriteString("There are changes.\n")
	} else {
		b.WriteString("No changes.\n")
	}
	return b.String()
}

// signs are how changes of resources are marked.
var signs = map[string]string{"added": "+", "modified": "~", "removed": "-"}

func (r *Report) beside() string {
	switch {
	case r.Base == Rebuilt:
		return "the base, built from the same sources as of the same instant"
	case r.BaseAsOf == nil:
		return "nothing: the target was never built"
	}
	return "what was built last, as of " + r.BaseAsOf.UTC().Format(time.RFC3339Nano)
}

func (r *Report) resourceCounts() string {
	var parts []string
	for _, kind := range []string{"added", "modified", "removed"} {
		n := 0
		for _, x := range r.Resources {
			if x.Change == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+kind)
		}
	}
	return strings.Join(parts, ", ")
}

// lines are what differs of a resource, as a diff has it.
func (x Resource) lines() []string {
	if len(x.Settings) == 0 && x.Before == x.After {
		return []string{"what is not shown: identifiers of people"}
	}
	var out []string
	side := func(sign, path string, value *string) {
		if value == nil {
			return
		}
		parts := strings.Split(*value, "\n")
		if len(parts) == 1 {
			out = append(out, sign+" "+path+": "+parts[0])
			return
		}
		out = append(out, sign+" "+path+":")
		for _, l := range parts {
			out = append(out, sign+"   "+l)
		}
	}
	for _, s := range x.Settings {
		side("-", s.Path, s.Before)
		side("+", s.Path, s.After)
	}
	if x.Before != x.After && !slices.ContainsFunc(x.Settings, func(s Setting) bool { return s.Path == "when" || s.Path == "value" }) {
		// The expression is the same, and means something else.
		side("-", "in SQL", &x.Before)
		side("+", "in SQL", &x.After)
	}
	return out
}

func number(n int64) string { return console.Number(n) }

func (i Identity) title() string {
	title := fmt.Sprintf("Identities of %s: %s -> %s", i.Entity, number(i.Before), number(i.After))
	if !i.differs() {
		return title + ", nothing differs"
	}
	return title
}

// lines say what becomes of identities; examples are not for everybody.
func (i Identity) lines(examples bool) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if i.IdentifiersBefore != i.IdentifiersAfter {
		add("identifiers: %s -> %s", number(i.IdentifiersBefore), number(i.IdentifiersAfter))
	}
	if i.Merged > 0 {
		add("merged: %s into %s", number(i.Merged), number(i.Into))
	}
	if i.Split > 0 {
		add("split: %s, of which %s left", number(i.Split), number(i.Parts))
	}
	if i.Gone > 0 {
		add("gone: %s", number(i.Gone))
	}
	if examples {
		for _, x := range i.Merges {
			add("%s %d takes in %s: %s", i.Entity, x.ID, x.others(), x.identifiers())
		}
		for _, x := range i.Splits {
			add("%s %d leaves %s: %s", i.Entity, x.ID, x.others(), x.identifiers())
		}
	}
	for _, x := range i.Incidents {
		add("incidents %s: %s more, %s fewer", x.Reason, number(x.Added), number(x.Removed))
	}
	return out
}

func (x Example) others() string {
	parts := make([]string, len(x.Others))
	for i, id := range x.Others {
		parts[i] = strconv.FormatInt(id, 10)
	}
	out := strings.Join(parts, ", ")
	if rest := x.Count - int64(len(x.Others)); rest > 0 {
		out += " and " + number(rest) + " more"
	}
	return out
}

func (x Example) identifiers() string {
	parts := make([]string, len(x.Identifiers))
	for i, k := range x.Identifiers {
		parts[i] = number(k.Count) + " " + k.Type
		if len(k.Values) > 0 {
			parts[i] += " (" + console.Line(strings.Join(k.Values, ", ")) + ")"
		}
	}
	return strings.Join(parts, ", ")
}

func (e Entity) title() string {
	title := fmt.Sprintf("Traits of %s: %d moved", e.Entity, len(e.Traits))
	if len(e.Traits) == 0 {
		title = "Traits of " + e.Entity + ": none moved"
	}
	return title
}

func (e Entity) lines() []string {
	var out []string
	for _, t := range e.Traits {
		line := t.Trait + "\t" + t.Kind
		if t.Changed > 0 {
			line += fmt.Sprintf(", another value for %s of %s", number(t.Changed), number(e.Both))
		}
		out = append(out, line)
		for _, d := range t.differences() {
			out = append(out, "    "+d[0]+"\t"+d[1])
		}
	}
	return out
}

// differences are the lines of what is told of both distributions: a title, and
// before -> after.
func (t Trait) differences() [][2]string {
	var out [][2]string
	a, b := t.Before, t.After
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil:
		a = &Distribution{}
	case b == nil:
		b = &Distribution{}
	}
	pair := func(title, before, after string) {
		if before != after {
			if t.Before == nil {
				before = "-"
			}
			if t.After == nil {
				after = "-"
			}
			out = append(out, [2]string{title, before + " -> " + after})
		}
	}
	if t.Kind == "retyped" {
		pair("type", a.Type, b.Type)
	}
	pair("no value", a.none(), b.none())
	pair("distinct", number(a.Distinct), number(b.Distinct))
	for _, p := range percents {
		pair(fmt.Sprintf("%d%% up to", p), a.quantile(p), b.quantile(p))
	}
	pair("most frequent", a.top(), b.top())
	return out
}

func (d *Distribution) none() string {
	if d.Rows == 0 {
		return "-"
	}
	return plain(float64(1000*(d.Rows-d.Values)/d.Rows)/10) + "%"
}

func (d *Distribution) quantile(p int64) string {
	for _, q := range d.Quantiles {
		if q.Percent == p {
			return console.Line(q.Value)
		}
	}
	return "-"
}

func (d *Distribution) top() string {
	parts := make([]string, len(d.Top))
	for i, t := range d.Top {
		value := "***"
		if t.Value != nil {
			value = console.Line(*t.Value)
		}
		parts[i] = value + " " + number(t.Count)
	}
	return strings.Join(parts, ", ")
}

// plain is a number with no more digits than it needs.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (r *Report) segmentsTitle() string {
	n := 0
	for _, s := range r.Segments {
		if s.Entered+s.Left > 0 {
			n++
		}
	}
	switch n {
	case 0:
		return "Segments: nobody enters or leaves"
	case 1:
		return "Segments: 1 changes"
	}
	return fmt.Sprintf("Segments: %d change", n)
}

func (r *Report) segmentLines() []string {
	var out []string
	for _, s := range r.Segments {
		if s.Entered+s.Left == 0 {
			continue
		}
		line := fmt.Sprintf("%s\t%s -> %s\t%s enter, %s leave", s.Segment, number(s.Before), number(s.After), number(s.Entered), number(s.Left))
		if s.Merged > 0 {
			line += fmt.Sprintf(", %s merged", number(s.Merged))
		}
		out = append(out, line)
		for _, p := range s.Let {
			out = append(out, fmt.Sprintf("    %s enter\tkept out before by\t%s", number(p.Members), console.Line(p.Part)))
		}
		for _, p := range s.Kept {
			out = append(out, fmt.Sprintf("    %s leave\tkept out now by\t%s", number(p.Members), console.Line(p.Part)))
		}
		if s.Untold != "" {
			out = append(out, "    "+s.Untold)
		}
	}
	return out
}

// text says what a sync would send.
func (s Sync) text() string {
	out := counts(s.Counts)
	if n := s.Counts["known"]; n > 0 {
		out += ", " + number(n) + " known there"
	}
	switch {
	case s.Without == nil:
	case s.differs():
		out += "; without the change " + counts(s.Without)
	case s.Sends() > 0:
		out += "; the same without the change"
	}
	if s.Again != "" {
		out += "; " + s.Again
	}
	return out
}

func counts(of map[string]int64) string {
	var parts []string
	add := func(n int64, what string) {
		if n != 0 {
			parts = append(parts, number(n)+" "+what)
		}
	}
	add(of["added"], "to create")
	add(of["changed"]+of["mapping"], "to update")
	add(of["unsettled"]+of["resync"], "to send again")
	add(of["removed"], "to remove")
	if parts == nil {
		parts = append(parts, "nothing to send")
	}
	add(of["invalid"], "that cannot be sent")
	return strings.Join(parts, ", ")
}

// text is nothing where nothing is billed by what is read.
func (c Cost) text() string {
	if c.BytesBilled == nil {
		return ""
	}
	return number(c.Statements) + " statements, " + console.Bytes(*c.BytesBilled) + " billed"
}
