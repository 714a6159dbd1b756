package serve

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
)

// Look is how a caller looks at values of people.
type Look struct {
	// By is who looks, and Because why they want to see values as they are; where it
	// is empty what is personal or sensitive is masked.
	By      audit.Actor
	Because string
}

// lookIn is what a request says of that.
type lookIn struct {
	Because string `header:"Unmask-Because" min:"1" max:"500" doc:"Shows personal and sensitive values as they are, to a token with the scope unmask: why, in a few words for the audit log, which name nobody. Without it they are masked."`
}

// look is how the caller of a request may look.
func (s *Server) look(q *request, in lookIn) (Look, error) {
	look := Look{By: audit.Token(q.caller.Name, q.caller.ID)}
	if in.Because == "" {
		return look, nil
	}
	if !q.caller.may(Unmask) {
		return look, MissingScope.Problem("this needs the scope %s", Unmask)
	}
	if err := audit.CheckReason(in.Because); err != nil {
		return look, InvalidRequest.Problem("%s", err).at("Unmask-Because")
	}
	look.Because = in.Because
	return look, nil
}

// Sync is a sync of the project.
type Sync struct {
	Name        string      `json:"name"`
	Destination string      `json:"destination"`
	Object      string      `json:"object,omitempty"`
	Mode        string      `json:"mode"`
	Purpose     string      `json:"purpose"`
	Segment     string      `json:"segment,omitempty" doc:"Whose members it sends; absent where it sends all profiles, or events."`
	Last        *SyncResult `json:"last,omitempty" doc:"What became of it in the last run of a server that delivered it."`
}

// SyncResult is what became of a sync in a run.
type SyncResult struct {
	RunID  string          `json:"run_id"`
	Ended  time.Time       `json:"ended"`
	Result json.RawMessage `json:"result" doc:"Its part of the run's results, without the words of errors."`
}

// SyncList is all syncs.
type SyncList struct {
	Items []Sync `json:"items"`
}

func (s *Server) listSyncs(q *request, _ none) (SyncList, error) {
	list, err := s.opt.Project.Syncs(q.ctx)
	if err != nil {
		return SyncList{}, err
	}
	results, err := s.opt.State.SyncResults(q.ctx)
	if err != nil {
		return SyncList{}, err
	}
	last := map[string]*SyncResult{}
	for _, x := range results {
		last[x.Of] = &SyncResult{RunID: x.RunID, Ended: x.Ended, Result: x.Body}
	}
	out := SyncList{Items: []Sync{}}
	for _, x := range list {
		x.Last = last[x.Name]
		out.Items = append(out.Items, x)
	}
	return out, nil
}

// Rejection is a row of a sync that was refused and is still due.
type Rejection struct {
	Key      string    `json:"key" doc:"The row, masked without Unmask-Because."`
	ID       int64     `json:"entity_id" doc:"The customer's number."`
	Origin   string    `json:"origin" doc:"invalid: it was not sent; rejected: the destination refused it; unknown: nobody knows."`
	Code     string    `json:"code"`
	Message  string    `json:"message,omitempty" doc:"In words; absent without Unmask-Because, since a destination may have put anything there."`
	Attempts int64     `json:"attempts"`
	First    time.Time `json:"first_at"`
	Last     time.Time `json:"last_at"`
	RunID    string    `json:"run_id"`
}

// RejectionList is a part of the rejections of a sync.
type RejectionList struct {
	Items  []Rejection `json:"items" doc:"By the customers' numbers."`
	Masked bool        `json:"masked" doc:"Keys are masked by their class, and messages not shown."`
	Next   string      `json:"next,omitempty" doc:"The cursor of the part that follows; absent where this is the last. It counts rows: what changes meanwhile may be told twice or not at all."`
}

type rejectionsIn struct {
	pageIn
	lookIn
	Name string `path:"name" pattern:"name" doc:"The name of a sync."`
	Code string `query:"code" pattern:"code" doc:"Only those of this code."`
}

// maxOffset bounds how far into rejections a caller may go.
const maxOffset = 1_000_000

func (s *Server) listRejections(q *request, in rejectionsIn) (RejectionList, error) {
	look, err := s.look(q, in.lookIn)
	if err != nil {
		return RejectionList{}, err
	}
	out := RejectionList{Items: []Rejection{}, Masked: look.Because == ""}
	offset := 0
	if in.Cursor != "" {
		// A key would be somebody's identifier, in an address.
		text, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		n, bad := strconv.Atoi(string(text))
		if err != nil || bad != nil || n < 1 || n > maxOffset {
			return out, badCursor()
		}
		offset = n
	}
	limit := cmp.Or(in.Limit, 50)
	list, err := s.opt.Project.Rejections(q.ctx, look, in.Name, in.Code, offset, limit+1)
	if err != nil {
		return out, err
	}
	if len(list) > limit {
		list = list[:limit]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(offset + limit)))
	}
	out.Items = append(out.Items, list...)
	if !out.Masked {
		s.note(q, "audit: shown unmasked", slog.String("what", "rejections"), slog.String("sync", in.Name), slog.Int("rows", len(out.Items)))
	}
	return out, nil
}

// Segment is a segment of the project.
type Segment struct {
	Name     string     `json:"name"`
	Entity   string     `json:"entity"`
	Members  int64      `json:"members"`
	Profiles int64      `json:"profiles" doc:"Of how many."`
	Last     *SegmentAt `json:"last_run,omitempty" doc:"The last run that evaluated it."`
}

// SegmentAt is what a run found of a segment.
type SegmentAt struct {
	At      time.Time `json:"at"`
	Members int64     `json:"members"`
	Entered int64     `json:"entered"`
	Left    int64     `json:"left"`
	RunID   string    `json:"run_id"`
}

// SegmentList is all segments.
type SegmentList struct {
	Items []Segment `json:"items"`
}

func (s *Server) listSegments(q *request, _ none) (SegmentList, error) {
	list, err := s.opt.Project.Segments(q.ctx)
	if list == nil {
		list = []Segment{}
	}
	return SegmentList{Items: list}, err
}

// Profile is what is known of somebody.
type Profile struct {
	Entity      string       `json:"entity"`
	ID          int64        `json:"id" doc:"The customer's number, which says nothing else."`
	Masked      bool         `json:"masked" doc:"What is personal or sensitive is masked."`
	Traits      []Trait      `json:"traits"`
	Identifiers []Identifier `json:"identifiers"`
	Segments    []Membership `json:"segments"`
}

// Trait is a value of a profile.
type Trait struct {
	Name  string `json:"name"`
	Value any    `json:"value" doc:"null where there is none."`
}

// Identifier is an identifier of somebody.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Membership is a segment that somebody is in.
type Membership struct {
	Segment string    `json:"segment"`
	Entered time.Time `json:"entered_at"`
}

// LookUp names somebody.
type LookUp struct {
	Identifier Identified `json:"identifier"`
}

// Identified is an identifier that somebody is looked up by.
type Identified struct {
	Type  string `json:"type" pattern:"name" doc:"The name of an identifier of the entity, such as email; or id, for the customer's number."`
	Value string `json:"value" min:"1" max:"1000" doc:"Its value, in any spelling that the project's rules normalise."`
}

type lookUpIn struct {
	lookIn
	Entity string `path:"entity" pattern:"name" doc:"The name of an entity."`
	Body   LookUp
}

func (s *Server) lookUp(q *request, in lookUpIn) (Profile, error) {
	look, err := s.look(q, in.lookIn)
	if err != nil {
		return Profile{}, err
	}
	out, err := s.opt.Project.Profile(q.ctx, look, in.Entity, in.Body.Identifier.Type, in.Body.Identifier.Value)
	if err != nil {
		return Profile{}, err
	}
	if out.Masked = look.Because == ""; !out.Masked {
		s.note(q, "audit: shown unmasked", slog.String("what", "profile"), slog.String("entity", out.Entity), slog.Int64("id", out.ID), slog.String("by", in.Body.Identifier.Type))
	}
	return out, nil
}

// note writes down what a caller changed, or was shown of somebody: by number,
// and not what.
func (s *Server) note(q *request, what string, more ...slog.Attr) {
	attrs := append([]slog.Attr{
		slog.String("token", q.caller.Name), slog.String("token_id", q.caller.ID), slog.String("request", noted(q.ctx).id),
	}, more...)
	s.opt.Log.LogAttrs(q.ctx, slog.LevelInfo, what, attrs...) //nolint:sloglint // Its callers have constants.
}
