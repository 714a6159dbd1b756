package profile

import (
	"strconv"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

func (in Input) sequencesTable(stage int) sql.Table {
	return sql.Table{Space: sql.Work, Name: in.Entity.Name + "_sequences_" + strconv.Itoa(stage)}
}

// sequencesOf are those of a stage.
func (in Input) sequencesOf(stage int) []expr.Sequence {
	var out []expr.Sequence
	for _, s := range in.Expr.Sequences {
		if s.Stage == stage {
			out = append(out, s)
		}
	}
	return out
}

// moment is one distinct step: the column that says whether a row is of it.
type moment struct {
	expr.Step
	column string
}

// sequences finds the sequences of a stage in one pass over all their steps: the
// rows are brought down to the times at which each step happened, and what
// follows what is a window over those. No two rows of an entity then have the
// same time, so that before and after are exact.
func (in Input) sequences(stage int) *models.Model {
	id := identity.Column(in.Entity)
	list := in.sequencesOf(stage)
	var moments []moment
	steps := make([][]string, len(list)) // the columns of each sequence's steps
	most := 0
	for i, s := range list {
		most = max(most, len(s.Steps))
		for _, step := range s.Steps {
			steps[i] = append(steps[i], momentOf(&moments, step))
		}
	}

	// A row for each time of an entity.
	var union sql.Union
	done := map[string]bool{}
	for _, m := range moments {
		if !done[m.Source] {
			done[m.Source] = true
			union = append(union, in.happened(m.Source, moments, stage))
		}
	}
	key := []sql.Expr{sql.Col("u", id), sql.Col("u", expr.TimeField)}
	at := &sql.Select{Items: sql.Items("u", id, expr.TimeField), From: sql.Derived{Query: union, As: "u"}, GroupBy: key}
	have := []string{id, expr.TimeField}
	for _, m := range moments {
		at.Items = append(at.Items, sql.As(sql.Fn(sql.BoolOr, sql.Col("u", m.column)), m.column))
		have = append(have, m.column)
	}

	// began is the column of the latest start from which a step was reached.
	began := func(i, step int) string { return "began_" + strconv.Itoa(i) + "_" + strconv.Itoa(step) }
	now := sql.Col("w", expr.TimeField)
	timeIf := func(column string) sql.Expr { return sql.If(sql.Col("w", column), now, nil) }
	window := func(call sql.Call, frame sql.Frame) sql.Expr {
		return sql.Window{Call: call, PartitionBy: []sql.Expr{sql.Col("w", id)}, OrderBy: []sql.Order{sql.Asc(now)}, Frame: frame}
	}
	var query sql.Query = at
	for step := range most {
		next := &sql.Select{Items: sql.Items("w", have...), From: sql.Derived{Query: query, As: "w"}}
		for i, s := range list {
			var item sql.Expr
			switch {
			case s.Never && step == 0: // when the second step comes next
				item = window(sql.Fn(sql.Min, timeIf(steps[i][1])), sql.Following)
			case s.Never || step >= len(s.Steps):
				continue
			case step == 0:
				item = timeIf(steps[i][0])
			default:
				item = sql.If(sql.Col("w", steps[i][step]), window(sql.Fn(sql.Max, sql.Col("w", began(i, step-1))), sql.Preceding), nil)
			}
			next.Items = append(next.Items, sql.As(item, began(i, step)))
			have = append(have, began(i, step))
		}
		query = next
	}
	out := &sql.Select{Items: sql.Items("w", id), From: sql.Derived{Query: query, As: "w"}, GroupBy: []sql.Expr{sql.Col("w", id)}}
	for i, s := range list {
		within := sql.Cast{Expr: sql.Int(s.Within), To: sql.TypeInt}
		cond := sql.Fn(sql.Le, now, sql.Fn(sql.TimeAdd, sql.Col("w", began(i, len(s.Steps)-1)), within))
		found := sql.Expr(cond)
		if s.Never {
			cond = sql.Fn(sql.Le, sql.Col("w", began(i, 0)), sql.Fn(sql.TimeAdd, now, within))
			found = sql.And{sql.Col("w", steps[i][0]), sql.Fn(sql.Not, sql.Fn(sql.Coalesce, cond, sql.Bool(false)))}
		}
		out.Items = append(out.Items, sql.As(sql.Fn(sql.BoolOr, found), s.Name))
	}
	m := &models.Model{
		Name: "sequences:" + in.Entity.Name + ":" + strconv.Itoa(stage), Nodes: []string{"entity:" + in.Entity.Name}, Span: in.Entity.Pos.Span(),
		Steps: []models.Step{&models.Exec{Title: "find what follows what", Statements: []sql.Statement{
			sql.CreateTableAs{Table: in.sequencesTable(stage), Query: out},
		}}},
	}
	return m
}

// momentOf is the column of a step, shared by the sequences that have it.
func momentOf(list *[]moment, step expr.Step) string {
	for _, m := range *list {
		if m.Form == step.Form {
			return m.column
		}
	}
	m := moment{step, "step_" + strconv.Itoa(len(*list))}
	*list = append(*list, m)
	return m.column
}

// happened are the times of the rows of a collection that are of any step.
func (in Input) happened(collection string, moments []moment, stage int) *sql.Select {
	id := identity.Column(in.Entity)
	var read columnSet
	read.add(expr.TimeField)
	row := false
	out := &sql.Select{Items: sql.Items(expr.Event, id, expr.TimeField)}
	some := sql.Or{}
	for _, m := range moments {
		is := sql.Expr(sql.Bool(false))
		if m.Source == collection {
			is = sql.Bool(true)
			if m.Where != nil {
				is = sql.Fn(sql.Coalesce, m.Where, sql.Bool(false))
				read.add(m.Columns...)
				row = row || len(m.Row) > 0
			}
			some = append(some, is)
		}
		out.Items = append(out.Items, sql.As(is, m.column))
	}
	out.Where = some
	out.From = sql.Derived{Query: in.rows(collection, read.names), As: expr.Event}
	if row {
		out.From = sql.Joins(out.From, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: in.stageTable(stage - 1), As: expr.Row},
			On: sql.Fn(sql.Eq, sql.Col(expr.Row, id), sql.Col(expr.Event, id)),
		})
	}
	return out
}
