package webhook

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Response says what answers mean.
type Response struct {
	// Accepted has to hold of an answer of success, and makes one of any status
	// that it names.
	Accepted *Condition `yaml:"accepted" doc:"What an answer is like that took the request, beside its status 2xx."`
	Exists   *Condition `yaml:"exists" doc:"What an answer is like that says of one row that it is there already."`
	Absent   *Condition `yaml:"absent" doc:"What an answer is like that says of one row that it is not there, such as {status: 404}."`
	Rejected *Condition `yaml:"rejected" doc:"What an answer is like that refused the rows of its request for good, and says nothing of others."`
	Retry    *Condition `yaml:"retry" doc:"What an answer is like that took nothing, and may take it later."`
	Code     Path       `yaml:"code" doc:"Where an answer has the code of an error."`
	Message  Path       `yaml:"message" doc:"Where an answer has the message of an error."`
	Rows     *Rows      `yaml:"rows" doc:"Where an answer says what became of each row."`
}

// Rows says where an answer has a result for each row. Paths start at the
// result.
type Rows struct {
	Path Path   `yaml:"path,required" doc:"Where the results are: a list, or an object by the keys of rows."`
	By   string `yaml:"by,required" doc:"How a result names its row: position, index or key."`
	At   Path   `yaml:"at" doc:"Where a result has the index, counted from 0, or the key."`
	// Unlisted is what became of a row without a result.
	Unlisted string     `yaml:"unlisted" doc:"accepted where only refusals are listed; a row without a result is sent again where nothing is given."`
	Accepted *Condition `yaml:"accepted" doc:"What a result is like of a row that was taken."`
	Exists   *Condition `yaml:"exists" doc:"What a result is like of a row that is there already."`
	Absent   *Condition `yaml:"absent" doc:"What a result is like of a row that is not there."`
	Retry    *Condition `yaml:"retry" doc:"What a result is like of a row that may be taken later."`
	Code     Path       `yaml:"code" doc:"Where a result has the code of an error."`
	Message  Path       `yaml:"message" doc:"Where a result has the message of an error."`
}

// Condition is something that an answer, or a result in it, is like. All that is
// given has to hold.
type Condition struct {
	Status Statuses `yaml:"status" doc:"HTTP status, or several; of whole answers only."`
	Path   Path     `yaml:"path" doc:"Where the value is that decides, such as $.status."`
	Is     Scalars  `yaml:"is" doc:"What the value is, or several: a text, a number, true or false."`
	Empty  *bool    `yaml:"empty" doc:"true where the value is missing, null, false, 0 or empty, false where it is anything else."`
}

// The values of Rows.By, and that of Rows.Unlisted.
const (
	ByPosition       = "position"
	ByIndex          = "index"
	ByKey            = "key"
	UnlistedAccepted = "accepted"
)

// Statuses are one HTTP status or several.
type Statuses []int //nolint:recvcheck // only decoding changes it

// UnmarshalStrict reads a number or a list of them.
func (s *Statuses) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	if n.Kind() == strict.List {
		n.Decode(report, (*[]int)(s))
	} else {
		var one int
		if n.Decode(report, &one) {
			*s = Statuses{one}
		}
	}
	for _, status := range *s {
		if status < 200 || status > 599 {
			report(diag.Errorf(n.At(), CodeRange, "%d is no status of an answer", status).WithHelp("use numbers from 200 to 599"))
		}
	}
}

// JSONSchema implements config.Describer.
func (Statuses) JSONSchema() map[string]any {
	one := map[string]any{"type": "integer", "minimum": 200, "maximum": 599}
	return map[string]any{"oneOf": []map[string]any{one, {"type": "array", "items": one, "minItems": 1}}}
}

// Scalars are one value or several, as JSON decodes them.
type Scalars []any //nolint:recvcheck // only decoding changes it

// UnmarshalStrict reads a value or a list of them.
func (s *Scalars) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	items := []strict.Node{n}
	if n.Kind() == strict.List {
		items = n.Items()
	}
	for _, item := range items {
		text := item.Text().Value
		switch {
		case item.IsString():
			*s = append(*s, text)
		case item.Kind() == strict.Scalar && (text == "true" || text == "false"):
			*s = append(*s, text == "true")
		case item.Kind() == strict.Scalar && isJSON(text):
			*s = append(*s, json.Number(text))
		default:
			item.Wrong(report, "a text, a number, true or false", "put a text in quotes; to ask for what is not there write empty: true")
		}
	}
}

// JSONSchema implements config.Describer.
func (Scalars) JSONSchema() map[string]any {
	one := []string{"string", "number", "boolean"}
	return map[string]any{"oneOf": []map[string]any{{"type": one}, {"type": "array", "items": map[string]any{"type": one}, "minItems": 1}}}
}

// holds says whether an answer is like that.
func (c *Condition) holds(status int, body any) bool {
	switch {
	case c == nil:
		return false
	case len(c.Status) > 0 && !slices.Contains(c.Status, status):
		return false
	case c.Path.IsZero():
		return true
	}
	found, _ := c.Path.find(body)
	if c.Empty != nil && *c.Empty != empty(found) {
		return false
	}
	return len(c.Is) == 0 || slices.ContainsFunc(c.Is, func(want any) bool { return same(found, want) })
}

// reads says that the condition looks into answers.
func (c *Condition) reads() bool { return c != nil && !c.Path.IsZero() }

// same compares values of JSON: numbers by their value, and otherwise what is of
// one type.
func same(got, want any) bool {
	a, isNumber := got.(json.Number)
	b, wantsNumber := want.(json.Number)
	if !isNumber || !wantsNumber {
		switch got.(type) {
		case string, bool:
			return got == want
		}
		return false
	}
	x, errX := strconv.ParseFloat(a.String(), 64)
	y, errY := strconv.ParseFloat(b.String(), 64)
	return a == b || errX == nil && errY == nil && x == y && !integers(a, b)
}

// integers says that two numbers are written as such: they differ where their
// digits do, however large they are.
func integers(a, b json.Number) bool {
	_, errA := strconv.ParseInt(a.String(), 10, 64)
	_, errB := strconv.ParseInt(b.String(), 10, 64)
	return errA == nil && errB == nil
}

// empty says that a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		f, err := v.Float64()
		return err == nil && f == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// check finds what is wrong with a condition; whole says that it is of a whole
// answer, which has a status.
func (c *Condition) check(n strict.Node, whole bool, report func(diag.Diagnostic)) {
	if c == nil {
		return
	}
	decides := len(c.Is) > 0 || c.Empty != nil
	switch {
	case !whole && len(c.Status) > 0:
		report(diag.Errorf(n.Key("status"), CodeConflict, "a result has no HTTP status").WithHelp("name a path in the result, with is or empty"))
	case !c.Path.IsZero() && !decides:
		report(diag.Errorf(n.Key("path"), strict.CodeMissingKey, "nothing is said of the value").WithHelp("write is or empty beside path"))
	case c.Path.IsZero() && decides:
		report(diag.Errorf(n.At(), strict.CodeMissingKey, "it is not said where the value is").WithHelp("write path, such as $.status"))
	case c.Path.IsZero() && len(c.Status) == 0:
		report(diag.Errorf(n.At(), strict.CodeEmpty, "this holds of every answer").WithHelp("write status, or path with is or empty"))
	case len(c.Is) > 0 && c.Empty != nil:
		report(diag.Errorf(n.Key("empty"), CodeConflict, "is and empty say the same twice, or what cannot be").WithHelp("keep one of them"))
	}
}

// check finds what is wrong with a response; many says that it is of batches.
func (r *Response) check(n strict.Node, many, one bool, report func(diag.Diagnostic)) {
	for _, c := range []struct {
		*Condition
		key string
	}{{r.Accepted, "accepted"}, {r.Exists, "exists"}, {r.Absent, "absent"}, {r.Rejected, "rejected"}, {r.Retry, "retry"}} {
		c.check(n.Get(c.key), true, report)
		if c.Condition != nil && many && (c.key == "exists" || c.key == "absent") {
			report(diag.Errorf(n.Key(c.key), CodeConflict, "%s is about one row, and a request has many", c.key).WithHelp("say it under rows, or give the request a response of its own"))
		}
	}
	if r.Rows == nil {
		return
	}
	rows := n.Get("rows")
	if one {
		report(diag.Errorf(n.Key("rows"), CodeConflict, "rows is about the results of a batch, and a request has one row").WithHelp("remove it, or give the request a response of its own"))
	}
	r.Rows.check(rows, report)
}

func (r *Rows) check(n strict.Node, report func(diag.Diagnostic)) {
	if !slices.Contains([]string{"", ByPosition, ByIndex, ByKey}, r.By) {
		report(diag.Errorf(n.At("by"), CodeChoice, "this is no way to name a row").WithHelp("write position, index or key"))
	}
	if r.Unlisted != "" && r.Unlisted != UnlistedAccepted {
		report(diag.Errorf(n.At("unlisted"), CodeChoice, "rows that are not listed can be accepted, or nothing is known of them").WithHelp("write accepted, or remove it"))
	}
	switch {
	case r.By == ByIndex && r.At.IsZero():
		report(diag.Errorf(n.At("by"), strict.CodeMissingKey, "it is not said where a result has the index").WithHelp("write at, such as at: $.index"))
	case r.By == ByPosition && !r.At.IsZero():
		report(diag.Errorf(n.Key("at"), CodeConflict, "the position of a result says which row it is of").WithHelp("remove at"))
	case r.By == ByPosition && r.Unlisted != "":
		report(diag.Errorf(n.Key("unlisted"), CodeConflict, "by position each row has a result").WithHelp("remove unlisted"))
	}
	if r.Accepted == nil && r.Unlisted == "" {
		report(diag.Errorf(n.Key(), strict.CodeMissingKey, "it is not said which results are good").
			WithHelp("write accepted, such as accepted: {path: $.status, is: ok}, or unlisted: accepted where only refusals are listed"))
	}
	r.Accepted.check(n.Get("accepted"), false, report)
	r.Exists.check(n.Get("exists"), false, report)
	r.Absent.check(n.Get("absent"), false, report)
	r.Retry.check(n.Get("retry"), false, report)
}

// reads says that an answer has to be JSON.
func (r *Response) reads() bool {
	return r.Rows != nil || r.Accepted.reads()
}

// results are what became of the rows of a request, by its answer. They are none
// where the answer has no results.
func (r *Rows) results(req syncs.Request, m mark, body any) ([]syncs.RowResult, bool) {
	found, ok := r.Path.find(body)
	if !ok {
		// Where only refusals are listed there may be no list of them.
		if r.Unlisted == "" {
			return nil, false
		}
		found = []any{}
	}
	rows := make([]syncs.RowResult, 0, len(req.Ops))
	listed := make(map[int]bool, len(req.Ops))
	add := func(at int, result any) {
		if at < 0 || at >= len(req.Ops) || listed[at] {
			return
		}
		listed[at] = true
		if row, ok := r.result(result); ok {
			row.Op = req.Ops[at]
			rows = append(rows, row)
		}
	}
	of := map[string]int{}
	for i, key := range m.Keys {
		of[key] = i
	}
	byKey := func(key string, result any) {
		if at, ok := of[key]; ok {
			add(at, result)
		}
	}
	switch list := found.(type) {
	case nil:
		if r.Unlisted == "" {
			return nil, false
		}
	case map[string]any:
		if r.By != ByKey {
			return nil, false
		}
		// In the order of the rows, which is the same each time.
		for _, key := range m.Keys {
			if result, ok := list[key]; ok {
				byKey(key, result)
			}
		}
	case []any:
		if r.By == ByPosition && len(list) != len(req.Ops) {
			return nil, false
		}
		for i, result := range list {
			at, there := r.At.find(result)
			switch {
			case r.By == ByPosition:
				add(i, result)
			case !there:
			case r.By == ByIndex:
				if at, err := strconv.Atoi(said(at)); err == nil {
					add(at, result)
				}
			default:
				byKey(said(at), result)
			}
		}
	default:
		return nil, false
	}
	if r.Unlisted == UnlistedAccepted {
		for i, op := range req.Ops {
			if !listed[i] {
				rows = append(rows, syncs.RowResult{Op: op, Accepted: true})
			}
		}
	}
	return rows, true
}

// result is what one entry says of its row; false where the row is to be sent
// again.
func (r *Rows) result(entry any) (syncs.RowResult, bool) {
	switch {
	case r.Retry.holds(0, entry):
		return syncs.RowResult{}, false
	case r.Exists.holds(0, entry):
		return syncs.RowResult{Exists: true}, true
	case r.Absent.holds(0, entry):
		return syncs.RowResult{Absent: true}, true
	case r.Accepted.holds(0, entry):
		return syncs.RowResult{Accepted: true}, true
	}
	out := syncs.RowResult{Code: r.Code.words(entry), Message: clip(r.Message.words(entry))}
	if out.Code == "" {
		out.Code = "rejected"
	}
	return out, true
}
