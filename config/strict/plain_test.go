package strict

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// TestPlain: places in a plain text are counted in the text itself, whatever
// YAML would make of it.
func TestPlain(t *testing.T) {
	const text = "  \"é\": x # no comment\n\ty == 'z'"
	n := Plain("--when", "when", text)
	got := n.Text("when")
	if got.Value != text {
		t.Errorf("got %q", got.Value)
	}
	for _, c := range []struct {
		start, end int
		want       string
	}{
		{0, 0, "--when:1:1"}, {8, 9, "--when:1:8"}, {26, 27, "--when:2:4"},
	} {
		if at := got.Span(c.start, c.end); at.String() != c.want {
			t.Errorf("%d: got %s, want %s", c.start, at, c.want)
		}
	}
	if at := got.Span(3, 5); at.Start != (diag.Pos{Line: 1, Col: 4}) || at.End != (diag.Pos{Line: 1, Col: 5}) {
		t.Errorf("é: got %v to %v", at.Start, at.End)
	}
	if !n.Text("other").IsZero() || n.At("other").Source == nil {
		t.Error("another key has a text, or no place")
	}
}
