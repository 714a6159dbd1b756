// Package volume says whether a number, such as how many people are in a segment,
// is within the range that it usually has.
//
// The range is around the median of the numbers before, and as wide as the
// largest of three: a share of the median; a number of people, so that small
// groups may change; and what the numbers before have varied themselves. The
// last is measured by their median absolute deviation (MAD), which a few outliers
// among them do not change: a number is out of range from 3.5 deviations on, at
// 1.4826 MAD to the deviation, as Iglewicz and Hoaglin recommend (How to Detect
// and Handle Outliers, 1993, for their modified z-score). It knows no weekdays: a
// group that is halved each Sunday has a large MAD, and is let be.
//
// It never reads anything, and knows neither segments nor runs. Start with
// Rule.Usual.
package volume

import (
	"math"
	"slices"
)

// Rule says how far a number may be from what it usually is.
type Rule struct {
	// Share is of the median, such as 0.25, and Floor a number: what differs by
	// less is never unusual.
	Share float64
	Floor int64
	// Runs is how many numbers count, the last ones; After is how many there must
	// be before anything is unusual.
	Runs, After int
}

// Range is what a number usually is.
type Range struct{ Low, Median, High int64 }

// Holds says that a number is within the range.
func (r Range) Holds(n int64) bool { return r.Low <= n && n <= r.High }

const (
	cutoff = 3.5
	// perMAD is the standard deviation of numbers that are spread normally, in MAD.
	perMAD = 1.4826
)

// Usual is the range that follows from the numbers before, the last one first;
// known says that there are enough of them.
func (r Rule) Usual(before []int64) (usual Range, known bool) {
	if len(before) < max(r.After, 1) {
		return Range{}, false
	}
	last := slices.Clone(before[:min(len(before), r.Runs)])
	middle := median(last)
	for i, n := range last {
		last[i] = max(n-middle, middle-n)
	}
	width := max(cutoff*perMAD*float64(median(last)), r.Share*math.Abs(float64(middle)), float64(r.Floor))
	wide := int64(math.Floor(min(width, math.MaxInt64/4)))
	return Range{Low: max(middle-wide, 0), Median: middle, High: middle + wide}, true
}

// median is the middle of the numbers, which it sorts; the lower of two. There is
// one at least.
func median(list []int64) int64 {
	slices.Sort(list)
	return list[(len(list)-1)/2]
}
