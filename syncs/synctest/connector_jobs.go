package synctest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// JobConnector is the destination of a Vendor whose style has jobs. Its handle
// says which job it is and what has to be done next.
type JobConnector struct{ Connector }

var (
	_ syncs.Poller    = JobConnector{}
	_ syncs.Refresher = JobConnector{}
)

// The steps of a job.
const (
	stepUpload = "upload"
	stepClose  = "close"
	stepWait   = "wait"
	stepRead   = "read"
)

// jobHandle is a Handle.
type jobHandle struct {
	Job  string `json:"job"`
	Step string `json:"step"`
	// After is where the next page of results starts.
	After int `json:"after,omitempty"`
}

func (h jobHandle) started(rows ...syncs.RowResult) syncs.Outcome {
	text, err := json.Marshal(h)
	if err != nil {
		panic(fmt.Sprintf("synctest: encoding a handle: %v", err)) // It is made of texts.
	}
	return syncs.Outcome{Verdict: syncs.Started, Job: syncs.Handle(text), Rows: rows}
}

// Handles are one of each step, for the suite.
func (c JobConnector) Handles() []syncs.Handle {
	var list []syncs.Handle
	for _, step := range []string{stepUpload, stepClose, stepWait, stepRead} {
		list = append(list, jobHandle{Job: "7", Step: step}.started().Job)
	}
	return list
}

// Decode implements syncs.Destination.
func (c JobConnector) Decode(_ syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, refused := c.read(resp)
	switch {
	case refused.Verdict != 0:
		return refused
	case a.Job == "" || len(a.Job) > 100:
		return unreadable("no job")
	case c.Style == ResultFile:
		return jobHandle{Job: a.Job, Step: stepUpload}.started()
	}
	return jobHandle{Job: a.Job, Step: stepWait}.started()
}

// Poll implements syncs.Poller.
func (c JobConnector) Poll(job syncs.RemoteJob) []syncs.Request {
	var h jobHandle
	if err := json.Unmarshal([]byte(job.Handle), &h); err != nil {
		panic(fmt.Sprintf("synctest: a handle that is none of ours: %v", err))
	}
	req := &syncs.HTTPRequest{Method: http.MethodGet, URL: c.URL + "/jobs/" + h.Job, Header: c.header(job.Token)}
	switch {
	case h.Step == stepUpload && job.Resumed:
		// The rows are gone; the job must never be closed.
		req.Method, req.URL = http.MethodPost, req.URL+"/abort"
	case h.Step == stepUpload:
		all := make([]int, len(job.Ops))
		for i := range all {
			all[i] = i
		}
		req.Method, req.URL, req.Body = http.MethodPut, req.URL+"/rows", c.body(syncs.NewSpelling(job.Schema.Fields, nil), job.Ops, all)
	case h.Step == stepClose:
		req.Method, req.URL = http.MethodPost, req.URL+"/close"
	case h.Step == stepRead && c.Style == ResultFile:
		req.URL += "/results?after=" + strconv.Itoa(h.After)
	case h.Step == stepRead:
		req.URL += "/errors?after=" + strconv.Itoa(h.After)
	}
	return []syncs.Request{{HTTP: req, Idempotent: true}}
}

// Polled implements syncs.Poller.
func (c JobConnector) Polled(job syncs.RemoteJob, _ []syncs.Request, answers []*syncs.Response) syncs.Outcome {
	var h jobHandle
	if err := json.Unmarshal([]byte(job.Handle), &h); err != nil {
		panic(fmt.Sprintf("synctest: a handle that is none of ours: %v", err))
	}
	resp := answers[0]
	if h.Step == stepRead && c.Style == ResultFile && resp.Status == http.StatusOK {
		return c.results(job, h, resp)
	}
	a, refused := c.read(resp)
	switch status := resp.Status; {
	case status == http.StatusConflict && (h.Step == stepUpload || h.Step == stepClose):
		// The step was taken before, and nobody noted it.
	case status == http.StatusNotFound:
		return syncs.Outcome{Verdict: syncs.Unknown, Code: "no-job", Message: "the platform does not know the job"}
	case refused.Verdict == syncs.Expired, refused.Verdict == syncs.Fatal:
		return refused
	case refused.Verdict != 0:
		again := h.started()
		again.Code, again.Message, again.Wait, again.Throttled = refused.Code, refused.Message, refused.Wait, refused.Throttled
		return again
	}
	switch h.Step {
	case stepUpload:
		if job.Resumed {
			return syncs.Outcome{Verdict: syncs.Retry, Code: "no-rows", Message: "the job was given up before it had its rows"}
		}
		return jobHandle{Job: h.Job, Step: stepClose}.started()
	case stepClose:
		return jobHandle{Job: h.Job, Step: stepWait}.started()
	case stepWait:
		return c.state(job, h, a)
	}
	return errorsOf(job, h, a)
}

// state reads how far the job is.
func (c JobConnector) state(job syncs.RemoteJob, h jobHandle, a vendorAnswer) syncs.Outcome {
	switch a.State {
	case stateFailed:
		return syncs.Outcome{Verdict: syncs.Retry, Code: "job-failed", Message: "the job failed"}
	case stateAborted:
		return syncs.Outcome{Verdict: syncs.Retry, Code: "job-aborted", Message: "the job was aborted"}
	case stateComplete:
		if c.Style != JobCounts {
			return jobHandle{Job: h.Job, Step: stepRead}.started()
		}
		all := make([]int, len(job.Ops))
		for i := range all {
			all[i] = i
		}
		if out := counted(all, a); out.Verdict == syncs.Rows {
			return out
		}
	}
	return h.started()
}

// results reads a page of the result file. Rows are found by their key: the
// platform may change how it writes anything else.
func (c JobConnector) results(job syncs.RemoteJob, h jobHandle, resp *syncs.Response) syncs.Outcome {
	lines, err := csv.NewReader(bytes.NewReader(resp.Body)).ReadAll()
	if err != nil || len(lines) == 0 || resp.Header.Get(pageRows) != strconv.Itoa(len(lines)-1) {
		again := h.started()
		again.Code, again.Message = "cut-file", "the file of results breaks off"
		return again
	}
	at := map[string]int{}
	for i := range job.Ops {
		at[oneBreak(job.Ops[i].Key)] = i
	}
	rows := make([]syncs.RowResult, 0, len(lines))
	for _, line := range lines[1:] {
		if i, ok := at[oneBreak(line[0])]; ok && len(line) == 2 {
			rows = append(rows, row(i, line[1]))
		}
	}
	if next, err := strconv.Atoi(resp.Header.Get(pageNext)); err == nil && next > h.After {
		return jobHandle{Job: h.Job, Step: stepRead, After: next}.started(rows...)
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
}

// oneBreak writes line breaks as readers of CSV do.
func oneBreak(key string) string { return strings.ReplaceAll(key, "\r\n", "\n") }

// errorsOf reads a page of a job's errors: what is not among all of them was
// taken.
func errorsOf(job syncs.RemoteJob, h jobHandle, a vendorAnswer) syncs.Outcome {
	if a.State != stateComplete {
		return h.started() // An answer to something else.
	}
	failed := map[string]string{}
	for _, e := range a.Errors {
		failed[e.Key] = e.Code
	}
	more := a.Next > h.After
	var rows []syncs.RowResult
	for i := range job.Ops {
		code, bad := failed[job.Ops[i].Key]
		switch {
		case bad:
			rows = append(rows, row(i, code))
		case !more:
			rows = append(rows, row(i, statusOK))
		}
	}
	if more {
		return jobHandle{Job: h.Job, Step: stepRead, After: a.Next}.started(rows...)
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
}
