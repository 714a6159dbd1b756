package identify

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// The reasons of the steps here.
const (
	NoEmail   = "is no e-mail address"
	NoPhone   = "is no telephone number with a country code, or of the region"
	NoCountry = "is no country code of two letters"
	NoDevice  = "is no id of a device"
)

// Trim takes white space off both ends.
func Trim(v []byte, _ string) ([]byte, string) { return bytes.TrimSpace(v), "" }

// Lower makes letters lower-case, of every script.
func Lower(v []byte, _ string) ([]byte, string) {
	for i, c := range v {
		if c >= utf8.RuneSelf {
			return bytes.ToLower(v), ""
		}
		if 'A' <= c && c <= 'Z' {
			v[i] = c + 'a' - 'A'
		}
	}
	return v, ""
}

// Upper makes letters upper-case, of every script.
func Upper(v []byte, _ string) ([]byte, string) {
	for i, c := range v {
		if c >= utf8.RuneSelf {
			return bytes.ToUpper(v), ""
		}
		if 'a' <= c && c <= 'z' {
			v[i] = c - ('a' - 'A')
		}
	}
	return v, ""
}

// Without makes a step that leaves out the runes for which out is true.
func Without(out func(rune) bool) Step {
	return func(v []byte, _ string) ([]byte, string) {
		kept := v[:0]
		for i := 0; i < len(v); {
			r, n := utf8.DecodeRune(v[i:])
			if !out(r) {
				kept = append(kept, v[i:i+n]...)
			}
			i += n
		}
		return kept, ""
	}
}

// NoSpace leaves out all white space.
func NoSpace(v []byte, _ string) ([]byte, string) {
	for _, c := range v {
		if c <= ' ' || c >= utf8.RuneSelf {
			return withoutSpace(v, "")
		}
	}
	return v, ""
}

var withoutSpace = Without(unicode.IsSpace)

// NoPunctuation leaves out ASCII punctuation.
func NoPunctuation(v []byte, _ string) ([]byte, string) {
	kept := v[:0]
	for _, c := range v {
		if c > '~' || c < '!' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			kept = append(kept, c)
		}
	}
	return kept, ""
}

// Email wants what is plainly an e-mail address: one @ with something before it
// and a dot inside of what follows, and no white space.
func Email(v []byte, _ string) ([]byte, string) {
	at := bytes.IndexByte(v, '@')
	if at < 1 || bytes.IndexByte(v[at+1:], '@') >= 0 {
		return nil, NoEmail
	}
	host := v[at+1:]
	dot := bytes.LastIndexByte(host, '.')
	if dot < 1 || dot == len(host)-1 {
		return nil, NoEmail
	}
	for i, c := range v {
		if c <= ' ' || c == '<' || c == '>' {
			return nil, NoEmail
		}
		if c >= utf8.RuneSelf {
			if bytes.ContainsFunc(v[i:], unicode.IsSpace) {
				return nil, NoEmail
			}
			break
		}
	}
	return v, ""
}

// Gmail makes a step that drops the dots and what follows a + before the @, at
// these domains: Gmail takes no notice of them. The text is in lower case.
func Gmail(domains ...string) Step {
	return func(v []byte, _ string) ([]byte, string) {
		at := bytes.LastIndexByte(v, '@')
		if at < 1 {
			return v, ""
		}
		if !slices.Contains(domains, string(v[at+1:])) {
			return v, ""
		}
		return gmail(v, at)
	}
}

func gmail(v []byte, at int) ([]byte, string) {
	kept := v[:0]
	for _, c := range v[:at] {
		if c == '+' {
			break
		}
		if c != '.' {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return nil, NoEmail
	}
	return append(kept, v[at:]...), ""
}

// Phone makes a telephone number E.164, with its +, as normalize.Value does. A
// national number is read in the region.
func Phone(v []byte, region string) ([]byte, string) {
	v = bytes.TrimSpace(v)
	international := len(v) > 0 && v[0] == '+'
	// The longest number has 15 digits; who writes more writes no number.
	var digits [24]byte
	n := 0
	for i := 0; i < len(v); i++ {
		if v[i] == '(' && bytes.HasPrefix(v[i:], trunkHint) {
			i += len(trunkHint) - 1
			continue
		}
		if v[i] < '0' || v[i] > '9' {
			continue
		}
		if n == len(digits) {
			return nil, NoPhone
		}
		digits[n] = v[i]
		n++
	}
	number, code := digits[:n], ""
	switch {
	case international:
	case bytes.HasPrefix(number, []byte("00")):
		number = number[2:]
	default:
		r, known := normalize.Regions[region]
		if !known {
			return nil, NoPhone
		}
		if r.TrunkDigits == 0 || n == r.TrunkDigits {
			number = bytes.TrimPrefix(number, []byte(r.Trunk))
		}
		if len(number) == 0 {
			return nil, NoPhone
		}
		code = r.Code
	}
	out := append(append(append(v[:0], '+'), code...), number...)
	if !dialled(out[1:]) {
		return nil, NoPhone
	}
	return out, ""
}

var trunkHint = []byte(normalize.TrunkHint)

// dialled says that digits are an international number: see
// normalize.PhonePattern.
func dialled(digits []byte) bool {
	if len(digits) == 0 {
		return false
	}
	if digits[0] == '1' {
		return len(digits) == 11 && digits[1] >= '2'
	}
	return digits[0] >= '2' && len(digits) >= 8 && len(digits) <= 15
}

// NoPlus takes the + off a number that Phone made.
func NoPlus(v []byte, _ string) ([]byte, string) { return bytes.TrimPrefix(v, []byte("+")), "" }

// Country wants a code of two letters (ISO 3166-1 alpha-2).
func Country(v []byte, _ string) ([]byte, string) {
	letter := func(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }
	if len(v) != 2 || !letter(v[0]) || !letter(v[1]) {
		return nil, NoCountry
	}
	return v, ""
}

// Device wants the id that a telephone shows to advertisers, in lower case: a UUID.
// One of zeros is that of everybody who has turned tracking off.
func Device(v []byte, _ string) ([]byte, string) {
	if len(v) != 36 {
		return nil, NoDevice
	}
	zero := true
	for i, c := range v {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return nil, NoDevice
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return nil, NoDevice
			}
			zero = zero && c == '0'
		}
	}
	if zero {
		return nil, NoDevice
	}
	return v, ""
}
