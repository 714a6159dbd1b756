package normalize_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// vector is one line of testdata/vectors.json; a nil Want means that the text
// is no identifier.
type vector struct {
	Kind, Region, Text string
	Want               *string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestVectors(t *testing.T) {
	count := map[string]int{}
	for _, v := range vectors(t) {
		count[v.Kind]++
		got, ok := normalize.Value(v.Kind, v.Region, v.Text)
		switch {
		case v.Want == nil && ok:
			t.Errorf("Value(%s, %s, %q) = %q, want none", v.Kind, v.Region, v.Text, got)
		case v.Want != nil && (!ok || got != *v.Want):
			t.Errorf("Value(%s, %s, %q) = %q, %t, want %q", v.Kind, v.Region, v.Text, got, ok, *v.Want)
		}
	}
	for _, kind := range []string{"email", "phone", "domain", "lower", "trim", "digits", "integer"} {
		if count[kind] < 30 {
			t.Errorf("%s has %d vectors, want at least 30", kind, count[kind])
		}
	}
}

// Normal values stay as they are: what was compared once compares again.
func TestIdempotent(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Want == nil {
			continue
		}
		if again, ok := normalize.Value(v.Kind, v.Region, *v.Want); !ok || again != *v.Want {
			t.Errorf("Value(%s, %s, %q) = %q, %t, want it unchanged", v.Kind, v.Region, *v.Want, again, ok)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	if got, ok := normalize.Value("soundex", "", "x"); ok {
		t.Errorf("Value of an unknown kind = %q, want none", got)
	}
}

func TestRegionsAreThoseOfLibphonenumber(t *testing.T) {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	type facts struct{ code, trunk string }
	want := map[string]facts{}
	for _, m := range collection.GetMetadata() {
		want[m.GetId()] = facts{strconv.Itoa(int(m.GetCountryCode())), m.GetNationalPrefix()}
	}
	if len(normalize.Regions) < 60 {
		t.Errorf("%d regions, want at least 60", len(normalize.Regions))
	}
	for id, r := range normalize.Regions {
		if got := (facts{r.Code, r.Trunk}); got != want[id] {
			t.Errorf("region %s is %v, want %v", id, got, want[id])
		}
	}
}

// The example numbers of libphonenumber, spelled as people do at home and as
// they do abroad, become the same E.164.
func TestPhoneAgreesWithLibphonenumber(t *testing.T) {
	for id := range normalize.Regions {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE} {
			number := phonenumbers.GetExampleNumberForType(id, kind)
			if number == nil {
				continue
			}
			want := phonenumbers.Format(number, phonenumbers.E164)
			for _, form := range []phonenumbers.PhoneNumberFormat{phonenumbers.NATIONAL, phonenumbers.INTERNATIONAL, phonenumbers.E164} {
				text := phonenumbers.Format(number, form)
				if got, ok := normalize.Value("phone", id, text); !ok || got != want {
					t.Errorf("Value(phone, %s, %q) = %q, %t, want %q", id, text, got, ok, want)
				}
			}
		}
	}
}

func FuzzValue(f *testing.F) {
	f.Add("email", "", "A@B.c")
	f.Add("phone", "FR", "06 12 34 56 78")
	f.Add("domain", "", "https://www.example.com:80/x")
	f.Add("integer", "", "-007.0")
	f.Fuzz(func(t *testing.T, kind, region, text string) {
		value, ok := normalize.Value(kind, region, text)
		if ok != (value != "") {
			t.Errorf("Value(%q, %q, %q) = %q, %t", kind, region, text, value, ok)
		}
	})
}
