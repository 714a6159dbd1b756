package synctest

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
)

// vendorJob is what a Vendor does with rows on its own time. It has its effect
// when it is closed, whether anybody asks for it or not.
type vendorJob struct {
	id       string
	fate     Fate
	rows     []vendorRow
	uploaded bool
	closed   bool
	aborted  bool
	answers  []string
	polls    int
}

// The states of a job.
const (
	stateOpen     = "open"
	stateWorking  = "working"
	stateComplete = "complete"
	stateFailed   = "failed"
	stateAborted  = "aborted"
)

// The headers of a page of results: how many rows it has, and from which one
// the next page goes on, 0 where there is none.
const (
	pageRows = "X-Page-Rows"
	pageNext = "X-Page-Next"
)

func (v *Vendor) open() *vendorJob {
	j := &vendorJob{id: strconv.Itoa(len(v.jobs) + 1)}
	v.jobs = append(v.jobs, j)
	v.stats.Jobs++
	if v.options.Fate != nil {
		j.fate = v.options.Fate(len(v.jobs))
	}
	if j.fate == Cuts && v.options.Style == JobCounts {
		j.fate = Fails
	}
	return j
}

// close has a job take its rows.
func (v *Vendor) close(j *vendorJob, fault Fault) {
	j.closed = true
	if j.fate == Ends || j.fate == Cuts {
		j.answers = v.take(j.rows, fault)
	}
}

// state is how far a job is, as one more question finds it.
func (v *Vendor) state(j *vendorJob) string {
	switch {
	case j.aborted:
		return stateAborted
	case !j.closed:
		return stateOpen
	}
	j.polls++
	switch {
	case j.fate == Hangs || j.polls <= v.options.Polls:
		return stateWorking
	case j.fate == Fails:
		return stateFailed
	default:
		return stateComplete
	}
}

// job serves what is below /jobs.
func (v *Vendor) job(w http.ResponseWriter, r *http.Request, parts []string, body []byte, fault Fault) {
	if len(parts) == 0 {
		reply(w, http.StatusCreated, vendorAnswer{Job: v.open().id})
		return
	}
	n, err := strconv.Atoi(parts[0])
	if err != nil || n < 1 || n > len(v.jobs) {
		reply(w, http.StatusNotFound, vendorAnswer{Error: "there is no such job"})
		return
	}
	j := v.jobs[n-1]
	after, _ := strconv.Atoi(r.URL.Query().Get("after")) // 0 where it is not said.
	switch what := append(parts[1:], "")[0]; {
	case what == "" && r.Method == http.MethodGet:
		a := vendorAnswer{Job: j.id, State: v.state(j)}
		if a.State == stateComplete && v.options.Style == JobCounts {
			_, counted := (&Vendor{options: VendorOptions{Style: Counted}}).report(j.rows, j.answers, None)
			a.Taken, a.Refused, a.Reasons = counted.Taken, counted.Refused, counted.Reasons
		}
		reply(w, http.StatusOK, a)
	case what == "rows":
		if j.uploaded {
			reply(w, http.StatusConflict, vendorAnswer{Error: "the job has its rows"})
			return
		}
		rows, ok := v.read(w, body)
		if !ok {
			return
		}
		j.rows, j.uploaded = rows, true
		reply(w, http.StatusCreated, vendorAnswer{})
	case what == "close" && (j.closed || j.aborted):
		reply(w, http.StatusConflict, vendorAnswer{Error: "the job is closed"})
	case what == "close" && !j.uploaded:
		v.stats.Violations = append(v.stats.Violations, "a job was closed without rows")
		reply(w, http.StatusForbidden, vendorAnswer{Error: "the job has no rows"})
	case what == "close":
		v.close(j, fault)
		reply(w, http.StatusOK, vendorAnswer{})
	case what == "abort":
		j.aborted = !j.closed
		reply(w, http.StatusOK, vendorAnswer{})
	case (what == "results" || what == "errors") && j.answers == nil:
		v.stats.Violations = append(v.stats.Violations, "results of a job that has none were asked for")
		reply(w, http.StatusForbidden, vendorAnswer{Error: "the job has no results"})
	case what == "results":
		v.results(w, j, after, fault)
	case what == "errors":
		v.errors(w, j, after, fault)
	default:
		reply(w, http.StatusNotFound, vendorAnswer{Error: fmt.Sprintf("there is no %s", what)})
	}
}

// results gives out a page of the result file.
func (v *Vendor) results(w http.ResponseWriter, j *vendorJob, after int, fault Fault) {
	end := min(after+v.options.Page, len(j.rows))
	var lines [][]string
	for i := min(after, end); i < end; i++ {
		if j.fate == Ends || i%2 == 0 {
			lines = append(lines, []string{j.rows[i].Key, j.answers[i]})
		}
	}
	if fault == Shuffled {
		slices.Reverse(lines)
	}
	if fault == Doubled {
		lines = twice(lines)
	}
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set(pageRows, strconv.Itoa(len(lines)))
	if end < len(j.rows) {
		w.Header().Set(pageNext, strconv.Itoa(end))
	}
	_ = csv.NewWriter(w).WriteAll(append([][]string{{"key", "status"}}, lines...)) // Into memory.
}

// errors gives out a page of a job's errors.
func (v *Vendor) errors(w http.ResponseWriter, j *vendorJob, after int, fault Fault) {
	a := vendorAnswer{State: stateComplete}
	i := after
	for ; i < len(j.rows) && len(a.Errors) < v.options.Page; i++ {
		if j.answers[i] != statusOK {
			a.Errors = append(a.Errors, vendorResult{Key: j.rows[i].Key, Code: j.answers[i]})
		}
	}
	if i < len(j.rows) {
		a.Next = i
	}
	if fault == Doubled {
		a.Errors = twice(a.Errors)
	}
	if j.fate == Cuts {
		// The list breaks off within what should be JSON.
		whole := httptest.NewRecorder()
		reply(whole, http.StatusOK, a)
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()-1]) // Into memory.
		return
	}
	reply(w, http.StatusOK, a)
}
