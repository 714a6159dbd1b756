package webhook_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

func TestRateLimit(t *testing.T) {
	for text, want := range map[string]string{
		"20": "", "0.5": "", "10000": "",
		"0": webhook.CodeRange, "-1": webhook.CodeRange, "0.001": webhook.CodeRange, "10001": webhook.CodeRange,
	} {
		var got string
		report := func(d diag.Diagnostic) { got = d.Code }
		n := strict.Parse(&diag.Source{Name: "crm.yml", Text: []byte("url: https://example.com\nrate_limit: " + text + "\n")}, report)
		c := webhook.Default()
		if n.Decode(report, c) {
			c.Check(n, report)
		}
		if got != want {
			t.Errorf("rate_limit: %s is found %q, want %q", text, got, want)
		}
		if want == "" {
			if diff := cmp.Diff([]syncs.Limit{{Rate: c.RateLimit}}, webhook.New(c).Spec().Limits); diff != "" {
				t.Error(diff)
			}
		}
	}
	if limits := webhook.New(webhook.Default()).Spec().Limits; limits != nil {
		t.Errorf("limits %+v, though none was given", limits)
	}
}
