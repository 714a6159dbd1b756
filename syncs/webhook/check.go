package webhook

import (
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	fail := func(code, summary, help string, path ...string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: n.At(path...), Summary: summary, Help: help})
	}
	checkAddress(c.URL, c.AllowPrivate, n, "url", report)
	templated := len(c.Requests) > 0
	for _, h := range c.Headers {
		own := textproto.CanonicalMIMEHeaderKey(h.Key)
		switch {
		case !validHeader(h.Key):
			fail(CodeHeader, "this is not the name of a header", "use letters, digits and hyphens", "headers", h.Key)
		case unsettable[own] || reserved[own]:
			fail(CodeHeader, "this header is set by Customhouse", "remove it", "headers", h.Key)
		case own == "Authorization" && c.Auth != nil:
			fail(CodeConflict, "auth sets this header", "remove one of the two", "headers", h.Key)
		case h.Value.IsLiteral() && credential(h.Key):
			fail(secret.CodeLiteral, "this header holds a credential", "use a reference, such as ${env:WEBHOOK_TOKEN}", "headers", h.Key)
		case strings.ContainsAny(h.Value.Text(), "\r\n\x00"):
			fail(CodeHeader, "a header cannot hold a line break", "write it on one line", "headers", h.Key)
		}
	}
	checkPairs(c.Query, n, "query", place{only: []string{ofSync, ofObject, ofObjectID}, why: "this is of all requests"}, report)
	within := func(value, least, most int, path string) {
		if value < least || value > most {
			fail(CodeRange, path+" is out of range", "use a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most), path)
		}
	}
	within(c.BatchSize, 1, 10_000, "batch_size")
	within(c.MaxBytes, 1_000, 64<<20, "max_bytes")
	within(c.Concurrency, 1, 32, "concurrency")
	if given := n.Get("rate_limit").Kind() != strict.Absent; given && (c.RateLimit < 0.01 || c.RateLimit > 10_000) {
		fail(CodeRange, "rate_limit is out of range", "use a number from 0.01 to 10000 of requests a second, or remove it", "rate_limit")
	}
	if c.Timeout < time.Second || c.Timeout > 10*time.Minute {
		fail(CodeRange, "timeout is out of range", "use a duration from 1s to 10m", "timeout")
	}
	switch {
	case c.Results != "" && c.Results != Indexed:
		fail(CodeChoice, "results is not a known way of answering", "write indexed, or remove it", "results")
	case c.Results != "" && (templated || c.Response != nil):
		fail(CodeConflict, "results is about answers in our own format, and the project says what answers are like", "remove it, and write rows under response", "results")
	}
	if c.Signature != nil {
		if !c.Secret.IsZero() {
			report(diag.Errorf(n.Key("signature"), CodeConflict, "secret signs requests, and so does signature").WithHelp("keep one of them").
				WithRelated(n.Key("secret"), "the other is here"))
		}
		c.Signature.check(n.Get("signature"), report)
	}
	if c.Auth != nil {
		c.Auth.check(n.Get("auth"), c.AllowPrivate, report)
	}
	c.checkRequests(n, report)
	if c.Probe != nil {
		c.Probe.check(n.Get("check"), place{only: []string{ofObject, ofObjectID, ofSentAt}, why: "a check is of no sync and no row", whole: true}, report)
	}
}

// checkAddress finds what is wrong with an address that holds no reference.
func checkAddress(address secret.Template, allowPrivate bool, n strict.Node, key string, report func(diag.Diagnostic)) {
	if !address.IsLiteral() || address.IsZero() {
		return
	}
	u, err := url.Parse(address.Text())
	switch {
	case strings.ContainsAny(address.Text(), "{}"):
		report(diag.Errorf(n.At(key), CodeURL, "%s has no placeholders", key).WithHelp("write what follows the address as path of a request: path: /contacts/{key}"))
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		report(diag.Errorf(n.At(key), CodeURL, "%s is not an http or https address", key).WithHelp("write it like https://example.com/hook"))
	case u.User != nil:
		n.Get(key).Mask()
		report(diag.Errorf(n.At(key), secret.CodeLiteral, "%s holds a user or password", key).WithHelp("use auth, or a reference, such as ${env:WEBHOOK_URL}"))
	case u.Fragment != "":
		report(diag.Errorf(n.At(key), CodeURL, "%s has a fragment, which is never sent", key).WithHelp("remove what follows #"))
	default:
		syncs.CheckHost(u.Hostname(), allowPrivate, n.At(key), report)
	}
}

// checkRequests finds what is wrong with the templates.
func (c *Config) checkRequests(n strict.Node, report func(diag.Diagnostic)) {
	first := map[string]strict.Node{}
	many, single := false, false
	for i := range c.Requests {
		r := &c.Requests[i]
		node := r.Pos
		for j, name := range r.For {
			at := node.At("for", strconv.Itoa(j))
			if syncs.KindOf(name) == 0 {
				names := kindNames()
				d := diag.Errorf(at, CodeVerb, "unknown operation %q", name).WithHelp("choose one of %s", strings.Join(names, ", "))
				if near := diag.Nearest(name, names); near != "" {
					d = d.WithHelp("did you mean %s?", near)
				}
				report(d)
				continue
			}
			if other, twice := first[name]; twice {
				report(diag.Errorf(at, CodeConflict, "there are two requests for %s", name).WithHelp("remove one of them").
					WithRelated(other.At("for"), "the other is here"))
			}
			first[name] = node
		}
		if r.Response == nil {
			many, single = many || r.batch(), single || !r.batch()
		} else {
			r.Response.check(node.Get("response"), r.batch(), !r.batch(), report)
		}
		r.check(node, report)
	}
	if c.Response != nil {
		c.Response.check(n.Get("response"), many || len(c.Requests) == 0, single && !many, report)
		if single && many && c.Response.Rows != nil {
			report(diag.Errorf(n.Key("response", "rows"), CodeConflict, "rows is about the results of a batch, and some requests have one row").
				WithHelp("write response at the requests"))
		}
	}
	c.checkErasure(n, first[syncs.Erase.String()], report)
}

// eraseName is what an identifier may be called: its name goes into a request.
var eraseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,62}$`)

// checkErasure finds what is wrong with how people are erased. The request for it
// is absent where there is none.
func (c *Config) checkErasure(n, request strict.Node, report func(diag.Diagnostic)) {
	erases := request.Kind() != strict.Absent
	switch {
	case erases && len(c.EraseBy) == 0:
		report(diag.Errorf(request.At("for"), strict.CodeMissingKey, "it is not said by what people are erased").
			WithHelp("write erase_by: email at the destination, or whatever {key} is in this request"))
	case len(c.EraseBy) > 0 && len(c.Requests) > 0 && !erases:
		report(diag.Errorf(n.Key("erase_by"), strict.CodeMissingKey, "there is no request that erases").WithHelp("add one with for: erase"))
	}
	for i, by := range c.EraseBy {
		at := n.At("erase_by", strconv.Itoa(i))
		switch {
		case !eraseName.MatchString(by):
			report(diag.Errorf(at, CodeChoice, "%q is not the name of an identifier", by).
				WithHelp("write what {key_name} is to be, in letters, digits, dots, hyphens and underscores, such as email"))
		case slices.Contains(c.EraseBy[:i], by):
			report(diag.Errorf(at, CodeConflict, "%s is there twice", by).WithHelp("remove one of them"))
		}
	}
	if !erases {
		return
	}
	var key, keyName bool
	for i := range c.Requests {
		if !slices.Contains(c.Requests[i].kinds(), syncs.Erase) {
			continue
		}
		for text := range c.Requests[i].all {
			key = key || text.has(func(name string) bool { return name == ofKey })
			keyName = keyName || text.has(func(name string) bool { return name == ofKeyName })
		}
	}
	switch {
	case !key:
		report(diag.Errorf(request.At("for"), CodeTemplate, "the request does not say who is erased").
			WithHelp("write {key} in it: whoever is erased has no row of which there could be more"))
	case !keyName && len(c.EraseBy) > 1:
		report(diag.Errorf(n.At("erase_by"), CodeTemplate, "people are erased by %s, and the request does not say by which", strings.Join(c.EraseBy, ", ")).
			WithHelp("write {key_name} in the request for erase, or name one identifier").WithRelated(request.At("for"), "the request is here"))
	}
}

func kindNames() []string {
	var names []string
	for _, k := range syncs.Kinds() {
		names = append(names, k.String())
	}
	return names
}

// check finds what is wrong with one request.
func (r *Request) check(n strict.Node, report func(diag.Diagnostic)) {
	values := true
	for _, kind := range r.kinds() {
		values = values && (!kind.Leaves() || kind == syncs.Clear)
	}
	tree := !r.JSON.IsZero()
	switch {
	case r.Row.IsZero():
	case !r.NDJSON.IsZero():
		report(diag.Errorf(n.Key("row"), CodeConflict, "ndjson has a row on each line").WithHelp("remove row"))
	case len(r.Form) > 0:
		report(diag.Errorf(n.Key("row"), CodeConflict, "a form has no rows").WithHelp("remove row, or write the body as json, xml or text"))
	case !tree && r.XML.IsZero() && r.Text.IsZero():
		report(diag.Errorf(n.Key("row"), strict.CodeMissingKey, "there is no body for the rows to stand in").WithHelp("write json: '{rows}' beside it"))
	case !r.JSON.hasRows() && !r.XML.has(isRows) && !r.Text.has(isRows):
		report(diag.Errorf(n.Key("row"), CodeTemplate, "the rows stand nowhere in the body").WithHelp("write '{rows}' where the list of them belongs"))
	case !tree && r.Row.root.text == nil:
		report(diag.Errorf(n.At("row"), strict.CodeType, "in a body that is text a row is a text").WithHelp("write it as one text, as the body is"))
	}
	at := place{row: !r.batch(), values: values, rows: !r.Row.IsZero(), whole: true}
	r.Call.check(n, at, report)
	one := place{row: true, values: values, whole: tree || !r.NDJSON.IsZero()}
	for text := range r.lines {
		text.check(one, report)
		for _, p := range text.parts {
			if p.name == ofRequest || p.name == ofCount {
				report(diag.Errorf(text.span(p), CodePlace, "{%s} is of the whole request, and this is one row of it", p.name).WithHelp("write it in the body or a header"))
			}
		}
	}
	speaks := false
	for text := range r.all {
		speaks = speaks || text.has(isOfRow)
	}
	if !speaks {
		report(diag.Errorf(n.At("for"), CodeTemplate, "the request says nothing of its row").WithHelp("write {key}, {fields} or {fields.name} in it"))
	}
}

func isRows(name string) bool { return name == ofRows }

// hasRows says that the rows stand somewhere.
func (t Tree) hasRows() bool {
	for text := range t.texts {
		if text.has(isRows) {
			return true
		}
	}
	return false
}

// lines are the texts that spell single rows of a batch.
func (r *Request) lines(yield func(*Text) bool) {
	for _, t := range []Tree{r.Row, r.NDJSON} {
		for text := range t.texts {
			if !yield(text) {
				return
			}
		}
	}
}

// all are the texts of a request.
func (r *Request) all(yield func(*Text) bool) {
	for text := range r.texts {
		if !yield(text) {
			return
		}
	}
	r.Row.texts(yield)
}

// texts are those of a call.
func (c *Call) texts(yield func(*Text) bool) {
	for _, t := range []*Text{&c.Path, &c.XML, &c.Text} {
		if !t.IsZero() && !yield(t) {
			return
		}
	}
	for _, list := range []strict.Ordered[Text]{c.Query, c.Headers, c.Form} {
		for i := range list {
			if !yield(&list[i].Value) {
				return
			}
		}
	}
	for _, t := range []Tree{c.JSON, c.NDJSON} {
		for text := range t.texts {
			if !yield(text) {
				return
			}
		}
	}
}

// methods are those that a request may have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// check finds what is wrong with a call, in which may stand what at says.
func (c *Call) check(n strict.Node, at place, report func(diag.Diagnostic)) {
	if c.Method != "" && !slices.Contains(methods, c.Method) {
		report(diag.Errorf(n.At("method"), CodeVerb, "this is no method that can be used").WithHelp("write one of %s", strings.Join(methods, ", ")))
	}
	var bodies []string
	for _, key := range []string{"json", "ndjson", "form", "xml", "text"} {
		if n.Get(key).Kind() != strict.Absent {
			bodies = append(bodies, key)
		}
	}
	if len(bodies) > 1 {
		report(diag.Errorf(n.Key(bodies[1]), CodeConflict, "there are two bodies, %s and %s", bodies[0], bodies[1]).WithHelp("keep one of them"))
	}
	if c.Method == http.MethodGet && len(bodies) > 0 {
		report(diag.Errorf(n.Key(bodies[0]), CodeConflict, "a GET has no body").WithHelp("write it under query, or use another method"))
	}
	line := at
	line.rows, line.whole = false, false
	c.checkPath(line, report)
	checkPairs(c.Query, n, "query", line, report)
	checkPairs(c.Form, n, "form", line, report)
	for _, h := range c.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Key)
		literal := h.Value.String()
		switch {
		case !validHeader(h.Key):
			report(diag.Errorf(n.Key("headers", h.Key), CodeHeader, "this is not the name of a header").WithHelp("use letters, digits and hyphens"))
		case unsettable[name] || name == IdempotencyKey:
			report(diag.Errorf(n.Key("headers", h.Key), CodeHeader, "this header is set by Customhouse").WithHelp("remove it"))
		case credential(h.Key) && len(h.Value.parts) == 1 && h.Value.parts[0].literal != "":
			n.Get("headers", h.Key).Mask()
			report(diag.Errorf(n.At("headers", h.Key), secret.CodeLiteral, "this header holds a credential").WithHelp("use a reference, such as ${env:WEBHOOK_TOKEN}"))
		case strings.ContainsAny(literal, "\r\n\x00"):
			report(diag.Errorf(n.At("headers", h.Key), CodeHeader, "a header cannot hold a line break").WithHelp("write it on one line"))
		case name == "Content-Type" && len(bodies) == 1 && bodies[0] == "text" && structured(literal):
			report(diag.Errorf(n.At("headers", h.Key), CodeConflict, "in text values stand as they are, and could change what a body of this type means").
				WithHelp("write the body as json, ndjson, form or xml"))
		}
		h.Value.check(line, report)
	}
	text := line
	text.rows = at.rows
	c.XML.check(text, report)
	c.Text.check(text, report)
	for text := range c.JSON.texts {
		text.check(at, report)
	}
}

// structured says that a type of content has a syntax that values could break.
func structured(contentType string) bool {
	contentType = strings.ToLower(contentType)
	return slices.ContainsFunc([]string{"json", "xml", "html", "urlencoded"}, func(word string) bool { return strings.Contains(contentType, word) })
}

// checkPath finds what makes a path another thing.
func (c *Call) checkPath(at place, report func(diag.Diagnostic)) {
	c.Path.check(at, report)
	for _, p := range c.Path.parts {
		if i := strings.IndexAny(p.literal, "?# \\\r\n\t"); i >= 0 {
			report(diag.Errorf(c.Path.span(p), CodeURL, "a path holds no %q", p.literal[i]).WithHelp("write parameters under query"))
		}
		if _, err := url.PathUnescape(p.literal); err != nil {
			report(diag.Errorf(c.Path.span(p), CodeURL, "a percent sign in a path begins two hexadecimal digits").WithHelp("write %%25 for a percent sign"))
		}
	}
}

// checkPairs checks the values of a query or a form.
func checkPairs(list strict.Ordered[Text], n strict.Node, key string, at place, report func(diag.Diagnostic)) {
	for _, entry := range list {
		if credential(entry.Key) && len(entry.Value.parts) == 1 && entry.Value.parts[0].literal != "" {
			n.Get(key, entry.Key).Mask()
			report(diag.Errorf(n.At(key, entry.Key), secret.CodeLiteral, "this parameter holds a credential").WithHelp("use a reference, such as ${env:API_KEY}"))
		}
		entry.Value.check(at, report)
	}
}

// CheckSync implements config.SyncChecker: templates want fields that each sync
// to the destination maps.
func (c *Config) CheckSync(sync string, operations []string, key string, fields []string, report func(diag.Diagnostic)) {
	for i := range c.Requests {
		r := &c.Requests[i]
		asked, leaves := false, false
		for _, kind := range r.kinds() {
			if slices.Contains(operations, kind.String()) {
				asked = true
				leaves = leaves || kind.Leaves() && kind != syncs.Clear
			}
		}
		if !asked {
			continue
		}
		for text := range r.all {
			text.checkFields(sync, leaves, key, fields, report)
		}
	}
}
