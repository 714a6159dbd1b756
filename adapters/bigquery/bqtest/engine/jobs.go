package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

type wireReference struct {
	ProjectID string `json:"projectId"`
	JobID     string `json:"jobId"`
	Location  string `json:"location"`
}

type wireDataset struct {
	ProjectID string `json:"projectId"`
	DatasetID string `json:"datasetId"`
}

// wireQuery is the configuration of a query, and what jobs.query takes besides.
type wireQuery struct {
	Query              string          `json:"query"`
	DefaultDataset     *wireDataset    `json:"defaultDataset"`
	DestinationTable   *wireTable      `json:"destinationTable"`
	WriteDisposition   string          `json:"writeDisposition"`
	CreateDisposition  string          `json:"createDisposition"`
	UseLegacySQL       *bool           `json:"useLegacySql"`
	ParameterMode      string          `json:"parameterMode"`
	QueryParameters    []wireParameter `json:"queryParameters"`
	MaximumBytesBilled string          `json:"maximumBytesBilled"`
	CreateSession      bool            `json:"createSession"`
	Properties         []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"connectionProperties"`
}

type wireConfiguration struct {
	Query  *wireQuery        `json:"query"`
	Load   *wireLoad         `json:"load"`
	Copy   *wireCopy         `json:"copy"`
	DryRun bool              `json:"dryRun"`
	Labels map[string]string `json:"labels"`
	// JobTimeoutMs is how long a job may take.
	JobTimeoutMs string `json:"jobTimeoutMs"`
}

type wireLoad struct {
	DestinationTable    wireTable      `json:"destinationTable"`
	Schema              *wireSchema    `json:"schema"`
	SourceFormat        string         `json:"sourceFormat"`
	WriteDisposition    string         `json:"writeDisposition"`
	CreateDisposition   string         `json:"createDisposition"`
	Autodetect          bool           `json:"autodetect"`
	IgnoreUnknownValues bool           `json:"ignoreUnknownValues"`
	MaxBadRecords       int            `json:"maxBadRecords"`
	TimePartitioning    *wirePartition `json:"timePartitioning"`
	Clustering          *struct {
		Fields []string `json:"fields"`
	} `json:"clustering"`
	SourceURIs []string `json:"sourceUris"`
}

type wireCopy struct {
	SourceTable       *wireTable  `json:"sourceTable"`
	SourceTables      []wireTable `json:"sourceTables"`
	DestinationTable  wireTable   `json:"destinationTable"`
	WriteDisposition  string      `json:"writeDisposition"`
	CreateDisposition string      `json:"createDisposition"`
}

// A Job is one that runs or ran.
type Job struct {
	wireReference

	parent        *Job
	children      []*Job
	configuration json.RawMessage
	labels        map[string]string
	stop          context.CancelFunc
	done          chan struct{}
	started       time.Time

	// What follows is there when done is closed.
	ended time.Time
	err   error
	last  *step
	// script says that the query had several statements.
	script bool
	bytes  int64
	loaded int64
	kind   string
}

// jobs are by project and id.
type jobs struct {
	mu    sync.Mutex
	byID  map[string]*Job
	order []*Job
	// requests are the jobs of requests that may be repeated.
	requests map[string]*Job
}

// keep is how many jobs keep their rows.
const keep = 64

// add makes a job, or fails where its id was used.
func (s *jobs) add(j *Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.JobID == "" {
		b := make([]byte, 12)
		_, _ = rand.Read(b)
		j.JobID = "job_" + hex.EncodeToString(b)
	}
	if j.Location == "" {
		j.Location = "US"
	}
	key := j.ProjectID + ":" + j.JobID
	if s.byID[key] != nil {
		return &Error{Reason: "duplicate", Message: fmt.Sprintf("Already Exists: Job %s:%s.%s", j.ProjectID, j.Location, j.JobID)}
	}
	j.done, j.started = make(chan struct{}), time.Now()
	s.byID[key] = j
	s.order = append(s.order, j)
	if old := len(s.order) - keep; old >= 0 {
		select {
		case <-s.order[old].done:
			if l := s.order[old].last; l != nil {
				l.result = &result{inserted: l.inserted, updated: l.updated, deleted: l.deleted}
			}
		default:
		}
	}
	return nil
}

func (s *jobs) get(project, id string) (*Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.byID[project+":"+id]; j != nil {
		return j, nil
	}
	return nil, &Error{Reason: "notFound", Message: fmt.Sprintf("Not found: Job %s:%s", project, id)}
}

// start runs a job beside.
func (s *Server) start(j *Job, timeout string, work func(ctx context.Context) error) {
	ctx, stop := context.WithCancel(s.life)
	if ms, err := strconv.ParseInt(timeout, 10, 64); err == nil && ms > 0 {
		ctx, stop = context.WithTimeout(s.life, time.Duration(ms)*time.Millisecond)
	}
	j.stop = stop
	go func() {
		defer stop()
		err := func() (err error) {
			defer recovered(&err)
			return work(ctx)
		}()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = &Error{Reason: "stopped", Message: "Operation timed out after " + timeout + " ms. Consider reducing the amount of work performed by your operation so that it can complete within this limit."}
		}
		j.err, j.ended = err, time.Now()
		close(j.done)
	}()
}

// execution is that of a query.
func (s *Server) execution(project string, q *wireQuery) (*execution, error) {
	x := &execution{analyzer: s.analyzer, catalog: s.catalog, store: s.store, project: project, temporary: map[string]*Table{}, routines: map[string]*routine{}}
	if q.UseLegacySQL == nil || *q.UseLegacySQL {
		return nil, &Error{Reason: "notImplemented", Message: "emulator: legacy SQL"}
	}
	if q.CreateSession || len(q.Properties) > 0 {
		return nil, &Error{Reason: "notImplemented", Message: "emulator: sessions and connection properties"}
	}
	if d := q.DefaultDataset; d != nil {
		x.dataset = d.DatasetID
		if d.ProjectID != "" {
			x.project = d.ProjectID
		}
	}
	for _, p := range q.QueryParameters {
		x.parameters = append(x.parameters, Parameter{Name: p.Name, Type: p.Type.kind(), Value: p.Value})
	}
	if q.MaximumBytesBilled != "" {
		n, err := strconv.ParseInt(q.MaximumBytesBilled, 10, 64)
		if err != nil {
			return nil, &Error{Reason: "invalid", Message: "Invalid value for maximumBytesBilled"}
		}
		x.bytes = n
	}
	return x, nil
}

// query starts a query.
func (s *Server) query(j *Job, q *wireQuery, timeout string) error {
	x, err := s.execution(j.ProjectID, q)
	if err != nil {
		return err
	}
	if err := s.jobs.add(j); err != nil {
		return err
	}
	s.start(j, timeout, func(ctx context.Context) error {
		steps, err := x.run(ctx, q.Query)
		for i, st := range steps {
			j.bytes += st.bytes
			j.last, j.kind = st, st.kind
			if len(steps) == 1 {
				break
			}
			child := &Job{wireReference: wireReference{ProjectID: j.ProjectID, JobID: fmt.Sprintf("script_job_%s_%d", j.JobID, i), Location: j.Location}, parent: j, last: st, kind: st.kind, bytes: st.bytes, labels: j.labels}
			child.configuration = marshal(map[string]any{"jobType": "QUERY", "query": map[string]any{"query": st.text}})
			if err := s.jobs.add(child); err != nil {
				return err
			}
			child.ended = time.Now()
			close(child.done)
			j.children = append(j.children, child)
		}
		j.script = len(j.children) > 0
		if j.script {
			j.kind = "SCRIPT"
		}
		if err != nil {
			return err
		}
		return s.destination(ctx, j, q)
	})
	return nil
}

// destination writes a result into the table that the query names.
func (s *Server) destination(ctx context.Context, j *Job, q *wireQuery) error {
	if q.DestinationTable == nil || j.last == nil || j.last.kind != "SELECT" {
		return nil
	}
	return s.fill(ctx, q.DestinationTable.name(), &wireLoad{WriteDisposition: q.WriteDisposition, CreateDisposition: q.CreateDisposition}, j.last.schema, j.last.rows)
}

// dry checks a query and says what it would read.
func (s *Server) dry(ctx context.Context, project string, q *wireQuery) (*step, error) {
	x, err := s.execution(project, q)
	if err != nil {
		return nil, err
	}
	if blank(q.Query) {
		return nil, invalid("Syntax error: Unexpected end of statement")
	}
	p, to, err := x.next(q.Query, 0, true)
	if err != nil {
		return nil, err
	}
	out := &step{plan: p, result: &result{}, text: q.Query}
	if !blank(q.Query[to:]) {
		// Of a script nothing is known but that its first statement is right.
		out.kind = "SCRIPT"
		return out, nil
	}
	c, err := s.store.db.Conn(ctx)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = c.Close() }()
	if out.bytes, err = s.store.size(ctx, c, p.reads); err != nil {
		return nil, failure(ctx, err)
	}
	return out, x.affordable(out.bytes)
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// wireError is an error within a job or an answer.
func wireError(err error) map[string]any {
	e := asError(err)
	out := map[string]any{"reason": e.Reason, "message": e.Message}
	if e.Location != "" {
		out["location"] = e.Location
	}
	return out
}

func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Reason: "internalError", Message: "emulator: " + err.Error()}
}

// resource is a job as jobs.get gives it.
func (j *Job) resource() map[string]any {
	state := "RUNNING"
	status := map[string]any{}
	statistics := map[string]any{"creationTime": millis(j.started), "startTime": millis(j.started)}
	select {
	case <-j.done:
		state = "DONE"
		statistics["endTime"] = millis(j.ended)
		statistics["totalBytesProcessed"] = strconv.FormatInt(j.bytes, 10)
		if j.err != nil {
			status["errorResult"], status["errors"] = wireError(j.err), []any{wireError(j.err)}
		}
		switch j.kind {
		case "":
		case "LOAD":
			statistics["load"] = map[string]any{"outputRows": strconv.FormatInt(j.loaded, 10), "badRecords": "0", "inputFiles": "1", "inputFileBytes": strconv.FormatInt(j.bytes, 10)}
		case "COPY":
			statistics["copy"] = map[string]any{"copiedRows": strconv.FormatInt(j.loaded, 10)}
		default:
			statistics["query"] = statisticsOf(j.last, j.kind, j.bytes)
		}
		if j.script {
			statistics["numChildJobs"] = strconv.Itoa(len(j.children))
		}
	default:
	}
	if j.parent != nil {
		statistics["parentJobId"] = j.parent.JobID
		statistics["scriptStatistics"] = map[string]any{"evaluationKind": "STATEMENT"}
	}
	status["state"] = state
	return map[string]any{
		"kind": "bigquery#job", "id": j.ProjectID + ":" + j.Location + "." + j.JobID, "jobReference": j.wireReference,
		"status": status, "statistics": statistics, "configuration": j.configuration, "user_email": "emulator@example.invalid",
		"jobCreationReason": map[string]any{"code": "REQUESTED"},
	}
}

// statisticsOf are those of a query.
func statisticsOf(s *step, kind string, bytes int64) map[string]any {
	out := map[string]any{
		"statementType": kind, "totalBytesProcessed": strconv.FormatInt(bytes, 10),
		"totalBytesBilled": strconv.FormatInt(billed(bytes), 10), "cacheHit": false, "totalSlotMs": "1",
	}
	if s == nil || kind == "SCRIPT" {
		return out
	}
	if s.schema != nil {
		out["schema"] = schemaOf(s.schema)
	}
	if s.ddl != "" {
		out["ddlOperationPerformed"] = s.ddl
	}
	if s.target != nil && s.ddl != "" {
		out["ddlTargetTable"] = s.target.wire()
	}
	if n, ok := s.affected(); ok {
		out["numDmlAffectedRows"] = strconv.FormatInt(n, 10)
		out["dmlStats"] = s.dml()
	}
	tables := []wireTable{}
	for _, r := range s.reads {
		if r.table.Dataset != session {
			tables = append(tables, r.table.wire())
		}
	}
	if len(tables) > 0 {
		out["referencedTables"] = tables
	}
	return out
}

// affected is how many rows a statement changed.
func (s *step) affected() (int64, bool) {
	switch s.kind {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE":
		return s.inserted + s.updated + s.deleted, true
	}
	return 0, false
}

func (s *step) dml() map[string]any {
	return map[string]any{
		"insertedRowCount": strconv.FormatInt(s.inserted, 10), "updatedRowCount": strconv.FormatInt(s.updated, 10), "deletedRowCount": strconv.FormatInt(s.deleted, 10),
	}
}

// pageBytes is how much of a result an answer holds at most.
const pageBytes = 10 << 20

// page is an answer with rows of a finished job.
func (j *Job) page(from, most int, int64Timestamp bool) map[string]any {
	out := map[string]any{
		"kind": "bigquery#getQueryResultsResponse", "jobReference": j.wireReference, "jobComplete": true, "cacheHit": false,
		"totalBytesProcessed": strconv.FormatInt(j.bytes, 10), "statementType": j.kind, "location": j.Location,
		"totalBytesBilled": strconv.FormatInt(billed(j.bytes), 10), "creationTime": millis(j.started), "startTime": millis(j.started), "endTime": millis(j.ended),
	}
	s := j.last
	if s == nil {
		out["totalRows"], out["schema"] = "0", schemaOf(nil)
		return out
	}
	if n, ok := s.affected(); ok && !j.script {
		out["numDmlAffectedRows"], out["dmlStats"] = strconv.FormatInt(n, 10), s.dml()
	}
	if s.schema == nil {
		out["totalRows"], out["schema"] = "0", schemaOf(nil)
		if s.target != nil {
			out["ddlTargetTable"] = s.target.wire()
		}
		return out
	}
	rows, to := pageOf(s.rows, s.schema, from, most, int64Timestamp)
	out["schema"], out["rows"], out["totalRows"] = schemaOf(s.schema), rows, strconv.Itoa(len(s.rows))
	if to < len(s.rows) {
		out["pageToken"] = strconv.Itoa(to)
	}
	return out
}

// pageOf writes rows up to a number and a size.
func pageOf(rows [][]any, schema []Column, from, most int, int64Timestamp bool) (out []json.RawMessage, to int) {
	out = []json.RawMessage{}
	size := 0
	for to = min(max(from, 0), len(rows)); to < len(rows) && size < pageBytes && (most < 0 || len(out) < most); to++ {
		b := marshal(row(rows[to], schema, int64Timestamp))
		out = append(out, b)
		size += len(b)
	}
	return out, to
}

// wait waits for the end of a job as long as the client wants to.
func (j *Job) wait(ctx context.Context, timeout time.Duration) bool {
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-j.done:
		return true
	case <-ctx.Done():
		return false
	case <-t.C:
		return false
	}
}

// format is the name of a file format.
func (l *wireLoad) format() string {
	if l.SourceFormat == "" {
		return "CSV"
	}
	return strings.ToUpper(l.SourceFormat)
}
