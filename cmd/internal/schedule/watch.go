package schedule

import (
	"context"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// watcher looks at what only this process can see.
type watcher struct {
	*Loop
	seen map[string]glimpse
}

// glimpse is what was seen last, by this process.
type glimpse struct {
	line, value string
	at          time.Time
}

// next is when a schedule's watch is to be looked at.
func (w *watcher) next(s *Schedule, row state.Schedule) time.Time {
	if s.Watch.Local {
		return w.seen[s.Name].at.Add(s.Watch.Every)
	}
	return row.Looked.Add(s.Watch.Every)
}

// local looks at what this process sees by itself.
func (w *watcher) local(ctx context.Context, list []*Schedule, now time.Time) error {
	for _, s := range list {
		if s.Watch == nil || !s.Watch.Local {
			continue
		}
		last := w.seen[s.Name]
		if last.line != s.Line {
			last = glimpse{line: s.Line}
		}
		if now.Before(last.at.Add(s.Watch.Every)) && !now.Before(last.at) {
			continue
		}
		last.at = now
		value, err := w.opt.Look(ctx, *s)
		if err != nil {
			w.problem(ctx, "looking at what schedule "+s.Name+" waits for", err)
		} else if value != "" && value != last.value {
			if err := w.saw(ctx, w.opt.State.Plan, s, value); err != nil {
				return err
			}
			last.value = value
		}
		w.seen[s.Name] = last
	}
	return nil
}

// watch looks at what is looked at in turns.
func (l *Loop) watch(ctx context.Context, turn *state.Turn) error {
	list, _ := l.schedules()
	now, rows, _, err := l.opt.State.Glance(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		row, known := find(rows, s.Name)
		if !known || s.Watch == nil || s.Watch.Local || now.Before(row.Looked.Add(s.Watch.Every)) || s.pausedBy(row) != "" {
			continue
		}
		value, err := l.opt.Look(ctx, *s)
		l.problem(ctx, "looking at what schedule "+s.Name+" waits for", err)
		if err := l.saw(ctx, turn.Change, s, value); err != nil {
			return err
		}
	}
	return nil
}

// saw notes what a schedule's watch is like, empty where that is not known, and
// makes it due where that is another than before. What is seen first is nothing
// new.
func (l *Loop) saw(ctx context.Context, change func(context.Context, func(*state.Timetable) error) error, s *Schedule, value string) error {
	var due []state.Slot
	err := change(ctx, func(t *state.Timetable) error {
		rows, err := t.Schedules()
		if err != nil {
			return err
		}
		row, known := find(rows, s.Name)
		if !known || row.Line != s.Line {
			return nil // It is about to be planned.
		}
		before := row.Seen
		row.Looked = t.Now
		if value != "" {
			row.Seen = value
		}
		if err := t.Save(row); err != nil {
			return err
		}
		if value == "" || before == "" || value == before {
			return nil
		}
		slot, err := l.trigger(t, s, ByChange, "what it waits for has changed")
		due = []state.Slot{slot}
		return err
	})
	if err == nil && len(due) > 0 {
		l.emit(SlotsDue{Slots: due})
	}
	return err
}
