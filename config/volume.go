package config

import (
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Volume says from when on the size of a segment is unusual. What a segment does
// not say the project does, and Load fills it in; what neither says has a default.
type Volume struct {
	// Change is a share of the usual size, 25% where none is given.
	Change *Bound `yaml:"change" doc:"By which share of its usual size a segment may differ from it, such as 25%, which it is where none is given."`
	// Members is a number that may always enter or leave, 20 where none is given.
	Members int64 `yaml:"members" doc:"How many members more or fewer are never unusual; 20 where none is given."`
	// Runs is how many runs before count, 28 where none is given, and After how
	// many there must be, 7 where none is given.
	Runs  int `yaml:"runs" doc:"How many runs before are looked at; 28 where none is given."`
	After int `yaml:"after" doc:"After how many runs a size can be unusual; 7 where none is given."`
	// Off looks at nothing.
	Off bool        `yaml:"off" doc:"Whether no size is unusual."`
	Pos strict.Node `yaml:"-"`
}

// The defaults of Volume.
const (
	defaultChange  = 25 // percent
	defaultMembers = 20
	defaultRuns    = 28
	defaultAfter   = 7
	maxVolumeRuns  = 1000
)

// volumes checks what is said about sizes, and fills in what is not.
func (l *loader) volumes() {
	p := &l.project
	l.volume(&p.Volume)
	p.Volume.fill(Volume{Change: &Bound{Percent: defaultChange, IsPercent: true}, Members: defaultMembers, Runs: defaultRuns, After: defaultAfter})
	for _, s := range p.Segments {
		l.volume(&s.Volume)
		s.Volume.fill(p.Volume)
	}
}

func (v *Volume) fill(from Volume) {
	if v.Pos.Kind() == strict.Absent {
		pos := v.Pos
		*v = from
		v.Pos = pos
		return
	}
	if v.Change == nil {
		v.Change = from.Change
	}
	if v.Pos.Get("members").Kind() == strict.Absent {
		v.Members = from.Members
	}
	if v.Runs == 0 {
		v.Runs = max(from.Runs, v.After)
	}
	if v.After == 0 {
		v.After = min(from.After, v.Runs)
	}
}

func (l *loader) volume(v *Volume) {
	if v.Pos.Kind() == strict.Absent {
		return
	}
	if v.Change != nil && !v.Change.IsPercent {
		l.report(diag.Errorf(v.Pos.At("change"), strict.CodeType, "a change of size is a share of it").
			WithHelp("write for example 25%%, and a number of people as members"))
	}
	if v.Members < 0 {
		l.report(diag.Errorf(v.Pos.At("members"), codeRange, "a number of members cannot be negative").WithHelp("write 0 or more"))
	}
	for _, x := range []struct {
		key   string
		value int
	}{{"runs", v.Runs}, {"after", v.After}} {
		if v.Pos.Get(x.key).Kind() != strict.Absent && (x.value < 1 || x.value > maxVolumeRuns) {
			l.report(diag.Errorf(v.Pos.At(x.key), codeRange, "%s is a number of runs from 1 to %d", x.key, maxVolumeRuns).WithHelp("write for example 28"))
		}
	}
	if v.Runs > 0 && v.After > v.Runs {
		l.report(diag.Errorf(v.Pos.At("after"), codeConflict, "only %d runs are looked at", v.Runs).WithHelp("make after %d or less, or runs more", v.Runs))
	}
}
