//go:build linux && amd64

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The library gives each statement a random id. So that a client finds the
// statements that it named, they carry the name as a comment, which the engine
// shows in system.processes, and KILL QUERY looks for that.

// mark is the comment of a request.
func (f *front) mark(values url.Values) string {
	return fmt.Sprintf("/*%d query_id=%s*/ ", f.requests.Add(1), strings.ReplaceAll(values.Get("query_id"), "*/", ""))
}

var (
	kill   = regexp.MustCompile(`(?is)^\s*KILL\s+QUERY\s+WHERE\b`)
	listed = regexp.MustCompile(`(?is)^\s*SELECT\b.*\bFROM\s+system\.processes\b`)
	asking = regexp.MustCompile(`(?is)^\s*(SELECT|WITH)\b`)
	id     = regexp.MustCompile(`\bquery_id\b`)
	text   = regexp.MustCompile(`\bmatch\(query,`)
)

// The name of a statement, and the statement without it, as expressions of the
// columns of system.processes.
const (
	named    = "extract(query, '^/[*][0-9]+ query_id=([^*]*)[*]/')"
	unmarked = "match(replaceRegexpOne(query, '^/[*][0-9]+ query_id=[^*]*[*]/ ', ''),"
)

// marked is a statement with its mark.
func marked(mark, statement string) string {
	if kill.MatchString(statement) || listed.MatchString(statement) {
		statement = text.ReplaceAllString(id.ReplaceAllString(statement, named), unmarked)
	}
	if kill.MatchString(statement) {
		return statement
	}
	return mark + statement
}

// watch stops the statement of a request when its client goes away, where
// ClickHouse does: if it reads only, and the client asked for it.
func (f *front) watch(r *http.Request, values url.Values, mark, statement string) (done func()) {
	if values.Get("cancel_http_readonly_queries_on_client_close") != "1" || !asking.MatchString(statement) {
		return func() {}
	}
	stop := context.AfterFunc(r.Context(), func() {
		c, err := f.engine.session()
		if err != nil {
			return
		}
		defer c.close()
		_, _ = c.run("KILL QUERY WHERE startsWith(query, '"+escape(mark)+"') ASYNC", "Null", nil)
	})
	return func() { stop() }
}
