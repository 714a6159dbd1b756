package serve

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// route is an address, what is asked there, and what is answered.
type route struct {
	method, path string
	// name is its name in the OpenAPI document, and summary what it does.
	name, summary string
	// scope is what a caller needs, empty for nothing, and also what they need beside
	// it; more are scopes that show more.
	scope, also Scope
	more        []Scope
	// in and out are the types of requests and answers. out is nil where raw
	// answers by itself, with text of that type.
	in, out reflect.Type
	raw     string
	// statuses are those of success, the usual one first.
	statuses []int
	// problems are the kinds that it may answer with, beside those of all routes.
	problems []Kind
	serve    func(*request, reflect.Value) (any, error)
	plain    http.HandlerFunc
}

// request is what a route is asked.
type request struct {
	ctx    context.Context //nolint:containedctx // of the request, which it does not outlive
	caller Caller
	header http.Header
	status int
	// out is what a route with raw answers writes to, once it does not fail any more.
	out http.ResponseWriter
}

// handled makes a route of a function.
func handled[In, Out any](r route, do func(*request, In) (Out, error)) route {
	r.in, r.out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	if r.statuses == nil {
		r.statuses = []int{http.StatusOK}
	}
	r.serve = func(q *request, v reflect.Value) (any, error) {
		in, _ := reflect.TypeAssert[In](v)
		return do(q, in)
	}
	return r
}

type none struct{}

// table lists all routes.
func (s *Server) table() []route {
	warehouse := []Kind{WarehouseBusy, WarehouseFailed}
	return []route{
		handled(route{
			method: "POST", path: "/v1/runs", name: "startRun", scope: RunsWrite,
			summary:  "Have something run. It waits its turn, and whichever process has the turn runs it.",
			statuses: []int{http.StatusAccepted, http.StatusOK}, problems: []Kind{NotFound, BadSelector, KeyReused},
		}, s.startRun),
		handled(route{
			method: "GET", path: "/v1/runs", name: "listRuns", scope: RunsRead,
			summary: "List what was run and what waits to run, the last one due first.",
		}, s.listRuns),
		handled(route{
			method: "GET", path: "/v1/runs/{id}", name: "getRun", scope: RunsRead, problems: []Kind{NotFound},
			summary: "Say how far a run is, and what it came to. With wait, answer when it has ended.",
		}, s.getRun),
		handled(route{
			method: "POST", path: "/v1/runs/{id}/cancel", name: "cancelRun", scope: RunsWrite, problems: []Kind{NotFound, Conflict},
			summary:  "Cancel what waits to run, or stop the run, with all that runs in it.",
			statuses: []int{http.StatusAccepted, http.StatusOK},
		}, s.cancelRun),
		handled(route{
			method: "GET", path: "/v1/schedules", name: "listSchedules", scope: SchedulesRead,
			summary: "List the schedules, when each is due next, and its last slot.",
		}, s.listSchedules),
		handled(route{
			method: "POST", path: "/v1/schedules/{name}/pause", name: "pauseSchedule", scope: SchedulesWrite, problems: []Kind{NotFound},
			summary: "Skip the slots of a schedule until it is resumed.",
		}, s.pauseSchedule),
		handled(route{
			method: "POST", path: "/v1/schedules/{name}/resume", name: "resumeSchedule", scope: SchedulesWrite, problems: []Kind{NotFound, Conflict},
			summary: "Run a paused schedule again, from its next slot on.",
		}, s.resumeSchedule),
		handled(route{
			method: "POST", path: "/v1/schedules/{name}/run", name: "runSchedule", scope: SchedulesWrite, problems: []Kind{NotFound, KeyReused},
			summary: "Have what a schedule runs run now.", statuses: []int{http.StatusAccepted, http.StatusOK},
		}, s.runSchedule),
		handled(route{
			method: "GET", path: "/v1/slots", name: "listSlots", scope: SchedulesRead, problems: []Kind{NotFound},
			summary: "List slots and what became of them, the last one due first.",
		}, s.listSlots),
		handled(route{
			method: "GET", path: "/v1/syncs", name: "listSyncs", scope: SyncsRead,
			summary: "List the syncs, each with what became of it in the last run of a server that delivered it.",
		}, s.listSyncs),
		handled(route{
			method: "GET", path: "/v1/syncs/{name}/rejections", name: "listRejections", scope: RejectionsRead, more: []Scope{Unmask},
			problems: append([]Kind{NotFound}, warehouse...),
			summary:  "List the rows of a sync that were refused and are still due. Keys are masked by their class, and messages left out, without Unmask-Because.",
		}, s.listRejections),
		handled(route{
			method: "GET", path: "/v1/segments", name: "listSegments", scope: SegmentsRead, problems: warehouse,
			summary: "List the segments, how many members each has, and how many came and went in the last run.",
		}, s.listSegments),
		handled(route{
			method: "POST", path: "/v1/profiles/{entity}/lookup", name: "lookUpProfile", scope: ProfilesRead, more: []Scope{Unmask},
			problems: append([]Kind{NotFound}, warehouse...),
			summary:  "Look up the profile that an identifier belongs to. Values are masked by their class without Unmask-Because. The identifier is in the body, so that it is in nobody's log of addresses.",
		}, s.lookUp),
		handled(route{
			method: "POST", path: "/v1/privacy/requests", name: "askRight", scope: PrivacyWrite,
			statuses: []int{http.StatusAccepted, http.StatusOK}, problems: append([]Kind{Conflict, NotFound, KeyReused}, warehouse...),
			summary: "Write down what a person asks for as is their right, and do what can be done at once; the next runs do the rest. Whom it is about is in the body, so that it is in nobody's log of addresses.",
		}, s.askRight),
		handled(route{
			method: "GET", path: "/v1/privacy/requests", name: "listRights", scope: PrivacyRead,
			summary: "List requests of people, the first received first.",
		}, s.listRights),
		handled(route{
			method: "GET", path: "/v1/privacy/requests/{id}", name: "getRight", scope: PrivacyRead, problems: []Kind{NotFound},
			summary: "Say how far a request of a person is, step by step.",
		}, s.getRight),
		handled(route{
			method: "POST", path: "/v1/privacy/requests/{id}/withdraw", name: "withdrawRight", scope: PrivacyWrite,
			problems: append([]Kind{NotFound, Conflict}, warehouse...),
			summary:  "Take a request of a person back: a restriction, an objection or a correction that is in place goes.",
		}, s.decide(Withdraw)),
		handled(route{
			method: "POST", path: "/v1/privacy/requests/{id}/refuse", name: "refuseRight", scope: PrivacyWrite, problems: []Kind{NotFound, Conflict, WarehouseBusy},
			summary: "Refuse a request of a person of which nothing was done.",
		}, s.decide(Refuse)),
		handled(route{
			method: "POST", path: "/v1/privacy/requests/{id}/extend", name: "extendRight", scope: PrivacyWrite, problems: []Kind{NotFound, Conflict, WarehouseBusy},
			summary: "Put the due date of a request off by two months, once.",
		}, s.decide(Extend)),
		handled(route{
			method: "POST", path: "/v1/privacy/requests/{id}/confirm", name: "confirmRight", scope: PrivacyWrite,
			problems: append([]Kind{NotFound, Conflict}, warehouse...),
			summary:  "Say that a step of a request was done by hand, and what shows it.",
		}, s.confirm),
		handled(route{
			method: "POST", path: "/v1/privacy/requests/{id}/file", name: "downloadRight", scope: PrivacyWrite, also: Unmask, raw: "application/zip",
			problems: append([]Kind{NotFound, Conflict}, warehouse...),
			summary:  "Make the file that answers a request of the kind access or portability, and send it. When all of it was sent the request is done, and forgets whom it was about.",
		}, s.downloadRight),
		handled(route{
			method: "POST", path: "/v1/privacy/where", name: "whereIs", scope: PrivacyRead,
			problems: append([]Kind{NotFound, Conflict}, warehouse...),
			summary:  "Count what there is of a person, in each source, table, destination and queue. It shows no value. The identifier is in the body, so that it is in nobody's log of addresses.",
		}, s.where),
		handled(route{
			method: "GET", path: "/v1/privacy/audit", name: "listAudit", scope: PrivacyRead,
			summary: "List the audit log, which holds nobody's data.",
		}, s.listAudit),
		handled(route{
			method: "GET", path: "/healthz", name: "health", summary: "Say that the process is there.",
		}, func(*request, none) (Health, error) { return Health{Status: "ok"}, nil }),
		handled(route{
			method: "GET", path: "/readyz", name: "readiness", summary: "Say whether requests can be served.", problems: []Kind{NotReady},
		}, s.ready),
		{
			method: "GET", path: "/metrics", name: "metrics", scope: MetricsRead, summary: "Metrics, as Prometheus reads them.", raw: "text/plain",
			in: reflect.TypeFor[none](), statuses: []int{http.StatusOK}, problems: []Kind{NotFound}, plain: s.metrics,
		},
		{
			method: "GET", path: "/openapi.json", name: "openapi", summary: "This document.", raw: "application/json",
			in: reflect.TypeFor[none](), statuses: []int{http.StatusOK},
			plain: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(s.document) // A caller that has gone is no concern of ours.
			},
		},
	}
}

// Health says that the process is there.
type Health struct {
	Status string `json:"status" enum:"ok,ready" doc:"ok or ready."`
}

// ready says that requests can be served: the state can be reached, and the
// process is not about to end.
func (s *Server) ready(q *request, _ none) (Health, error) {
	select {
	case <-s.stopping:
		return Health{}, NotReady.Problem("it is about to stop")
	default:
	}
	if _, err := s.opt.State.Time(q.ctx); err != nil {
		return Health{}, NotReady.Problem("the state cannot be reached")
	}
	return Health{Status: "ready"}, nil
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.opt.Metrics == nil {
		NotFound.Problem("this server has no metrics").write(w)
		return
	}
	s.opt.Metrics.ServeHTTP(w, r)
}

// mux sends requests to their routes.
func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, x := range s.routes {
		methods[x.path] = append(methods[x.path], x.method)
		if x.method == http.MethodGet {
			methods[x.path] = append(methods[x.path], http.MethodHead)
		}
		mux.HandleFunc(x.method+" "+x.path, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, x) })
	}
	for at, allowed := range methods {
		slices.Sort(allowed)
		mux.HandleFunc(at, func(w http.ResponseWriter, r *http.Request) {
			noted(r.Context()).route = at
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			MethodNotAllowed.Problem("there is %s", strings.Join(allowed, ", ")).write(w)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		NotFound.Problem("there is nothing at this address").write(w)
	})
	return mux
}

// answer serves a request of a route.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, x route) {
	noted(r.Context()).route = x.path
	caller, err := s.admit(r, x.scope)
	if err == nil && !caller.may(x.also) {
		err = MissingScope.Problem("this needs the scope %s", x.also)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in := reflect.New(x.in).Elem()
	if err := decode(r, in, s.opt.Limits.Body); err != nil {
		s.fail(w, r, err)
		return
	}
	if x.plain != nil {
		x.plain(w, r)
		return
	}
	most := s.opt.Limits.Wait + s.opt.Limits.Work
	if x.raw != "" {
		most = s.opt.Limits.Send
		// Where it cannot be put off it is what it is for others.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(most))
	}
	ctx, done := context.WithTimeout(r.Context(), most)
	defer done()
	q := &request{ctx: ctx, caller: caller, header: w.Header(), status: x.statuses[0], out: w}
	out, err := x.serve(q, in)
	if note := noted(r.Context()); err != nil && note.status != 0 {
		// Whoever has a part of it is not to take it for the whole.
		s.opt.Log.ErrorContext(ctx, "an answer was cut off", slog.String("request", note.id), slog.String("route", note.route), slog.String("error", told(err)))
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if x.raw != "" {
		return
	}
	text, err := json.Marshal(out)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(q.status)
	_, _ = w.Write(append(text, '\n')) // A caller that has gone is no concern of ours.
}
