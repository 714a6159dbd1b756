package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Graph says which models wait for which; both lists hold positions in the
// slice that NewGraph was given, sorted.
type Graph struct {
	// Order is a sequence in which the models can run one by one. Models that
	// do not wait for each other keep the order in which they were given.
	Order []int
	// Needs are the models whose result a model reads: where one of them
	// fails, the model cannot run.
	Needs [][]int
	// After are the models that must have ended, well or badly, before a model
	// starts: all of Needs, and earlier writers of the same table.
	After [][]int
}

// NewGraph derives who waits for whom from the tables that the statements
// read and write.
//
// A model that reads a table waits for every other model that writes it, and for
// those that guard it unless it guards tables too; one that reads it as the last run
// left it goes before those that write it. Of
// several models that write the same table, a later one waits for the earlier
// ones, unless all that either does with the table is to append rows. The
// error names the models of a cycle.
func NewGraph(list []*Model) (*Graph, error) {
	uses := make([]Use, len(list))
	writers, guards := map[sql.Table][]int{}, map[sql.Table][]int{}
	for i, m := range list {
		uses[i] = ModelUse(m)
		for _, t := range m.Guards {
			guards[t] = append(guards[t], i)
		}
		for t := range uses[i].Writes {
			writers[t] = append(writers[t], i)
		}
	}
	g := &Graph{Needs: make([][]int, len(list)), After: make([][]int, len(list))}
	for i, m := range list {
		for t := range uses[i].Reads {
			if len(m.Guards) == 0 {
				g.Needs[i] = append(g.Needs[i], guards[t]...)
			}
			if _, writes := uses[i].Writes[t]; writes {
				continue // its own table: the order among writers decides
			}
			if slices.Contains(m.Earlier, t) {
				for _, w := range writers[t] {
					g.After[w] = append(g.After[w], i)
				}
				continue
			}
			g.Needs[i] = append(g.Needs[i], writers[t]...)
		}
		for t, how := range uses[i].Writes {
			for _, w := range writers[t] {
				appends := how == Append && uses[w].Writes[t] == Append &&
					!uses[i].Reads[t] && !uses[w].Reads[t]
				if w < i && !appends {
					g.After[i] = append(g.After[i], w)
				}
			}
		}
		g.Needs[i] = sortedSet(g.Needs[i])
		g.After[i] = append(g.After[i], g.Needs[i]...)
	}
	for i := range list {
		g.After[i] = sortedSet(g.After[i])
	}
	return g, g.order(list)
}

// order fills Order, taking the first model that is ready each time.
func (g *Graph) order(list []*Model) error {
	done := make([]bool, len(list))
	for len(g.Order) < len(list) {
		next := -1
		for i := range list {
			ready := !done[i] && !slices.ContainsFunc(g.After[i], func(a int) bool { return !done[a] })
			if ready {
				next = i
				break
			}
		}
		if next < 0 {
			return fmt.Errorf("models wait for each other: %s", strings.Join(cycle(list, g.After, done), " -> "))
		}
		done[next] = true
		g.Order = append(g.Order, next)
	}
	return nil
}

// cycle names the models of one cycle among those that are not done, the
// first again at the end.
func cycle(list []*Model, after [][]int, done []bool) []string {
	at := slices.Index(done, false)
	seen := map[int]int{}
	var path []int
	for {
		if from, again := seen[at]; again {
			var names []string
			for _, i := range path[from:] {
				names = append(names, list[i].Name)
			}
			return append(names, list[at].Name)
		}
		seen[at] = len(path)
		path = append(path, at)
		// One exists: a model that is not done waits for one that is not.
		at = after[at][slices.IndexFunc(after[at], func(a int) bool { return !done[a] })]
	}
}

func sortedSet(s []int) []int {
	slices.Sort(s)
	return slices.Compact(s)
}

// Effect is what statements do to a table.
type Effect int

// The effects. The zero value means none.
const (
	// Append only adds rows, or removes rows that are the model's own, in a table
	// that several share: the order of two does not matter.
	Append Effect = iota + 1
	// Replace is everything else: create, swap, drop.
	Replace
)

// Use is what a model or an audience does with tables.
type Use struct {
	Reads  map[sql.Table]bool
	Writes map[sql.Table]Effect
}

// ModelUse collects what the steps and the commit of a model do.
func ModelUse(m *Model) Use {
	u := Use{Reads: map[sql.Table]bool{}, Writes: map[sql.Table]Effect{}}
	u.steps(m.Steps)
	u.statements(m.Commit)
	return u
}

// AudienceUse collects what the steps and queries of an audience do.
func AudienceUse(a *Audience) Use {
	u := Use{Reads: map[sql.Table]bool{}, Writes: map[sql.Table]Effect{}}
	u.steps(a.Steps)
	for _, q := range []sql.Query{a.Counts, a.Changes, a.Due, a.Preview, a.LeftOut, a.Snapshot} {
		u.query(q)
	}
	u.statements(a.Refuse)
	u.statements(a.Note)
	u.statements(a.Apply)
	u.steps(a.Recover.Steps)
	u.statements(a.Recover.Apply)
	if a.Release != nil {
		u.statements(a.Release(""))
	}
	u.statements(a.Settle)
	return u
}

func (u Use) steps(steps []Step) {
	for _, s := range steps {
		switch s := s.(type) {
		case *Exec:
			u.statements(s.Statements)
		case *Loop:
			u.steps(s.Steps)
			u.query(s.While)
		case *Unite:
			u.query(s.Query())
			u.Writes[s.Roots] = Replace
		case *Assert:
			u.query(s.Query)
		case *Examine:
			u.query(s.Query)
		default:
			panic(fmt.Sprintf("models: unknown step %T", s))
		}
	}
}

func (u Use) statements(list []sql.Statement) {
	for _, s := range list {
		for _, t := range sql.Reads(s) {
			u.Reads[t] = true
		}
		effect := Replace
		switch s.(type) {
		case sql.InsertSelect, sql.Delete:
			effect = Append
		}
		t := sql.Writes(s)
		u.Writes[t] = max(u.Writes[t], effect)
	}
}

func (u Use) query(q sql.Query) {
	if q == nil {
		return
	}
	for _, t := range sql.QueryReads(q) {
		u.Reads[t] = true
	}
}
