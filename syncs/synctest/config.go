package synctest

import (
	"slices"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Config is the settings of a destination.
type Config interface {
	Check(n strict.Node, report func(diag.Diagnostic))
}

// Configs holds what is found wrong in settings, each at its place: "2:10
// bad-choice", or nothing. The settings of each are common, which is a line or
// none, and then those that the findings are listed by.
func Configs[C Config](t *testing.T, fresh func() C, common string, findings map[string]string) {
	t.Helper()
	const file = "destination.yml"
	for text, want := range findings {
		var got []string
		report := func(d diag.Diagnostic) {
			got = append(got, strings.TrimPrefix(d.Span.String(), file+":")+" "+d.Code)
		}
		n := strict.Parse(&diag.Source{Name: file, Text: []byte(common + text + "\n")}, report)
		c := fresh()
		if n.Decode(report, c) {
			c.Check(n, report)
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s is found %q, want %q", text, got, want)
		}
	}
}
