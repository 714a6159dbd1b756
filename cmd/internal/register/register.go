// Package register writes the record of processing activities that Article 30 of
// the GDPR asks for, from what a project says: for each purpose whose data is used
// and why that is lawful, and for each field where it comes from, how it is
// protected, what it is used for, who receives it, and how long.
//
// It says what the project says and nothing else: what nobody has written down is
// said to be so. It is pure, connects to nothing, and sees no value of anybody.
// Start at Of, then kept.go for how long something is kept, and markdown.go and
// csv.go for how it is written. What a person is told of their own data
// (Article 15) is made of it too: see Register.About.
package register

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/classify"
)

// Schema is the version of the JSON.
const Schema = "customhouse/register/v1"

// Input is what a register is made of.
type Input struct {
	Project *config.Project
	// Nodes are those of the plan of the whole project.
	Nodes   []models.Node
	Classes *classify.Classes
	// Location is where a destination keeps its data, as far as the project says so;
	// empty where it does not.
	Location func(*config.Destination) string
	// Erases says what a destination does when somebody is erased.
	Erases func(*config.Destination) string
}

// Register is customhouse/register/v1.
type Register struct {
	Schema      string `json:"schema"`
	Project     string `json:"project"`
	Description string `json:"description,omitempty"`
	// Controller is who answers for the project; empty where nobody is named.
	Controller string      `json:"controller,omitempty"`
	Activities []Activity  `json:"activities"`
	Fields     []Field     `json:"fields"`
	Sources    []Source    `json:"sources"`
	Recipients []Recipient `json:"recipients"`
	Exceptions []Exception `json:"exceptions"`
	// Keeping is how long what is not a field of anybody is kept.
	Keeping  []string `json:"keeping"`
	Measures []string `json:"measures"`
	// Open is what the project does not say and a register has to.
	Open []string `json:"open"`
}

// Activity is what data is used for: a purpose.
type Activity struct {
	Purpose     string   `json:"purpose"`
	Description string   `json:"description"`
	Basis       string   `json:"basis"`
	Retention   string   `json:"retention"`
	Consents    []string `json:"consents"`
	// Responsible are the owners of its syncs.
	Responsible []string `json:"responsible"`
	// Subjects are the entities whose data is used, Classes those of what is used.
	Subjects []string `json:"subjects"`
	Classes  []string `json:"classes"`
	// Sent are the fields that leave, by the names of traits; Decides those that say
	// whose do.
	Sent       []string `json:"sent"`
	Decides    []string `json:"decides"`
	Recipients []string `json:"recipients"`
	Google     []string `json:"google,omitempty"`
}

// Field is something that is known of people: a column of a source, an identifier,
// a trait, or being in a segment.
type Field struct {
	// Kind is column, identifier, trait or segment, and Name is unique of its kind.
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Entity      string `json:"entity"`
	Description string `json:"description,omitempty"`
	Class       string `json:"class"`
	// Classified says that somebody said so, and that it is not sensitive because
	// nobody did.
	Classified bool `json:"classified"`
	// Because is why the class is lower than that of what it is made of.
	Because string `json:"because,omitempty"`
	Owner   string `json:"owner,omitempty"`
	// From are the columns of sources that it is made of.
	From     []string `json:"from"`
	Purposes []string `json:"purposes"`
	Bases    []string `json:"bases"`
	// Recipients are to whom it is sent, or something that is made of it, and as what.
	Recipients []string `json:"recipients"`
	// Kept is how long, in words, and Limits are the lengths of time in it.
	Kept   string  `json:"kept"`
	Limits []Limit `json:"limits"`
}

// Source is where data is collected.
type Source struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Entity      string   `json:"entity"`
	Where       string   `json:"where"`
	Class       string   `json:"class"`
	Classified  bool     `json:"classified"`
	Identifiers []string `json:"identifiers"`
	// Erased says what happens to its rows when somebody is erased.
	Erased string `json:"erased"`
}

// Recipient is whom data is given to.
type Recipient struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Description string   `json:"description,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Location    string   `json:"location,omitempty"`
	Allowed     []string `json:"allowed"`
	Erasure     string   `json:"erasure,omitempty"`
	Syncs       []Sent   `json:"syncs"`
}

// Sent is what one sync gives a recipient.
type Sent struct {
	Sync    string   `json:"sync"`
	Purpose string   `json:"purpose"`
	Object  string   `json:"object,omitempty"`
	Of      string   `json:"of"`
	Mode    string   `json:"mode"`
	Fields  []string `json:"fields"`
}

// Exception is what the officer for data protection has let pass.
type Exception struct {
	Name        string   `json:"name"`
	Sync        string   `json:"sync"`
	Fields      []string `json:"fields"`
	Segment     bool     `json:"segment"`
	Because     string   `json:"because"`
	Responsible string   `json:"responsible"`
	Until       string   `json:"until"`
}

// Of makes the register of a project.
func Of(in Input) Register {
	w := writer{Input: in, nodes: map[string]models.Node{}, uses: map[string]map[*config.Sync]bool{}, sent: map[string][]string{}}
	for _, n := range in.Nodes {
		w.nodes[n.Key] = n
	}
	p := in.Project
	for _, s := range p.Syncs {
		w.sync(s)
		for _, c := range p.Consents {
			for _, from := range c.From {
				if c.Purpose == s.Purpose && c.Entity == w.entity(s) {
					w.used("column:"+from, s)
				}
			}
		}
	}
	r := Register{
		Schema: Schema, Project: p.Name, Description: p.Description, Controller: p.Owner,
		Activities: []Activity{}, Fields: []Field{}, Sources: []Source{}, Recipients: []Recipient{}, Exceptions: []Exception{},
		Keeping: w.keeping(), Measures: measures(p),
	}
	for _, x := range p.Purposes {
		r.Activities = append(r.Activities, w.activity(x))
	}
	for _, s := range p.Sources {
		rows := in.Classes.Rows(s.Name)
		out := Source{
			Name: s.Name, Description: s.Description, Owner: s.Owner, Entity: s.Entity, Where: place(s), Class: string(rows.Class), Classified: rows.Declared,
			Identifiers: s.Identifiers.Keys(), Erased: "by hand: the exact statements are given",
		}
		switch {
		case s.Files != nil:
			out.Erased = "by hand: the files are written without the person"
		case s.Erase:
			out.Erased = "by us"
		}
		r.Sources = append(r.Sources, out)
	}
	r.Fields = w.fields()
	for _, d := range p.Destinations {
		r.Recipients = append(r.Recipients, w.recipient(d))
	}
	for _, x := range p.Exceptions {
		r.Exceptions = append(r.Exceptions, Exception{
			Name: x.Name, Sync: x.Sync, Fields: list(x.Fields), Segment: x.Segment, Because: x.Because, Responsible: x.Responsible,
			Until: x.Until.Format(time.DateOnly),
		})
	}
	r.Open = w.open(r)
	return r
}

func place(s *config.Source) string {
	if s.Files != nil {
		return "files " + s.Files.Path.Text()
	}
	return "table " + s.Table
}

// writer follows what is read by what.
type writer struct {
	Input
	nodes map[string]models.Node
	// uses are the syncs that a node, or a column ("column:orders.amount"), goes
	// into, whether it is sent or decides who is.
	uses map[string]map[*config.Sync]bool
	// sent are the recipients of traits, segments and columns by the same keys.
	sent map[string][]string
}

// entity is the name of the entity that a sync sends.
func (w *writer) entity(s *config.Sync) string {
	for _, g := range w.Project.Segments {
		if g.Name == s.From.Segment {
			return g.Entity
		}
	}
	return s.From.Entity
}

// sync follows all that a sync reads.
func (w *writer) sync(s *config.Sync) {
	seen := map[string]bool{}
	var walk func(key string)
	walk = func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		w.used(key, s)
		n := w.nodes[key]
		for _, c := range n.Columns {
			walk("column:" + c)
		}
		for _, read := range n.Reads {
			walk(read)
		}
	}
	walk("sync:" + s.Name)
	to := target(s)
	for _, leaf := range s.Leaves() {
		as := to + " as " + leaf.Name()
		if leaf.Hash != "" {
			as += " (" + leaf.Hash + ")"
		}
		for _, name := range w.Classes.Fills(s, leaf) {
			key := "trait:" + w.entity(s) + "." + name
			if column, ok := s.From.EventColumn(name); ok {
				key = "column:" + s.From.Source + "." + column
			}
			w.gives(key, as, map[string]bool{})
		}
	}
	if s.From.Segment != "" {
		key := "segment:" + s.From.Segment
		w.sent[key] = append(w.sent[key], to+", by being sent")
	}
}

// used notes that a sync uses something.
func (w *writer) used(key string, s *config.Sync) {
	if w.uses[key] == nil {
		w.uses[key] = map[*config.Sync]bool{}
	}
	w.uses[key][s] = true
}

// gives notes that a recipient gets a trait or a column, and what it is made of.
func (w *writer) gives(key, as string, seen map[string]bool) {
	if seen[key] {
		return
	}
	seen[key] = true
	if !slices.Contains(w.sent[key], as) {
		w.sent[key] = append(w.sent[key], as)
	}
	n := w.nodes[key]
	for _, c := range n.Columns {
		w.gives("column:"+c, as, seen)
	}
	for _, read := range n.Reads {
		if strings.HasPrefix(read, "trait:") {
			w.gives(read, as, seen)
		}
	}
}

// target is "crm/contacts (vip_to_crm)".
func target(s *config.Sync) string {
	to := s.To.Destination
	if s.To.Object != "" {
		to += "/" + s.To.Object
	}
	return to + " (" + s.Name + ")"
}

// columns are the columns of sources that a node is made of in the end.
func (w *writer) columns(key string) []string {
	seen, out := map[string]bool{}, []string{}
	var walk func(key string)
	walk = func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		n := w.nodes[key]
		out = append(out, n.Columns...)
		sources := map[string]bool{}
		for _, c := range n.Columns {
			source, _ := models.Reference(c)
			sources[source] = true
		}
		for _, read := range n.Reads {
			switch kind, name, _ := strings.Cut(read, ":"); kind {
			case "trait", "segment", "relation":
				walk(read)
			case "source": // that there is a row
				if !sources[name] {
					out = append(out, name)
				}
			}
		}
	}
	walk(key)
	slices.Sort(out)
	return slices.Compact(out)
}

// purposes are those that something is used for, with their bases.
func (w *writer) purposes(key string) (names, bases []string) {
	for _, x := range w.Project.Purposes {
		for s := range w.uses[key] {
			if s.Purpose == x.Name && !slices.Contains(names, x.Name) {
				names, bases = append(names, x.Name), append(bases, x.Basis)
			}
		}
	}
	slices.Sort(bases)
	return list(names), list(slices.Compact(bases))
}

// list is never nil, which JSON would say.
func list(l []string) []string { return append([]string{}, l...) }

func (w *writer) activity(x *config.Purpose) Activity {
	a := Activity{
		Purpose: x.Name, Description: x.Description, Basis: x.Basis, Retention: forever(x.Retention), Google: x.Google,
		Consents: []string{}, Responsible: []string{}, Subjects: []string{}, Classes: []string{}, Sent: []string{}, Decides: []string{}, Recipients: []string{},
	}
	for _, c := range w.Project.Consents {
		if c.Purpose == x.Name {
			a.Consents = append(a.Consents, c.Name+": "+strings.Join(c.From, ", "))
		}
	}
	add := func(to *[]string, text string) {
		if text != "" && !slices.Contains(*to, text) {
			*to = append(*to, text)
		}
	}
	classes := map[config.Class]bool{}
	for _, s := range w.Project.Syncs {
		if s.Purpose != x.Name {
			continue
		}
		add(&a.Responsible, s.Owner)
		add(&a.Subjects, w.entity(s))
		add(&a.Recipients, target(s))
		for _, leaf := range s.Leaves() {
			classes[w.Classes.Sent(s, leaf)] = true
			for _, name := range w.Classes.Fills(s, leaf) {
				add(&a.Sent, name)
			}
		}
		if s.From.Segment != "" || s.From.Source != "" {
			classes[w.Classes.Membership(s).Class] = true
		}
		decides := w.decides(s)
		for _, t := range w.Project.Traits {
			if decides["trait:"+t.Entity+"."+t.Name] {
				add(&a.Decides, t.Name)
			}
		}
	}
	for _, c := range config.Classes {
		if classes[config.Class(c)] {
			a.Classes = append(a.Classes, c)
		}
	}
	return a
}

// decides are the nodes that say who is sent, and not what.
func (w *writer) decides(s *config.Sync) map[string]bool {
	seen := map[string]bool{}
	var walk func(key string)
	walk = func(key string) {
		if !seen[key] {
			seen[key] = true
			for _, read := range w.nodes[key].Reads {
				walk(read)
			}
		}
	}
	for _, read := range w.nodes["sync:"+s.Name].Reads {
		if strings.HasPrefix(read, "segment:") {
			walk(read)
		}
	}
	if s.From.Top != nil {
		walk("trait:" + w.entity(s) + "." + s.From.Top.By)
	}
	return seen
}

// forever says how long.
func forever(d config.Duration) string {
	if d == 0 {
		return "no limit is declared"
	}
	return length(d) + " after " + lastSeen
}

// length is a length of time in words.
func length(d config.Duration) string {
	hours := int64(time.Duration(d) / time.Hour)
	switch {
	case hours%(24*7) == 0 && hours >= 24*7*8:
		return count(hours/24/7, "week")
	case hours%24 == 0 && hours > 0:
		return count(hours/24, "day")
	case hours > 0 && time.Duration(d)%time.Hour == 0:
		return count(hours, "hour")
	}
	return count(int64(time.Duration(d)/time.Minute), "minute")
}

func (w *writer) recipient(d *config.Destination) Recipient {
	r := Recipient{Destination: d.Name, Type: d.Type, Description: d.Description, Owner: d.Owner, Allowed: list(d.Allow), Syncs: []Sent{}}
	if w.Location != nil {
		r.Location = w.Location(d)
	}
	if w.Erases != nil {
		r.Erasure = w.Erases(d)
	}
	for _, s := range w.Project.Syncs {
		if s.To.Destination != d.Name {
			continue
		}
		of := cmp.Or(s.From.Segment, "every "+s.From.Entity)
		if s.From.Source != "" {
			of = "events of " + s.From.Source
		}
		out := Sent{Sync: s.Name, Purpose: s.Purpose, Object: s.To.Object, Of: of, Mode: s.To.Mode, Fields: []string{}}
		for _, leaf := range s.Leaves() {
			text := leaf.Name() + ": " + string(w.Classes.Sent(s, leaf))
			if leaf.Hash != "" {
				text += ", as " + leaf.Hash
			}
			out.Fields = append(out.Fields, text)
		}
		r.Syncs = append(r.Syncs, out)
	}
	return r
}
