package config

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The values of To.Mode: what a sync makes of the rows that it wants. Records
// are upserted, updated or inserted, members of an audience added or removed,
// events appended.
const (
	// Upsert sends new and changed rows.
	Upsert = "upsert"
	// Update sends new and changed rows, and creates nothing over there.
	Update = "update"
	// Insert sends new rows, and never a change of them.
	Insert = "insert"
	// Mirror is Upsert, or Add to an audience, and takes away what left.
	Mirror = "mirror"
	// Add puts people on a list.
	Add = "add"
	// Remove takes people off a list.
	Remove = "remove"
	// Append sends events, each once.
	Append = "append"
)

// Modes are the values of To.Mode, the one for syncs that name none first.
var Modes = []string{Upsert, Update, Insert, Mirror, Add, Remove, Append}

// The values of To.OnLeave: what becomes of a row that was sent and is not
// wanted any more.
const (
	None               = "none"
	ClearFields        = "clear_fields"
	Archive            = "archive"
	Delete             = "delete"
	RemoveFromAudience = "remove_from_audience"
)

// Leaves are the values of To.OnLeave.
var Leaves = []string{None, ClearFields, Archive, Delete, RemoveFromAudience}

// leaves are the values of To.OnLeave that go with a mode. A sync that only
// updates has created nothing that it could take away, and one that inserts
// does not touch what it has.
var leaves = map[string][]string{
	Upsert: Leaves,
	Update: {None, ClearFields},
	Insert: {None},
	Mirror: Leaves[1:],
	Add:    {None, RemoveFromAudience},
	Remove: {None},
	Append: {None},
}

// leaving are the operations of To.OnLeave.
var leaving = map[string]string{ClearFields: "clear", Archive: Archive, Delete: Delete, RemoveFromAudience: Remove}

// Ability is what a destination can do with one object.
type Ability struct {
	// Unknown says that the destination does not know the object; Objects are those
	// that it knows, as patterns that end with /* where a name of the platform's own
	// follows, and * where it may have any other.
	Unknown bool
	Objects []string
	// Operations are those of To.Operations. Of those for a row that left, the
	// first is what a mirror does where the sync does not say.
	Operations []string
	// Replaces says that everything is sent each time anything changed.
	Replaces bool
	// Keyed says that an event which comes again, with its key, is not a second
	// one.
	Keyed bool
	// SetIfEmpty says that a field can keep the value that it has.
	SetIfEmpty bool
}

// can says that a destination has an operation.
func (a *Ability) can(operation string) bool { return slices.Contains(a.Operations, operation) }

// audience says that the object is a list of members.
func (a *Ability) audience() bool { return a.can(Add) && !a.can(Upsert) }

// Leaves are the values of To.OnLeave that the destination can do, in its order,
// and none.
func (a *Ability) Leaves() []string {
	var out []string
	for _, o := range a.Operations {
		for _, l := range Leaves[1:] {
			if leaving[l] == o {
				out = append(out, l)
			}
		}
	}
	return append(out, None)
}

// Modes are the values of To.Mode that the destination can do.
func (a *Ability) Modes() []string {
	return slices.DeleteFunc(slices.Clone(Modes), func(mode string) bool {
		switch {
		case mode == Mirror:
			return !a.can(Upsert) && !a.can(Add) || len(a.Leaves()) == 1
		case a.Replaces:
			return mode != Upsert || !a.can(mode)
		}
		return !a.can(mode)
	})
}

// Operations are what the sync asks the destination to do: with a row that is
// wanted, and with one that left, which is "" where that one stays.
func (t *To) Operations() (wanted, left string) {
	wanted, left = t.Mode, leaving[t.OnLeave]
	if t.Mode == Mirror {
		wanted = Upsert
		if t.Audience {
			wanted = Add
		}
		if left == "" {
			left = Remove
		}
	}
	return wanted, left
}

// mode checks what a sync does at its destination, and completes it.
func (l *loader) mode(s *Sync, d *Destination) {
	to := s.Pos.Get("to")
	known := l.oneOf(s.To.Mode, to.At("mode"), "mode", Modes)
	if s.To.Mode == "" {
		s.To.Mode = Modes[0]
	}
	known = l.oneOf(s.To.OnLeave, to.At("on_leave"), "way to leave", Leaves) && known
	if !known || to.Kind() != strict.Mapping {
		return
	}
	if !l.together(s, to) {
		return
	}
	var can *Ability
	if d != nil && l.kinds.Ability != nil && d.Config != nil && !d.wrong {
		can = l.kinds.Ability(d, s.To.Object)
	}
	if can != nil {
		if !l.able(s, d, can) {
			return
		}
		s.To.Audience, s.To.Keyed = can.audience(), can.Keyed
	}
	if s.To.OnLeave == "" {
		s.To.OnLeave = None
		if s.To.Mode == Mirror {
			s.To.OnLeave = RemoveFromAudience
			if can != nil {
				s.To.OnLeave = can.Leaves()[0]
			}
		}
	}
}

// together checks that what a sync says fits its mode.
func (l *loader) together(s *Sync, to strict.Node) bool {
	fits := true
	wrong := func(at diag.Span, help, format string, args ...any) {
		fits = false
		l.report(diag.Errorf(at, codeConflict, format, args...).WithHelp("%s", help))
	}
	mode, at := s.To.Mode, to.At("mode")
	switch choice := leaves[mode]; {
	case s.To.OnLeave == "" || slices.Contains(choice, s.To.OnLeave):
	case mode == Mirror:
		wrong(to.At("on_leave"), "write mode: upsert, or "+oneOfThem(choice), "a mirror takes away what left")
	default:
		wrong(to.At("on_leave"), "write "+oneOfThem(choice), "on_leave: %s does not go with mode: %s", s.To.OnLeave, mode)
	}
	from := s.Pos.Get("from")
	switch has := from.Get("source").Kind() != strict.Absent; {
	case mode == Append && !has && from.Kind() == strict.Mapping:
		wrong(at, "write from: {source: name}, with the name of a source of events", "mode: append sends events, and the sync names no source")
	case mode != Append && has:
		wrong(from.Key("source"), "write mode: append, or send a segment or an entity", "events are appended, and the mode is %s", mode)
	}
	if (mode == Append || mode == Remove) && s.From.Pressure != "" {
		wrong(from.Key("pressure"), "remove it", "a pressure counts whom a sync adds to its destination, and mode: %s adds nobody", mode)
	}
	for _, leaf := range s.Leaves() {
		if leaf.SetIfEmpty && mode == Append {
			wrong(leaf.At("set_if_empty"), "remove it", "an event is new: it has no field that could be set already")
		}
	}
	if b := s.Guards.MaxRemoved; mode == Remove && b != nil && b.IsPercent {
		wrong(s.Pos.At("guards", "max_removed"), "write a number of rows", "nobody knows how many are on the list that mode: remove takes people off")
	}
	return fits
}

// able checks that the destination can do what a sync asks of it.
func (l *loader) able(s *Sync, d *Destination, can *Ability) bool {
	to := s.Pos.Get("to")
	if can.Unknown {
		l.unknownObject(s, d, can)
		return false
	}
	where := d.Name + " (" + d.Type
	if s.To.Object != "" {
		where += ", object " + s.To.Object
	}
	where += ")"
	if modes := can.Modes(); !slices.Contains(modes, s.To.Mode) {
		at := to.At("mode")
		if to.Get("mode").Kind() == strict.Absent {
			at = to.Span()
		}
		l.report(diag.Errorf(at, codeUnsupported, "%s cannot do mode: %s", where, s.To.Mode).
			WithHelp("write mode: %s", oneOfThem(modes)).WithRelated(d.Pos.At("name"), "the destination is here"))
		return false
	}
	choice := slices.DeleteFunc(can.Leaves(), func(leave string) bool { return !slices.Contains(leaves[s.To.Mode], leave) })
	if s.To.OnLeave != "" && !slices.Contains(choice, s.To.OnLeave) {
		l.report(diag.Errorf(to.At("on_leave"), codeUnsupported, "%s cannot do on_leave: %s", where, s.To.OnLeave).
			WithHelp("write on_leave: %s", oneOfThem(choice)).WithRelated(d.Pos.At("name"), "the destination is here"))
		return false
	}
	for _, leaf := range s.Leaves() {
		if leaf.SetIfEmpty && !can.SetIfEmpty {
			l.report(diag.Errorf(leaf.At("set_if_empty"), codeUnsupported, "%s cannot do set_if_empty", where).
				WithHelp("remove it: the field is set in any case").WithRelated(d.Pos.At("name"), "the destination is here"))
		}
	}
	return true
}

// unknownObject reports an object that the destination does not know.
func (l *loader) unknownObject(s *Sync, d *Destination, can *Ability) {
	at := s.Pos.Get("to")
	names := make([]string, len(can.Objects))
	for i, o := range can.Objects {
		names[i] = o
		if o == "*" {
			names[i] = "the name of another object"
		}
	}
	listed := oneOfThem(names)
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, "/*") }) {
		listed += "; /* stands for the platform's own name or id of it"
	}
	if s.To.Object == "" {
		l.report(diag.Errorf(at.At(), codeUnknownObject, "the sync does not say what of %s (%s) it fills", d.Name, d.Type).
			WithHelp("write object: %s", listed).WithRelated(d.Pos.At("name"), "the destination is here"))
		return
	}
	found := diag.Errorf(at.At("object"), codeUnknownObject, "%s (%s) has no object %q", d.Name, d.Type, s.To.Object).
		WithRelated(d.Pos.At("name"), "the destination is here")
	kind, which, _ := strings.Cut(s.To.Object, "/")
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], "/*")
	}
	switch near := diag.Nearest(kind, names); {
	case slices.Contains(can.Objects, kind+"/*"):
		found = found.WithHelp("say which: %s/ and the platform's name or id of it", kind)
	case slices.Contains(can.Objects, kind):
		found = found.WithHelp("write %s, with nothing behind it", kind)
	case near != "" && slices.Contains(can.Objects, near+"/*"):
		found = found.WithHelp("did you mean %s/%s?", near, which)
	case near != "":
		found = found.WithHelp("did you mean %s?", near)
	default:
		found = found.WithHelp("write object: %s", listed)
	}
	l.report(found)
}

// oneOfThem lists what may be written.
func oneOfThem(list []string) string {
	last := len(list) - 1
	if last <= 0 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
