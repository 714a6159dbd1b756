package schedule

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Asked is the schedule of slots that no schedule of the project stands for:
// somebody asked for them, with a selection of their own. No project can have
// one of its name.
const Asked = "on:request"

// Want is what somebody asks to be run in place of what a schedule does.
type Want struct {
	// Select and Exclude are for slots of Asked: those of a schedule select what
	// it does.
	Select  []string `json:"select,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// FullRefresh builds it from all rows.
	FullRefresh bool `json:"full_refresh,omitempty"`
}

// Question is what somebody asks for.
type Question struct {
	// Schedule is to be due now, paused or not. It need not be one of a loop:
	// whoever serves it runs it. Asked where it is empty.
	Schedule string
	Want     Want
	// By is who asks.
	By string
	// Key tells a question from others: the same key asked twice makes one slot.
	// Empty for one that is like no other.
	Key string
}

// ErrReused says that a key was used before, for something else.
var ErrReused = errors.New("the key was used for another question")

// Ask makes a slot of a question, which waits its turn as others do and runs
// alone where it wants something of its own. It says whether the slot is new. The
// error is ErrReused where the key stands for another question.
func Ask(ctx context.Context, store *state.Store, q Question) (slot state.Slot, fresh bool, err error) {
	s := Schedule{Name: cmp.Or(q.Schedule, Asked)}
	wanted := ""
	if s.Name == Asked || q.Want.FullRefresh {
		text, err := json.Marshal(q.Want)
		if err != nil {
			return slot, false, fmt.Errorf("writing down what is wanted: %w", err)
		}
		wanted = string(text)
	}
	sum := sha256.Sum256([]byte(s.Name + " " + wanted))
	digest := hex.EncodeToString(sum[:])
	err = store.Plan(ctx, func(t *state.Timetable) error {
		if q.Key != "" {
			before, was, known, err := t.Asked(q.Key)
			if err != nil {
				return err
			}
			if known && was != digest {
				return ErrReused
			}
			if known {
				slot = before
				return nil
			}
		}
		x := s.triggered(t.Now, ByRequest, "asked for by "+q.By, state.Schedule{}, nil)
		x.Wanted = wanted
		if slot, err = add(t, x); err != nil {
			return err
		}
		fresh = true
		if q.Key == "" {
			return nil
		}
		return t.Ask(q.Key, digest, slot)
	})
	return slot, fresh, err
}

// Stop asks for the end of a slot. One that has not begun ends at once; the
// process that runs one stops its run as soon as it looks. It returns the slot
// as it is then, and false where there is none; one that has ended stays.
func Stop(ctx context.Context, store *state.Store, schedule string, due time.Time, by string) (slot state.Slot, found bool, err error) {
	err = store.Plan(ctx, func(t *state.Timetable) error {
		var err error
		if slot, found, err = t.Slot(schedule, due); err != nil || !found || !slot.Ended.IsZero() {
			return err
		}
		if err := t.Stop(slot, by); err != nil {
			return err
		}
		if slot.Stop.IsZero() {
			slot.Stop, slot.StopBy = t.Now, by
		}
		if slot.Status == Running {
			return nil
		}
		slot.Status, slot.Reason, slot.Ended = Cancelled, "stopped by "+slot.StopBy, t.Now
		return t.Write(slot)
	})
	return slot, found, err
}

// scheduleOf is the schedule of a slot, and whether there is one.
func scheduleOf(list []*Schedule, x state.Slot) (Schedule, bool) {
	if x.Schedule == Asked {
		return Schedule{Name: Asked, Queue: true}, true
	}
	i := slices.IndexFunc(list, func(s *Schedule) bool { return s.Name == x.Schedule })
	if i < 0 {
		return Schedule{}, false
	}
	return *list[i], true
}

// want has the schedule do what a slot wants. It says why that cannot be, empty
// where it can.
func (s *Schedule) want(x state.Slot) string {
	if x.Wanted == "" {
		return ""
	}
	w, err := Wanted(x)
	if err != nil {
		return "what it asks for is not known here: another version wrote it"
	}
	if s.Refresh = w.FullRefresh; s.Name == Asked {
		s.Select, s.Exclude = w.Select, w.Exclude
	}
	return ""
}

// Wanted is what a slot wants in place of what its schedule does.
func Wanted(x state.Slot) (w Want, err error) {
	if x.Wanted == "" {
		return w, nil
	}
	if err := json.Unmarshal([]byte(x.Wanted), &w); err != nil {
		return w, fmt.Errorf("reading what slot %s of %s wants: %w", stamp(x.Due), x.Schedule, err)
	}
	return w, nil
}

// Request makes a schedule due now, paused or not, and returns its slot; by says
// who asked.
func Request(ctx context.Context, store *state.Store, schedule, by string) (state.Slot, error) {
	slot, _, err := Ask(ctx, store, Question{Schedule: schedule, By: by})
	return slot, err
}
