package meta

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// The reasons for which values are dropped here.
const (
	noGender = "is neither m nor f"
	noYear   = "is no year of four digits"
	noMonth  = "is no month"
	noDay    = "is no day of a month"
	noDate   = "is no date such as 1990-12-31"
)

// How Meta documents that identifiers are normalised before they are hashed. It
// has no rule for addresses at Gmail.
var (
	email    = hashed(identify.Trim, identify.Lower, identify.Email)
	phone    = hashed(identify.Phone, identify.NoPlus)
	name     = hashed(identify.Trim, identify.Lower, identify.NoPunctuation, identify.Trim)
	initial  = hashed(identify.Trim, identify.Lower, identify.NoPunctuation, identify.Trim, first)
	gender   = hashed(identify.Trim, identify.Lower, genderLetter)
	city     = hashed(identify.Lower, identify.NoPunctuation, letters)
	state    = hashed(identify.Lower, identify.NoPunctuation, letters, usState)
	zip      = hashed(identify.Lower, identify.NoSpace, beforeHyphen)
	country  = hashed(identify.Trim, identify.Lower, identify.Country)
	year     = hashed(identify.Trim, digitsBetween(4, 1900, 2100, noYear))
	month    = hashed(identify.Trim, digitsBetween(2, 1, 12, noMonth))
	day      = hashed(identify.Trim, digitsBetween(2, 1, 31, noDay))
	birthday = hashed(identify.Trim, dateDigits)
	anyID    = hashed(identify.Trim)
	device   = identify.Rule{Steps: []identify.Step{identify.Trim, identify.Lower, identify.Device}}
	plain    = identify.Rule{Steps: []identify.Step{identify.Trim}}
)

func hashed(steps ...identify.Step) identify.Rule {
	return identify.Rule{Steps: steps, Hash: identify.Hex}
}

// memberColumns are what people of an audience are known by, in the order in
// which they are sent.
var memberColumns = []identify.Column{
	{Field: "external_id", Name: "EXTERN_ID", Rule: plain},
	{Field: "email", Name: "EMAIL", Rule: email},
	{Field: "phone", Name: "PHONE", Rule: phone},
	{Field: "mobile_id", Name: "MADID", Rule: device},
	{Field: "first_name", Name: "FN", Rule: name},
	{Field: "last_name", Name: "LN", Rule: name},
	{Field: "first_initial", Name: "FI", Rule: initial, Detail: true},
	{Field: "gender", Name: "GEN", Rule: gender, Detail: true},
	{Field: "birth_year", Name: "DOBY", Rule: year, Detail: true},
	{Field: "birth_month", Name: "DOBM", Rule: month, Detail: true},
	{Field: "birth_day", Name: "DOBD", Rule: day, Detail: true},
	{Field: "city", Name: "CT", Rule: city, Detail: true},
	{Field: "state", Name: "ST", Rule: state, Detail: true},
	{Field: "zip", Name: "ZIP", Rule: zip, Detail: true},
	{Field: "country", Name: "COUNTRY", Rule: country, Detail: true},
}

// worth is the field of LOOKALIKE_VALUE, which is no identifier.
const worth = "value"

// memberFields are the fields of an audience.
var memberFields = func() []syncs.PlatformField {
	numbers := []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}
	out := fieldsOf(memberColumns, "external_id", "email", "phone", "mobile_id")
	return append(out, syncs.PlatformField{Name: worth, Types: numbers})
}()

// fieldsOf are the fields of columns, with those that can be the key.
func fieldsOf(columns []identify.Column, keys ...string) []syncs.PlatformField {
	out := make([]syncs.PlatformField, 0, len(columns)+1)
	for _, c := range columns {
		f := syncs.PlatformField{Name: c.Field, Types: []syncs.Type{syncs.String, syncs.Int}, Matches: c.Field != "external_id"}
		for _, k := range keys {
			f.Unique = f.Unique || k == c.Field
		}
		out = append(out, f)
	}
	return out
}

// first keeps the first letter.
func first(v []byte, _ string) ([]byte, string) {
	_, n := utf8.DecodeRune(v)
	return v[:n], ""
}

func genderLetter(v []byte, _ string) ([]byte, string) {
	switch string(v) {
	case "m", "male":
		return v[:1], ""
	case "f", "female":
		return v[:1], ""
	}
	return nil, noGender
}

var withoutSpaceAndDigits = identify.Without(func(r rune) bool { return unicode.IsSpace(r) || unicode.IsDigit(r) })

// letters leaves out white space and digits.
func letters(v []byte, region string) ([]byte, string) { return withoutSpaceAndDigits(v, region) }

// usState makes the name of a state of the USA its code; others stay.
func usState(v []byte, _ string) ([]byte, string) {
	if code, ok := usStates[string(v)]; ok {
		return append(v[:0], code...), ""
	}
	return v, ""
}

// beforeHyphen keeps five of nine digits.
func beforeHyphen(v []byte, _ string) ([]byte, string) {
	before, _, _ := bytes.Cut(v, []byte("-"))
	return before, ""
}

// digitsBetween makes a step that wants a number, and gives it so many digits.
func digitsBetween(digits, least, most int, reason string) identify.Step {
	return func(v []byte, _ string) ([]byte, string) {
		n := 0
		for _, c := range v {
			if c < '0' || c > '9' || len(v) > digits {
				return nil, reason
			}
			n = 10*n + int(c-'0')
		}
		if len(v) == 0 || n < least || n > most {
			return nil, reason
		}
		v = v[:0]
		for power := pow10(digits - 1); power > 0; power /= 10 {
			v = append(v, byte('0'+n/power%10))
		}
		return v, ""
	}
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// dateDigits makes a date such as 1990-12-31 eight digits.
func dateDigits(v []byte, _ string) ([]byte, string) {
	if len(v) != 10 || v[4] != '-' || v[7] != '-' {
		return nil, noDate
	}
	out := append(append(append(v[:0], v[:4]...), v[5:7]...), v[8:10]...)
	for _, c := range out {
		if c < '0' || c > '9' {
			return nil, noDate
		}
	}
	return out, ""
}

// Rules are how the fields are normalised and hashed, by their names, for tests
// and for whoever wants to see what is sent of a value.
var Rules = map[string]identify.Rule{
	"email": email, "phone": phone, "name": name, "city": city, "state": state, "zip": zip, "country": country, "gender": gender, "mobile_id": device,
}
