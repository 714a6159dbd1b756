// Package mask says how a value of a person is shown to whoever may not see it:
// with its shape where that tells nothing, and not at all otherwise. It is the
// only place that does.
//
// It does not decide what is masked: the class of a value does. It prints
// nothing and keeps nothing. Start at Value.
package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden stands for what is not shown.
const Hidden = "***"

// Value is a value as it is shown masked: nothing stays nothing, and anything
// else is Hidden, but for the shape of addresses and phone numbers.
func Value(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return String(v)
	}
	return Hidden
}

// String is Value of a text. An empty one stays empty.
//
// An e-mail address keeps the first letter of each part and its ending, and a
// phone number its country's digits and the last two: j***@e***.com, +33******78.
// A part of a single letter shows none, and a short ending is shown in common
// with so many that it tells nothing.
func String(s string) string {
	if s == "" {
		return ""
	}
	if m, ok := email(s); ok {
		return m
	}
	if m, ok := phone(s); ok {
		return m
	}
	return Hidden
}

// longest is how long an ending of a host may be that is shown.
const longest = 6

func email(s string) (string, bool) {
	user, host, found := strings.Cut(s, "@")
	dot := strings.LastIndexByte(host, '.')
	if !found || user == "" || dot < 1 || strings.ContainsAny(host, "@ \t\r\n") || strings.ContainsAny(user, " \t\r\n\"'<>(),;:") {
		return "", false
	}
	ending := host[dot+1:]
	if ending == "" || len(ending) > longest || strings.ContainsFunc(ending, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) {
		return "", false
	}
	return first(user) + "@" + first(host[:dot]) + "." + ending, true
}

// first is a text with its first letter alone, and none where it has no other.
func first(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == len(s) || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return Hidden
	}
	return s[:size] + Hidden
}

// The digits of an international number, as E.164 bounds them, and how many are
// shown.
const (
	fewest, most = 8, 15
	front, back  = 2, 2
)

// phone masks a number in the form to which phone numbers are normalised, or with
// separators in it.
func phone(s string) (string, bool) {
	rest, international := strings.CutPrefix(s, "+")
	if !international {
		return "", false
	}
	var number []byte
	for _, c := range []byte(rest) {
		switch {
		case c >= '0' && c <= '9':
			number = append(number, c)
		case !strings.ContainsRune(" ().-/", rune(c)):
			return "", false
		}
	}
	if len(number) < fewest || len(number) > most {
		return "", false
	}
	return "+" + string(number[:front]) + strings.Repeat("*", len(number)-front-back) + string(number[len(number)-back:]), true
}
