package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Slot is a time at which something is due, and what became of it.
type Slot struct {
	ID          string     `json:"id" doc:"Names the slot, and the run that it is to become."`
	Schedule    string     `json:"schedule" doc:"Whose slot it is: on:request where somebody asked for it with a selection of their own."`
	Due         time.Time  `json:"due" doc:"When it was due."`
	Cause       string     `json:"cause" enum:"cron,change,run,request" doc:"Why it was due."`
	Status      string     `json:"status" enum:"due,running,interrupted,ok,degraded,failed,skipped,cancelled" doc:"due, running and interrupted (to be run again) have not ended; the others have."`
	Reason      string     `json:"reason,omitempty" doc:"Why its status is what it is."`
	Late        bool       `json:"late" doc:"It started more than a minute later than it might have."`
	Select      []string   `json:"select,omitempty" doc:"What is run, where it was asked for."`
	Exclude     []string   `json:"exclude,omitempty" doc:"What is not run, where it was asked for."`
	FullRefresh bool       `json:"full_refresh" doc:"It is built from all rows."`
	RunID       string     `json:"run_id,omitempty" doc:"The run, as the table runs and the log name it. Slots that start together are one run."`
	Started     *time.Time `json:"started,omitempty" doc:"When its last attempt started."`
	Ended       *time.Time `json:"ended,omitempty" doc:"When it ended."`
	Holder      string     `json:"holder,omitempty" doc:"The process that runs it or did."`
	Attempts    int        `json:"attempts" doc:"How often it was started."`
	StopAsked   *time.Time `json:"stop_asked,omitempty" doc:"When somebody asked for its end."`
}

// Run is a slot with what its run came to.
type Run struct {
	Slot
	Result json.RawMessage `json:"result,omitempty" doc:"What the run came to, as customhouse run --format json has it (customhouse/run-results/v1), without the words of errors."`
}

// SlotList is a part of the slots.
type SlotList struct {
	Items []Slot `json:"items" doc:"The last one due first."`
	Next  string `json:"next,omitempty" doc:"The cursor of the part that follows; absent where this is the last."`
}

const slotTime = "2006-01-02T15:04:05.000000Z"

// slotID names a slot.
func slotID(x state.Slot) string { return x.Schedule + "@" + x.Due.UTC().Format(slotTime) }

// slotOf is the schedule and the time that an id names.
func slotOf(id string) (name string, due time.Time, ok bool) {
	name, text, _ := strings.Cut(id, "@")
	due, err := time.Parse(slotTime, text)
	return name, due, err == nil
}

func toSlot(x state.Slot) Slot {
	// What another version wrote there is not ours to tell.
	want, _ := schedule.Wanted(x)
	return Slot{
		ID: slotID(x), Schedule: x.Schedule, Due: x.Due, Cause: x.Cause, Status: x.Status, Reason: x.Reason, Late: x.Late,
		Select: want.Select, Exclude: want.Exclude, FullRefresh: want.FullRefresh, RunID: x.RunID,
		Started: given(x.Started), Ended: given(x.Ended), Holder: x.Holder, Attempts: x.Attempts, StopAsked: given(x.Stop),
	}
}

// given is nil for no time.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// RunAsked is what somebody asks to be run.
type RunAsked struct {
	Select      []string `json:"select,omitempty" min:"1" max:"100" doc:"Only these resources, as of --select; everything where it is absent."`
	Exclude     []string `json:"exclude,omitempty" min:"1" max:"100" doc:"Not these resources, as of --exclude."`
	FullRefresh bool     `json:"full_refresh,omitempty" doc:"Build from all rows."`
	Schedule    string   `json:"schedule,omitempty" pattern:"timed" doc:"Run what this schedule runs, in place of select and exclude."`
	Wait        int      `json:"wait,omitempty" min:"0" max:"60" doc:"For how many seconds to wait for its end before it is answered."`
}

type startRunIn struct {
	Key  string `header:"Idempotency-Key" pattern:"key" doc:"The same key sent twice by the same token starts one run, as long as that is remembered (as long as slots are)."`
	Body RunAsked
}

func (s *Server) startRun(q *request, in startRunIn) (Run, error) {
	b := in.Body
	if b.Schedule != "" && len(b.Select)+len(b.Exclude) > 0 {
		return Run{}, InvalidRequest.Problem("a schedule says what it runs: leave select and exclude out, or the schedule").at("/schedule")
	}
	if b.Schedule != "" {
		if _, err := s.schedule(q, b.Schedule); err != nil {
			return Run{}, err
		}
	}
	want := schedule.Want{Select: b.Select, Exclude: b.Exclude, FullRefresh: b.FullRefresh}
	if err := s.opt.Project.Selects(q.ctx, want); err != nil {
		return Run{}, err
	}
	return s.start(q, schedule.Question{Schedule: b.Schedule, Want: want, Key: in.Key}, b.Wait)
}

// keyed is a caller's key as it is kept. It is the token's: nobody hears of others by
// guessing their keys.
func (q *request) keyed(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(q.caller.ID + " " + key))
	return hex.EncodeToString(sum[:])
}

// start asks for a run, and waits for it.
func (s *Server) start(q *request, ask schedule.Question, wait int) (Run, error) {
	ask.By = "token " + q.caller.Name
	if q.caller.ID == "" {
		ask.By = q.caller.Name
	}
	ask.Key = q.keyed(ask.Key)
	slot, fresh, err := schedule.Ask(q.ctx, s.opt.State, ask)
	if errors.Is(err, schedule.ErrReused) {
		return Run{}, KeyReused.Problem("give each request a key of its own, and the same one only when it is tried again").at("Idempotency-Key")
	}
	if err != nil {
		return Run{}, err
	}
	if fresh {
		s.note(q, "asked for a run", slog.String("slot", slotID(slot)))
	}
	if s.opt.Wake != nil {
		s.opt.Wake()
	}
	q.header.Set("Location", "/v1/runs/"+slotID(slot))
	out, err := s.await(q, slot, wait)
	if err == nil && out.Ended != nil {
		q.status = http.StatusOK
	}
	return out, err
}

// await waits until a slot has ended, for so many seconds at most.
func (s *Server) await(q *request, x state.Slot, seconds int) (Run, error) {
	ctx, done := context.WithTimeout(q.ctx, min(time.Duration(seconds)*time.Second, s.opt.Limits.Wait))
	defer done()
	tick := time.NewTicker(s.opt.Limits.Poll)
	defer tick.Stop()
	for x.Ended.IsZero() && seconds > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.stopping:
			done()
		case <-tick.C:
			now, known, err := s.opt.State.Slot(ctx, x.Schedule, x.Due)
			if err != nil && ctx.Err() == nil {
				return Run{}, err
			}
			if err == nil && known {
				x = now
			}
		}
	}
	out := Run{Slot: toSlot(x)}
	if x.Ended.IsZero() || x.RunID == "" {
		return out, nil
	}
	result, known, err := s.opt.State.Result(q.ctx, x.RunID)
	if known {
		out.Result = result.Body
	}
	return out, err
}

type slotIn struct {
	ID string `path:"id" pattern:"slot" doc:"The id of a slot."`
}

type getRunIn struct {
	slotIn
	Wait int `query:"wait" min:"0" max:"60" doc:"For how many seconds to wait for its end before it is answered."`
}

// find is the slot of an id.
func (s *Server) find(q *request, id string) (state.Slot, error) {
	name, due, ok := slotOf(id)
	if !ok {
		return state.Slot{}, NotFound.Problem("no slot has this id").at("id")
	}
	x, known, err := s.opt.State.Slot(q.ctx, name, due)
	if err == nil && !known {
		err = NotFound.Problem("no slot has this id; those that ended long ago are forgotten").at("id")
	}
	return x, err
}

func (s *Server) getRun(q *request, in getRunIn) (Run, error) {
	x, err := s.find(q, in.ID)
	if err != nil {
		return Run{}, err
	}
	return s.await(q, x, in.Wait)
}

func (s *Server) cancelRun(q *request, in slotIn) (Run, error) {
	x, err := s.find(q, in.ID)
	if err != nil {
		return Run{}, err
	}
	if !x.Ended.IsZero() && x.Status != schedule.Cancelled {
		return Run{}, Conflict.Problem("it has ended as %s", x.Status)
	}
	x, known, err := schedule.Stop(q.ctx, s.opt.State, x.Schedule, x.Due, q.caller.Name)
	if err == nil && !known {
		err = NotFound.Problem("no slot has this id").at("id")
	}
	if err != nil {
		return Run{}, err
	}
	s.note(q, "asked for the end of a run", slog.String("slot", slotID(x)))
	if s.opt.Wake != nil {
		s.opt.Wake()
	}
	if !x.Ended.IsZero() {
		q.status = http.StatusOK
	}
	return Run{Slot: toSlot(x)}, nil
}

// pageIn chooses a part of a list.
type pageIn struct {
	Limit  int    `query:"limit" min:"1" max:"500" default:"50" doc:"How many at most."`
	Cursor string `query:"cursor" pattern:"cursor" doc:"The next of the part before; the first part where it is absent."`
}

type listRunsIn struct {
	pageIn
	Schedule string   `query:"schedule" pattern:"timed" doc:"Of one schedule; on:request are those with a selection of their own."`
	Status   []string `query:"status" enum:"due,running,interrupted,ok,degraded,failed,cancelled" doc:"Of these statuses."`
}

func (s *Server) listRuns(q *request, in listRunsIn) (SlotList, error) {
	return s.page(q, in.pageIn, state.Page{Schedule: in.Schedule, Statuses: in.Status, Not: schedule.Skipped})
}

type listSlotsIn struct {
	pageIn
	Schedule string   `query:"schedule" pattern:"timed" doc:"Of one schedule."`
	Status   []string `query:"status" enum:"due,running,interrupted,ok,degraded,failed,skipped,cancelled" doc:"Of these statuses."`
}

func (s *Server) listSlots(q *request, in listSlotsIn) (SlotList, error) {
	return s.page(q, in.pageIn, state.Page{Schedule: in.Schedule, Statuses: in.Status})
}

// page lists a part of the slots. Its cursor is the last slot of it.
func (s *Server) page(q *request, in pageIn, p state.Page) (SlotList, error) {
	if in.Cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		name, due, ok := slotOf(string(text))
		if err != nil || !ok {
			return SlotList{}, badCursor()
		}
		p.Before = state.Slot{Schedule: name, Due: due}
	}
	limit := cmp.Or(in.Limit, 50)
	p.Limit = limit + 1
	list, err := s.opt.State.Page(q.ctx, p)
	if err != nil {
		return SlotList{}, err
	}
	out := SlotList{Items: []Slot{}}
	if len(list) > limit {
		list = list[:limit]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(slotID(list[limit-1])))
	}
	for _, x := range list {
		out.Items = append(out.Items, toSlot(x))
	}
	return out, nil
}

func badCursor() error {
	return InvalidRequest.Problem("a cursor is the next of an answer, as it is").at("cursor")
}
