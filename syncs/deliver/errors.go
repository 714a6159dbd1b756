package deliver

import (
	"fmt"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config"
)

// StopError ends a delivery: nothing more of the sync can succeed now. What
// was not acknowledged stays due.
type StopError struct {
	// Code is the destination's or the engine's, such as "unauthorized".
	Code string
	// Message says what is wrong, and what to do where that is known; no
	// secret and no row content.
	Message string
}

func (e *StopError) Error() string { return e.Message }

// GuardError says that a guard of the sync is broken.
type GuardError struct {
	// Guard is the key in YAML, "max_removed" or "max_rejected".
	Guard string
	Bound config.Bound
	// Rows of Of broke it.
	Rows, Of int64
}

func (e *GuardError) Error() string {
	what, effect := "would be removed", "nothing was sent"
	if e.Guard == "max_rejected" {
		what, effect = "were rejected", "the delivery stopped"
	}
	return fmt.Sprintf("%d of %d rows %s, and guards.%s allows %s: %s; "+
		"if this is meant, raise guards.%s of the sync for one run (100%% allows everything)",
		e.Rows, e.Of, what, e.Guard, bound(e.Bound), effect, e.Guard)
}

func bound(b config.Bound) string {
	if b.IsPercent {
		return strconv.FormatFloat(b.Percent, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(b.Rows, 10)
}

// broken reports whether n of total is more than the bound allows; an absent
// bound allows everything.
func broken(b *config.Bound, n, total int64) bool {
	switch {
	case b == nil:
		return false
	case b.IsPercent:
		return float64(n)*100 > b.Percent*float64(total)
	default:
		return n > b.Rows
	}
}

// Check returns the *GuardError of a delivery that must not start, which Run
// would return too. Plans use it to say so beforehand.
func Check(counts Counts, guards config.Guards) error {
	if broken(guards.MaxRemoved, counts.Removals, counts.Known) {
		return &GuardError{Guard: "max_removed", Bound: *guards.MaxRemoved, Rows: counts.Removals, Of: counts.Known}
	}
	return nil
}
