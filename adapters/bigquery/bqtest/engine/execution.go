package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// An execution is a statement or a script with what it sees.
type execution struct {
	analyzer *Analyzer
	catalog  *Catalog
	store    *Store

	project, dataset string
	parameters       []Parameter
	temporary        map[string]*Table
	routines         map[string]*routine
	// open says that a transaction is.
	open bool
	// bytes is the limit of what may be read; 0 is none.
	bytes int64
}

// A step is one statement of a script, done.
type step struct {
	*plan

	*result

	text  string
	bytes int64
}

// find completes the path of a table.
func (x *execution) find(path []string) (*Table, error) {
	parts := strings.Split(strings.Join(path, "."), ".")
	if last := parts[len(parts)-1]; len(parts) == 1 || strings.EqualFold(parts[0], session) {
		if t := x.temporary[last]; t != nil {
			return t, nil
		}
	}
	n, err := name(path, x.project, x.dataset)
	if err != nil {
		return nil, err
	}
	return x.catalog.table(n)
}

// next analyzes and plans the statement of a script that begins at a byte, and
// gives the byte behind it.
func (x *execution) next(script string, from int, executed bool) (*plan, int, error) {
	if len(script) > maxQuery {
		return nil, 0, invalid("The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.")
	}
	to := statementEnd(script, from)
	x.analyzer.mu.Lock()
	defer x.analyzer.mu.Unlock()
	// Places in errors are those of the script.
	line, column := position(script, from)
	statement := strings.Repeat("\n", line-1) + strings.Repeat(" ", column-1) + strings.TrimSuffix(script[from:to], ";")
	resolved, err := x.analyzer.analyze(statement, x.find, x.routines, x.parameters)
	if err != nil {
		return nil, 0, err
	}
	p := &planner{execution: x, resolved: resolved, executed: executed}
	out, err := p.plan()
	return out, to, err
}

// check analyzes a script and applies its DDL.
func (x *execution) check(script string) (steps []*step, err error) {
	for at := 0; !blank(script[at:]); {
		p, to, err := x.next(script, at, false)
		if err != nil {
			return steps, err
		}
		if p.apply != nil {
			if err := p.apply(); err != nil {
				return steps, err
			}
		}
		steps = append(steps, &step{plan: p, result: &result{}, text: strings.TrimSpace(script[at:to])})
		at = to
	}
	return steps, nil
}

// run executes a script.
func (x *execution) run(ctx context.Context, script string) (steps []*step, err error) {
	c, err := x.store.db.Conn(ctx)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = c.Close() }()
	defer x.store.tidy()
	defer func() {
		for _, t := range x.temporary {
			x.store.drop(t.Engine)
		}
		if x.open {
			_, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	for at := 0; !blank(script[at:]); {
		s, to, err := x.step(ctx, c, script, at)
		if err != nil {
			return steps, placed(err, script, at)
		}
		steps = append(steps, s)
		at = to
	}
	return steps, nil
}

func (x *execution) step(ctx context.Context, c *sql.Conn, script string, at int) (*step, int, error) {
	x.store.busy.RLock()
	defer x.store.busy.RUnlock()
	p, to, err := x.next(script, at, true)
	if err != nil {
		return nil, 0, err
	}
	if p.lacks != nil {
		return nil, 0, p.lacks
	}
	s := &step{plan: p, text: strings.TrimSpace(script[at:to])}
	if s.bytes, err = x.store.size(ctx, c, p.reads); err != nil {
		return nil, 0, failure(ctx, err)
	}
	if err := x.affordable(s.bytes); err != nil {
		return nil, 0, err
	}
	if s.result, err = x.do(ctx, c, p); err != nil {
		return nil, 0, failure(ctx, err)
	}
	return s, to, nil
}

// do executes a plan.
func (x *execution) do(ctx context.Context, c *sql.Conn, p *plan) (r *result, err error) {
	control := func(word string, open bool) (*result, error) {
		if x.open == open {
			return nil, invalid("Transaction control statements are not supported here: " + p.kind)
		}
		_, err := c.ExecContext(ctx, word)
		x.open = open && err == nil
		return &result{}, err
	}
	switch p.kind {
	case "BEGIN_TRANSACTION":
		return control("BEGIN", true)
	case "COMMIT_TRANSACTION":
		return control("COMMIT", false)
	case "ROLLBACK_TRANSACTION":
		return control("ROLLBACK", false)
	}
	if x.open {
		r, err = p.run(ctx, c)
	} else {
		err = x.store.transaction(ctx, c, func() error {
			r, err = p.run(ctx, c)
			return err
		})
	}
	if err == nil && p.apply != nil {
		err = p.apply()
	}
	return r, err
}

var hasPlace = regexp.MustCompile(`at \[\d+:\d+\]$`)

// placed says which statement of a script failed, where the error does not.
func placed(err error, script string, at int) error {
	e := asError(err)
	if e.Reason != "invalidQuery" || hasPlace.MatchString(e.Message) || at == 0 && blank(script[statementEnd(script, 0):]) {
		return err
	}
	for strings.ContainsRune(" \t\r\n", rune(script[at])) {
		at++
	}
	line, column := position(script, at)
	out := *e
	out.Message = fmt.Sprintf("Query error: %s at [%d:%d]", e.Message, line, column)
	return &out
}
