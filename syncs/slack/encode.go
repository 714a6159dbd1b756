package slack

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// maxText is how many characters a message has at most: Slack shortens what is
// longer than 4,000.
const maxText = 3900

// Encode implements syncs.Destination: one message for the whole chunk.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var draft syncs.Draft
	var sent []int
	var came, left int
	var lines []string
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if op.Kind.Leaves() {
			left++
		} else {
			line, err := describe(chunk.Schema, op)
			if err != nil {
				draft.Refuse(i, err)
				continue
			}
			came++
			lines = append(lines, line)
		}
		sent = append(sent, i)
	}
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	text := d.text(chunk, came, left, lines)
	_, id := syncs.Which(chunk.Schema.Object)
	body := []byte("{")
	if d.config.Webhook.IsZero() {
		body = append(syncs.AppendJSONString(append(body, `"channel":`...), id), ',')
	}
	body = append(syncs.AppendJSONString(append(body, `"text":`...), text), `,"unfurl_links":false,"unfurl_media":false}`...)
	return []syncs.Request{{HTTP: d.request("/api/chat.postMessage", body, chunk.Secrets), Ops: sent}}, draft.Rejections
}

// text is what the message says.
func (d *destination) text(chunk syncs.Chunk, came, left int, lines []string) string {
	events := came > 0 && chunk.Ops[0].Kind == syncs.Append
	name := escape(chunk.Schema.Sync)
	if d.config.Each && came == 1 {
		return "*" + name + "*: " + cut(lines[0], maxText-len(name))
	}
	var said []string
	switch {
	case events:
		said = append(said, counted(came, "new event"))
	case came > 0:
		said = append(said, strconv.Itoa(came)+" entered")
	}
	if left > 0 {
		said = append(said, strconv.Itoa(left)+" left")
	}
	text := "*" + name + "*: " + strings.Join(said, ", ")
	if chunk.Number > 1 {
		text += fmt.Sprintf(" (message %d of this run)", chunk.Number)
	}
	shown := min(d.config.List, len(lines))
	for i, line := range lines[:shown] {
		more := "\n• " + line
		if utf8.RuneCountInString(text)+utf8.RuneCountInString(more) > maxText-40 {
			shown = i
			break
		}
		text += more
	}
	if shown > 0 && shown < len(lines) {
		text += fmt.Sprintf("\nand %d more", len(lines)-shown)
	}
	return text
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// describe is a row in one line: the values of its fields that have one.
func describe(schema syncs.Schema, op *syncs.Op) (string, error) {
	var parts []string
	for i, f := range schema.Fields {
		value, err := syncs.AppendText(nil, f.Type, op.Values[i])
		if err != nil {
			return "", fmt.Errorf("field %s: %w", f.Name, err)
		}
		if text := strings.Join(strings.Fields(string(value)), " "); text != "" {
			parts = append(parts, escape(f.Name)+" "+escape(text))
		}
	}
	return cut(strings.Join(parts, ", "), maxText/4), nil
}

// escape keeps text from being a link, a mention of everybody or markup: Slack
// wants these three characters as entities, and reads the others here as formats.
var escape = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	"*", "\u2217", "_", "\uff3f", "~", "\u223c", "`", "\u02cb",
).Replace

// cut shortens text to so many characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:max(most-1, 0)]) + "…"
}

// request spells a call of a method, or of the webhook.
func (d *destination) request(path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	if d.config.Webhook.IsZero() {
		header.Set("Authorization", "Bearer "+secrets(d.config.Token).Reveal())
		return &syncs.HTTPRequest{Method: http.MethodPost, URL: d.config.At(api, secrets, path), Header: header, Body: body}
	}
	address := secrets(d.config.Webhook).Reveal()
	if u, err := url.Parse(address); err == nil && !d.config.BaseURL.IsZero() {
		address = d.config.At("", secrets, u.EscapedPath())
	}
	return &syncs.HTTPRequest{Method: http.MethodPost, URL: address, Header: header, Body: body}
}
