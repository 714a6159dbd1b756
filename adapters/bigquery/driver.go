package bigquery

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	client "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Driver runs statements in one project.
type Driver struct {
	config Config
	client *client.Client
	// storage reads large results; nil where that is not wanted.
	storage *client.Client
	// name begins the names of its jobs.
	name   string
	billed atomic.Int64
	closed atomic.Bool
}

var (
	_ adapters.Driver  = (*Driver)(nil)
	_ adapters.Catalog = (*Driver)(nil)
	_ adapters.Checker = (*Driver)(nil)
	_ adapters.Biller  = (*Driver)(nil)
	_ adapters.Stopper = (*Driver)(nil)
)

// Open makes a client. Nothing is asked of BigQuery.
func Open(ctx context.Context, config Config, from secret.Resolver) (*Driver, error) {
	options, err := credentials(ctx, config, from)
	if err != nil {
		return nil, err
	}
	options = append(options, option.WithUserAgent("customhouse"))
	rest := options
	if config.Endpoint != "" {
		rest = append(slices.Clip(rest), option.WithEndpoint(config.Endpoint))
	}
	d := &Driver{config: config, name: jobPrefix + rand.Text()[:10] + "_"}
	if d.client, err = connect(ctx, config, rest); err != nil {
		return nil, failure(ctx, err)
	}
	// Another endpoint is that of the API alone.
	if (config.StorageRead == nil || *config.StorageRead) && config.Endpoint == "" {
		if d.storage, err = connect(ctx, config, rest); err == nil {
			err = d.storage.EnableStorageReadClient(ctx, options...)
		}
		if err != nil {
			return nil, errors.Join(failure(ctx, err), d.Close())
		}
	}
	return d, nil
}

func connect(ctx context.Context, config Config, options []option.ClientOption) (*client.Client, error) {
	c, err := client.NewClient(context.WithoutCancel(ctx), config.billing(), options...)
	if err == nil {
		c.Location = config.Location
	}
	return c, err
}

// credentials say who asks.
func credentials(ctx context.Context, config Config, from secret.Resolver) ([]option.ClientOption, error) {
	if config.Anonymous {
		return []option.ClientOption{option.WithoutAuthentication()}, nil
	}
	var own []option.ClientOption
	if !config.Credentials.IsZero() {
		key, err := config.Credentials.Resolve(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("the credentials of the target: %w", err)
		}
		var kind struct{ Type option.CredentialsType }
		if err := json.Unmarshal([]byte(key.Reveal()), &kind); err != nil || kind.Type != option.ServiceAccount && kind.Type != option.ExternalAccount {
			return nil, &adapters.Error{
				Kind: adapters.Permission, Message: "the credentials are not the key of a service account",
				Help: "give the JSON file that the console makes for a service account, or the one of a workload identity",
			}
		}
		own = append(own, option.WithAuthCredentialsJSON(kind.Type, []byte(key.Reveal())))
	}
	if config.Impersonate == "" {
		return own, nil
	}
	source, err := impersonate.CredentialsTokenSource(context.WithoutCancel(ctx), impersonate.CredentialsConfig{
		TargetPrincipal: config.Impersonate, Scopes: []string{client.Scope},
	}, own...)
	if err != nil {
		return nil, &adapters.Error{
			Kind: adapters.Permission, Message: "the service account " + config.Impersonate + " cannot be impersonated: " + cause(err),
			Help: "check the credentials, and that they have the role Service Account Token Creator on it",
		}
	}
	return []option.ClientOption{option.WithTokenSource(source)}, nil
}

// Exec runs the script as one job.
func (d *Driver) Exec(ctx context.Context, script []string) error {
	text, starts := join(script)
	job, err := d.start(ctx, text)
	if err == nil {
		err = d.wait(ctx, job)
	}
	if known, ok := errors.AsType[*adapters.Error](err); ok {
		known.Statement = starts.statement(known)
	}
	return err
}

// definition begins the lines that define a helper, in front of a statement.
const definition = "CREATE TEMP FUNCTION "

// places are the first line of each statement of a script.
type places []int

// join makes one text of a script, in which each helper is defined once.
func join(script []string) (string, places) {
	var b strings.Builder
	var starts places
	defined := map[string]bool{}
	line := 1
	for i, statement := range script {
		starts = append(starts, line)
		for strings.HasPrefix(statement, definition) {
			first, rest, _ := strings.Cut(statement, "\n")
			if !defined[first] {
				defined[first] = true
				b.WriteString(first + "\n")
				line++
			}
			statement = rest
		}
		b.WriteString(statement)
		line += strings.Count(statement, "\n")
		if i < len(script)-1 {
			b.WriteString(";\n")
			line++
		}
	}
	return b.String(), starts
}

// statement is which one an error is about, by the line that it names.
func (p places) statement(e *adapters.Error) int {
	at, ok := errors.AsType[*placed](e.Err)
	if !ok {
		return 0
	}
	out := 0
	for i, first := range p {
		if first <= at.line {
			out = i
		}
	}
	return out
}

// jobPrefix begins the names of all jobs of ours.
const jobPrefix = "customhouse_"

// newID is a name for a job, which nothing else has.
func (d *Driver) newID() string { return d.name + rand.Text() }

// startPatience is how long a job may take to be accepted, and lookPatience how
// long one is asked for whose answer did not come.
const (
	startPatience = 30 * time.Second
	lookPatience  = 5 * time.Minute
)

// query is a job that is not started, of a name that nothing else has.
func (d *Driver) query(ctx context.Context, text string) *client.Query {
	q := d.client.Query(text)
	q.JobID = d.newID()
	q.MaxBytesBilled = d.config.MaxBytesBilled
	q.Labels = labels(ctx)
	return q
}

// start makes a job run, once: where the answer to that is lost, the job is
// looked up by the name that it has.
func (d *Driver) start(ctx context.Context, text string) (*client.Job, error) {
	if err := d.usable(ctx); err != nil {
		return nil, err
	}
	q := d.query(ctx, text)
	limited, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	job, err := q.Run(limited)
	if err == nil {
		return job, nil
	}
	if ctx.Err() != nil {
		d.cancel(ctx, q.JobID)
		return nil, failure(ctx, err)
	}
	if e := untrusted(err); e != nil {
		return nil, e
	}
	answer, answered := errors.AsType[*googleapi.Error](err)
	if answered && answer.Code != http.StatusConflict && answer.Code < http.StatusInternalServerError {
		return nil, failure(ctx, err)
	}
	return d.find(ctx, q.JobID, err)
}

// find looks for a job that may have been started.
func (d *Driver) find(ctx context.Context, id string, why error) (*client.Job, error) {
	limited, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	job, err := d.client.JobFromIDLocation(limited, id, d.config.Location)
	if err == nil {
		return job, nil
	}
	if answer, ok := errors.AsType[*googleapi.Error](err); ok && answer.Code == http.StatusNotFound {
		known := failure(ctx, why)
		if e, ok := errors.AsType[*adapters.Error](known); ok && e.Kind != adapters.Canceled {
			e.Kind = adapters.Transient // It never was.
		}
		return nil, known
	}
	if err := ctx.Err(); err != nil {
		return nil, canceled(err)
	}
	return nil, &adapters.Error{Kind: adapters.Lost, Message: "BigQuery does not answer, and whether the job " + id + " has run is unknown: " + cause(why)}
}

// wait waits for the end of a job, and cancels it with the context.
func (d *Driver) wait(ctx context.Context, job *client.Job) error {
	const first, most = 5 * time.Millisecond, 2 * time.Second
	status := job.LastStatus()
	for pause := first; status == nil || !status.Done(); pause = min(pause*3/2, most) {
		select {
		case <-ctx.Done():
			d.cancel(ctx, job.ID())
			return canceled(ctx.Err())
		case <-time.After(pause):
		}
		limited, cancel := context.WithTimeout(ctx, lookPatience)
		now, err := job.Status(limited)
		cancel()
		switch {
		case err == nil:
			status = now
		case ctx.Err() != nil:
			d.cancel(ctx, job.ID())
			return canceled(ctx.Err())
		default:
			if _, ok := errors.AsType[*googleapi.Error](err); ok {
				return failure(ctx, err)
			}
			if e := untrusted(err); e != nil {
				e.Kind = adapters.Permission // whatever became of the job, it must not run again
				e.Message += "; what became of the job " + job.ID() + " is unknown"
				return e
			}
			return &adapters.Error{Kind: adapters.Lost, Message: "BigQuery does not answer, and what became of the job " + job.ID() + " is unknown: " + cause(err)}
		}
	}
	if q, ok := status.Statistics.Details.(*client.QueryStatistics); ok {
		d.billed.Add(q.TotalBytesBilled)
	}
	if err := status.Err(); err != nil {
		return failure(ctx, err)
	}
	return nil
}

// cancelPatience is how long stopping a job may take.
const cancelPatience = 10 * time.Second

// cancel stops a job at the warehouse, and waits until it has stopped.
func (d *Driver) cancel(ctx context.Context, id string) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer stop()
	job, err := d.client.JobFromIDLocation(ctx, id, d.config.Location)
	if err != nil || job.Cancel(ctx) != nil {
		return
	}
	for range time.Tick(100 * time.Millisecond) {
		if status, err := job.Status(ctx); err != nil || status.Done() {
			return
		}
	}
}

// usable says that the driver is open and the context goes on.
func (d *Driver) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return canceled(err)
	}
	if d.closed.Load() {
		return &adapters.Error{Message: "the connection to BigQuery is closed"}
	}
	return nil
}

// labels say on the bill what a job was for.
func labels(ctx context.Context) map[string]string {
	out := map[string]string{"app": "customhouse"}
	l := adapters.LabelOf(ctx)
	for key, value := range map[string]string{"customhouse_run": l.Run, "customhouse_model": l.Model} {
		if value != "" {
			out[key] = label(value)
		}
	}
	return out
}

// label is a text as the value of a label: at most 63 lower-case letters, digits,
// underscores and dashes.
func label(text string) string {
	const most = 63
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(text))
	return text[:min(len(text), most)]
}

// BytesBilled is what the jobs so far were billed.
func (d *Driver) BytesBilled() int64 { return d.billed.Load() }

// Close ends the connections.
func (d *Driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	var err error
	for _, c := range []*client.Client{d.client, d.storage} {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("closing the connections to BigQuery: %w", err)
	}
	return nil
}
