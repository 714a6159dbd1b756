package sheet

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// starts says that a spreadsheet takes a cell, or what stands in it behind a
// separator of another country, for a formula; it shares no code with harmless.
func starts(cell string) bool {
	for _, piece := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
		piece = strings.TrimLeft(piece, " \u00a0\ufeff\"\v\f\u0085\u2028\u2029\u3000")
		if piece != "" && strings.ContainsAny(string([]rune(piece)[0]), "=+-@＝＋－＠") {
			return true
		}
	}
	return cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0]))
}

// original undoes harmless.
func original(s string) string {
	var b strings.Builder
	if rest, quoted := strings.CutPrefix(s, "'"); quoted {
		if first := strings.TrimLeft(rest, "'"); first != "" && strings.ContainsRune("\t\r\n", rune(first[0])) {
			s = rest
		}
	}
	for _, piece := range pieces(s) {
		if rest, quoted := strings.CutPrefix(piece, "'"); quoted && formula(rest) {
			piece = rest
		}
		b.WriteString(piece)
	}
	return b.String()
}

func pieces(s string) (out []string) {
	for {
		i := strings.IndexAny(s, separators)
		if i < 0 {
			return append(out, s)
		}
		out, s = append(out, s[:i+1]), s[i+1:]
	}
}

// TestHarmless: no text is a formula anywhere, and the quotes that see to it can be
// taken away again.
func TestHarmless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"=", "+", "-", "@", "'", `"`, " ", "\t", "\r", "\n", ";", ",", "a", "1", "＝", "\ufeff", "\u00a0"}), 0, 8).Draw(t, "text"), "")
		h := harmless(s)
		if starts(h) {
			t.Errorf("%q becomes %q, which is a formula", s, h)
		}
		if got := original(h); got != s {
			t.Errorf("%q becomes %q, which reads as %q", s, h, got)
		}
	})
}
