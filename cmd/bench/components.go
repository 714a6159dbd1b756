package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// components finds the components of a graph as a run does: by the steps of
// models/identity on the warehouse of adapters/duckdb.
func components(path, shape string) (out outcome, err error) {
	ctx := context.Background()
	driver, err := duckdb.Open(ctx, duckdb.Config{Path: duckdb.Memory, Attach: map[string]string{"graphs": path}}, ".")
	if err != nil {
		return outcome{}, err
	}
	wh := adapters.New(adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "main", Work: duckdb.WorkParts()})
	defer func() { err = errors.Join(err, wh.Close()) }()
	edges, result := sql.Table{Space: sql.Work, Name: "bench_edges"}, sql.Table{Space: sql.Work, Name: "bench_result"}
	name := func(t sql.Table) string { return sql.DuckDB.QuoteName(wh.Names(t)[0]) + ".main." + t.Name }
	if err := driver.Exec(ctx, []string{"CREATE TABLE " + name(edges) + ` AS SELECT u, v FROM graphs.main."` + shape + `"`}); err != nil {
		return outcome{}, err
	}
	r := stepper{wh: wh}
	steps := identity.Components("bench", edges, result, identity.Few)
	start := cpuTime()
	if err := r.run(ctx, steps); err != nil {
		return outcome{}, err
	}
	out.CPU = cpuTime() - start
	out.Statements, out.Doublings, out.Rounds = r.statements, r.inner, r.begun
	if !slices.ContainsFunc(steps, nested) {
		out.Rounds = r.inner
	}
	rows, err := driver.Query(ctx, digest(name(result)))
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, 2)
	if err := rows.Next(values); err != nil {
		return outcome{}, err
	}
	count, _ := values[0].(int64)
	hash, _ := values[1].(int64)
	out.partition([]int64{count}, []int64{hash})
	return out, nil
}

// stepper runs the steps of a model, and counts.
type stepper struct {
	wh *adapters.Warehouse
	// begun is how often a loop with no loop in it was begun: once in each
	// round of contraction, to flatten its forest. inner are the rounds of these
	// loops.
	begun, inner, statements int
}

// nested says that a step is a loop with a loop in it.
func nested(s models.Step) bool {
	loop, ok := s.(*models.Loop)
	return ok && slices.ContainsFunc(loop.Steps, isLoop)
}

func isLoop(s models.Step) bool {
	_, ok := s.(*models.Loop)
	return ok
}

func (r *stepper) run(ctx context.Context, steps []models.Step) error {
	for _, s := range steps {
		switch s := s.(type) {
		case *models.Exec:
			r.statements += len(s.Statements)
			if err := r.wh.Exec(ctx, s.Statements...); err != nil {
				return fmt.Errorf("%s: %w", s.Title, err)
			}
		case *models.Loop:
			innermost := !nested(s)
			if innermost {
				r.begun++
			}
			for round := 0; ; round++ {
				r.statements++
				left, err := r.wh.Int(ctx, s.While)
				if err != nil {
					return fmt.Errorf("%s: %w", s.Title, err)
				}
				if left == 0 {
					break
				}
				if round == s.Max {
					return fmt.Errorf("%s does not end", s.Title)
				}
				if innermost {
					r.inner++
				}
				if err := r.run(ctx, s.Steps); err != nil {
					return err
				}
			}
		case *models.Unite:
			r.statements++
			if err := run.Unite(ctx, r.wh, s); err != nil {
				return fmt.Errorf("%s: %w", s.Title, err)
			}
		case *models.Assert:
			r.statements++
			n, err := r.wh.Int(ctx, s.Query)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Title, err)
			}
			if n != 0 {
				return fmt.Errorf("%s: %d %s", s.Title, n, s.Message)
			}
		default:
			panic(fmt.Sprintf("bench: unknown step %T", s))
		}
	}
	return nil
}
