package webhook

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Call is a request as a project writes it.
type Call struct {
	Method  string               `yaml:"method" doc:"GET, POST, PUT, PATCH or DELETE; POST where none is given, GET for a check."`
	Path    Text                 `yaml:"path" doc:"What follows url, such as /contacts/{key}. Placeholders are percent-encoded."`
	Query   strict.Ordered[Text] `yaml:"query" doc:"Parameters of the address, by their names."`
	Headers strict.Ordered[Text] `yaml:"headers" doc:"Headers of this request, beside those of the destination."`
	// At most one of these is the body.
	JSON   Tree                 `yaml:"json" doc:"Body: a value of JSON, written as YAML. A text that is a placeholder and nothing else becomes that value."`
	NDJSON Tree                 `yaml:"ndjson" doc:"Body: one value of JSON for each row, each on a line."`
	Form   strict.Ordered[Text] `yaml:"form" doc:"Body: fields of a form, by their names."`
	XML    Text                 `yaml:"xml" doc:"Body: a text in which placeholders are escaped for XML."`
	Text   Text                 `yaml:"text" doc:"Body: a text in which placeholders stand as they are."`
}

// Request is what one kind of operation, or several, is sent as.
type Request struct {
	Call

	For strict.OneOrMany `yaml:"for,required" doc:"Operations that are sent so: upsert, update, insert, add, append, remove, clear, archive, delete or erase."`
	// Row spells one row of a batch: a tree where the body is JSON, else a text.
	Row Tree `yaml:"row" doc:"How each row of a batch is spelled; the body has them as {rows}. Without it a request has one row."`
	// Repeatable overrides what follows from the operation and the method.
	Repeatable *bool       `yaml:"repeatable" doc:"Whether a request whose answer was lost may be sent again. true where nothing is given, but for events, and for inserts by POST."`
	Response   *Response   `yaml:"response" doc:"What answers to this request mean, in place of the destination's response."`
	Pos        strict.Node `yaml:"-"`
}

// batch says that a request has many rows.
func (r *Request) batch() bool { return !r.Row.IsZero() || !r.NDJSON.IsZero() }

// kinds are those that the request is for.
func (r *Request) kinds() []syncs.Kind {
	kinds := make([]syncs.Kind, len(r.For))
	for i, name := range r.For {
		kinds[i] = syncs.KindOf(name)
	}
	return kinds
}

// repeatable says that a request of a kind may be sent again.
func (r *Request) repeatable(kind syncs.Kind, eventKeys bool) bool {
	switch {
	case kind == syncs.Append:
		return eventKeys
	case r.Repeatable != nil:
		return *r.Repeatable
	default:
		return kind != syncs.Insert || r.method(http.MethodPost) != http.MethodPost
	}
}

func (c *Call) method(otherwise string) string {
	if c.Method == "" {
		return otherwise
	}
	return c.Method
}

// request is what operations of a kind are sent as, and its place in the list.
func (d *destination) request(kind syncs.Kind) (*Request, int) {
	for i := range d.config.Requests {
		if r := &d.config.Requests[i]; slices.Contains(r.For, kind.String()) {
			return r, i
		}
	}
	return nil, 0
}

// mark is what Decode has to know of a request.
type mark struct {
	Request int `json:"request"`
	// Keys are those of the rows in order, where answers speak of rows by key.
	Keys []string `json:"keys,omitempty"`
}

func (m mark) text() string {
	text, _ := json.Marshal(m) //nolint:errchkjson // numbers and texts
	return string(text)
}

// templated spells operations by the templates of the project.
func (d *destination) templated(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var requests []syncs.Request
	var rejections []syncs.Rejection
	spelling := newSpelling(chunk.Schema)
	all := syncs.NewSpelling(chunk.Schema.Fields, nil)
	kinds := []syncs.Kind{}
	of := map[syncs.Kind][]int{}
	for i := range chunk.Ops {
		kind := chunk.Ops[i].Kind
		if of[kind] == nil {
			kinds = append(kinds, kind)
		}
		of[kind] = append(of[kind], i)
	}
	for _, kind := range kinds {
		r, at := d.request(kind)
		base := scope{
			schema: &chunk.Schema, secrets: chunk.Secrets, run: chunk.RunID, sentAt: chunk.SentAt, asOf: chunk.AsOf,
			kind: kind, count: 1, fields: all, empty: spelling.cleared,
		}
		refuse := func(op int, err error) { rejections = append(rejections, rejection(op, err)) }
		send := func(s *scope, ops []int) {
			sent, err := d.spell(s, r, chunk)
			if err != nil {
				for _, op := range ops {
					refuse(op, err)
				}
				return
			}
			sent.Ops, sent.Idempotent = ops, r.repeatable(kind, d.config.EventKeys)
			m := mark{Request: at}
			if by := d.response(r); by != nil && by.Rows != nil && by.Rows.By == ByKey {
				for _, op := range ops {
					m.Keys = append(m.Keys, chunk.Ops[op].Key)
				}
			}
			sent.Mark = m.text()
			requests = append(requests, sent)
		}
		switch {
		case r == nil:
			for _, op := range of[kind] {
				refuse(op, &unfit{"no-request", "the destination has no request for the operation " + kind.String()})
			}
		case r.batch():
			d.many(&base, r, chunk, of[kind], refuse, send)
		default:
			for _, op := range of[kind] {
				s := base
				s.op, s.request = &chunk.Ops[op], newDigest(chunk).with(&chunk.Ops[op])
				send(&s, []int{op})
			}
		}
	}
	return requests, rejections
}

// many spells the rows of a batch, and sends those that can be.
func (d *destination) many(s *scope, r *Request, chunk syncs.Chunk, ops []int, refuse func(int, error), send func(*scope, []int)) {
	identity := newDigest(chunk)
	separator := ""
	row := r.Row.root
	switch {
	case !r.NDJSON.IsZero():
		separator, row = "\n", r.NDJSON.root
	case !r.JSON.IsZero():
		separator = ","
	}
	escaped := plain
	if !r.XML.IsZero() {
		escaped = markup
	}
	rows, taken := []byte{}, make([]int, 0, len(ops))
	for _, i := range ops {
		one := *s
		one.op = &chunk.Ops[i]
		// What a row says of the request as a whole is not known yet: check keeps
		// {idempotency_key} and {count} out of it.
		before := len(rows)
		if len(taken) > 0 {
			rows = append(rows, separator...)
		}
		var err error
		if r.JSON.IsZero() && r.NDJSON.IsZero() {
			rows, err = one.append(rows, *row.text, escaped)
		} else {
			rows, err = one.tree(rows, row)
		}
		if err != nil {
			rows = rows[:before]
			refuse(i, err)
			continue
		}
		taken = append(taken, i)
		identity.add(one.op)
	}
	if len(taken) == 0 {
		return
	}
	whole := *s
	whole.rows, whole.count, whole.request = rows, len(taken), identity.sum()
	send(&whole, taken)
}

// rejection is that of an operation which cannot be spelled.
func rejection(op int, err error) syncs.Rejection {
	if u, ok := err.(*unfit); ok { //nolint:errorlint // It is never wrapped.
		return syncs.Rejection{Op: op, Code: u.code, Message: u.message}
	}
	return syncs.Rejection{Op: op, Code: "bad-value", Message: err.Error()}
}

// spell is one request, without its operations.
func (d *destination) spell(s *scope, r *Request, chunk syncs.Chunk) (syncs.Request, error) {
	out, err := d.call(s, &r.Call, http.MethodPost)
	if err != nil {
		return syncs.Request{}, err
	}
	out.Header.Set(IdempotencyKey, s.request)
	d.authorize(out.Header, chunk.Secrets, chunk.Token)
	if err := d.sign(out, chunk.Secrets, chunk.SentAt, s.request); err != nil {
		return syncs.Request{}, err
	}
	return syncs.Request{HTTP: out}, nil
}

// call spells what a project wrote.
func (d *destination) call(s *scope, c *Call, method string) (*syncs.HTTPRequest, error) {
	address, err := d.address(s, c)
	if err != nil {
		return nil, err
	}
	body, kind, err := s.body(c)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, h := range d.config.Headers {
		header.Set(h.Key, h.Value.Expand(s.secrets))
	}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	for _, h := range c.Headers {
		value, err := s.append(nil, h.Value, headerText)
		if err != nil {
			return nil, err
		}
		if _, ok := h.Value.whole(); ok && len(value) == 0 {
			continue // A value that is not there is no header.
		}
		header.Set(h.Key, string(value))
	}
	return &syncs.HTTPRequest{Method: c.method(method), URL: address, Header: header, Body: body}, nil
}

// address is the destination's with the path and the query of a call.
func (d *destination) address(s *scope, c *Call) (string, error) {
	base, query, _ := strings.Cut(d.config.URL.Expand(s.secrets), "?")
	if !c.Path.IsZero() {
		path, err := s.append(nil, c.Path, segment)
		if err != nil {
			return "", err
		}
		for part := range strings.SplitSeq(string(path), "/") {
			if part == "." || part == ".." {
				return "", &unfit{"dots-in-path", "its values make the path lead elsewhere"}
			}
		}
		base = strings.TrimRight(base, "/") + "/" + strings.TrimLeft(string(path), "/")
	}
	var parameters []byte
	parameters = append(parameters, query...)
	var err error
	for _, list := range []strict.Ordered[Text]{d.config.Query, c.Query} {
		if parameters, err = s.pairs(parameters, list); err != nil {
			return "", err
		}
	}
	if len(parameters) > 0 {
		base += "?" + string(parameters)
	}
	return base, nil
}

// body is the body of a call, and of what type it is.
func (s *scope) body(c *Call) (body []byte, kind string, err error) {
	switch {
	case !c.JSON.IsZero():
		body, err = s.tree(nil, c.JSON.root)
		return body, "application/json", err
	case !c.NDJSON.IsZero():
		return append(s.rows, '\n'), "application/x-ndjson", nil
	case len(c.Form) > 0:
		body, err = s.pairs(nil, c.Form)
		return body, "application/x-www-form-urlencoded", err
	case !c.XML.IsZero():
		body, err = s.append(nil, c.XML, markup)
		return body, "application/xml", err
	case !c.Text.IsZero():
		body, err = s.append(nil, c.Text, plain)
		return body, "text/plain; charset=utf-8", err
	}
	return nil, "", nil
}
