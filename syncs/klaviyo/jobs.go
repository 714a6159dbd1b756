package klaviyo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// The steps of jobs: an import is waited for, then its errors are read page by
// page; what was found is taken off its list.
const (
	stepWait   = "wait"
	stepRead   = "read"
	stepRemove = "remove"
)

// handle is where a job is.
type handle struct {
	Step string `json:"step"`
	// ID is Klaviyo's of an import, Page where its errors go on, and Failed how
	// many there are.
	ID     string `json:"id,omitempty"`
	Page   string `json:"page,omitempty"`
	Failed int    `json:"failed,omitempty"`
	// Refused are the rows of the pages before, a bit each, in base64.
	Refused string `json:"refused,omitempty"`
	// Profiles are Klaviyo's ids of the rows to take off a list; empty of those
	// that were not found.
	Profiles []string `json:"profiles,omitempty"`
}

func (h handle) text() syncs.Handle {
	text, err := json.Marshal(h)
	if err != nil {
		panic("klaviyo: spelling a handle: " + err.Error()) // It is made of texts.
	}
	return syncs.Handle(text)
}

func parse(text syncs.Handle) handle {
	var h handle
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		panic("klaviyo: a handle that is none of ours: " + err.Error())
	}
	return h
}

// refused are the rows that were refused on the pages before.
func (h handle) refused(rows int) []byte {
	bits, err := base64.RawStdEncoding.DecodeString(h.Refused)
	if err != nil || len(bits) != (rows+7)/8 {
		return make([]byte, (rows+7)/8)
	}
	return bits
}

// job is an import as Klaviyo speaks of it.
type job struct {
	ID         string `json:"id"`
	Attributes struct {
		Status string `json:"status"`
		Total  *int   `json:"total_count"`
		Done   *int   `json:"completed_count"`
		Failed *int   `json:"failed_count"`
	} `json:"attributes"`
}

// profile is one that was found.
type profile struct {
	ID         string             `json:"id"`
	Attributes map[string]*string `json:"attributes"`
}

// found reads the ids of profiles, and starts taking them off a list.
func found(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a struct {
		Data []profile `json:"data"`
	}
	if json.Unmarshal(resp.Body, &a) != nil || a.Data == nil {
		return syncs.Unreadable("no profiles")
	}
	key, keys := asked(req)
	if len(keys) != len(req.Ops) {
		return syncs.Unreadable("profiles that nobody asked for")
	}
	ids := make([]string, len(req.Ops))
	for _, p := range a.Data {
		have := p.ID
		if key != profileID {
			if p.Attributes[key] == nil {
				return syncs.Unreadable("a profile that nobody asked for")
			}
			have = *p.Attributes[key]
		}
		known := false
		for i, want := range keys {
			if strings.EqualFold(strings.TrimSpace(want), have) {
				ids[i], known = p.ID, true
			}
		}
		if !known || !isID(p.ID) {
			return syncs.Unreadable("a profile that nobody asked for")
		}
	}
	var rows []syncs.RowResult
	for i, op := range req.Ops {
		if ids[i] == "" {
			rows = append(rows, syncs.RowResult{Op: op, Absent: true, Code: "no-profile", Message: "there is no such profile"})
		}
	}
	if len(rows) == len(req.Ops) {
		return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
	}
	return syncs.Outcome{Verdict: syncs.Started, Job: handle{Step: stepRemove, Profiles: ids}.text(), Rows: rows}
}

// asked are the keys that a request has looked for, and what they are.
func asked(req syncs.Request) (key string, keys []string) {
	u, err := url.Parse(req.HTTP.URL)
	if err != nil {
		return "", nil
	}
	filter := u.Query().Get("filter")
	key, rest, ok := strings.Cut(strings.TrimPrefix(filter, "any("), ",")
	if !ok || json.Unmarshal([]byte(strings.TrimSuffix(rest, ")")), &keys) != nil {
		return "", nil
	}
	return key, keys
}

// Poll implements syncs.Poller.
func (d *destination) Poll(remote syncs.RemoteJob) []syncs.Request {
	h := parse(remote.Handle)
	ask := func(path string) []syncs.Request {
		return []syncs.Request{{HTTP: d.request(http.MethodGet, path, nil, remote.Secrets), Idempotent: true, Bucket: looking}}
	}
	switch h.Step {
	case stepWait:
		return ask("/api/profile-bulk-import-jobs/" + url.PathEscape(h.ID))
	case stepRead:
		query := url.Values{"page[size]": {"100"}}
		if h.Page != "" {
			query.Set("page[cursor]", h.Page)
		}
		return ask("/api/profile-bulk-import-jobs/" + url.PathEscape(h.ID) + "/import-errors?" + query.Encode())
	}
	b := []byte(`{"data":[`)
	for _, id := range h.Profiles {
		if id == "" {
			continue
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(syncs.AppendJSONString(append(b, `{"type":"profile","id":`...), id), '}')
	}
	_, which := syncs.Which(remote.Schema.Object)
	path := "/api/lists/" + url.PathEscape(which) + "/relationships/profiles"
	return []syncs.Request{{HTTP: d.request(http.MethodDelete, path, append(b, "]}"...), remote.Secrets), Idempotent: true, Bucket: listing}}
}

// Polled implements syncs.Poller.
func (d *destination) Polled(remote syncs.RemoteJob, _ []syncs.Request, answers []*syncs.Response) syncs.Outcome {
	h, resp := parse(remote.Handle), answers[0]
	if out := refused(resp); out.Verdict != 0 {
		return h.troubled(out, resp)
	}
	switch h.Step {
	case stepWait:
		return h.waited(remote, resp)
	case stepRead:
		return h.read(remote, resp)
	}
	if resp.Status != http.StatusNoContent {
		return h.again(syncs.Unreadable(syncs.Named(resp.Status) + ", which it does not document"))
	}
	out := syncs.Outcome{Verdict: syncs.Rows}
	for i, id := range h.Profiles {
		if id != "" {
			out.Rows = append(out.Rows, syncs.RowResult{Op: i, Accepted: true})
		}
	}
	return out
}

// again has the same asked for once more.
func (h handle) again(why syncs.Outcome) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Started, Job: h.text(), Code: why.Code, Message: why.Message, Wait: why.Wait, Throttled: why.Throttled, Quotas: why.Quotas}
}

// troubled is the outcome of a question that was refused.
func (h handle) troubled(why syncs.Outcome, resp *syncs.Response) syncs.Outcome {
	gone := resp.Status == http.StatusNotFound
	switch {
	case h.Step == stepRemove && (gone || why.Verdict == syncs.Split):
		// There is no such list, or it is none that members are put on.
		out := syncs.Outcome{Verdict: syncs.Rows}
		if gone {
			why.Code, why.Message = "no-list", "there is no list with that id"
		}
		for i, id := range h.Profiles {
			if id != "" {
				out.Rows = append(out.Rows, syncs.RowResult{Op: i, Code: why.Code, Message: why.Message})
			}
		}
		return out
	case gone:
		// Klaviyo forgets jobs; what became of the rows nobody can say.
		why.Verdict = syncs.Unknown
		return why
	case why.Verdict == syncs.Fatal:
		return why
	}
	return h.again(why)
}

// waited reads where an import is.
func (h handle) waited(remote syncs.RemoteJob, resp *syncs.Response) syncs.Outcome {
	var a struct{ Data job }
	if json.Unmarshal(resp.Body, &a) != nil || a.Data.ID != h.ID {
		return h.again(syncs.Unreadable("another job than was asked for"))
	}
	at := a.Data.Attributes
	switch at.Status {
	case "queued", "processing":
		return syncs.Outcome{Verdict: syncs.Started, Job: h.text()}
	case "cancelled":
		return syncs.Outcome{Verdict: syncs.Retry, Code: "job-cancelled", Message: "somebody has cancelled the import in Klaviyo", Wait: time.Minute}
	case "complete":
	default:
		return h.again(syncs.Unreadable("a status that it does not document"))
	}
	if at.Failed == nil || at.Done == nil || *at.Failed < 0 || *at.Failed+*at.Done != len(remote.Ops) {
		return syncs.Unreadable("counts that do not add up to the rows that were sent")
	}
	if *at.Failed == 0 {
		return h.ended(len(remote.Ops), nil)
	}
	return syncs.Outcome{Verdict: syncs.Started, Job: handle{Step: stepRead, ID: h.ID, Failed: *at.Failed}.text()}
}

// ended accepts all rows but those that were refused.
func (h handle) ended(rows int, refused []byte) syncs.Outcome {
	out := syncs.Outcome{Verdict: syncs.Rows}
	for i := range rows {
		if refused == nil || refused[i/8]&(1<<(i%8)) == 0 {
			out.Rows = append(out.Rows, syncs.RowResult{Op: i, Accepted: true})
		}
	}
	return out
}

// read reads a page of an import's errors.
func (h handle) read(remote syncs.RemoteJob, resp *syncs.Response) syncs.Outcome {
	var a struct {
		Data []struct {
			Attributes struct {
				trouble

				Payload map[string]any `json:"original_payload"`
			} `json:"attributes"`
		} `json:"data"`
		Links struct {
			Next string `json:"next"`
		} `json:"links"`
	}
	if json.Unmarshal(resp.Body, &a) != nil || a.Data == nil {
		return h.again(syncs.Unreadable("no errors"))
	}
	refused := h.refused(len(remote.Ops))
	places := map[string]int{}
	for i := range remote.Ops {
		places[strings.ToLower(strings.TrimSpace(remote.Ops[i].Key))] = i
	}
	var rows []syncs.RowResult
	for _, e := range a.Data {
		at := pointed(e.Attributes.Source.Pointer, len(remote.Ops))
		if key, ok := payloadKey(e.Attributes.Payload, remote.Schema.Key); ok {
			if i, known := places[strings.ToLower(strings.TrimSpace(key))]; known {
				at = i
			}
		}
		if at < 0 {
			return syncs.Unreadable("an error of a row that was not sent")
		}
		if refused[at/8]&(1<<(at%8)) != 0 {
			continue // Another error of the same row.
		}
		refused[at/8] |= 1 << (at % 8)
		rows = append(rows, syncs.RowResult{Op: at, Code: syncs.ErrorCode(e.Attributes.Code), Message: strings.TrimSuffix("Klaviyo refused the row: "+e.Attributes.said(), ": ")})
	}
	next := ""
	if a.Links.Next != "" {
		u, err := url.Parse(a.Links.Next)
		if err != nil || u.Query().Get("page[cursor]") == "" || u.Query().Get("page[cursor]") == h.Page {
			return h.again(syncs.Unreadable("a next page that is none"))
		}
		next = u.Query().Get("page[cursor]")
	}
	var out syncs.Outcome
	if next != "" {
		goes := h
		goes.Page, goes.Refused = next, base64.RawStdEncoding.EncodeToString(refused)
		out = syncs.Outcome{Verdict: syncs.Started, Job: goes.text()}
		if len(out.Job) > syncs.MaxHandle {
			return syncs.Unreadable("a next page of a name that is too long")
		}
	} else {
		out = h.ended(len(remote.Ops), refused)
		if len(remote.Ops)-len(out.Rows) != h.Failed {
			return syncs.Outcome{
				Verdict: syncs.Unknown, Rows: rows, Code: "unreadable-answer",
				Message: fmt.Sprintf("the platform counts %d rows as failed, and names %d", h.Failed, len(remote.Ops)-len(out.Rows)),
			}
		}
	}
	out.Rows = append(rows, out.Rows...)
	return out
}

// payloadKey is the key of a row in what Klaviyo repeats of it.
func payloadKey(payload map[string]any, key string) (string, bool) {
	if inner, ok := payload["attributes"].(map[string]any); ok && key != profileID {
		payload = inner
	}
	text, ok := payload[key].(string)
	return text, ok && text != ""
}

// pointed is the row that a pointer leads to, as in
// /data/attributes/profiles/data/7/attributes/email; -1 where it leads to none.
func pointed(pointer string, rows int) int {
	_, rest, ok := strings.Cut(pointer, "/profiles/data/")
	if !ok {
		return -1
	}
	number, _, _ := strings.Cut(rest, "/")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= rows {
		return -1
	}
	return i
}
