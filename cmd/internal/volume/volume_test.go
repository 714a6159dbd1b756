package volume

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rule is the one that projects have which name no other.
var rule = Rule{Share: 0.25, Floor: 20, Runs: 28, After: 7}

func repeat(n int64, times int) []int64 { return slices.Repeat([]int64{n}, times) }

// TestUsual has series whose ranges were computed by hand.
func TestUsual(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before []int64
		want   Range
		known  bool
	}{
		"nothing":              {nil, Range{}, false},
		"too few":              {repeat(100, 6), Range{}, false},
		"constant, by share":   {repeat(1000, 7), Range{750, 1000, 1250}, true},
		"constant, by floor":   {repeat(40, 7), Range{20, 40, 60}, true},
		"small, never below 0": {repeat(5, 7), Range{0, 5, 25}, true},
		"an outlier is let be": {[]int64{1000, 1000, 9_000_000, 1000, 1000, 0, 1000}, Range{750, 1000, 1250}, true},
		// Median 200, MAD 100: 3.5 * 1.4826 * 100 is 518.91.
		"varied itself":       {[]int64{100, 300, 100, 300, 200, 100, 300}, Range{0, 200, 718}, true},
		"the last ones count": {append(repeat(1000, 28), repeat(5, 100)...), Range{750, 1000, 1250}, true},
	} {
		got, known := rule.Usual(c.before)
		if known != c.known {
			t.Errorf("%s: known is %t", name, known)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestConstant: a constant series never alarms, and half as much again does,
// whatever its size is, unless that is less than the floor.
func TestConstant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<40).Draw(t, "n")
		before := repeat(n, rapid.IntRange(rule.After, 60).Draw(t, "runs"))
		usual, known := rule.Usual(before)
		if !known || !usual.Holds(n) {
			t.Fatalf("%d is not within %+v", n, usual)
		}
		for _, jump := range []int64{n + n/2, n - n/2} {
			if far := n/2 > rule.Floor; usual.Holds(jump) == far {
				t.Fatalf("%d is within %+v: %t", jump, usual, !far)
			}
		}
	})
}

// TestAnyOrder: the range is one of the numbers, not of their order; it holds the
// median, and a few wild ones do not change it to what they are.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Int64Range(900, 1100), rule.After, rule.Runs).Draw(t, "before")
		usual, _ := rule.Usual(before)
		shuffled := rapid.Permutation(before).Draw(t, "shuffled")
		if again, _ := rule.Usual(shuffled); again != usual {
			t.Fatalf("%v gives %+v, %v gives %+v", before, usual, shuffled, again)
		}
		if !usual.Holds(usual.Median) {
			t.Fatalf("%+v does not hold its median", usual)
		}
		wild := slices.Clone(before)
		for i := range len(wild) / 4 {
			wild[i] = 1 << 30
		}
		if usual, _ := rule.Usual(wild); usual.Holds(3000) || usual.Holds(0) {
			t.Fatalf("%v gives %+v", wild, usual)
		}
	})
}
