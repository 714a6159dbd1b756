package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// Looked is what Look has seen.
type Looked struct {
	// Sources are by name, those that are there.
	Sources map[string]catalog.Source
	// Columns and Expressions count what was asked for and found good.
	Columns, Expressions int
	// Bytes is what evaluating the expressions of all sources would read; 0 where
	// the warehouse does not tell.
	Bytes int64
}

// Look compares a plan with the warehouse as run does before it begins, and has
// the warehouse check what expressions ask of each source. It makes nothing,
// changes nothing and reads no rows. The list is everything that is wrong.
func Look(ctx context.Context, opt Options, probes []compile.Probe) (Looked, diag.List, error) {
	r := newRunner(opt)
	out := Looked{Sources: map[string]catalog.Source{}}
	var list diag.List
	whole := map[*config.Source]models.Check{} // those that can be asked about
	for _, c := range r.Plan.Checks {
		columns, found, err := r.lookAt(ctx, c)
		if err != nil {
			return out, nil, fmt.Errorf("looking at source %s: %w", c.Source.Name, err)
		}
		list = append(list, found...)
		if columns == nil {
			continue
		}
		out.Sources[c.Source.Name] = catalog.Of(c.Source.Table, columns)
		if found := catalog.Check(r.Plan.Nodes, c, columns); len(found) > 0 {
			list = append(list, found...)
			continue
		}
		out.Columns += len(c.Columns)
		if r.Files[c.Source.Name].Path == "" || r.wh.ReadsFiles() {
			whole[c.Source] = c
		}
	}
	for _, p := range probes {
		c, ok := whole[p.Source]
		if _, other := whole[p.Other]; !ok || p.Other != nil && !other {
			continue
		}
		found, bytes, err := r.probe(ctx, c, p)
		if err != nil {
			return out, nil, fmt.Errorf("asking about source %s: %w", c.Source.Name, err)
		}
		list = append(list, found...)
		out.Bytes += bytes
		if p.Other == nil { // of a pair the expression is counted already
			out.Expressions += len(p.Parts) - len(found)
		}
	}
	return out, list.Sort(), nil
}

// lookAt is the columns of a source, nil with a finding where it is not there.
func (r *runner) lookAt(ctx context.Context, c models.Check) ([]adapters.Column, diag.List, error) {
	if files, ok := r.Files[c.Source.Name]; ok {
		columns, err := r.wh.FileColumns(ctx, c.Source.Name, files)
		found, err := unreadable(c, err)
		return columns, found, err
	}
	columns, err := r.wh.Columns(ctx, c.Table)
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
		return nil, diag.List{r.missingTable(ctx, c)}, nil
	}
	if d := forbidden(c, err); d != nil {
		return nil, diag.List{*d}, nil
	}
	return columns, nil, err
}

// forbidden is the finding of a source that the user may not read, nil where that
// is not what is wrong.
func forbidden(c models.Check, err error) *diag.Diagnostic {
	known, ok := errors.AsType[*adapters.Error](err)
	if !ok || known.Kind != adapters.Permission {
		return nil
	}
	d := diag.Errorf(c.Span, "forbidden-source", "source %s: %s", c.Source.Name, known.Message).
		WithHelp("customhouse doctor --grants prints what the administrator has to run")
	return &d
}

// probe has the warehouse check the parts of a probe: all at once, and one by one
// only where that is refused. It says how many bytes all would read.
func (r *runner) probe(ctx context.Context, c models.Check, p compile.Probe) (list diag.List, bytes int64, err error) {
	refused := func(parts ...compile.ProbePart) (*adapters.Error, error) {
		reads, err := r.wh.Accepts(ctx, p.Query(parts...))
		bytes = reads
		known, ok := errors.AsType[*adapters.Error](err)
		if ok && (known.Kind == adapters.Syntax || known.Kind == adapters.Data || known.Kind == adapters.Unknown) {
			return known, nil
		}
		return nil, err
	}
	why, err := refused(p.Parts...)
	if d := forbidden(c, err); d != nil {
		return diag.List{*d}, 0, nil
	}
	if why == nil {
		return nil, bytes, err
	}
	if why, err := refused(); why != nil || err != nil {
		if err != nil {
			return nil, 0, err
		}
		return diag.List{diag.Errorf(c.Span, "refused-sql", "the warehouse cannot read source %s as it is declared: %s", c.Source.Name, why.Message)}, 0, nil
	}
	for _, part := range p.Parts {
		why, err := refused(part)
		if err != nil {
			return nil, 0, err
		}
		if why != nil {
			list = append(list, diag.Errorf(part.Span, "refused-sql", "the warehouse refuses what %s asks of source %s: %s", part.Node, c.Source.Name, why.Message))
		}
	}
	return list, 0, nil
}
