package bigquery

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	client "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// workDays is how long a table of a dataset for work tables may stay: a run
// drops what the last one left, and what no run comes for costs nothing for ever.
const workDays = 7

// MakeSchema makes a dataset where there is none.
func (d *Driver) MakeSchema(ctx context.Context, parts []string, work bool) error {
	if err := d.usable(ctx); err != nil {
		return err
	}
	dataset := d.dataset(parts)
	if _, err := dataset.Metadata(ctx); !isStatus(err, http.StatusNotFound) {
		return failure(ctx, err)
	}
	m := &client.DatasetMetadata{Location: d.config.Location}
	if work {
		m.DefaultTableExpiration = workDays * 24 * time.Hour
	}
	if err := dataset.Create(ctx, m); err != nil && !isStatus(err, http.StatusConflict) {
		return failure(ctx, err)
	}
	return nil
}

// Tables lists the tables of a dataset.
func (d *Driver) Tables(ctx context.Context, parts []string) ([]string, error) {
	if err := d.usable(ctx); err != nil {
		return nil, err
	}
	var out []string
	for it := d.dataset(parts).Tables(ctx); ; {
		t, err := it.Next()
		switch {
		case errors.Is(err, iterator.Done):
			return out, nil
		case err != nil:
			return nil, failure(ctx, err)
		}
		out = append(out, sql.BigQuery.ReadName(t.TableID))
	}
}

func (d *Driver) dataset(parts []string) *client.Dataset {
	return d.client.DatasetInProject(parts[0], parts[len(parts)-1])
}

// Columns lists the columns of a table or view.
func (d *Driver) Columns(ctx context.Context, table []string) ([]adapters.Column, error) {
	schema, err := d.schema(ctx, sql.BigQuery.QuoteTable(table))
	if err != nil {
		return nil, err
	}
	out := make([]adapters.Column, len(schema))
	for i, f := range schema {
		out[i] = columnOf(f)
	}
	return out, nil
}

// schema are the columns of a table, given as SQL names it.
func (d *Driver) schema(ctx context.Context, name string) (client.Schema, error) {
	t, err := d.table(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := t.Metadata(ctx)
	if err != nil {
		return nil, failure(ctx, err)
	}
	return m.Schema, nil
}

// table is what SQL names so. A dataset without its project is one of ours.
func (d *Driver) table(ctx context.Context, name string) (*client.Table, error) {
	if err := d.usable(ctx); err != nil {
		return nil, err
	}
	parts := split(name)
	switch len(parts) {
	case 2:
		parts = append([]string{d.config.Project}, parts...)
	case 3:
	default:
		return nil, &adapters.Error{
			Kind: adapters.NotFound, Message: "there is no table " + name,
			Help: "name tables as dataset.table or project.dataset.table",
		}
	}
	return d.client.DatasetInProject(parts[0], parts[1]).Table(parts[2]), nil
}

// split takes a qualified name as sql.BigQuery writes it apart.
func split(name string) []string {
	var parts []string
	var part strings.Builder
	quoted := false
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '`':
			quoted = !quoted
		case c == '\\' && quoted && i < len(name)-1:
			i++
			part.WriteByte(name[i])
		case c == '.' && !quoted:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(parts, part.String())
}

// Check has BigQuery check a query, and says how many bytes it would read. It
// costs nothing.
func (d *Driver) Check(ctx context.Context, query string) (bytes int64, err error) {
	if err := d.usable(ctx); err != nil {
		return 0, err
	}
	q := d.query(ctx, query)
	q.DryRun = true
	limited, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	job, err := q.Run(limited)
	if err != nil {
		return 0, failure(ctx, err)
	}
	status := job.LastStatus()
	if err := status.Err(); err != nil {
		return 0, failure(ctx, err)
	}
	if status.Statistics == nil {
		return 0, errors.New("a dry run came back without statistics")
	}
	return status.Statistics.TotalBytesProcessed, nil
}

func isStatus(err error, code int) bool {
	answer, ok := errors.AsType[*googleapi.Error](err)
	return ok && answer.Code == code
}
