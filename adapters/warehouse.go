package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Warehouse says the statements of package sql to a Driver. It is what
// everyone uses; it is safe for concurrent use.
type Warehouse struct {
	opt     Options
	printer *sql.Printer
	files   map[string]bool

	// asked counts what the warehouse was asked to do.
	asked atomic.Int64
	// watch may be nil.
	watch func(Statement) (end func(error))

	seeding sync.Mutex // guards seeds
	// seeds are the sources whose files were loaded, with the columns that are
	// text of a format without types.
	seeds map[string]map[string]bool

	// stopped is how many statements of processes that are gone Init has stopped.
	stopped int

	// What follows is for warehouses without transactions; see redo.go.
	writing sync.Mutex // guards the public tables, and unsettled
	// unsettled says that a script may have taken effect and not be in place.
	unsettled bool
}

// Options say which warehouse, and where in it things live.
type Options struct {
	// Driver runs the statements. It may be nil where they are only printed.
	Driver  Driver
	Dialect *sql.Dialect
	// Schema holds the public tables.
	Schema string
	// Catalog are the parts of a public table's name before Schema; often none.
	Catalog []string
	// Work are the parts of a work table's name before its own.
	Work []string
	// Files are the parts before the name of a source that is read from files,
	// where the driver is a FileReader.
	Files []string
	// FileEngine opens a Warehouse that reads the files of a source, where the
	// driver does not: what they hold is loaded into a work table.
	FileEngine func(ctx context.Context, source string) (*Warehouse, error)
	// FileSources are the names of the sources that are read from files.
	FileSources []string
	// Parallel is how many statements may run at once; 1 where it is 0.
	Parallel int
	// Exclusive says that the driver keeps other processes out of the target.
	// Otherwise the caller has to.
	Exclusive bool
}

// beside marks the successor of a public table until it is swapped in.
const beside = "__new"

// New makes a Warehouse, which closes the driver when it is closed.
func New(opt Options) *Warehouse {
	w := &Warehouse{opt: opt, files: map[string]bool{}, seeds: map[string]map[string]bool{}}
	for _, name := range opt.FileSources {
		w.files[name] = true
	}
	w.printer = &sql.Printer{Dialect: opt.Dialect, Names: w.Names}
	w.unsettled = !w.transactional()
	return w
}

// Printer spells statements for this warehouse.
func (w *Warehouse) Printer() *sql.Printer { return w.printer }

// Parallel is how many statements may run at once.
func (w *Warehouse) Parallel() int { return max(w.opt.Parallel, 1) }

// Shared says that nothing but the caller keeps other processes out.
func (w *Warehouse) Shared() bool { return !w.opt.Exclusive }

// Asked is how many statements the warehouse was asked to run so far, loads and
// looks at columns among them: each is a round trip at least, and what is sent
// together is one. What was tried again counts once.
func (w *Warehouse) Asked() int64 { return w.asked.Load() }

// BytesBilled is what the warehouse has billed so far; known says that it bills by
// bytes.
func (w *Warehouse) BytesBilled() (bytes int64, known bool) {
	biller, ok := w.opt.Driver.(Biller)
	if !ok {
		return 0, false
	}
	return biller.BytesBilled(), true
}

// Names are the parts of a table's qualified name, outermost first. A source
// whose text is no dotted name is one part, which will not be found.
func (w *Warehouse) Names(t sql.Table) []string {
	public := append(slices.Clip(w.opt.Catalog), w.opt.Schema)
	switch t.Space {
	case sql.Public:
		return append(public, t.Name)
	case sql.Beside:
		return append(public, t.Name+beside)
	case sql.Work:
		return append(slices.Clip(w.opt.Work), t.Name)
	case sql.Source:
		if w.files[t.Name] {
			if w.opt.FileEngine != nil {
				return append(slices.Clip(w.opt.Work), seeded+t.Name)
			}
			return append(slices.Clip(w.opt.Files), t.Name)
		}
		parts, err := SplitName(t.Name)
		if err != nil {
			return []string{t.Name}
		}
		return parts
	default:
		panic(fmt.Sprintf("adapters: table %s has no space", t.Name))
	}
}

// SplitName splits a dotted name; a part in double quotes may hold anything, a
// double quote in it is written twice.
func SplitName(text string) ([]string, error) {
	var parts []string
	rest := text
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for {
				i := strings.IndexByte(rest[end:], '"')
				if i < 0 {
					return nil, fmt.Errorf("the name %s has a quote without an end", text)
				}
				end += i + 1
				if !strings.HasPrefix(rest[end:], `"`) {
					break
				}
				end++
			}
			part = strings.ReplaceAll(rest[1:end-1], `""`, `"`)
			rest = rest[end:]
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = rest[:end], rest[end:]
			if strings.Contains(part, `"`) {
				return nil, fmt.Errorf("the name %s has a quote inside a part", text)
			}
		}
		if part == "" {
			return nil, fmt.Errorf("the name %q has an empty part", text)
		}
		parts = append(parts, part)
		if rest == "" {
			return parts, nil
		}
		if rest[0] != '.' {
			return nil, fmt.Errorf("the name %s goes on behind a quote", text)
		}
		rest = rest[1:]
	}
}

// Exec runs the statements one after the other. Each takes effect as a whole
// or not at all, whatever becomes of the others.
func (w *Warehouse) Exec(ctx context.Context, statements ...sql.Statement) error {
	for len(statements) > 0 {
		n := 1
		if w.opt.Dialect.Together {
			for n < len(statements) && sql.Writes(statements[n-1]).Space != sql.Public && sql.Writes(statements[n]).Space != sql.Public {
				n++
			}
		}
		if err := w.Script(ctx, statements[:n]); err != nil {
			return err
		}
		statements = statements[n:]
	}
	return nil
}

// Script runs the statements as a whole: all take effect or none. A work table
// that they write may be left in any state by a failure.
func (w *Warehouse) Script(ctx context.Context, statements []sql.Statement) error {
	if len(statements) == 0 {
		return nil
	}
	if !w.transactional() {
		if slices.ContainsFunc(statements, func(s sql.Statement) bool { return sql.Writes(s).Space == sql.Public }) {
			return w.whole(ctx, statements)
		}
		return w.statements(ctx, statements...)
	}
	script, err := w.print(statements...)
	if err != nil {
		return err
	}
	if len(script) > 1 {
		script = append([]string{w.opt.Dialect.Begin}, append(script, w.opt.Dialect.Commit)...)
	}
	return w.run(ctx, script, true)
}

func (w *Warehouse) print(statements ...sql.Statement) ([]string, error) {
	var script []string
	for _, s := range statements {
		out, err := w.printer.Statement(s)
		if err != nil {
			return nil, fmt.Errorf("printing %T: %w", s, err)
		}
		script = append(script, out...)
	}
	return script, nil
}

// patience are the pauses before a transient failure is tried again.
var patience = []time.Duration{50 * time.Millisecond, 250 * time.Millisecond}

// run executes a script, again where it failed without effect: whole says that it
// takes effect as one, or may be repeated.
func (w *Warehouse) run(ctx context.Context, script []string, whole bool) (err error) {
	end := w.watched(ctx, "", script...)
	defer func() { end(err) }()
	whole = whole || len(script) == 1
	trips := int64(len(script))
	if w.opt.Dialect.Together {
		trips = 1
	}
	w.asked.Add(trips)
	for attempt := 0; ; attempt++ {
		err := w.opt.Driver.Exec(ctx, script)
		if err == nil {
			return nil
		}
		var known *Error
		if !errors.As(err, &known) {
			return fmt.Errorf("%s: %w", w.firstLine(script[0]), err)
		}
		if known.Kind != Transient || !whole || attempt == len(patience) {
			at := min(known.Statement, len(script)-1)
			return fmt.Errorf("%s: %w", w.firstLine(script[at]), err)
		}
		pause := time.NewTimer(patience[attempt])
		select {
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("%s: %w", w.firstLine(script[0]), err)
		case <-pause.C:
		}
	}
}

// lineLimit is how many bytes of a statement an error shows.
const lineLimit = 120

// firstLine tells a statement without showing its values.
func (w *Warehouse) firstLine(statement string) string {
	statement = w.withoutHelpers(statement)
	line, _, more := strings.Cut(statement, "\n")
	if i := strings.Index(line, " WHERE "); i >= 0 {
		line, more = line[:i], true
	}
	if len(line) > lineLimit {
		line, more = strings.ToValidUTF8(line[:lineLimit], ""), true
	}
	if more {
		return line + " ..."
	}
	return line
}

// withoutHelpers is a statement without the functions that a dialect puts before
// it.
func (w *Warehouse) withoutHelpers(statement string) string {
	if helper, _, ok := strings.Cut(w.opt.Dialect.Helper, "$1"); ok {
		for strings.HasPrefix(statement, helper) {
			_, statement, _ = strings.Cut(statement, "\n")
		}
	}
	return statement
}

// Query runs a query and streams its rows, which the caller closes.
func (w *Warehouse) Query(ctx context.Context, q sql.Query) (Rows, error) {
	text, err := w.printer.Query(q)
	if err != nil {
		return nil, fmt.Errorf("printing a query: %w", err)
	}
	w.asked.Add(1)
	end := w.watched(ctx, "", text)
	rows, err := w.opt.Driver.Query(ctx, text)
	if err != nil {
		end(err)
		return nil, fmt.Errorf("querying: %w", err)
	}
	if w.watch == nil {
		return rows, nil
	}
	return &watchedRows{Rows: rows, end: end}, nil
}

// All runs a query whose result is known to be small, and reads it.
func (w *Warehouse) All(ctx context.Context, q sql.Query) (out [][]any, err error) {
	rows, err := w.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		row := make([]any, len(rows.Columns()))
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, row)
	}
}

// About says which engine answers, and to whom where it has users.
func (w *Warehouse) About(ctx context.Context) (about string, err error) {
	w.asked.Add(1)
	rows, err := w.opt.Driver.Query(ctx, w.opt.Dialect.About)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]any, len(rows.Columns()))
	if err := rows.Next(dest); err != nil {
		return "", fmt.Errorf("asking what it is: %w", err)
	}
	about, _ = dest[0].(string)
	return about, nil
}

// Accepts has the warehouse check a query against its tables without running it,
// and says how many bytes it would read; 0 where the warehouse does not tell.
func (w *Warehouse) Accepts(ctx context.Context, q sql.Query) (reads int64, err error) {
	text, err := w.printer.Query(q)
	if err != nil {
		return 0, fmt.Errorf("printing a query: %w", err)
	}
	w.asked.Add(1)
	if checker, ok := w.opt.Driver.(Checker); ok {
		return checker.Check(ctx, text)
	}
	rows, err := w.opt.Driver.Query(ctx, strings.ReplaceAll(w.opt.Dialect.Explain, "$1", text))
	if err != nil {
		return 0, err
	}
	dest := make([]any, len(rows.Columns()))
	for err == nil {
		err = rows.Next(dest)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return 0, errors.Join(err, rows.Close())
}

// ReadsFiles says that queries read the files of sources where they are.
func (w *Warehouse) ReadsFiles() bool { return w.opt.FileEngine == nil }

// FileColumns are the columns of files, which are not loaded for that.
func (w *Warehouse) FileColumns(ctx context.Context, source string, files Files) (columns []Column, err error) {
	of := w
	if w.opt.FileEngine != nil {
		if of, err = w.opt.FileEngine(ctx, source); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, of.Close()) }()
	}
	if err := of.ReadFiles(ctx, source, files); err != nil {
		return nil, err
	}
	return of.Columns(ctx, sql.Table{Space: sql.Source, Name: source})
}

// Int is the integer that a query of one row and one column gives; NULL is 0.
func (w *Warehouse) Int(ctx context.Context, q sql.Query) (n int64, err error) {
	rows, err := w.Query(ctx, q)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if columns := rows.Columns(); len(columns) != 1 {
		return 0, fmt.Errorf("a query for one integer gave %d columns", len(columns))
	}
	dest := make([]any, 1)
	if err := rows.Next(dest); err != nil {
		return 0, fmt.Errorf("reading an integer: %w", err)
	}
	n, ok := dest[0].(int64)
	if !ok && dest[0] != nil {
		return 0, fmt.Errorf("a query for one integer gave a %T", dest[0])
	}
	switch err := rows.Next(dest); {
	case err == nil:
		return 0, errors.New("a query for one integer gave more than one row")
	case !errors.Is(err, io.EOF):
		return 0, fmt.Errorf("reading an integer: %w", err)
	}
	return n, nil
}

// Load appends rows in bulk to a table that exists. It is not atomic: load into
// a work table, then take over with a Script.
func (w *Warehouse) Load(ctx context.Context, t sql.Table, columns []string, rows iter.Seq2[[]any, error]) error {
	name, err := w.printer.Table(t)
	if err != nil {
		return fmt.Errorf("printing a name: %w", err)
	}
	w.asked.Add(1)
	end := w.watched(ctx, "LOAD", name)
	err = w.opt.Driver.Load(ctx, name, columns, rows)
	if end(err); err != nil {
		return fmt.Errorf("loading %s: %w", name, err)
	}
	return nil
}

// Columns lists the columns of a table; a missing one is an *Error of kind
// NotFound.
func (w *Warehouse) Columns(ctx context.Context, t sql.Table) ([]Column, error) {
	w.asked.Add(1)
	columns, err := w.opt.Driver.Columns(ctx, w.Names(t))
	if err != nil {
		return nil, fmt.Errorf("describing %q: %w", t.Name, err)
	}
	if t.Space == sql.Source {
		w.seeding.Lock()
		defer w.seeding.Unlock()
		for i, c := range columns {
			columns[i].Untyped = c.Untyped || w.seeds[t.Name][c.Name]
		}
	}
	return columns, nil
}

// ReadFiles makes files readable as the source of that name, which must be
// among Options.FileSources.
func (w *Warehouse) ReadFiles(ctx context.Context, source string, files Files) error {
	if !w.files[source] {
		return fmt.Errorf("source %s was not announced as one of files", source)
	}
	if w.opt.FileEngine != nil {
		if err := w.seed(ctx, source, files); err != nil {
			return fmt.Errorf("loading files of source %s: %w", source, err)
		}
		return nil
	}
	reader, ok := w.opt.Driver.(FileReader)
	if !ok {
		return &Error{
			Kind:    Syntax,
			Message: fmt.Sprintf("source %s is read from files, which a target of type %s cannot do", source, w.opt.Dialect.Name),
			Help:    "load the files into a table and name that, or use a target of type duckdb",
		}
	}
	if err := reader.ReadFiles(ctx, w.Names(sql.Table{Space: sql.Source, Name: source}), files); err != nil {
		return fmt.Errorf("reading files of source %s: %w", source, err)
	}
	return nil
}

// Stopped is how many statements Init found still running that a killed process
// had sent, and stopped.
func (w *Warehouse) Stopped() int { return w.stopped }

// Init creates the schemas of our tables where they are missing, and puts in
// place what scripts of a killed process have changed, after stopping what such
// a one has left running. No other process may write to the target.
func (w *Warehouse) Init(ctx context.Context) error {
	schemas := [][]string{append(slices.Clip(w.opt.Catalog), w.opt.Schema)}
	if len(w.opt.Work) > 0 {
		schemas = append(schemas, w.opt.Work)
	}
	if stopper, ok := w.opt.Driver.(Stopper); ok {
		w.asked.Add(1)
		var err error
		if w.stopped, err = stopper.StopOthers(ctx, schemas); err != nil {
			return fmt.Errorf("stopping what a killed process has left running: %w", err)
		}
	}
	for i, parts := range schemas {
		if catalog, ok := w.opt.Driver.(Catalog); ok {
			w.asked.Add(1)
			if err := catalog.MakeSchema(ctx, parts, i > 0); err != nil {
				return fmt.Errorf("making the schema %s: %w", strings.Join(parts, "."), err)
			}
			continue
		}
		quoted := make([]string, len(parts))
		for i, part := range parts {
			quoted[i] = w.opt.Dialect.QuoteName(part)
		}
		statement := strings.ReplaceAll(w.opt.Dialect.CreateSchema, "$1", strings.Join(quoted, "."))
		if err := w.run(ctx, []string{statement}, true); err != nil {
			return err
		}
	}
	if w.transactional() {
		return nil
	}
	return w.prepare(ctx)
}

// Clean drops what a killed run left behind: successors that were never
// swapped in, copies of scripts that did not take effect, and work tables. No
// other process may use the target.
func (w *Warehouse) Clean(ctx context.Context) error {
	if !w.transactional() {
		if err := w.prepare(ctx); err != nil {
			return err
		}
	}
	left, err := w.tables(ctx, append(slices.Clip(w.opt.Catalog), w.opt.Schema))
	if err != nil {
		return err
	}
	var drops []sql.Statement
	for _, name := range left {
		if name, ok := strings.CutSuffix(name, beside); ok {
			drops = append(drops, sql.Drop{Table: sql.Table{Space: sql.Beside, Name: name}})
		}
		if strings.Contains(name, copyMark) {
			drops = append(drops, sql.Drop{Table: sql.Table{Space: sql.Public, Name: name}})
		}
	}
	w.seeding.Lock()
	clear(w.seeds)
	w.seeding.Unlock()
	if len(w.opt.Work) > 0 {
		left, err := w.tables(ctx, w.opt.Work)
		if err != nil {
			return err
		}
		for _, name := range left {
			// A table of that name in another catalog is not touched: the
			// name that Drop prints is one of the work tables' only.
			drops = append(drops, sql.Drop{Table: sql.Table{Space: sql.Work, Name: name}})
		}
	}
	return w.Exec(ctx, drops...)
}

// Compact leaves nothing that was deleted in files of the warehouse; done is false
// where that is not for us to do. Nothing else may be under way.
func (w *Warehouse) Compact(ctx context.Context) (done bool, err error) {
	c, ok := w.opt.Driver.(Compacter)
	if !ok {
		return false, nil
	}
	w.asked.Add(1)
	if err := c.Compact(ctx); err != nil {
		return false, fmt.Errorf("compacting the warehouse: %w", err)
	}
	return true, nil
}

// Public lists the tables in the schema of ours, whoever made them.
func (w *Warehouse) Public(ctx context.Context) ([]string, error) {
	return w.tables(ctx, append(slices.Clip(w.opt.Catalog), w.opt.Schema))
}

// tables lists the tables of a schema, given as the parts of its name; without a
// Catalog, those of any schema that has its last.
func (w *Warehouse) tables(ctx context.Context, parts []string) (names []string, err error) {
	schema := parts[len(parts)-1]
	if catalog, ok := w.opt.Driver.(Catalog); ok {
		w.asked.Add(1)
		if names, err = catalog.Tables(ctx, parts); err != nil {
			return nil, fmt.Errorf("listing the tables of %s: %w", schema, err)
		}
		return names, nil
	}
	return w.named(ctx, schema, sql.Fn(sql.Eq, sql.Col("t", "table_type"), sql.String("BASE TABLE")))
}

// named lists what a schema holds, by the views of SQL's standard, and for which a
// condition on the row t of information_schema.tables holds.
func (w *Warehouse) named(ctx context.Context, schema string, is sql.Expr) (names []string, err error) {
	rows, err := w.Query(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("t", "table_name"), "name")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Source, Name: "information_schema.tables"}, As: "t"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("t", "table_schema"), sql.String(schema)), is,
		},
		OrderBy: []sql.Order{sql.Asc(sql.Col("t", "table_name"))},
	})
	if err != nil {
		return nil, fmt.Errorf("listing the tables of %s: %w", schema, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]any, 1)
	for {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return names, nil
		case err != nil:
			return nil, fmt.Errorf("listing the tables of %s: %w", schema, err)
		}
		name, _ := dest[0].(string)
		names = append(names, name)
	}
}

// Close releases the driver. It may be called twice.
func (w *Warehouse) Close() error {
	if w.opt.Driver == nil {
		return nil
	}
	if err := w.opt.Driver.Close(); err != nil {
		return fmt.Errorf("closing the warehouse: %w", err)
	}
	return nil
}
