package syncs

import (
	"net/http"
	"strings"
)

// maxSaid bounds what is repeated of what a platform says, in bytes.
const maxSaid = 1000

// Quote is what a message may repeat of a platform's text: its beginning. The
// engine takes out of it what is a secret or a value of a row.
func Quote(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxSaid)], "")
}

// maxWord bounds a name of a platform's own, in bytes.
const maxWord = 80

// Word is a text that is the name of an error or of a field, and empty where it
// may be anything else, such as a value: letters, digits and _ . - alone.
func Word(text string) string {
	if len(text) > maxWord || strings.ContainsFunc(text, func(c rune) bool { return !letter(c) && !strings.ContainsRune("0123456789_.-", c) }) {
		return ""
	}
	return text
}

// Title is a text in several words of a platform's own, and empty where it may be
// more than that.
func Title(text string) string {
	if len(text) > maxWord || strings.ContainsAny(text, "@\n") {
		return ""
	}
	return strings.ToValidUTF8(text, "")
}

// ErrorCode spells the name of an error as codes are spelled here: INVALID_FIELD is
// invalid-field, and so are InvalidField and "Invalid field". It is refused where a
// text is no name.
func ErrorCode(name string) string {
	var b strings.Builder
	gap, lower := false, false // between words; behind a small letter or a digit
	for _, c := range Title(name) {
		capital := c >= 'A' && c <= 'Z'
		if !letter(c) && (c < '0' || c > '9') {
			gap, lower = b.Len() > 0, false
			continue
		}
		if gap || capital && lower {
			b.WriteByte('-')
		}
		gap, lower = false, !capital
		if capital {
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	if b.Len() == 0 {
		return "refused"
	}
	return b.String()
}

// requestHeaders are where platforms say what they call a request, so that their
// support finds it.
var requestHeaders = []string{
	"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Hubspot-Correlation-Id", "X-Fb-Trace-Id", "X-Li-Uuid", "X-Tt-Logid", "X-Slack-Req-Id", "X-Trace-Id",
}

// RequestID is what a platform calls a request, as a header of its answer says; it
// is empty where none does.
func RequestID(header http.Header) string {
	for _, name := range requestHeaders {
		if id := Word(header.Get(name)); id != "" {
			return id
		}
	}
	return ""
}

func letter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
