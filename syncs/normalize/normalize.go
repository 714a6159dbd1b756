// Package normalize makes identifiers comparable: two spellings of one e-mail
// address, telephone number or domain become the same text.
//
// The rules are deliberately plain: each is a few replacements and comparisons
// that every warehouse can do, because models/identity spells the same rules
// in SQL. testdata/vectors.json is what both must agree on. The package does
// no I/O, looks nothing up and imports nothing of ours.
//
// Start at Value.
package normalize

import (
	"regexp"
	"strings"
)

// EmailPattern matches a whole e-mail address, trimmed and in lower case: one
// @, something before it, and a dot inside of what follows; no white space, and
// no angle brackets, which are what a name in front leaves behind.
const EmailPattern = `[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+`

// DomainPattern matches a whole domain after everything around it was taken
// away: letters, digits, hyphens, underscores or non-ASCII characters, with a
// dot inside.
const DomainPattern = `[^\s@:/?#.]+(\.[^\s@:/?#.]+)+`

// IntegerPattern matches a whole number, with decimals only of zeros.
const IntegerPattern = `[+-]?[0-9]+(\.0*)?`

// PhonePattern matches a whole international number: country calling codes do
// not begin with 0, and E.164 allows 15 digits. Those of the North American plan
// (+1) have ten after the code, of which the first is not below 2
// (https://www.nanpa.com): anything else is a local number, or a wrong one, that
// strangers would share.
const PhonePattern = `\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})`

// TrunkHint is how people write the trunk prefix into an international number,
// as in +33 (0)6 12 34 56 78. It is not dialled.
const TrunkHint = "(0)"

var (
	email    = regexp.MustCompile(`^(?:` + EmailPattern + `)$`)
	hostname = regexp.MustCompile(`^(?:` + DomainPattern + `)$`)
	dialled  = regexp.MustCompile(`^(?:` + PhonePattern + `)$`)
	whole    = regexp.MustCompile(`^(?:` + IntegerPattern + `)$`)

	notDigits  = regexp.MustCompile(`[^0-9]`)
	scheme     = regexp.MustCompile(`^([a-z][a-z0-9+.-]*:)?//`)
	mailbox    = regexp.MustCompile(`^\S*@`)
	afterHost  = regexp.MustCompile(`[/?#](?s:.*)$`)
	port       = regexp.MustCompile(`:[0-9]*$`)
	leadingWWW = regexp.MustCompile(`^(www\.)+`)
	zeros      = regexp.MustCompile(`^0+`)
	decimals   = regexp.MustCompile(`\.0*$`)
)

// Value normalises a text by a kind of config.Normalizers. The region, such as
// "FR", is the one that a national phone number is read in; other kinds ignore
// it. It reports false where the text is no identifier of that kind, which is
// always so for an empty result, and for a kind that does not exist.
func Value(kind, region, text string) (value string, ok bool) {
	trimmed := strings.TrimSpace(text)
	switch kind {
	case "email":
		value = strings.ToLower(trimmed)
		ok = email.MatchString(value)
	case "phone":
		value, ok = phone(region, trimmed)
	case "domain":
		value = domain(trimmed)
		ok = hostname.MatchString(value)
	case "lower":
		value, ok = strings.ToLower(trimmed), true
	case "trim":
		value, ok = trimmed, true
	case "digits":
		value, ok = notDigits.ReplaceAllString(text, ""), true
	case "integer":
		value, ok = integer(trimmed)
	}
	if !ok || value == "" {
		return "", false
	}
	return value, true
}

// phone reads an international number after + or 00, and otherwise a national
// one of the region: without its trunk prefix, behind the calling code.
func phone(region, text string) (string, bool) {
	digits := notDigits.ReplaceAllString(strings.ReplaceAll(text, TrunkHint, ""), "")
	switch {
	case strings.HasPrefix(text, "+"):
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	default:
		r, known := Regions[region]
		if !known {
			return "", false
		}
		if r.TrunkDigits == 0 || len(digits) == r.TrunkDigits {
			digits = strings.TrimPrefix(digits, r.Trunk)
		}
		if digits == "" {
			return "", false
		}
		digits = r.Code + digits
	}
	return "+" + digits, dialled.MatchString("+" + digits)
}

// domain takes away the scheme, path, user, port and leading www. of a URL, and
// what an e-mail address has before its last @. The path goes first: the @ in
// example.com/@jane is not that of an address.
func domain(text string) string {
	s := strings.ToLower(text)
	s = scheme.ReplaceAllString(s, "")
	s = afterHost.ReplaceAllString(s, "")
	s = mailbox.ReplaceAllString(s, "")
	s = port.ReplaceAllString(s, "")
	s = leadingWWW.ReplaceAllString(s, "")
	return strings.TrimSuffix(s, ".")
}

// integer drops the sign +, leading zeros and decimals of zero.
func integer(text string) (string, bool) {
	if !whole.MatchString(text) {
		return "", false
	}
	digits := strings.TrimLeft(decimals.ReplaceAllString(text, ""), "+-")
	digits = zeros.ReplaceAllString(digits, "")
	switch {
	case digits == "":
		return "0", true
	case strings.HasPrefix(text, "-"):
		return "-" + digits, true
	default:
		return digits, true
	}
}
