package salesforce

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// The steps of a job: its rows are uploaded, it is closed and waited for; then
// those that failed are read, and those that nobody has worked on. One that cannot
// be filled any more is aborted.
const (
	stepUpload = "upload"
	stepClose  = "close"
	stepAbort  = "abort"
	stepWait   = "wait"
	stepFailed = "failed"
	stepLeft   = "left"
)

// handle is where a job is.
type handle struct {
	Step string `json:"step"`
	ID   string `json:"id"`
	// Done and Failed are how many records Salesforce has worked on, and refused.
	Done   int `json:"done,omitempty"`
	Failed int `json:"failed,omitempty"`
	// Refused are the rows that are known to be, a bit each, in base64.
	Refused string `json:"refused,omitempty"`
}

func (h handle) text() syncs.Handle {
	text, err := json.Marshal(h)
	if err != nil {
		panic("salesforce: spelling a handle: " + err.Error()) // It is made of texts.
	}
	return syncs.Handle(text)
}

func parse(text syncs.Handle) handle {
	var h handle
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		panic("salesforce: a handle that is none of ours: " + err.Error())
	}
	return h
}

// at is the handle of another step.
func (h handle) at(step string) handle {
	h.Step = step
	return h
}

// job is one as Salesforce speaks of it.
type job struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Processed *int   `json:"numberRecordsProcessed"`
	Failed    *int   `json:"numberRecordsFailed"`
}

// Poll implements syncs.Poller.
func (d *destination) Poll(remote syncs.RemoteJob) []syncs.Request {
	h := parse(remote.Handle)
	path := "/jobs/ingest/" + h.ID
	method, contentType, body := http.MethodGet, "", []byte(nil)
	switch h.Step {
	case stepUpload:
		if remote.Resumed {
			// The rows are not with us any more.
			method, contentType, body = http.MethodPatch, inJSON, []byte(`{"state":"Aborted"}`)
			break
		}
		method, contentType, body = http.MethodPut, inCSV, table(remote)
		path += "/batches"
	case stepClose:
		method, contentType, body = http.MethodPatch, inJSON, []byte(`{"state":"UploadComplete"}`)
	case stepAbort:
		method, contentType, body = http.MethodPatch, inJSON, []byte(`{"state":"Aborted"}`)
	case stepFailed:
		path += "/failedResults"
	case stepLeft:
		path += "/unprocessedrecords"
	}
	return []syncs.Request{{HTTP: d.request(method, path, contentType, body, remote.Secrets, remote.Token), Idempotent: true}}
}

// table is the rows of a job as CSV: all quoted, #N/A for what is to be emptied,
// and an empty cell for what stays as it is.
func table(remote syncs.RemoteJob) []byte {
	schema := remote.Schema
	cell := func(b, text []byte) []byte {
		b = append(b, '"')
		for _, c := range text {
			if c == '"' {
				b = append(b, '"')
			}
			b = append(b, c)
		}
		return append(b, '"')
	}
	var b []byte
	for i, f := range schema.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = cell(b, []byte(f.Name))
	}
	b = append(b, '\n')
	for i := range remote.Ops {
		op := &remote.Ops[i]
		for at, f := range schema.Fields {
			if at > 0 {
				b = append(b, ',')
			}
			if f.Name == schema.Key {
				b = cell(b, []byte(op.Key))
				continue
			}
			var v any
			if op.Kind != syncs.Clear {
				v = op.Values[at]
			}
			// That it can be spelled was seen.
			out, _ := text(nil, f, v)
			out = []byte(strings.ToValidUTF8(string(out), "\ufffd"))
			switch {
			case len(out) > 0:
				b = cell(b, out)
			case v != nil || !f.SkipNull || op.Kind == syncs.Clear:
				b = append(b, `"#N/A"`...)
			}
		}
		b = append(b, '\n')
	}
	return b
}

// Polled implements syncs.Poller.
func (d *destination) Polled(remote syncs.RemoteJob, _ []syncs.Request, answers []*syncs.Response) syncs.Outcome {
	h, resp := parse(remote.Handle), answers[0]
	if out := refused(resp); out.Verdict != 0 {
		return h.troubled(out, resp)
	}
	switch {
	case h.Step == stepUpload && remote.Resumed, h.Step == stepAbort:
		return syncs.Outcome{Verdict: syncs.Retry, Code: "job-aborted", Message: "the job was begun by a process that has ended, and given up"}
	case h.Step == stepUpload:
		return syncs.Outcome{Verdict: syncs.Started, Job: h.at(stepClose).text()}
	case h.Step == stepClose, h.Step == stepWait:
		return h.waited(remote, resp)
	}
	return h.read(remote, resp)
}

// again has the same asked for once more.
func (h handle) again(why syncs.Outcome) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Started, Job: h.text(), Code: why.Code, Message: why.Message, Wait: why.Wait, Throttled: why.Throttled, Quotas: why.Quotas}
}

// troubled is the outcome of a question that was refused.
func (h handle) troubled(why syncs.Outcome, resp *syncs.Response) syncs.Outcome {
	switch {
	case resp.Status == http.StatusNotFound:
		// Salesforce forgets jobs after a week; what became of the rows nobody can say.
		why.Verdict = syncs.Unknown
		return why
	case why.Verdict == syncs.Expired, why.Verdict == syncs.Fatal:
		return why
	case why.Verdict == syncs.Split && (h.Step == stepUpload || h.Step == stepClose):
		// Its state is not what it was: a step that was taken before, mostly.
		return h.at(stepWait).again(syncs.Outcome{})
	case why.Verdict == syncs.Split && h.Step == stepAbort:
		return syncs.Outcome{Verdict: syncs.Retry, Code: why.Code, Message: why.Message}
	}
	return h.again(why)
}

// waited reads where a job is.
func (h handle) waited(remote syncs.RemoteJob, resp *syncs.Response) syncs.Outcome {
	var j job
	if json.Unmarshal(resp.Body, &j) != nil || j.ID != h.ID {
		return h.again(syncs.Unreadable("another job than was asked for"))
	}
	switch j.State {
	case "Open":
		// Nobody noted that it was filled; it is filled anew, or given up.
		if remote.Resumed {
			return h.at(stepAbort).again(syncs.Outcome{})
		}
		return h.at(stepUpload).again(syncs.Outcome{})
	case "UploadComplete", "InProgress":
		return h.at(stepWait).again(syncs.Outcome{Wait: 5 * time.Second})
	case "Aborted":
		return syncs.Outcome{Verdict: syncs.Retry, Code: "job-aborted", Message: "somebody has aborted the job in Salesforce"}
	case "JobComplete", "Failed":
	default:
		return h.again(syncs.Unreadable("a state that it does not document"))
	}
	if j.Processed == nil || j.Failed == nil || *j.Failed < 0 || *j.Failed > *j.Processed || *j.Processed > len(remote.Ops) {
		return h.again(syncs.Unreadable("counts that do not add up"))
	}
	h.Done, h.Failed = *j.Processed, *j.Failed
	switch {
	case h.Failed > 0:
		return h.at(stepFailed).again(syncs.Outcome{})
	case h.Done < len(remote.Ops):
		return h.at(stepLeft).again(syncs.Outcome{})
	}
	return ended(len(remote.Ops), nil)
}

// ended accepts all rows but those that were refused.
func ended(rows int, refused []byte) syncs.Outcome {
	out := syncs.Outcome{Verdict: syncs.Rows}
	for i := range rows {
		if refused == nil || refused[i/8]&(1<<(i%8)) == 0 {
			out.Rows = append(out.Rows, syncs.RowResult{Op: i, Accepted: true})
		}
	}
	return out
}

// maxAnswer is where the engine cuts an answer.
const maxAnswer = 1 << 20

// read reads a file of rows that failed, or that nobody has worked on. They are
// told by their external ids: of other values Salesforce writes what it makes of
// them.
func (h handle) read(remote syncs.RemoteJob, resp *syncs.Response) syncs.Outcome {
	if len(resp.Body) >= maxAnswer {
		return syncs.Outcome{Verdict: syncs.Unknown, Code: "too-many-failures", Message: fmt.Sprintf("%d records failed, more than one answer holds: deliver fewer rows or fields at a time, with a smaller bulk_from", h.Failed)}
	}
	failed, err := failures(resp.Body, remote.Schema.Key)
	if err != nil {
		return h.again(syncs.Unreadable("a file that cannot be read"))
	}
	size := (len(remote.Ops) + 7) / 8
	bits, err := base64.RawStdEncoding.DecodeString(h.Refused)
	if err != nil || len(bits) != size {
		bits = make([]byte, size)
	}
	places := map[string]int{}
	for i := range remote.Ops {
		places[strings.ToLower(remote.Ops[i].Key)] = i
	}
	var rows []syncs.RowResult
	for _, f := range failed {
		i, ok := places[strings.ToLower(f.key)]
		if !ok || bits[i/8]&(1<<(i%8)) != 0 {
			return syncs.Unreadable("the failure of a record that was not sent, or twice")
		}
		bits[i/8] |= 1 << (i % 8)
		row := syncs.RowResult{Op: i, Code: syncs.ErrorCode(f.code), Message: strings.TrimSuffix("Salesforce refused the record: "+syncs.Word(f.code), ": ")}
		if h.Step == stepLeft {
			row.Code, row.Message = "unprocessed", "Salesforce ended the job before it came to this record"
		}
		rows = append(rows, row)
	}
	want := h.Failed
	if h.Step == stepLeft {
		want = len(remote.Ops) - h.Done
	}
	if len(rows) != want {
		return syncs.Outcome{
			Verdict: syncs.Unknown, Rows: rows, Code: "unreadable-answer",
			Message: fmt.Sprintf("the platform counts %d records, and names %d", want, len(rows)),
		}
	}
	if h.Step == stepFailed && h.Done < len(remote.Ops) {
		h.Refused = base64.RawStdEncoding.EncodeToString(bits)
		return syncs.Outcome{Verdict: syncs.Started, Job: h.at(stepLeft).text(), Rows: rows}
	}
	out := ended(len(remote.Ops), bits)
	out.Rows = append(rows, out.Rows...)
	return out
}

// failure is a line of a file.
type failure struct{ key, code string }

// failures reads a file: what is wrong is in sf__Error, as CODE:words:fields.
func failures(body []byte, key string) ([]failure, error) {
	r := csv.NewReader(strings.NewReader(string(body)))
	head, err := r.Read()
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says it in its own words
	}
	at := slices.IndexFunc(head, func(name string) bool { return strings.EqualFold(name, key) })
	why := slices.Index(head, "sf__Error")
	if at < 0 {
		return nil, errors.New("a file without the key")
	}
	var list []failure
	for {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		f := failure{key: line[at]}
		if why >= 0 {
			f.code, _, _ = strings.Cut(line[why], ":")
		}
		list = append(list, f)
	}
}
