package deliver

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// redactor takes secrets and people's data out of messages: platforms like to
// echo what they were sent.
type redactor struct {
	mu      sync.RWMutex
	secrets []string
}

const (
	// maxMessage and maxCode bound what is kept of a message, in bytes.
	maxMessage = 200
	maxCode    = 64
	// maxEcho bounds what is looked at.
	maxEcho = 2000
	// minEcho is the length from which a value is taken out wherever it
	// appears; shorter ones would tear the words of a message apart.
	minEcho = 3

	redacted = "[redacted]"
)

// MinSecret is the length in bytes from which a secret is taken out of
// messages. A shorter one would tear every message apart, and hides nothing:
// who may guess can guess it.
const MinSecret = 6

var (
	// Half of an address may have been taken out before.
	emails = regexp.MustCompile(`(?:\[redacted\]|[^\s"'<>(){}\[\],;:=])+@(?:\[redacted\]|[^\s"'<>(){}\[\],;:=])+`)
	phones = regexp.MustCompile(`\+?\(?\d[\d\s().\-/]{5,}\d`)
)

// learn remembers a secret, in the forms in which it could be repeated. Of an
// address, what a platform repeats is the part behind its host.
func (r *redactor) learn(v secret.Value) {
	text := v.Reveal()
	r.remember(text)
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return
	}
	r.remember(strings.Trim(u.Path, "/"))
	r.remember(strings.Trim(u.EscapedPath(), "/"))
	r.remember(u.RawQuery)
	for _, values := range u.Query() {
		for _, value := range values {
			r.remember(value)
		}
	}
	if password, ok := u.User.Password(); ok {
		r.remember(password)
	}
}

func (r *redactor) remember(text string) {
	if len(text) < MinSecret {
		return
	}
	r.mu.RLock()
	known := slices.Contains(r.secrets, text)
	r.mu.RUnlock()
	if known {
		return
	}
	quoted := syncs.AppendJSONString(nil, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, text, url.QueryEscape(text), url.PathEscape(text),
		strings.Trim(string(quoted), `"`),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)))
	// The longest first: one form may hold another.
	slices.SortStableFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
}

// message returns a text that is safe to keep: one short line that repeats no
// secret and nothing of the operations.
func (r *redactor) message(text string, ops []syncs.Op) string {
	return r.clean(text, ops, maxMessage)
}

// code does the same for a code, which should be a word.
func (r *redactor) code(text string, op syncs.Op) string {
	return r.clean(text, []syncs.Op{op}, maxCode)
}

func (r *redactor) clean(text string, ops []syncs.Op, limit int) string {
	if text == "" {
		return ""
	}
	r.mu.RLock()
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, redacted)
	}
	r.mu.RUnlock()
	text = cut(strings.ToValidUTF8(text, "?"), maxEcho)
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
	text = withoutAll(text, echoes(ops))
	text = emails.ReplaceAllString(text, redacted)
	text = phones.ReplaceAllString(text, redacted)
	return cut(text, limit)
}

// echoes are the texts of operations that a message could repeat, the longest
// first.
func echoes(ops []syncs.Op) []string {
	var texts []string
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case int64:
			texts = append(texts, strconv.FormatInt(v, 10))
		case float64:
			texts = append(texts, strconv.FormatFloat(v, 'f', -1, 64), strconv.FormatFloat(v, 'g', -1, 64))
		case time.Time:
			texts = append(texts, v.UTC().Format(time.RFC3339Nano), v.UTC().Format(time.DateOnly))
		case []any:
			for _, item := range v {
				add(item)
			}
		}
	}
	for i := range ops {
		add(ops[i].Key)
		for _, v := range ops[i].Values {
			add(v)
		}
	}
	texts = slices.DeleteFunc(texts, func(s string) bool { return len(strings.TrimSpace(s)) < minEcho })
	for i, s := range texts {
		// A text is echoed with its control characters replaced, and perhaps
		// cut short, as the message is here.
		texts[i] = lower(strings.TrimSpace(cut(s, maxEcho)))
	}
	slices.SortFunc(texts, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(texts)
}

// withoutAll replaces the texts, which are in lower case, in any case.
func withoutAll(message string, texts []string) string {
	for _, text := range texts {
		folded := lower(message)
		if !strings.Contains(folded, text) {
			continue
		}
		var b strings.Builder
		for {
			at := strings.Index(folded, text)
			if at < 0 {
				break
			}
			b.WriteString(message[:at])
			b.WriteString(redacted)
			message, folded = message[at+len(text):], folded[at+len(text):]
		}
		b.WriteString(message)
		message = b.String()
	}
	return message
}

// lower folds ASCII only, so that positions stay.
func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
