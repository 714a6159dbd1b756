package models

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

func read(t sql.Table) sql.Query {
	return &sql.Select{Items: []sql.Item{{Expr: sql.Int(1), As: "one"}}, From: sql.TableRef{Table: t, As: "t"}}
}

func public(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }
func beside(name string) sql.Table { return sql.Table{Space: sql.Beside, Name: name} }

// build is a model that reads tables and swaps in another.
func build(name, writes string, reads ...string) *Model {
	m := &Model{Name: name, Commit: []sql.Statement{sql.Swap{Name: writes}}}
	m.Steps = append(m.Steps, &Exec{Statements: []sql.Statement{
		sql.CreateTableAs{Table: beside(writes), Query: &sql.Select{Items: []sql.Item{{Expr: sql.Int(1), As: "one"}}}},
	}})
	for _, r := range reads {
		m.Steps = append(m.Steps, &Loop{While: read(public(r))})
	}
	return m
}

func TestGraph(t *testing.T) {
	appends := func(name, to string, reads ...string) *Model {
		m := build(name, name, reads...)
		m.Commit = append(m.Commit, sql.InsertSelect{Table: public(to), Query: read(public("seed"))})
		return m
	}
	guard := func(name, of string, reads ...string) *Model {
		m := &Model{Name: name, Guards: []sql.Table{public(of)}}
		for _, r := range append(reads, of) {
			m.Steps = append(m.Steps, &Examine{Query: read(public(r))})
		}
		return m
	}
	tests := []struct {
		name         string
		models       []*Model
		order        []int
		needs, after [][]int
	}{
		{"none", nil, nil, [][]int{}, [][]int{}},
		{
			"a reader waits for its writer, wherever it stands",
			[]*Model{build("c", "c", "b"), build("b", "b", "a"), build("a", "a", "source")},
			[]int{2, 1, 0},
			[][]int{{1}, {2}, nil},
			[][]int{{1}, {2}, nil},
		},
		{
			"independent models keep their order",
			[]*Model{build("x", "x"), build("y", "y"), build("z", "z", "x", "y")},
			[]int{0, 1, 2},
			[][]int{nil, nil, {0, 1}},
			[][]int{nil, nil, {0, 1}},
		},
		{
			"a model may read the last build of its own table",
			[]*Model{build("a", "a", "a")},
			[]int{0},
			[][]int{nil},
			[][]int{nil},
		},
		{
			"two that append to one table do not wait, its reader does",
			[]*Model{appends("a", "log"), appends("b", "log"), build("c", "c", "log")},
			[]int{0, 1, 2},
			[][]int{nil, nil, {0, 1}},
			[][]int{nil, nil, {0, 1}},
		},
		{
			"who reads what is guarded waits for the guard, but for guards that look at each other's",
			[]*Model{build("a", "a", "x"), build("b", "b", "y"), guard("of x", "x", "y"), guard("of y", "y", "x")},
			[]int{2, 0, 3, 1},
			[][]int{{2}, {3}, nil, nil},
			[][]int{{2}, {3}, nil, nil},
		},
		{
			"two that replace one table take turns, and one survives the other",
			[]*Model{build("a", "t", "t"), build("b", "t", "t")},
			[]int{0, 1},
			[][]int{nil, nil},
			[][]int{nil, {0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NewGraph(tt.models)
			if err != nil {
				t.Fatal(err)
			}
			want := &Graph{Order: tt.order, Needs: tt.needs, After: tt.after}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("graph (-want +got):\n%s", d)
			}
		})
	}
}

func TestGraphCycle(t *testing.T) {
	_, err := NewGraph([]*Model{build("top", "top"), build("a", "a", "b", "top"), build("b", "b", "c"), build("c", "c", "a")})
	if err == nil {
		t.Fatal("a cycle was accepted")
	}
	if got, want := err.Error(), "models wait for each other: a -> b -> c -> a"; !strings.Contains(got, want) {
		t.Errorf("error is %q, want %q", got, want)
	}
}

func TestAudienceUse(t *testing.T) {
	a := &Audience{
		Steps: []Step{
			&Exec{Statements: []sql.Statement{sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "w"}, Query: read(public("profiles"))}}},
			&Assert{Query: read(public("asserted"))},
		},
		Counts: read(public("ledger")),
	}
	got := AudienceUse(a)
	want := Use{
		Reads:  map[sql.Table]bool{public("profiles"): true, public("asserted"): true, public("ledger"): true},
		Writes: map[sql.Table]Effect{{Space: sql.Work, Name: "w"}: Replace},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("use (-want +got):\n%s", d)
	}
}
