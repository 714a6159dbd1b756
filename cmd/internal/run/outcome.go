package run

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Outcome is how many operations of a kind ended in a way.
type Outcome struct {
	// Operation is that of sync_log, such as upsert.
	Operation string
	// Outcome is that of sync_log too: accepted, exists, absent, invalid, rejected
	// or unknown.
	Outcome string
	Rows    int64
}

// tally adds what became of operations to what is known.
func tally(list []Outcome, results []deliver.Result) []Outcome {
	for _, r := range results {
		what := string(r.Origin)
		if what == "" {
			what = "accepted"
		}
		operation := r.Kind.String()
		i := slices.IndexFunc(list, func(o Outcome) bool { return o.Operation == operation && o.Outcome == what })
		if i < 0 {
			i, list = len(list), append(list, Outcome{Operation: operation, Outcome: what})
		}
		list[i].Rows++
	}
	slices.SortFunc(list, func(a, b Outcome) int {
		return cmp.Or(strings.Compare(a.Operation, b.Operation), strings.Compare(a.Outcome, b.Outcome))
	})
	return list
}

// Reason says in a few words of our own why something failed, for those who are
// told outside of the run: a warehouse or a platform may have put a value into
// its words. It is empty for nil.
func Reason(err error) string {
	var guard *deliver.GuardError
	var skip *SkipError
	var held *state.HeldError
	var lost *state.LostError
	var stop *deliver.StopError
	var assert *AssertError
	var step *StepError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrInterrupted):
		return "it was interrupted"
	case errors.As(err, &guard):
		return guard.Error()
	case errors.As(err, &skip):
		return skip.Error()
	case errors.As(err, &held):
		return "another process has it"
	case errors.As(err, &lost):
		return "another process took it over"
	case errors.As(err, &stop):
		return "the destination, or what it needs, refused: " + stop.Code
	case errors.As(err, &assert):
		return assert.Assert.Title + ": an assertion does not hold"
	case errors.As(err, &step):
		return "the step failed: " + step.Title
	}
	return "see the log of the run"
}
