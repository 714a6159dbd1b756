package slack

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what a method of Slack says; HTTP 200 alone says nothing.
type answer struct {
	OK    *bool  `json:"ok"`
	Error string `json:"error"`
	Team  string `json:"team"`
	User  string `json:"user"`
}

// passing are the errors that go away by themselves, before which nothing was
// posted, and doubtful those behind which it may have been.
var (
	passing  = []string{"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org"}
	doubtful = []string{"internal_error", "fatal_error", "request_timeout", "rollup_error"}
)

// advice says what to do about an error that does not pass.
var advice = map[string]string{
	"invalid_auth": "the token is not accepted: install the app again and take its bot token", "token_revoked": "the token was revoked: install the app again",
	"account_inactive": "the bot was removed: install the app again", "not_authed": "the token is empty", "token_expired": "the token has expired: make one that does not",
	"missing_scope": "the bot needs the scope chat:write", "not_in_channel": "invite the bot to the channel, or give it the scope chat:write.public",
	"channel_not_found": "there is no such channel, or the bot is not in it: the id is at the end of the channel's details", "is_archived": "the channel is archived",
	"channel_is_archived": "the channel is archived", "no_service": "the webhook was removed: make another", "invalid_token": "the webhook was removed: make another",
	"action_prohibited": "an administrator forbids it", "restricted_action": "an administrator forbids it", "no_active_hooks": "the webhook is switched off",
	"posting_to_general_channel_denied": "an administrator forbids messages to that channel",
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	said, taken := d.said(resp)
	if taken {
		return syncs.AllAccepted(req, nil)
	}
	return d.outcome(resp, said)
}

// said is the error of an answer, or that the message was taken.
func (d *destination) said(resp *syncs.Response) (said string, taken bool) {
	if !d.config.Webhook.IsZero() {
		text := strings.TrimSpace(string(resp.Body))
		return syncs.Word(text), resp.Status == http.StatusOK && text == "ok"
	}
	var a answer
	if json.Unmarshal(resp.Body, &a) != nil || a.OK == nil {
		return "", false
	}
	return syncs.Word(a.Error), resp.Status == http.StatusOK && *a.OK
}

// outcome is that of an error.
func (d *destination) outcome(resp *syncs.Response, said string) syncs.Outcome {
	out := syncs.Status(resp, said)
	if out.Verdict == 0 && said == "" {
		return syncs.Unreadable("something that is neither ok nor an error")
	}
	if out.Verdict == 0 {
		out = syncs.Outcome{Verdict: syncs.Fatal}
	}
	if said == "" {
		if out.Verdict == syncs.Split || out.Verdict == syncs.Expired {
			// A message cannot be halved, and a token is not renewed.
			out.Verdict = syncs.Fatal
		}
		return out
	}
	out.Code, out.Message = said, "Slack refused the message: "+said
	if help := advice[said]; help != "" {
		out.Message += "; " + help
	}
	switch {
	case slices.Contains(passing, said):
		out.Verdict, out.Throttled, out.Wait = syncs.Retry, strings.HasPrefix(said, "rate"), syncs.RetryAfter(resp.Header, resp.ReceivedAt)
	case slices.Contains(doubtful, said):
		out.Verdict = syncs.Unknown
	default:
		out.Verdict = syncs.Fatal
	}
	return out
}

// EncodeProbe implements syncs.Prober. A webhook is asked with a message without
// text, which it refuses.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	return d.request("/api/auth.test", []byte("{}"), q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	said, taken := d.said(resp)
	switch {
	case !d.config.Webhook.IsZero() && resp.Status == http.StatusBadRequest && (said == "no_text" || said == "invalid_payload"):
		return syncs.Outcome{Verdict: syncs.Rows, Message: "the webhook is there"}
	case taken && d.config.Webhook.IsZero():
		var a answer
		_ = json.Unmarshal(resp.Body, &a) // It was read before.
		return syncs.Outcome{Verdict: syncs.Rows, Message: strings.TrimSpace("the bot " + a.User + " of the workspace " + a.Team)}
	case taken:
		return syncs.Unreadable("ok to a message without text")
	}
	out := d.outcome(resp, said)
	out.Message = strings.Replace(out.Message, "refused the message", "refused the credential", 1)
	return out
}
