package serve

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Rights are what a Project does about requests of people. What goes wrong with them
// is a *Problem, as everything of a Project.
type Rights interface {
	// Ask writes a request down and does what can be done at once. Where the same stands
	// already it is that one, and not fresh. The key is that of a caller, or empty.
	Ask(ctx context.Context, by Asker, want RightAsked, key string) (id string, fresh bool, err error)
	// Decide does what somebody decides about a request.
	Decide(ctx context.Context, by Asker, id string, what Decision, because string) error
	// Confirm says that a step was done by hand, and goes on from there.
	Confirm(ctx context.Context, by Asker, id, step, system, evidence string) error
	// File makes the file that answers a request. The request is done when send returns
	// no error, and stays open otherwise.
	File(ctx context.Context, by Asker, id string, send func(File) error) error
	// Where counts what there is of a person, place by place.
	Where(ctx context.Context, entity string, identifier Identified, all bool) (Whereabouts, error)
	// Records are entries of the audit log after one of them, in order.
	Records(ctx context.Context, since string, after int64, limit int) ([]audit.Record, error)
}

// Asker is who asks for something that is written down.
type Asker struct {
	Actor audit.Actor
	// Name is the actor in words.
	Name string
}

func (q *request) asker() Asker {
	return Asker{Actor: audit.Token(q.caller.Name, q.caller.ID), Name: "token " + q.caller.Name}
}

// Decision is what somebody decides about a request.
type Decision string

// The decisions.
const (
	Withdraw Decision = "withdraw"
	Refuse   Decision = "refuse"
	Extend   Decision = "extend"
)

// File is what answers a request.
type File struct {
	Name string
	// Sha256 is its digest.
	Sha256  []byte
	Content io.Reader
}

// Right is a request of a person. It names nobody.
type Right struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"access,portability,rectify,erase,restrict,object,expire" doc:"What is asked for; expire is what the project's own retention asks for."`
	Entity   string     `json:"entity"`
	Status   string     `json:"status" enum:"received,working,waiting,done,refused,withdrawn" doc:"working has steps that a run tries again, waiting has some that somebody does by hand."`
	Purpose  string     `json:"purpose,omitempty" doc:"What somebody objects to; absent for everything."`
	Trait    string     `json:"trait,omitempty" doc:"What is corrected."`
	Evidence string     `json:"evidence" doc:"What proved who they are."`
	Reason   string     `json:"reason,omitempty" doc:"Why it was refused or withdrawn."`
	By       string     `json:"by" doc:"Who wrote it down."`
	Received time.Time  `json:"received"`
	Due      time.Time  `json:"due" doc:"A month after it was received, or three where it was extended."`
	Overdue  bool       `json:"overdue" doc:"It is open, and was due before now."`
	Extended *time.Time `json:"extended,omitempty" doc:"When it was extended."`
	Because  string     `json:"extended_because,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
}

// RightDone is a request with its steps.
type RightDone struct {
	Right
	Steps []RightStep `json:"steps" doc:"In the order in which they are done."`
}

// RightStep is one thing to do for a request, at one system.
type RightStep struct {
	Step     string     `json:"step"`
	System   string     `json:"system" doc:"The sync, destination, source or table; warehouse, state or file where it is ours."`
	Status   string     `json:"status" enum:"todo,working,manual,failed,done" doc:"manual waits for somebody to do it and to confirm it; failed is tried again by the next run."`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error,omitempty" doc:"Why the last attempt failed."`
	Receipt  string     `json:"receipt,omitempty" doc:"What the system answered, what is to be done by hand, or what shows that it was."`
	At       *time.Time `json:"at,omitempty"`
}

// RightList is a part of the requests.
type RightList struct {
	Items []Right `json:"items" doc:"The first received first."`
	Next  string  `json:"next,omitempty" doc:"The cursor of the part that follows; absent where this is the last."`
}

func (s *Server) right(r state.PrivacyRequest) Right {
	return Right{
		ID: r.ID, Kind: r.Kind, Entity: r.Entity, Status: r.Status, Purpose: r.Purpose, Trait: r.Trait, Evidence: r.Evidence, Reason: r.Reason, By: r.By,
		Received: r.Received, Due: r.Due, Overdue: r.Open() && s.opt.Now().After(r.Due), Extended: given(r.Extended), Because: r.Because, Ended: given(r.Ended),
	}
}

type listRightsIn struct {
	pageIn
	Status  []string `query:"status" enum:"received,working,waiting,done,refused,withdrawn" doc:"Of these statuses."`
	Kind    []string `query:"kind" enum:"access,portability,rectify,erase,restrict,object,expire" doc:"Of these kinds."`
	Overdue string   `query:"overdue" enum:"true" doc:"Only those that are open and were due before now."`
}

func (s *Server) listRights(q *request, in listRightsIn) (RightList, error) {
	p := state.RequestPage{Kinds: in.Kind, Statuses: in.Status}
	if in.Overdue != "" {
		p.Overdue = s.opt.Now()
	}
	if in.Cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		id, at, _ := strings.Cut(string(text), "@")
		received, bad := time.Parse(slotTime, at)
		if err != nil || bad != nil || !patterns["request"].MatchString(id) {
			return RightList{}, badCursor()
		}
		p.After = state.PrivacyRequest{ID: id, Received: received}
	}
	limit := cmp.Or(in.Limit, 50)
	p.Limit = limit + 1
	list, err := s.opt.State.RequestPage(q.ctx, p)
	if err != nil {
		return RightList{}, err
	}
	out := RightList{Items: []Right{}}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(last.ID + "@" + last.Received.UTC().Format(slotTime)))
	}
	for _, r := range list {
		out.Items = append(out.Items, s.right(r))
	}
	return out, nil
}

type rightIn struct {
	ID string `path:"id" pattern:"request" doc:"The id of a request."`
}

// shown is a request as it is now.
func (s *Server) shown(q *request, id string) (RightDone, error) {
	r, err := s.opt.State.PrivacyRequest(q.ctx, id)
	if err != nil {
		return RightDone{}, unknownRight(err)
	}
	steps, err := s.opt.State.PrivacySteps(q.ctx, id)
	if err != nil {
		return RightDone{}, err
	}
	out := RightDone{Right: s.right(r), Steps: []RightStep{}}
	for _, x := range steps {
		out.Steps = append(out.Steps, RightStep{x.Step, x.System, x.Status, x.Attempts, x.Error, x.Receipt, given(x.At)})
	}
	// Who waits for its end asks again.
	if q.status == http.StatusAccepted && out.Ended != nil {
		q.status = http.StatusOK
	}
	return out, nil
}

// unknownRight is a problem where there is no request of an id.
func unknownRight(err error) error {
	if known, ok := errors.AsType[*state.Error](err); ok && known.Unknown {
		return NotFound.Problem("there is no request of this id").at("id")
	}
	return err
}

func (s *Server) getRight(q *request, in rightIn) (RightDone, error) { return s.shown(q, in.ID) }

// RightAsked is a request as somebody brings it.
type RightAsked struct {
	Kind        string       `json:"kind" enum:"access,portability,rectify,erase,restrict,object" doc:"access and portability are written down: the file is downloaded later."`
	Entity      string       `json:"entity,omitempty" pattern:"name" doc:"The entity that the person is; the first that has such identifiers where it is absent."`
	Identifiers []Identified `json:"identifiers" min:"1" max:"20" doc:"Whom it is about."`
	Evidence    string       `json:"evidence" min:"1" max:"500" doc:"What proved who asks, such as the number of a ticket. It is kept, and must not name the person."`
	Received    string       `json:"received,omitempty" pattern:"instant" doc:"When it was asked: a date in the project's time zone, or RFC 3339; now where it is absent."`
	Purpose     string       `json:"purpose,omitempty" pattern:"name" doc:"What they object to; everything where it is absent."`
	Trait       string       `json:"trait,omitempty" pattern:"name" doc:"What is to be corrected."`
	Value       string       `json:"value,omitempty" max:"1000" doc:"What the trait is to be."`
	Yes         bool         `json:"yes,omitempty" doc:"Has to be true to erase: nothing brings a person back."`
}

// wrong says what of a request is not of its kind.
func (r RightAsked) wrong() *Problem {
	only := func(kind, at string, is bool) *Problem {
		if is && r.Kind != kind {
			return InvalidRequest.Problem("only a request to %s has it", kind).at(at)
		}
		return nil
	}
	for _, p := range []*Problem{
		only("object", "/purpose", r.Purpose != ""), only("rectify", "/trait", r.Trait != ""), only("rectify", "/value", r.Value != ""), only("erase", "/yes", r.Yes),
	} {
		if p != nil {
			return p
		}
	}
	switch {
	case r.Kind == "erase" && !r.Yes:
		return InvalidRequest.Problem("whoever has these identifiers would be erased, here and wherever they were sent, for good: it has to be true").at("/yes")
	case r.Kind == "rectify" && r.Trait == "":
		return InvalidRequest.Problem("it is missing: what is to be corrected").at("/trait")
	case r.Kind == "rectify" && r.Value == "":
		return InvalidRequest.Problem("it is missing: what the trait is to be").at("/value")
	}
	return nil
}

type askRightIn struct {
	Key  string `header:"Idempotency-Key" pattern:"key" doc:"The same key sent twice by the same token makes one request."`
	Body RightAsked
}

func (s *Server) askRight(q *request, in askRightIn) (RightDone, error) {
	if p := in.Body.wrong(); p != nil {
		return RightDone{}, p
	}
	id, fresh, err := s.opt.Project.Ask(q.ctx, q.asker(), in.Body, q.keyed(in.Key))
	if err != nil {
		return RightDone{}, err
	}
	if fresh {
		s.note(q, "wrote a request of a person down", slog.String("right", id))
	}
	q.header.Set("Location", "/v1/privacy/requests/"+id)
	return s.shown(q, id)
}

// Decided is why somebody decides.
type Decided struct {
	Because string `json:"because" min:"1" max:"500" doc:"Why; it is kept, and must not name the person."`
}

type decideRightIn struct {
	rightIn
	Body Decided
}

// decide makes a route of a decision.
func (s *Server) decide(what Decision) func(*request, decideRightIn) (RightDone, error) {
	return func(q *request, in decideRightIn) (RightDone, error) {
		if err := s.opt.Project.Decide(q.ctx, q.asker(), in.ID, what, in.Body.Because); err != nil {
			return RightDone{}, unknownRight(err)
		}
		s.note(q, "decided about a request of a person", slog.String("right", in.ID), slog.String("decision", string(what)))
		return s.shown(q, in.ID)
	}
}

// StepDone says that a step was done by hand.
type StepDone struct {
	Step     string `json:"step" pattern:"code" doc:"The name of the step."`
	System   string `json:"system,omitempty" pattern:"code" doc:"Its system, where several have the step."`
	Evidence string `json:"evidence" min:"1" max:"500" doc:"What shows it; it is kept, and must not name the person."`
}

type confirmIn struct {
	rightIn
	Body StepDone
}

func (s *Server) confirm(q *request, in confirmIn) (RightDone, error) {
	b := in.Body
	if err := s.opt.Project.Confirm(q.ctx, q.asker(), in.ID, b.Step, b.System, b.Evidence); err != nil {
		return RightDone{}, unknownRight(err)
	}
	s.note(q, "confirmed a step of a request of a person", slog.String("right", in.ID), slog.String("step", b.Step))
	return s.shown(q, in.ID)
}

// downloadRight sends the file that answers a request. Whoever has all of it knows
// that the request is done: the answer ends after that.
func (s *Server) downloadRight(q *request, in rightIn) (none, error) {
	err := s.opt.Project.File(q.ctx, q.asker(), in.ID, func(f File) error {
		s.note(q, "audit: sent the file of a person", slog.String("right", in.ID))
		q.header.Set("Content-Type", "application/zip")
		q.header.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
		q.header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(f.Sha256)+":")
		q.out.WriteHeader(http.StatusOK)
		if _, err := io.Copy(q.out, f.Content); err != nil {
			return fmt.Errorf("sending the file: %w", err)
		}
		// What the caller has not taken by now is still on its way.
		return http.NewResponseController(q.out).Flush()
	})
	return none{}, unknownRight(err)
}

// WhereAsked asks where somebody is.
type WhereAsked struct {
	Entity     string     `json:"entity,omitempty" pattern:"name" doc:"The entity that the person is; the first that has such an identifier where it is absent."`
	Identifier Identified `json:"identifier"`
	All        bool       `json:"all,omitempty" doc:"Also the places where nothing is."`
}

type whereIn struct{ Body WhereAsked }

// Whereabouts is where somebody is. It has no value of theirs.
type Whereabouts struct {
	Entity      string  `json:"entity"`
	IDs         []int64 `json:"ids" doc:"The person's number, and those that they had before; none where the identifier is nobody's."`
	Identifiers int64   `json:"identifiers" doc:"How many they are known by."`
	Places      []Place `json:"places"`
}

// Place is somewhere that a person is.
type Place struct {
	Kind  string     `json:"kind" enum:"source,table,destination,state,project"`
	Name  string     `json:"name"`
	Rows  int64      `json:"rows"`
	First *time.Time `json:"first_at,omitempty"`
	Last  *time.Time `json:"last_at,omitempty"`
	Note  string     `json:"note,omitempty"`
}

func (s *Server) where(q *request, in whereIn) (Whereabouts, error) {
	return s.opt.Project.Where(q.ctx, in.Body.Entity, in.Body.Identifier, in.Body.All)
}

// AuditEntry is an entry of the audit log. It holds nobody's data.
type AuditEntry struct {
	Seq      int64           `json:"seq"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor"`
	Action   string          `json:"action"`
	Object   string          `json:"object"`
	Subject  string          `json:"subject,omitempty" doc:"A keyed digest of whom it is about."`
	Reason   string          `json:"reason,omitempty"`
	Details  json.RawMessage `json:"details,omitempty"`
	Previous string          `json:"previous" doc:"The seal of the entry before."`
	Hash     string          `json:"hash" doc:"Its own seal."`
}

// AuditList is a part of the audit log.
type AuditList struct {
	Items []AuditEntry `json:"items" doc:"In the order in which they were written."`
	Next  string       `json:"next,omitempty" doc:"The cursor of the part that follows; absent where this is the last."`
}

type auditIn struct {
	pageIn
	Since string `query:"since" pattern:"instant" doc:"Only what was written since: a date in the project's time zone, or RFC 3339."`
}

func (s *Server) listAudit(q *request, in auditIn) (AuditList, error) {
	after := int64(state.AuditFirst)
	if in.Cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		n, bad := strconv.ParseInt(string(text), 10, 64)
		if err != nil || bad != nil {
			return AuditList{}, badCursor()
		}
		after = n
	}
	limit := cmp.Or(in.Limit, 50)
	list, err := s.opt.Project.Records(q.ctx, in.Since, after, limit+1)
	if err != nil {
		return AuditList{}, err
	}
	out := AuditList{Items: []AuditEntry{}}
	if len(list) > limit {
		list = list[:limit]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(list[limit-1].Seq, 10)))
	}
	for _, r := range list {
		var details json.RawMessage
		if len(r.Details) > 0 {
			if details, err = json.Marshal(r.Details); err != nil {
				return AuditList{}, fmt.Errorf("reading the audit log: %w", err)
			}
		}
		out.Items = append(out.Items, AuditEntry{
			Seq: r.Seq, At: r.At, Actor: r.Actor, Action: string(r.Action), Object: r.Object, Subject: r.Subject, Reason: r.Reason, Details: details,
			Previous: r.Previous, Hash: r.Hash,
		})
	}
	return out, nil
}
