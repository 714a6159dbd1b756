package serve

import (
	"log/slog"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
)

// Schedule is a schedule of the project.
type Schedule struct {
	Name     string     `json:"name"`
	When     string     `json:"when" doc:"The cron line, or what it waits for."`
	Timezone string     `json:"timezone,omitempty" doc:"Whose clock the cron line is about."`
	Next     *time.Time `json:"next,omitempty" doc:"When it is due next, where it goes by the clock."`
	Paused   bool       `json:"paused"`
	// ByProject says that the project pauses it.
	ByProject bool       `json:"paused_by_project" doc:"The project pauses it: it cannot be resumed here."`
	PausedBy  string     `json:"paused_by,omitempty" doc:"Who paused it."`
	PausedAt  *time.Time `json:"paused_at,omitempty"`
	Last      *Slot      `json:"last,omitempty" doc:"Its last slot."`
}

// ScheduleList is all schedules.
type ScheduleList struct {
	Items []Schedule `json:"items"`
}

func (s *Server) listSchedules(q *request, _ none) (ScheduleList, error) {
	list, err := s.opt.Project.Schedules(q.ctx)
	if err != nil {
		return ScheduleList{}, err
	}
	out := ScheduleList{Items: []Schedule{}}
	for _, x := range list {
		last, err := s.opt.State.Slots(q.ctx, x.Name, 1)
		if err != nil {
			return out, err
		}
		if len(last) > 0 {
			slot := toSlot(last[0])
			x.Last = &slot
		}
		out.Items = append(out.Items, x)
	}
	return out, nil
}

// schedule is the schedule of a name.
func (s *Server) schedule(q *request, name string) (Schedule, error) {
	list, err := s.opt.Project.Schedules(q.ctx)
	if err != nil {
		return Schedule{}, err
	}
	for _, x := range list {
		if x.Name == name {
			return x, nil
		}
	}
	return Schedule{}, NotFound.Problem("the project has no such schedule").at("name")
}

type scheduleIn struct {
	Name string `path:"name" pattern:"timed" doc:"The name of a schedule; sync:NAME or segment:NAME where it stands on one."`
}

func (s *Server) pauseSchedule(q *request, in scheduleIn) (Schedule, error) {
	return s.pause(q, in.Name, true)
}

func (s *Server) resumeSchedule(q *request, in scheduleIn) (Schedule, error) {
	return s.pause(q, in.Name, false)
}

func (s *Server) pause(q *request, name string, paused bool) (Schedule, error) {
	x, err := s.schedule(q, name)
	if err != nil {
		return x, err
	}
	if !paused && x.ByProject {
		return x, Conflict.Problem("the project pauses it: remove paused there")
	}
	if err := s.opt.State.Pause(q.ctx, name, q.caller.Name, paused); err != nil {
		return x, err
	}
	s.note(q, map[bool]string{true: "paused a schedule", false: "resumed a schedule"}[paused], slog.String("schedule", name))
	return s.schedule(q, name)
}

type runScheduleIn struct {
	scheduleIn
	Key  string `header:"Idempotency-Key" pattern:"key" doc:"As of startRun."`
	Wait int    `query:"wait" min:"0" max:"60" doc:"For how many seconds to wait for its end before it is answered."`
}

func (s *Server) runSchedule(q *request, in runScheduleIn) (Run, error) {
	if _, err := s.schedule(q, in.Name); err != nil {
		return Run{}, err
	}
	return s.start(q, schedule.Question{Schedule: in.Name, Key: in.Key}, in.Wait)
}
