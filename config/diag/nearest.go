package diag

import "unicode/utf8"

// Nearest returns the candidate that a person most likely meant by name, ""
// where none is near: at most one edit for every three runes, and never more
// than three. Of equally near ones the first wins.
func Nearest(name string, candidates []string) string {
	limit := min(max(utf8.RuneCountInString(name)/3, 1), 3)
	best := ""
	for _, c := range candidates {
		if c == name {
			continue
		}
		if d := distance(name, c, limit); d <= limit {
			best, limit = c, d-1
			if limit < 0 {
				break
			}
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b; beyond limit it returns more than limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit*utf8.UTFMax || -d > limit*utf8.UTFMax {
		return limit + 1
	}
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		least := row[0]
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
