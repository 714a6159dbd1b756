package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// passes is customhouse/passes/v1.
type passes struct {
	Schema      string       `json:"schema"`
	Passes      []pass       `json:"passes"`
	Evaluations []evaluation `json:"evaluations"`
}

// evaluation says when a segment or the profiles of an entity are evaluated.
type evaluation struct {
	Node string `json:"node"`
	// When is what has to change; empty for each run, for the reason Because.
	When    string `json:"when,omitempty"`
	Because string `json:"because,omitempty"`
}

// pass is one over the rows of a source; without one it is over the traits of
// the entity.
type pass struct {
	Entity string `json:"entity"`
	Source string `json:"source,omitempty"`
	// Column and Value are what it wants of a row.
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	// ByDay says that a run reads new rows alone, Why otherwise why it does not.
	ByDay      bool            `json:"by_day"`
	Why        string          `json:"why,omitempty"`
	Aggregates []passAggregate `json:"aggregates"`
	// ByRows and ByAggregates are the conditions that leave it as bits.
	ByRows       []passCondition `json:"decided_by_rows"`
	ByAggregates []passCondition `json:"decided_by_aggregates"`
}

type passAggregate struct {
	Name string `json:"name"`
	SQL  string `json:"sql"`
	// Joined says that it is a column of what is joined.
	Joined bool   `json:"joined"`
	Why    string `json:"why,omitempty"`
}

type passCondition struct {
	SQL      string   `json:"sql"`
	Segments []string `json:"segments"`
	Why      string   `json:"why,omitempty"`
}

// explainPasses prints what the plan computes where.
func (a *app) explainPasses(p *project, plan *models.Plan) error {
	printer := p.kind.printer(p.target, p.fileSources())
	doc := passes{Schema: "customhouse/passes/v1", Passes: []pass{}, Evaluations: []evaluation{}}
	var err error
	text := func(e sql.Expr) string {
		out, wrong := printer.Expr(e)
		err = cmp.Or(err, wrong)
		return out
	}
	conditions := func(list []models.Condition) []passCondition {
		out := []passCondition{}
		for _, c := range list {
			out = append(out, passCondition{SQL: text(c.Expr), Segments: c.Segments, Why: c.Why})
		}
		return out
	}
	for _, s := range plan.Scans {
		one := pass{Entity: s.Entity, Source: s.Source, Column: s.Column, Value: s.Value, ByDay: s.ByDay, Why: s.Why, Aggregates: []passAggregate{}}
		for _, f := range s.Aggregates {
			one.Aggregates = append(one.Aggregates, passAggregate{Name: f.Name, SQL: text(f.Expr), Joined: f.Joined, Why: f.Why})
		}
		one.ByRows, one.ByAggregates = conditions(s.Rows), conditions(s.Decided)
		doc.Passes = append(doc.Passes, one)
	}
	if err != nil {
		return err
	}
	for _, x := range plan.Evaluations {
		one := evaluation{Node: x.Node, When: x.Depends}
		if x.Depends == "" {
			one.Because = x.Because
		}
		doc.Evaluations = append(doc.Evaluations, one)
	}
	if a.format == "json" {
		return console.JSON(a.stdout, doc)
	}
	var b strings.Builder
	for i := range doc.Passes {
		doc.Passes[i].print(&b)
	}
	for _, x := range doc.Evaluations {
		if x.When == "" {
			fmt.Fprintf(&b, "%s is evaluated in each run: %s\n", x.Node, x.Because)
		} else {
			fmt.Fprintf(&b, "%s is evaluated where something has changed: %s\n", x.Node, x.When)
		}
	}
	_, err = fmt.Fprint(a.stdout, b.String())
	return err
}

func (p pass) print(b *strings.Builder) {
	what := "the rows of " + p.Source
	switch {
	case p.Source == "":
		what = "what is known of each " + p.Entity
	case p.Column != "":
		what += fmt.Sprintf(" with %s = %q", p.Column, p.Value)
	}
	if p.ByDay {
		what = "the days of " + p.Source + ", kept from run to run: of rows only new ones are read, and those of days that a window cuts"
	}
	fmt.Fprintf(b, "one pass over %s\n", what)
	why := func(text string) {
		if text != "" {
			fmt.Fprintf(b, "    of all rows: %s\n", text)
		}
	}
	if p.Why != "" {
		fmt.Fprintf(b, "  of all rows: %s\n", p.Why)
	}
	for _, f := range p.Aggregates {
		kind := "aggregate, for the conditions below"
		if f.Joined {
			kind = "aggregate, joined"
		}
		fmt.Fprintf(b, "  %s: %s\n    %s\n", kind, f.Name, f.SQL)
		why(f.Why)
	}
	list := func(by string, conditions []passCondition) {
		for _, c := range conditions {
			fmt.Fprintf(b, "  bit, decided by %s, for %s\n    %s\n", by, strings.Join(c.Segments, ", "), c.SQL)
			why(c.Why)
		}
	}
	list("single rows", p.ByRows)
	by := "aggregates"
	if p.Source == "" {
		by = "traits"
	}
	list(by, p.ByAggregates)
}
