package bqtest

import (
	"strings"
	"testing"
)

// TestParse: what is wrong with the variable is told with what to write.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"shop-123456/EU": "",
		"shop-123456/EU?billing_project=bills-123456&impersonate=cdp@shop-123456.iam.gserviceaccount.com": "",
		"shop-123456":                "is shop-123456",
		"shop-123456/EU/more":        "is shop-123456/EU/more",
		"/EU":                        "is /EU",
		"shop-123456/EU?dataset=x":   "has dataset, which is none of its keys",
		"shop-123456/EU?anonymous=x": "says anonymous=x",
		"shop 123456/EU":             "is no address",
	} {
		c, err := parse(text)
		switch {
		case err != nil && (want == "" || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "write "+live+" as project/location")):
			t.Errorf("%s: got %v, want %q", text, err, want)
		case err == nil && (want != "" || c.Project != "shop-123456" || c.Location != "EU"):
			t.Errorf("%s: got %+v, want %q", text, c, want)
		}
	}
}
