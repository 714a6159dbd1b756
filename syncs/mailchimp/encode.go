package mailchimp

import (
	"crypto/md5" //nolint:gosec // Mailchimp names members by it.
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Encode implements syncs.Destination: a request for each member. Mailchimp's call
// for many would subscribe people again who have unsubscribed.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	other := func(f syncs.Field) bool { return f.Name != chunk.Schema.Key }
	fields := syncs.NewSpelling(chunk.Schema.Fields, other).Bare()
	cleared := fields.Emptied()
	var draft syncs.Draft
	_, which := syncs.Which(chunk.Schema.Object)
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if strings.TrimSpace(op.Key) == "" {
			draft.Refuse(i, &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has no e-mail address"})
			continue
		}
		path := "/3.0/lists/" + url.PathEscape(which) + "/members/" + name(op.Key)
		method, body := http.MethodPut, []byte(nil)
		switch op.Kind { //nolint:exhaustive // Spec names these.
		case syncs.Archive:
			method = http.MethodDelete
		case syncs.Erase:
			method, path = http.MethodPost, path+"/actions/delete-permanent"
		case syncs.Clear:
			// Who is no member is not made one to be emptied.
			method, body = http.MethodPatch, cleared
		default:
			body = syncs.AppendJSONString(append([]byte(nil), `{"email_address":`...), op.Key)
			body = syncs.AppendJSONString(append(body, `,"status_if_new":`...), d.config.NewMembers)
			var err error
			if body, err = fields.AppendMembers(body, op.Values); err != nil {
				draft.Refuse(i, err)
				continue
			}
			body = append(body, '}')
		}
		draft.Requests = append(draft.Requests, syncs.Request{HTTP: d.request(method, path, body, chunk.Secrets), Ops: []int{i}, Idempotent: true, Mark: op.Kind.String()})
	}
	return draft.Requests, draft.Rejections
}

// name is what Mailchimp calls a member: MD5 of the address in lower case.
func name(address string) string {
	sum := md5.Sum([]byte(strings.ToLower(strings.TrimSpace(address)))) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// request spells a request with the key of the account.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + secrets(d.config.APIKey).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At("https://"+d.config.DataCenter+".api.mailchimp.com", secrets, path), Header: header, Body: body}
}
