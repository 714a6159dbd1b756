package register

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the register for people.
func (r *Register) Markdown(out io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Record of processing activities: %s\n", line(r.Project))
	say("As Article 30 of the GDPR asks for, made from the project.\n")
	if r.Description != "" {
		say("%s\n", line(r.Description))
	}
	say("- Responsible: %s", or(r.Controller, "nobody is named"))
	say("\n## What data is used for\n")
	for _, a := range r.Activities {
		say("### %s\n", line(a.Purpose))
		say("%s\n", line(a.Description))
		say("| | |\n|---|---|")
		row := func(name string, list ...string) { say("| %s | %s |", name, cell(list...)) }
		row("Legal basis", strings.ReplaceAll(a.Basis, "_", " "))
		if a.Basis == "consent" {
			row("Consent is read from", a.Consents...)
		}
		row("Whose data", a.Subjects...)
		row("Categories", a.Classes...)
		row("What is sent", a.Sent...)
		row("What decides who is", a.Decides...)
		row("Recipients", a.Recipients...)
		row("How long", a.Retention)
		row("Responsible", a.Responsible...)
		if len(a.Google) > 0 {
			row("Google's consents", a.Google...)
		}
		say("")
	}
	say("## Recipients\n")
	for _, d := range r.Recipients {
		say("### %s\n", line(d.Destination))
		if d.Description != "" {
			say("%s\n", line(d.Description))
		}
		say("| | |\n|---|---|")
		say("| Kind | %s |", cell(d.Type))
		say("| Where, and transfers | %s |", cell(or(d.Location, "the project does not say")))
		say("| May have | %s |", cell(d.Allowed...))
		if d.Erasure != "" {
			say("| When somebody is erased | %s |", cell(d.Erasure))
		}
		if d.Owner != "" {
			say("| Responsible | %s |", cell(d.Owner))
		}
		for _, s := range d.Syncs {
			say("| %s | %s, for %s: %s |", cell("Sync "+s.Sync), cell(s.Of), cell(s.Purpose), cell(s.Fields...))
		}
		say("")
	}
	say("## Sources\n")
	say("| source | what | whose | where | class | when somebody is erased | responsible |\n|---|---|---|---|---|---|---|")
	for _, s := range r.Sources {
		say("| %s | %s | %s | %s | %s | %s | %s |", cell(s.Name), cell(s.Description), cell(s.Entity), cell(s.Where), class(s.Class, s.Classified), cell(s.Erased), cell(s.Owner))
	}
	say("\n## Fields\n")
	say("| field | of | class | from | purposes | legal basis | recipients | how long |\n|---|---|---|---|---|---|---|---|")
	for _, f := range r.Fields {
		say("| %s | %s | %s | %s | %s | %s | %s | %s |", cell(f.Kind+" "+f.Name), cell(f.Entity), class(f.Class, f.Classified), cell(f.From...),
			cell(f.Purposes...), cell(strings.Split(strings.ReplaceAll(strings.Join(f.Bases, ","), "_", " "), ",")...), cell(f.Recipients...), cell(f.Kept))
	}
	if len(r.Exceptions) > 0 {
		say("\n## Exceptions\n")
		say("| exception | sync | what | because | responsible | until |\n|---|---|---|---|---|---|")
		for _, x := range r.Exceptions {
			what := x.Fields
			if x.Segment {
				what = append([]string{"being in the segment"}, what...)
			}
			say("| %s | %s | %s | %s | %s | %s |", cell(x.Name), cell(x.Sync), cell(what...), cell(x.Because), cell(x.Responsible), x.Until)
		}
	}
	items := func(title string, list []string) {
		if len(list) > 0 {
			say("\n## %s\n", title)
			for _, l := range list {
				say("- %s", line(l))
			}
		}
	}
	items("How long the rest is kept", r.Keeping)
	items("What protects data", r.Measures)
	items("What the project does not say", r.Open)
	_, err := io.WriteString(out, b.String())
	return err
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return line(text)
}

func class(c string, classified bool) string {
	if classified {
		return c
	}
	return c + " (unclassified)"
}

// cell is a list in a cell of a table.
func cell(list ...string) string {
	text := strings.TrimSpace(line(strings.Join(list, ", ")))
	if text == "" {
		return "–"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

// line is a text on one line that is no markup: what people wrote has none.
func line(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "`", "\\`", "*", `\*`).Replace(s)
}
