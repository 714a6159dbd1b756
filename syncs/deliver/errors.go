package deliver

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config"
)

// ErrNotSent is the error of a request that never left: nothing could be
// connected to. Repeating it doubles nothing.
var ErrNotSent = errors.New("the request was not sent")

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
	// Guard is the key in YAML, such as "max_removed".
	Guard string
	Bound config.Bound
	// Rows of Of broke it.
	Rows, Of int64
}

func (e *GuardError) Error() string {
	const meant = "; if this is meant, "
	allows := fmt.Sprintf("and guards.%s allows %s", e.Guard, bound(e.Bound))
	raise := fmt.Sprintf("raise guards.%s of the sync for one run (100%% allows everything)", e.Guard)
	switch e.Guard {
	case "allow_empty":
		return fmt.Sprintf("nobody is in the audience any more, and all %d rows at the destination would be removed: nothing was sent"+
			meant+"set guards.allow_empty of the sync to true for one run", e.Of)
	case "min_rows":
		of := ""
		if e.Bound.IsPercent {
			of = fmt.Sprintf(" of the %d at the destination", e.Of)
		}
		return fmt.Sprintf("the audience has %d rows, and guards.min_rows wants %s%s: nothing was sent"+
			meant+"lower guards.min_rows of the sync for one run", e.Rows, bound(e.Bound), of)
	case "max_rejected":
		return fmt.Sprintf("%d of %d rows were rejected that had not been before, %s: the delivery stopped%s%s", e.Rows, e.Of, allows, meant, raise)
	case "max_changed":
		return fmt.Sprintf("%d of %d rows would be changed, %s: nothing was sent%s%s", e.Rows, e.Of, allows, meant, raise)
	default:
		return fmt.Sprintf("%d of %d rows would be removed, %s: nothing was sent%s%s", e.Rows, e.Of, allows, meant, raise)
	}
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
// would return too; several of them joined. Plans use it to say so beforehand.
func Check(counts Counts, guards config.Guards) error {
	var errs []error
	trip := func(name string, b *config.Bound, rows int64) {
		e := &GuardError{Guard: name, Rows: rows, Of: counts.Known}
		if b != nil {
			e.Bound = *b
		}
		errs = append(errs, e)
	}
	if counts.Wanted == 0 && counts.Removals > 0 && !guards.AllowEmpty {
		trip("allow_empty", nil, 0)
	}
	if b := guards.MinRows; b != nil && short(*b, counts.Wanted, counts.Known) {
		trip("min_rows", b, counts.Wanted)
	}
	if broken(guards.MaxRemoved, counts.Removals, counts.Known) {
		trip("max_removed", guards.MaxRemoved, counts.Removals)
	}
	if broken(guards.MaxChanged, counts.Changed, counts.Known) {
		trip("max_changed", guards.MaxChanged, counts.Changed)
	}
	return errors.Join(errs...)
}

// short reports whether n is less than the bound wants, of total.
func short(b config.Bound, n, total int64) bool {
	if b.IsPercent {
		return float64(n)*100 < b.Percent*float64(total)
	}
	return n < b.Rows
}
