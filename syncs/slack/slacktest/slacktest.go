// Package slacktest is a fake of Slack over real HTTP: chat.postMessage and
// auth.test of a bot, and an incoming webhook, with the errors that they answer.
//
// It shares nothing with the package that it tests. Start at New.
package slacktest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Message is something that was posted.
type Message struct {
	Channel string `json:"channel"`
	Text    string `json:"text"`
}

// Platform is a workspace. Channels are set before it is used.
type Platform struct {
	// Channels says of each channel what posting to it answers: ok where empty.
	Channels map[string]string

	mu       sync.Mutex
	messages []Message
}

var _ synctest.Fake = (*Platform)(nil)

// Hook is the channel of the webhook, whose path ends with synctest.Canary.
const Hook = "hook"

// New makes a workspace with the channels C1 and Hook, and a bot whose token is
// synctest.Canary.
func New() *Platform { return &Platform{Channels: map[string]string{"C1": "", Hook: ""}} }

// Contents implements synctest.Fake; it is a []Message.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	said := map[int]string{
		http.StatusUnauthorized: "invalid_auth", http.StatusTooManyRequests: "ratelimited",
		http.StatusInternalServerError: "internal_error", http.StatusServiceUnavailable: "service_unavailable",
	}[status]
	if status == http.StatusUnauthorized {
		status = http.StatusOK
	}
	answer(w, status, map[string]any{"ok": false, "error": said})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "invalid_method", http.StatusMethodNotAllowed)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/services/") {
		p.hook(w, r.URL.Path, body)
		return
	}
	refuse := func(said string) { answer(w, http.StatusOK, map[string]any{"ok": false, "error": said}) }
	if r.Header.Get("Authorization") != "Bearer "+synctest.Canary {
		refuse("invalid_auth")
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		refuse("invalid_post_type")
		return
	}
	switch r.URL.Path {
	case "/api/auth.test":
		answer(w, http.StatusOK, map[string]any{"ok": true, "team": "Boutique", "user": "customhouse", "url": "https://boutique.slack.com/"})
	case "/api/chat.postMessage":
		if said := p.post(body, ""); said != "" {
			refuse(said)
			return
		}
		answer(w, http.StatusOK, map[string]any{"ok": true, "ts": "1795309323.000100"})
	default:
		refuse("unknown_method")
	}
}

// hook is the incoming webhook, which answers in plain words.
func (p *Platform) hook(w http.ResponseWriter, path string, body []byte) {
	if path != "/services/T1/B1/"+synctest.Canary {
		http.Error(w, "invalid_token", http.StatusForbidden)
		return
	}
	switch said := p.post(body, Hook); said {
	case "":
		_, _ = io.WriteString(w, "ok") // The sender may have gone away.
	case "no_text", "invalid_payload":
		http.Error(w, said, http.StatusBadRequest)
	case "is_archived":
		http.Error(w, "channel_is_archived", http.StatusGone)
	default:
		http.Error(w, said, http.StatusNotFound)
	}
}

// post posts a message, or says why not.
func (p *Platform) post(body []byte, channel string) string {
	var m struct {
		Channel     string `json:"channel"`
		Text        string `json:"text"`
		UnfurlLinks bool   `json:"unfurl_links"`
		UnfurlMedia bool   `json:"unfurl_media"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return "invalid_payload"
	}
	if channel != "" {
		m.Channel = channel
	}
	if m.Text == "" {
		return "no_text"
	}
	if utf8.RuneCountInString(m.Text) > 40_000 {
		return "msg_too_long"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	said, ok := p.Channels[m.Channel]
	switch {
	case !ok:
		return "channel_not_found"
	case said != "":
		return said
	}
	p.messages = append(p.messages, Message{m.Channel, m.Text})
	return ""
}
