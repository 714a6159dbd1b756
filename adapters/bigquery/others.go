package bigquery

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	client "cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// StopOthers cancels jobs by their names, which begin with that of their driver,
// and by what they write: a job goes on whatever becomes of who asked for it. It
// sees those of the account that asks, which everybody may see of himself.
func (d *Driver) StopOthers(ctx context.Context, schemas [][]string) (stopped int, err error) {
	if err := d.usable(ctx); err != nil {
		return 0, err
	}
	const first, most = 50 * time.Millisecond, 2 * time.Second
	for pause := first; ; pause = min(pause*3/2, most) {
		left, err := d.others(ctx, schemas)
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.Permission {
			return stopped, nil
		}
		if err != nil || len(left) == 0 {
			return stopped, err
		}
		stopped = max(stopped, len(left))
		for _, job := range left {
			// One that has ended meanwhile, and is not known any more, is stopped.
			if err := job.Cancel(ctx); err != nil && !isStatus(err, http.StatusNotFound) {
				return stopped, failure(ctx, err)
			}
		}
		select {
		case <-ctx.Done():
			return stopped, canceled(ctx.Err())
		case <-time.After(pause):
		}
	}
}

// others are the jobs of other drivers that write to the schemas and have not
// ended. Those that wait are asked for first: whichever begins meanwhile is seen
// among those that run.
func (d *Driver) others(ctx context.Context, schemas [][]string) (out []*client.Job, err error) {
	writing := adapters.Writing(sql.BigQuery, schemas)
	for _, state := range []client.State{client.Pending, client.Running} {
		it := d.client.Jobs(ctx)
		it.State = state
		for {
			job, err := it.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err != nil {
				return nil, failure(ctx, err)
			}
			if !strings.HasPrefix(job.ID(), jobPrefix) || strings.HasPrefix(job.ID(), d.name) || job.LastStatus().Done() {
				continue
			}
			config, err := job.Config()
			if err != nil {
				continue // of a kind that we never start
			}
			writes := false
			switch c := config.(type) {
			case *client.QueryConfig:
				writes = writing.MatchString(c.Q)
			case *client.LoadConfig:
				writes = slices.ContainsFunc(schemas, func(parts []string) bool {
					return c.Dst != nil && c.Dst.ProjectID == parts[0] && c.Dst.DatasetID == parts[len(parts)-1]
				})
			}
			if writes {
				out = append(out, job)
			}
		}
	}
	return out, nil
}
