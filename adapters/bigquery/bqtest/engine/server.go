package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Server is BigQuery's REST API.
type Server struct {
	analyzer *Analyzer
	catalog  *Catalog
	store    *Store
	jobs     *jobs
	life     context.Context //nolint:containedctx // jobs outlive the requests that start them
	// only says that statements are checked and never executed.
	only bool

	mu      sync.Mutex
	uploads map[string]*upload
}

// An upload is one in parts.
type upload struct {
	project string
	job     json.RawMessage
	body    []byte
}

func newServer(ctx context.Context, only bool) (*Server, error) {
	a, err := newAnalyzer()
	if err != nil {
		return nil, err
	}
	store, err := newStore(ctx)
	if err != nil {
		return nil, err
	}
	return &Server{
		analyzer: a, store: store, catalog: newCatalog(store.drop), life: ctx, only: only, uploads: map[string]*upload{},
		jobs: &jobs{byID: map[string]*Job{}, requests: map[string]*Job{}},
	}, nil
}

// handler gives the routes.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { answer(w, r, f) })
	}
	const base = "/bigquery/v2/projects/{project}"
	route("GET "+base+"/datasets", s.listDatasets)
	route("POST "+base+"/datasets", s.insertDataset)
	route("GET "+base+"/datasets/{dataset}", s.getDataset)
	route("PATCH "+base+"/datasets/{dataset}", s.patchDataset)
	route("PUT "+base+"/datasets/{dataset}", s.patchDataset)
	route("DELETE "+base+"/datasets/{dataset}", s.deleteDataset)
	route("GET "+base+"/datasets/{dataset}/tables", s.listTables)
	route("POST "+base+"/datasets/{dataset}/tables", s.insertTable)
	route("GET "+base+"/datasets/{dataset}/tables/{table}", s.getTable)
	route("PATCH "+base+"/datasets/{dataset}/tables/{table}", s.patchTable)
	route("PUT "+base+"/datasets/{dataset}/tables/{table}", s.patchTable)
	route("DELETE "+base+"/datasets/{dataset}/tables/{table}", s.deleteTable)
	route("GET "+base+"/datasets/{dataset}/tables/{table}/data", s.listRows)
	route("POST "+base+"/queries", s.postQuery)
	route("GET "+base+"/queries/{job}", s.getQuery)
	route("GET "+base+"/jobs", s.listJobs)
	route("POST "+base+"/jobs", s.insertJob)
	route("GET "+base+"/jobs/{job}", s.getJob)
	route("POST "+base+"/jobs/{job}/cancel", s.cancelJob)
	mux.HandleFunc("POST /upload"+base+"/jobs", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("upload_id") {
			s.uploadPart(w, r)
			return
		}
		answer(w, r, s.uploadJob)
	})
	route("POST /check", s.postCheck)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(*http.Request) (any, error) {
			return nil, &Error{Reason: "notImplemented", Message: "emulator: no route for " + r.Method + " " + r.URL.Path}
		})
	})
	return mux
}

// answer writes what a route gives.
func answer(w http.ResponseWriter, r *http.Request, f func(*http.Request) (any, error)) {
	out, err := func() (out any, err error) {
		defer recovered(&err)
		return f(r)
	}()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err != nil {
		e := asError(err)
		w.WriteHeader(e.status())
		one := wireError(e)
		one["domain"] = "global"
		_, _ = w.Write(marshal(map[string]any{"error": map[string]any{"code": e.status(), "message": e.Message, "errors": []any{one}, "status": strings.ToUpper(e.Reason)}}))
		return
	}
	if l, ok := out.(location201); ok {
		w.Header().Set("Location", string(l))
		return
	}
	if out == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = w.Write(marshal(out))
}

// location201 is the answer that begins an upload in parts.
type location201 string

func body[T any](r *http.Request) (T, error) {
	var out T
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return out, fmt.Errorf("reading the request: %w", err)
	}
	return out, decode(body, &out)
}

func decode(body []byte, to any) error {
	if err := json.Unmarshal(body, to); err != nil {
		return &Error{Reason: "invalid", Message: "Invalid JSON payload received: " + err.Error()}
	}
	return nil
}

// postCheck analyzes a script and applies its DDL.
func (s *Server) postCheck(r *http.Request) (any, error) {
	q, err := body[struct {
		wireQuery

		Project string `json:"project"`
	}](r)
	if err != nil {
		return nil, err
	}
	standard := false
	q.UseLegacySQL = &standard
	x, err := s.execution(q.Project, &q.wireQuery)
	if err != nil {
		return nil, err
	}
	steps, err := x.check(q.Query)
	out := []map[string]any{}
	for _, st := range steps {
		one := map[string]any{"statementType": st.kind, "query": st.text}
		if st.schema != nil {
			one["schema"] = schemaOf(st.schema)
		}
		if st.lacks != nil {
			one["notExecuted"] = st.lacks.Message
		}
		out = append(out, one)
	}
	answer := map[string]any{"statements": out}
	if err != nil {
		answer["error"] = wireError(err)
	}
	return answer, nil
}

// job reads a job resource.
func job(project string, raw []byte) (*Job, *wireConfiguration, error) {
	var in struct {
		JobReference  wireReference   `json:"jobReference"`
		Configuration json.RawMessage `json:"configuration"`
	}
	if err := decode(raw, &in); err != nil {
		return nil, nil, err
	}
	var c wireConfiguration
	if err := decode(in.Configuration, &c); err != nil {
		return nil, nil, err
	}
	j := &Job{wireReference: in.JobReference, configuration: in.Configuration, labels: c.Labels}
	j.ProjectID = project
	return j, &c, nil
}

func (s *Server) insertJob(r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	return s.begin(r.Context(), r.PathValue("project"), raw, nil)
}

// begin starts the job of a request; body are the rows of a load.
func (s *Server) begin(ctx context.Context, project string, raw, body []byte) (any, error) {
	j, c, err := job(project, raw)
	if err != nil {
		return nil, err
	}
	switch {
	case s.only && !c.DryRun:
		return nil, unsupported("every statement, as the server only checks,")
	case c.Query != nil && c.DryRun:
		st, err := s.dry(ctx, project, c.Query)
		if err != nil {
			return nil, err
		}
		j.Location = "US"
		statistics := statisticsOf(st, st.kind, st.bytes)
		return map[string]any{
			"kind": "bigquery#job", "jobReference": j.wireReference, "configuration": j.configuration, "status": map[string]any{"state": "DONE"},
			"statistics": map[string]any{"creationTime": millis(time.Now()), "totalBytesProcessed": strconv.FormatInt(st.bytes, 10), "query": statistics},
		}, nil
	case c.Query != nil:
		err = s.query(j, c.Query, c.JobTimeoutMs)
	case c.Load != nil:
		err = s.load(j, c.Load, body, c.JobTimeoutMs)
	case c.Copy != nil:
		err = s.copyTable(j, c.Copy, c.JobTimeoutMs)
	default:
		err = &Error{Reason: "notImplemented", Message: "emulator: this kind of job"}
	}
	if err != nil {
		return nil, err
	}
	return j.resource(), nil
}

// postQuery is jobs.query: it waits for the result for a while.
func (s *Server) postQuery(r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	var q struct {
		wireQuery

		DryRun        bool              `json:"dryRun"`
		Labels        map[string]string `json:"labels"`
		MaxResults    *int              `json:"maxResults"`
		TimeoutMs     *int              `json:"timeoutMs"`
		JobTimeoutMs  string            `json:"jobTimeoutMs"`
		RequestID     string            `json:"requestId"`
		Location      string            `json:"location"`
		FormatOptions struct {
			UseInt64Timestamp bool `json:"useInt64Timestamp"`
		} `json:"formatOptions"`
	}
	if err := decode(raw, &q); err != nil {
		return nil, err
	}
	project := r.PathValue("project")
	if q.DryRun {
		st, err := s.dry(r.Context(), project, &q.wireQuery)
		if err != nil {
			return nil, err
		}
		return map[string]any{"kind": "bigquery#queryResponse", "jobComplete": true, "schema": schemaOf(st.schema), "totalBytesProcessed": strconv.FormatInt(st.bytes, 10), "totalRows": "0", "jobReference": wireReference{ProjectID: project, Location: "US"}}, nil
	}
	if s.only {
		return nil, unsupported("every statement, as the server only checks,")
	}
	j, known := s.requested(project, q.RequestID)
	if !known {
		j.Location, j.labels = q.Location, q.Labels
		j.configuration = marshal(map[string]any{"jobType": "QUERY", "labels": q.Labels, "query": json.RawMessage(raw)})
		if err := s.query(j, &q.wireQuery, q.JobTimeoutMs); err != nil {
			return nil, err
		}
	}
	timeout := 10 * time.Second
	if q.TimeoutMs != nil {
		timeout = time.Duration(*q.TimeoutMs) * time.Millisecond
	}
	most := -1
	if q.MaxResults != nil {
		most = *q.MaxResults
	}
	out, err := s.results(r.Context(), j, timeout, 0, most, q.FormatOptions.UseInt64Timestamp)
	if err == nil {
		out["kind"] = "bigquery#queryResponse"
	}
	return out, err
}

// requested is the job of a request, which may come again.
func (s *Server) requested(project, id string) (j *Job, known bool) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if id != "" && s.jobs.requests[id] != nil {
		return s.jobs.requests[id], true
	}
	j = &Job{wireReference: wireReference{ProjectID: project}}
	if id != "" {
		s.jobs.requests[id] = j
	}
	return j, false
}

func (s *Server) results(ctx context.Context, j *Job, timeout time.Duration, from, most int, int64Timestamp bool) (map[string]any, error) {
	if !j.wait(ctx, timeout) {
		return map[string]any{"kind": "bigquery#getQueryResultsResponse", "jobReference": j.wireReference, "jobComplete": false}, nil
	}
	if j.err != nil {
		return nil, j.err
	}
	return j.page(from, most, int64Timestamp), nil
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

func (s *Server) getQuery(r *http.Request) (any, error) {
	j, err := s.jobs.get(r.PathValue("project"), r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	from := number(r, "pageToken", number(r, "startIndex", 0))
	timeout := time.Duration(number(r, "timeoutMs", 10_000)) * time.Millisecond
	return s.results(r.Context(), j, timeout, from, number(r, "maxResults", -1), r.URL.Query().Get("formatOptions.useInt64Timestamp") == "true")
}

func (s *Server) getJob(r *http.Request) (any, error) {
	j, err := s.jobs.get(r.PathValue("project"), r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	return j.resource(), nil
}

func (s *Server) listJobs(r *http.Request) (any, error) {
	s.jobs.mu.Lock()
	all := append([]*Job(nil), s.jobs.order...)
	s.jobs.mu.Unlock()
	parent := r.URL.Query().Get("parentJobId")
	out := []any{}
	for _, j := range slices.Backward(all) {
		if j.ProjectID != r.PathValue("project") || parent == "" && j.parent != nil || parent != "" && (j.parent == nil || j.parent.JobID != parent) {
			continue
		}
		one := j.resource()
		one["state"] = one["status"].(map[string]any)["state"]
		out = append(out, one)
	}
	return map[string]any{"kind": "bigquery#jobList", "jobs": out}, nil
}

func (s *Server) cancelJob(r *http.Request) (any, error) {
	j, err := s.jobs.get(r.PathValue("project"), r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	if j.stop != nil {
		j.stop()
	}
	return map[string]any{"kind": "bigquery#jobCancelResponse", "job": j.resource()}, nil
}

// uploadJob takes a job and its rows in one request, or begins an upload in parts.
func (s *Server) uploadJob(r *http.Request) (any, error) {
	project := r.PathValue("project")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	if r.URL.Query().Get("uploadType") == "resumable" {
		s.mu.Lock()
		defer s.mu.Unlock()
		id := strconv.Itoa(len(s.uploads) + 1)
		s.uploads[id] = &upload{project: project, job: body}
		return location201(fmt.Sprintf("http://%s%s?upload_id=%s", r.Host, r.URL.Path, id)), nil
	}
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, &Error{Reason: "invalid", Message: "not multipart: " + err.Error()}
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	var both [2][]byte
	for i := range both {
		part, err := parts.NextPart()
		if err != nil {
			return nil, &Error{Reason: "invalid", Message: "not multipart: " + err.Error()}
		}
		if both[i], err = io.ReadAll(part); err != nil {
			return nil, &Error{Reason: "invalid", Message: "not multipart: " + err.Error()}
		}
	}
	return s.begin(r.Context(), project, both[0], both[1])
}

// uploadPart takes a part of an upload; the last one starts the job.
func (s *Server) uploadPart(w http.ResponseWriter, r *http.Request) {
	answer308 := false
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	u := s.uploads[r.URL.Query().Get("upload_id")]
	if u != nil {
		u.body = append(u.body, body...)
		// "bytes 0-99/*" goes on, "bytes 100-149/150" and "bytes */150" end.
		answer308 = strings.HasSuffix(r.Header.Get("Content-Range"), "/*")
	}
	s.mu.Unlock()
	if err == nil && u != nil && answer308 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(u.body)-1))
		w.Header().Set("X-Http-Status-Code-Override", "308")
		w.WriteHeader(http.StatusOK)
		return
	}
	answer(w, r, func(*http.Request) (any, error) {
		if err != nil || u == nil {
			return nil, errors.Join(err, &Error{Reason: "notFound", Message: "no such upload"})
		}
		return s.begin(r.Context(), u.project, u.job, u.body)
	})
}
