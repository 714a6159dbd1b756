package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Decision is something that a project decides about data, such as the class of a
// trait. What it says is its Details.
type Decision struct {
	// Action is what an entry of a change is called.
	Action  Action
	Object  Object
	Details []Detail
}

// decided is a decision as it is kept: what it says, by the names of its details.
type decided struct {
	Action Action         `json:"action"`
	Says   map[string]any `json:"says"`
}

// change is a detail of a decision that is not what it was.
type change struct {
	Was any `json:"was"`
	Is  any `json:"is"`
}

// Decide compares what a project decides with what it did when this was last
// called, writes an entry for each difference, and keeps it for the next time, all
// as one. It returns how many differ. The first time everything does.
func (l *Log) Decide(ctx context.Context, actor Actor, runID string, now []Decision) (n int, err error) {
	is := map[string]decided{}
	for _, d := range now {
		e := Entry{Actor: actor, Action: d.Action, Object: d.Object, Details: d.Details}
		if err := e.check(); err != nil {
			return 0, err
		}
		says := map[string]any{}
		for _, x := range d.Details {
			says[x.name] = x.value
		}
		is[d.Object.kind+":"+d.Object.name] = decided{d.Action, says}
	}
	text, err := json.Marshal(is)
	if err != nil {
		return 0, fmt.Errorf("writing what the project decides: %w", err)
	}
	// Compared is what JSON makes of both.
	is = map[string]decided{}
	if err := json.Unmarshal(text, &is); err != nil {
		return 0, fmt.Errorf("reading what the project decides: %w", err)
	}
	err = l.add(ctx, func(head state.AuditHead) ([]string, string, error) {
		was := map[string]decided{}
		if head.Decided != "" {
			if err := json.Unmarshal([]byte(head.Decided), &was); err != nil {
				return nil, "", fmt.Errorf("reading what the project decided before: %w", err)
			}
		}
		bodies, err := differences(actor, runID, was, is)
		n = len(bodies)
		return bodies, string(text), err
	})
	return n, err
}

// differences are the entries of what was decided otherwise, in the order of what
// it is about.
func differences(actor Actor, runID string, was, is map[string]decided) (bodies []string, err error) {
	objects := append(names(was), names(is)...)
	slices.Sort(objects)
	for _, object := range slices.Compact(objects) {
		before, after := was[object], is[object]
		says := map[string]any{}
		for _, name := range append(names(before.Says), names(after.Says)...) {
			if a, b := before.Says[name], after.Says[name]; !reflect.DeepEqual(a, b) {
				says[name] = change{a, b}
			}
		}
		if len(says) == 0 {
			continue
		}
		says["run"] = runID
		action := after.Action
		if action == "" {
			action = before.Action
		}
		text, err := body{Actor: actor.text, Action: action, Object: object, Details: says}.text()
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, text)
	}
	return bodies, nil
}
