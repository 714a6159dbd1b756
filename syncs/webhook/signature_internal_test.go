package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// TestSign: signatures as receivers compute them. The first is the example of
// Standard Webhooks, the second that of GitHub's documentation; the others were
// computed by another program.
func TestSign(t *testing.T) {
	const body = `{"a":1}`
	for name, test := range map[string]struct {
		text, key, body string
		want            map[string]string
	}{
		"standard webhooks": {
			"style: standard_webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`,
			map[string]string{"Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330", "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		},
		"github": {
			"of: '{body}'\nvalue: 'sha256={signature}'\nheader: X-Hub-Signature-256", "It's a Secret to Everybody", "Hello, World!",
			map[string]string{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		},
		"stripe": {
			"value: 't={timestamp},v1={signature}'\nheader: Stripe-Signature", "key", body,
			map[string]string{"Stripe-Signature": "t=1614265330,v1=8f5581542a67b1f461ff28b4b331aa509941d0b0aa9877315774e6f26e8a4103"},
		},
		"slack": {
			"of: 'v0:{timestamp}:{body}'\nvalue: 'v0={signature}'\nheader: X-Slack-Signature\ntimestamp_header: X-Slack-Request-Timestamp", "key", body,
			map[string]string{"X-Slack-Signature": "v0=16952d49a8f21829deefe98bece3655ba0ae757ba6933faf9bf0436621877b7d", "X-Slack-Request-Timestamp": "1614265330"},
		},
		"sha512 in base64": {
			"of: '{body}'\nalgorithm: sha512\nencoding: base64", "key", body,
			map[string]string{"X-Customhouse-Signature": "3H2KankmBZ6YaX71SmX3Rdkk/D4TwRdoedzchOrEgLrjd/oG0evMb6sTdc2b1hGhiZaUzEyn3A9inYuBM8XIPQ=="},
		},
		"of everything": {
			"of: '{method} {path} {timestamp} id1 {body}'\nkey_encoding: hex", "6b6579", body,
			map[string]string{"X-Customhouse-Signature": "16fc7de95c7a0b40869f4c11a23890e7800881bea58da7e2919f4168cca5ed18"},
		},
		"not base64": {"style: standard_webhooks", "no base64", body, nil},
		"empty":      {"key_encoding: base64", "whsec_", body, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Config{Signature: &Signing{}}
			report := func(d diag.Diagnostic) { t.Error(d) }
			n := strict.Parse(&diag.Source{Name: "s.yml", Text: []byte("secret: '${env:K}'\n" + test.text + "\n")}, report)
			if n.Decode(report, c.Signature) {
				c.Signature.check(n, report)
			}
			req := &syncs.HTTPRequest{Method: http.MethodPut, URL: "https://example.com/a/b?c=d", Header: http.Header{}, Body: []byte(test.body)}
			d := &destination{*c}
			err := d.sign(req, func(secret.Ref) secret.Value { return secret.NewValue(test.key) }, time.Unix(1614265330, 0), "msg_p5jXN8AQM9LWM0D4loKWxJek")
			if test.want == nil {
				if err == nil || len(req.Header) > 0 {
					t.Errorf("%v %v, want an error and nothing sent", err, req.Header)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name := range req.Header {
				got[name] = req.Header.Get(name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
