package mask

import (
	"regexp"
	"strings"
)

var (
	// emails are addresses, also of hosts without a dot.
	emails = regexp.MustCompile(`[^\s"'<>(){}\[\],;:=]+@[^\s"'<>(){}\[\],;:=]+`)
	// digits are nine or more, as a phone number is written.
	digits = regexp.MustCompile(`\+?\(?\d(?:[\s().\-/]{0,2}\d){8,}`)
	// instants are dates, with or without a time of day: digits that are nobody's.
	instants = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?`)
)

// Text takes out of words what looks like an address of somebody, or their
// number. It is a net below what is masked by its class, not in place of it: a
// name looks like any other word.
func Text(words string) string {
	words = emails.ReplaceAllString(words, Hidden)
	return numbers(words, func(string) string { return Hidden })
}

// Names says that words look as if they named somebody by an address or a number.
func Names(words string) bool {
	found := emails.MatchString(words)
	numbers(words, func(s string) string { found = true; return s })
	return found
}

// numbers replaces long numbers in words, but for dates.
func numbers(words string, replace func(string) string) string {
	var b strings.Builder
	for {
		at := instants.FindStringIndex(words)
		if at == nil {
			return b.String() + digits.ReplaceAllStringFunc(words, replace)
		}
		b.WriteString(digits.ReplaceAllStringFunc(words[:at[0]], replace))
		b.WriteString(words[at[0]:at[1]])
		words = words[at[1]:]
	}
}
