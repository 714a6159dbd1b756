package config

import (
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// From says which rows a sync wants at the destination: the members of a
// segment, every entity, or the events of a source; less those that the other
// keys leave out.
type From struct {
	Segment string `yaml:"segment" doc:"Segment whose members are sent, or with source whose events are. Either segment, entity or source is given."`
	// Entity is the source's, filled in by Load, where Source is given.
	Entity string `yaml:"entity" doc:"Entity that is sent as a whole."`
	// Source is one of events, for mode append. With Segment, those of its members
	// are sent.
	Source string `yaml:"source" doc:"Source whose events are sent, for mode append; with segment those of its members."`
	// MaxAge is how old an event may be to be sent, 0 for any age.
	MaxAge Duration `yaml:"max_age" doc:"How old an event may be to be sent, such as 7 days; any age where none is given."`
	// Except leaves out the members of segments.
	Except strict.OneOrMany `yaml:"except" doc:"Segments whose members are left out."`
	// Priority names a Priority: whoever is in a segment before Segment is left
	// out.
	Priority string   `yaml:"priority" doc:"List of priorities that the segment is on: who is in a segment before it on the list is left out."`
	Holdout  *Holdout `yaml:"holdout" doc:"Share of the people that is left out, to compare with."`
	Split    *Split   `yaml:"split" doc:"Experiment that people are divided for, and the arm that is sent."`
	Pressure string   `yaml:"pressure" doc:"Pressure that counts whom the sync reaches: who was reached as often as it allows is not added."`
	Top      *Top     `yaml:"top" doc:"Only those with the greatest values of a trait, of all who are left."`
}

// Holdout is a share of the people that stays the same from run to run; a
// greater share keeps whoever was in it.
type Holdout struct {
	Share Bound  `yaml:"share,required" doc:"How many are left out, such as 10%."`
	Salt  string `yaml:"salt,required" doc:"Word that decides who: syncs with the same word leave out the same people."`
}

// Split divides people among arms by hash. Raising the weight of one arm moves
// people into it and between no others.
type Split struct {
	Salt string `yaml:"salt,required" doc:"Word that decides who is in which arm: syncs with the same word and arms divide alike."`
	// Arms are the weights: whole numbers from 1, 100 together at most.
	Arms strict.Ordered[int] `yaml:"arms,required" doc:"Arms, each with its weight: {a: 1, b: 1} is half and half. Raising one weight moves nobody between the other arms."`
	Arm  string              `yaml:"arm,required" doc:"Arm that this sync sends."`
}

// Top is the entities with the greatest values of a trait; of equal ones those
// with the smaller ids. Whoever has no value is not among them.
type Top struct {
	By   string `yaml:"by,required" doc:"Trait to compare."`
	Most int    `yaml:"most,required" doc:"How many."`
}

// Priority is segments in the order of their importance: syncs that name it
// send each person from the first segment that has them.
type Priority struct {
	Name        string      `yaml:"name,required" doc:"Name of the list."`
	Description string      `yaml:"description,blank" doc:"What the list decides, for readers."`
	Segments    []string    `yaml:"segments,required" doc:"Segments, the most important first."`
	Pos         strict.Node `yaml:"-"`
}

// Pressure caps how often a person is reached by the syncs that name it: a
// person is reached when they are added to the destination of one.
type Pressure struct {
	Name        string      `yaml:"name,required" doc:"Name of the cap."`
	Description string      `yaml:"description,blank" doc:"What the cap is for, for readers."`
	Most        int         `yaml:"most,required" doc:"How often a person may be reached."`
	Per         Duration    `yaml:"per,required" doc:"In how long, such as 7 days."`
	Pos         strict.Node `yaml:"-"`
}

// maxWeights bounds the weights of a Split: each is a digest of every row.
const maxWeights = 100

// priorities checks the lists of segments.
func (l *loader) priorities(ix *index) {
	for _, p := range l.project.Priorities {
		entity := ""
		var first diag.Span
		for i, name := range p.Segments {
			at := p.Pos.At("segments", strconv.Itoa(i))
			seg, ok := find(l, ix.segments, ix.segmentNames, name, at, codeUnknownSegment, "segment")
			switch {
			case slices.Contains(p.Segments[:i], name):
				l.report(diag.Errorf(at, codeDuplicateName, "the segment %q is on the list twice", name).WithHelp("remove one of the two"))
			case !ok:
			case entity == "":
				entity, first = seg.Entity, at
			case seg.Entity != entity:
				l.report(diag.Errorf(at, codeOtherEntity, "the segment %q is about %s, the first of the list about %s", name, seg.Entity, entity).
					WithHelp("a list holds segments of one entity").WithRelated(first, "the first is here"))
			}
		}
	}
}

// pressures checks the caps.
func (l *loader) pressures() {
	for _, p := range l.project.Pressures {
		l.atLeast(1, p.Most, p.Pos.Get("most"), "most")
		if keep := l.project.Keep; keep.SyncLog > 0 && p.Per > keep.SyncLog {
			l.report(diag.Errorf(p.Pos.At("per"), codeConflict, "the pressure counts more of sync_log than is kept").
				WithHelp("keep sync_log at least that long").WithRelated(keep.Pos.At("sync_log"), "it is kept so long"))
		}
	}
}

// except checks segments whose members are left out of what is about an entity.
func (l *loader) except(ix *index, entity string, list strict.OneOrMany, at func(i int) diag.Span) {
	for i, name := range list {
		seg, ok := find(l, ix.segments, ix.segmentNames, name, at(i), codeUnknownSegment, "segment")
		if ok && entity != "" && seg.Entity != entity {
			l.report(diag.Errorf(at(i), codeOtherEntity, "the segment %q is about %s, and those to leave it out of are about %s", name, seg.Entity, entity).
				WithHelp("name a segment of %s", entity))
		}
	}
}

// oneOrMany is the place of an element of a list that may be a single text.
func oneOrMany(n strict.Node, key string) func(i int) diag.Span {
	return func(i int) diag.Span {
		if n.Get(key).Kind() == strict.List {
			return n.At(key, strconv.Itoa(i))
		}
		return n.At(key)
	}
}

// arithmetic checks whom a sync leaves out.
func (l *loader) arithmetic(ix *index, s *Sync, entity string) {
	from := s.Pos.Get("from")
	if from.Kind() != strict.Mapping {
		return
	}
	l.except(ix, entity, s.From.Except, oneOrMany(from, "except"))
	if name := s.From.Priority; name != "" {
		p, ok := find(l, ix.priorities, ix.priorityNames, name, from.At("priority"), codeUnknownPriority, "priority")
		if ok && !slices.Contains(p.Segments, s.From.Segment) {
			l.report(diag.Errorf(from.At("priority"), codeConflict, "the segment that is sent is not on the list %q", name).
				WithHelp("put it there, or remove priority").WithRelated(p.Pos.At("segments"), "the list is here"))
		}
	}
	if h := s.From.Holdout; h != nil {
		n := from.Get("holdout", "share")
		if n.Kind() == strict.Scalar && !h.Share.IsPercent && h.Share.Rows != 0 {
			l.report(diag.Errorf(n.Span(), codeRange, "a holdout is a share").WithHelp("write for example 10%%"))
		}
	}
	if sp := s.From.Split; sp != nil {
		l.split(sp, from.Get("split"))
	}
	if name := s.From.Pressure; name != "" {
		find(l, ix.pressures, ix.pressureNames, name, from.At("pressure"), codeUnknownPressure, "pressure")
	}
	if t := s.From.Top; t != nil {
		l.atLeast(1, t.Most, from.Get("top", "most"), "most")
		if _, known := ix.traits[[2]string{entity, t.By}]; !known && entity != "" && t.By != "" && !l.partial {
			l.report(unknown(from.At("top", "by"), codeUnknownTrait, "trait of "+entity, t.By, ix.traitNames[entity]))
		}
	}
}

func (l *loader) split(sp *Split, n strict.Node) {
	sum := 0
	for _, arm := range sp.Arms {
		if arm.Value < 1 {
			l.report(diag.Errorf(n.At("arms", arm.Key), codeRange, "a weight is 1 or more").WithHelp("remove the arm if nobody is to be in it"))
		}
		sum += arm.Value
	}
	if sum > maxWeights {
		l.report(diag.Errorf(n.At("arms"), codeRange, "the weights are %d together, and may be %d", sum, maxWeights).WithHelp("write smaller ones"))
	}
	if _, ok := sp.Arms.Get(sp.Arm); !ok && sp.Arm != "" && len(sp.Arms) > 0 {
		l.report(unknown(n.At("arm"), codeUnknownArm, "arm", sp.Arm, sp.Arms.Keys()))
	}
}
