package serve

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Kind is a kind of problem, which keeps its name.
type Kind struct {
	Code   string
	Status int
	Title  string
}

// The kinds of problems. docs/api.md lists them, and says what to do.
var (
	InvalidRequest   = Kind{"invalid-request", http.StatusBadRequest, "The request cannot be read"}
	MissingToken     = Kind{"missing-token", http.StatusUnauthorized, "The request has no token"}
	InvalidToken     = Kind{"invalid-token", http.StatusUnauthorized, "The token is not known, has expired or was revoked"}
	MissingScope     = Kind{"missing-scope", http.StatusForbidden, "The token may not do this"}
	ForeignHost      = Kind{"foreign-host", http.StatusForbidden, "Requests without a token have to name this machine"}
	ForeignOrigin    = Kind{"foreign-origin", http.StatusForbidden, "The request comes from a page of another site"}
	NotFound         = Kind{"not-found", http.StatusNotFound, "There is no such thing"}
	MethodNotAllowed = Kind{"method-not-allowed", http.StatusMethodNotAllowed, "The address does not know this method"}
	Conflict         = Kind{"conflict", http.StatusConflict, "It is not in a state in which that can be done"}
	TooLarge         = Kind{"too-large", http.StatusRequestEntityTooLarge, "The request is too large"}
	NotJSON          = Kind{"not-json", http.StatusUnsupportedMediaType, "The request has to be of the type application/json"}
	BadSelector      = Kind{"bad-selector", http.StatusUnprocessableEntity, "The selection means nothing in this project"}
	KeyReused        = Kind{"key-reused", http.StatusUnprocessableEntity, "The idempotency key was used for another request"}
	TooMany          = Kind{"too-many-requests", http.StatusTooManyRequests, "The token sends too many requests"}
	Internal         = Kind{"internal", http.StatusInternalServerError, "Something failed"}
	Overloaded       = Kind{"overloaded", http.StatusServiceUnavailable, "The server has too much to do"}
	WarehouseBusy    = Kind{"warehouse-busy", http.StatusServiceUnavailable, "A run has the warehouse"}
	WarehouseFailed  = Kind{"warehouse-failed", http.StatusBadGateway, "The warehouse did not answer"}
	NotReady         = Kind{"not-ready", http.StatusServiceUnavailable, "The server does not take requests"}
)

// Kinds are all kinds of problems.
var Kinds = []Kind{
	InvalidRequest, MissingToken, InvalidToken, MissingScope, ForeignHost, ForeignOrigin, NotFound, MethodNotAllowed, Conflict, TooLarge, NotJSON,
	BadSelector, KeyReused, TooMany, Internal, Overloaded, WarehouseBusy, WarehouseFailed, NotReady,
}

// Problem is an error for the caller, as RFC 9457 has it. It holds nothing of
// what the caller sent but names of the project.
type Problem struct { //nolint:errname // the word of RFC 9457
	Type   string `json:"type" doc:"The kind of problem, as an address that leads nowhere."`
	Title  string `json:"title" doc:"The kind of problem in words."`
	Status int    `json:"status" doc:"The status of the answer."`
	Code   string `json:"code" doc:"The kind of problem, which keeps its name."`
	Detail string `json:"detail,omitempty" doc:"What is wrong, and what to do."`
	// At points into the request.
	At string `json:"at,omitempty" doc:"Where it is wrong: a JSON pointer into the body, or the name of a parameter or header."`
	// retry is after how many seconds to try again, 0 where that is no help.
	retry int
}

func (p *Problem) Error() string { return cmp.Or(p.Detail, p.Title) }

// Problem makes one of the kind.
func (k Kind) Problem(format string, args ...any) *Problem {
	return &Problem{Type: "urn:customhouse:problem:" + k.Code, Title: k.Title, Status: k.Status, Code: k.Code, Detail: fmt.Sprintf(format, args...)}
}

// at says where.
func (p *Problem) at(pointer string) *Problem {
	p.At = pointer
	return p
}

// After says in how many seconds to try again.
func (p *Problem) After(seconds int) *Problem {
	p.retry = seconds
	return p
}

// write answers with the problem.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="customhouse"`)
	}
	w.WriteHeader(p.Status)
	// A caller that has gone is no concern of ours.
	_ = json.NewEncoder(w).Encode(p) //nolint:errchkjson // texts and numbers
}
