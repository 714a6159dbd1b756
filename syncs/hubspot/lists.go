package hubspot

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// What HubSpot keeps of a list, or puts away, goes by its own ids of records. So
// the first request finds them, or makes the records, and the ids are the job's
// handle: what is to be done to them follows, and can be repeated.

// handle is what is yet to be done with records that were found.
type handle struct {
	// Do is a mark of syncs.Request.
	Do string `json:"do"`
	// Records are HubSpot's ids, in the order of the operations; empty of those
	// whose outcome is known.
	Records []string `json:"records"`
}

// located reads the ids of records, and starts the job of doing something with
// them.
func located(req syncs.Request, a answer) syncs.Outcome {
	ids := make([]string, len(req.Ops))
	var rows []syncs.RowResult
	keys, property := sent(req)
	var other map[int]syncs.RowResult
	if req.Mark == markAdd {
		var ok bool
		if other, ok = refusals(req, a); !ok {
			return syncs.Unreadable("an error of no row")
		}
	} else if i := slices.IndexFunc(a.Errors, func(e trouble) bool { return e.Category != notFound }); i >= 0 {
		return syncs.Outcome{Verdict: syncs.Split, Code: syncs.ErrorCode(a.Errors[i].Category), Message: "the platform answered " + a.Errors[i].said()}
	}
	for _, r := range a.Results {
		at := place(req, r.Trace)
		if at < 0 {
			at = placeOf(keys, r, property)
		}
		if at < 0 || !recordIDs(r.ID) {
			return syncs.Unreadable("a record that nobody asked for")
		}
		ids[at] = r.ID
	}
	for i, op := range req.Ops {
		row, refused := other[i]
		switch {
		case refused && req.Mark == markAdd:
			row.Op = op
			if row.Exists || row.Absent {
				row = syncs.RowResult{Op: op, Code: "refused", Message: "the contact could not be made"}
			}
			ids[i] = ""
			rows = append(rows, row)
		case ids[i] == "" && (req.Mark == markAdd || len(a.Errors) == 0):
			return syncs.Unreadable("numbers that do not add up")
		case ids[i] == "": // A lookup does not name whom it did not find.
			rows = append(rows, syncs.RowResult{Op: op, Absent: true})
		}
	}
	if len(rows) == len(req.Ops) {
		return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
	}
	return syncs.Outcome{Verdict: syncs.Started, Job: handle{req.Mark, ids}.text(), Rows: rows}
}

// sent are the keys of the rows of a request, and the property that they are
// of; hs_object_id where it names none.
func sent(req syncs.Request) (keys []string, property string) {
	var b struct {
		Inputs []struct {
			ID         string `json:"id"`
			IDProperty string `json:"idProperty"`
		} `json:"inputs"`
		IDProperty string `json:"idProperty"`
	}
	if req.HTTP == nil || json.Unmarshal(req.HTTP.Body, &b) != nil {
		return nil, ""
	}
	property = b.IDProperty
	for _, in := range b.Inputs {
		keys = append(keys, in.ID)
		if in.IDProperty != "" {
			property = in.IDProperty
		}
	}
	if property == "" {
		property = recordID
	}
	return keys, property
}

// placeOf is the place of the row whose key a record has. HubSpot writes
// addresses in lower case.
func placeOf(keys []string, r record, property string) int {
	have := r.ID
	if property != recordID {
		if r.Properties[property] == nil {
			return -1
		}
		have = *r.Properties[property]
	}
	fold := -1
	for i, key := range keys {
		if key == have {
			return i
		}
		if fold < 0 && strings.EqualFold(strings.TrimSpace(key), have) {
			fold = i
		}
	}
	return fold
}

// recordIDs says that a text is an id: a handle is kept in the open.
func recordIDs(text string) bool {
	return text != "" && len(text) <= 20 && strings.Trim(text, "0123456789") == ""
}

func (h handle) text() syncs.Handle {
	text, err := json.Marshal(h)
	if err != nil {
		panic("hubspot: spelling a handle: " + err.Error()) // It is made of texts.
	}
	return syncs.Handle(text)
}

func parse(text syncs.Handle) handle {
	var h handle
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		panic("hubspot: a handle that is none of ours: " + err.Error())
	}
	return h
}

// known are the ids that there are.
func (h handle) known() []string {
	list := []string{}
	for _, id := range h.Records {
		if id != "" {
			list = append(list, id)
		}
	}
	return list
}

// Poll implements syncs.Poller: it does what the records were found for.
func (d *destination) Poll(job syncs.RemoteJob) []syncs.Request {
	h := parse(job.Handle)
	kind, which := syncs.Which(job.Schema.Object)
	req := &syncs.HTTPRequest{Method: http.MethodPut, Header: d.header(job.Secrets, job.Token)}
	if h.Do == markArchive {
		req.Method, req.URL = http.MethodPost, d.at(job.Secrets, objects(kind, "/batch/archive"))
		var body struct {
			Inputs []struct {
				ID string `json:"id"`
			} `json:"inputs"`
		}
		for _, id := range h.known() {
			body.Inputs = append(body.Inputs, struct {
				ID string `json:"id"`
			}{id})
		}
		req.Body = mustJSON(body)
		return []syncs.Request{{HTTP: req, Idempotent: true}}
	}
	body := struct {
		Add    []string `json:"recordIdsToAdd"`
		Remove []string `json:"recordIdsToRemove"`
	}{[]string{}, []string{}}
	if h.Do == markAdd {
		body.Add = h.known()
	} else {
		body.Remove = h.known()
	}
	req.URL = d.at(job.Secrets, "/crm/lists/"+Version.Name+"/"+url.PathEscape(which)+"/memberships/add-and-remove")
	req.Body = mustJSON(body)
	return []syncs.Request{{HTTP: req, Idempotent: true}}
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("hubspot: spelling a body: " + err.Error()) // It is made of texts.
	}
	return text
}

// changed is what HubSpot says of memberships.
type changed struct {
	Missing []string `json:"recordIdsMissing"`
}

// Polled implements syncs.Poller.
func (d *destination) Polled(job syncs.RemoteJob, _ []syncs.Request, answers []*syncs.Response) syncs.Outcome {
	h, resp := parse(job.Handle), answers[0]
	_, refused := read(resp, "")
	var c changed
	switch {
	case refused.Verdict == syncs.Expired:
		return refused
	case resp.Status == http.StatusForbidden, resp.Status == http.StatusNotFound, refused.Verdict == syncs.Split:
		return h.refused(refused, resp)
	case refused.Verdict != 0:
		return h.again(refused)
	case len(resp.Body) == 0 && h.Do != markArchive, len(resp.Body) > 0 && json.Unmarshal(resp.Body, &c) != nil:
		return h.again(syncs.Unreadable("what is not about memberships"))
	}
	missing := map[string]bool{}
	for _, id := range c.Missing {
		missing[id] = true
	}
	return h.rows(func(id string) syncs.RowResult {
		switch {
		case missing[id] && h.Do == markAdd:
			return syncs.RowResult{Code: "record-missing", Message: "the contact is not there any more"}
		case missing[id]:
			return syncs.RowResult{Absent: true}
		}
		return syncs.RowResult{Accepted: true}
	})
}

// again has the same asked for once more.
func (h handle) again(why syncs.Outcome) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Started, Job: h.text(), Code: why.Code, Message: why.Message, Wait: why.Wait, Throttled: why.Throttled, Quotas: why.Quotas}
}

// refused is the end of a job that HubSpot will never do: a list that is not
// there, or whose members nobody but HubSpot chooses. The rows stay due.
func (h handle) refused(why syncs.Outcome, resp *syncs.Response) syncs.Outcome {
	if resp.Status == http.StatusNotFound && h.Do != markArchive {
		why.Code, why.Message = "no-list", "there is no list with that id"
	}
	return h.rows(func(string) syncs.RowResult { return syncs.RowResult{Code: why.Code, Message: why.Message} })
}

// rows is the outcome of the rows that the job is about.
func (h handle) rows(of func(id string) syncs.RowResult) syncs.Outcome {
	out := syncs.Outcome{Verdict: syncs.Rows}
	for i, id := range h.Records {
		if id != "" {
			row := of(id)
			row.Op = i
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}
