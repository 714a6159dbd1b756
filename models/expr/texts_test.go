package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTexts: what the project writes out of what a trait can be, each at its place.
func TestTexts(t *testing.T) {
	traits := []struct {
		value string
		want  []string
	}{
		{`"a"`, []string{`"a" 1:1`}},
		{`country == "FR" ? "a" : "b"`, []string{`"a" 1:19`, `"b" 1:25`}},
		{`country == "FR" ? "a" : ltv > 1.0 ? country : "é"`, []string{`"a" 1:19`, `"é" 1:47`}},
		{`country`, nil},
		{`"a" + country`, nil},
		{`word`, []string{`"said" 1:1`}},
		{`live ? "yes" : "no"`, []string{`"yes" 1:8`}},
		{`false ? "yes" : "no"`, []string{`"no" 1:17`}},
		{`optional.ofNonZeroValue(country).orValue("x")`, []string{`"x" 1:42`}},
		{`ltv > 1.0 ? 5 : 6`, nil},
	}
	var text strings.Builder
	text.WriteString("traits:\n")
	for i, c := range traits {
		fmt.Fprintf(&text, "  - name: t%d\n    entity: customer\n    value: |-\n      %s\n", i, c.value)
	}
	text.WriteString("  - {name: last, value: 'country == \"\" ? t1 : \"c\"'}\n")
	in := project(t, shop, text.String())
	in.Parameters = parametersOf(t, "parameters:\n  - {name: word, type: string, value: said}\n  - {name: live, type: bool, value: true}\n")
	out, list := Compile(in)
	if out == nil || list.Err() != nil {
		t.Fatal(list)
	}
	got := map[string][]string{}
	for _, c := range out.Traits {
		for _, x := range c.Texts {
			line := x.Pos.Start.Line
			if c.Name != "last" {
				line = 1
			}
			got[c.Name] = append(got[c.Name], fmt.Sprintf("%q %d:%d", x.Value, line, x.Pos.Start.Col-6))
		}
	}
	want := map[string][]string{"last": {`"a" 9:19`, `"b" 9:25`, `"c" 42:41`}}
	for i, c := range traits {
		if c.want != nil {
			want[fmt.Sprintf("t%d", i)] = c.want
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
