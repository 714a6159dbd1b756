package expr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

// The words of the field in process: what vocabulary.go translates to SQL. Some
// need more than their arguments; Evaluator.resolve puts it in front of them, and
// the zone of the project behind.

// before are the columns that words are given in front of their arguments, now
// or the id.
func (c *compiler) before(fn string) string {
	switch fn {
	case fnDaysAgo, fnStartOf, fnAnniversary:
		return "now"
	case fnSample:
		return c.id()
	}
	return ""
}

// zoneAt is how many arguments a word takes before that of the zone, where it
// takes one.
var zoneAt = map[string]int{fnDaysAgo: 1, fnStartOf: 2, fnAnniversary: 2, fnPeriod: 1}

// words are the functions of vocabulary.go with the arguments of resolve.
var words = map[string]functions.FunctionOp{
	fnDaysAgo: func(args ...ref.Val) ref.Val {
		now, zone, err := clock(args)
		n, ok := args[1].(types.Int)
		if err != nil || !ok {
			return misused(fnDaysAgo, err)
		}
		return types.Timestamp{Time: startOf("day", now.In(zone), -int(n)).UTC()}
	},
	fnStartOf: func(args ...ref.Val) ref.Val {
		now, zone, err := clock(args)
		unit, ok := args[1].(types.String)
		n := types.Int(0)
		if len(args) == 4 {
			n, _ = args[2].(types.Int)
		}
		if err != nil || !ok {
			return misused(fnStartOf, err)
		}
		return types.Timestamp{Time: startOf(string(unit), now.In(zone), int(n)).UTC()}
	},
	fnAnniversary: func(args ...ref.Val) ref.Val {
		now, zone, err := clock(args)
		born, ok := args[1].(types.Timestamp)
		span, isSpan := args[2].(types.Duration)
		if err != nil || !ok || !isSpan {
			return misused(fnAnniversary, err)
		}
		return types.Bool(comesRound(now.In(zone), span.Duration).has(monthDay(born.UTC())))
	},
	fnPeriod: func(args ...ref.Val) ref.Val {
		at, zone, err := clock(args)
		unit, ok := args[1].(types.String)
		if err != nil || !ok {
			return misused(fnPeriod, err)
		}
		return types.Int(periodOf(string(unit), at.In(zone)))
	},
	fnSample: func(args ...ref.Val) ref.Val {
		id, ok := args[0].(types.Int)
		share, isShare := args[1].(types.Double)
		if !ok || !isShare {
			return misused(fnSample, nil)
		}
		salt := types.String("")
		if len(args) == 3 {
			salt, _ = args[2].(types.String)
		}
		return types.Bool(models.SpreadOf(sampleSalt(string(salt)), int64(id)) < models.ShareBound(float64(share)))
	},
}

// clock is the time in front of the arguments and the zone behind them.
func clock(args []ref.Val) (time.Time, *time.Location, error) {
	at, ok := args[0].(types.Timestamp)
	name, named := args[len(args)-1].(types.String)
	if !ok || !named {
		return time.Time{}, nil, errors.New("no such overload")
	}
	zone, err := time.LoadLocation(string(name))
	return at.Time, zone, err
}

func misused(fn string, err error) ref.Val {
	if err != nil {
		return types.WrapErr(fmt.Errorf("%s: %w", fn, err))
	}
	return types.NewErr("no such overload: %s", fn)
}

// periodOf is the number of the day, week, month, quarter or year of a local
// clock.
func periodOf(unit string, at time.Time) int64 {
	y, m, d := at.Date()
	months := int64(y)*12 + int64(m) - 1
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86_400
	switch unit {
	case "day":
		return day
	case "week":
		return (day + weekShift) / 7
	case "month":
		return months
	case "quarter":
		return months / 3
	default:
		return int64(y)
	}
}

// consented is consent(name): whether the latest word on a purpose is yes, and
// none at that time is no.
func (s *Subject) consented(name string) (ref.Val, error) {
	given, latest := false, time.Time{}
	silent := true
	for _, c := range s.v.c.in.Consents {
		for _, w := range c.Words(name) {
			// What somebody said counts however long ago it was: a refusal that was
			// forgotten could revive an older permission.
			rows, err := s.rows(s.v.c.sources[w.Source])
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				yes, said := wordOf(w, row)
				at := time.Time(beginning)
				if t, ok := row.Get(types.String(TimeField)).(types.Timestamp); ok {
					at = t.Time
				}
				switch {
				case !said:
				case silent || at.After(latest):
					given, latest, silent = yes, at, false
				case at.Equal(latest):
					given = given && yes
				}
			}
		}
	}
	if kept, ok := s.profile.Kept[name]; ok && !latest.After(kept) {
		given = false
	}
	return types.Bool(given), nil
}

// wordOf is what a row says of the purpose of a word.
func wordOf(w config.Word, row *rowValue) (given, said bool) {
	text := func(column string) (string, bool) {
		v, ok := row.Get(types.String(column)).(types.String)
		return string(v), ok
	}
	if w.PurposeColumn != "" {
		if of, ok := text(w.PurposeColumn); !ok || !slices.Contains(w.Values, of) {
			return false, false
		}
	}
	if len(w.Given) == 0 {
		v, ok := row.Get(types.String(w.Column)).(types.Bool)
		return bool(v), ok
	}
	v, ok := text(w.Column)
	given = slices.Contains(w.Given, v)
	return given, ok && (given || len(w.Refused) == 0 || slices.Contains(w.Refused, v))
}
