package auth_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
)

func form(t *testing.T, req *syncs.HTTPRequest) map[string]string {
	t.Helper()
	values, err := url.ParseQuery(string(req.Body))
	if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Fatalf("%v %s %v", err, req.Method, req.Header)
	}
	out := map[string]string{}
	for name := range values {
		out[name] = values.Get(name)
	}
	return out
}

func TestRequests(t *testing.T) {
	c := auth.Client{ID: "id", Secret: "s&cret"}
	for _, test := range []struct {
		req  *syncs.HTTPRequest
		want map[string]string
	}{
		{auth.Refresh("u", c, "r=1"), map[string]string{"grant_type": "refresh_token", "refresh_token": "r=1", "client_id": "id", "client_secret": "s&cret"}},
		{auth.ClientCredentials("u", c, "all of it"), map[string]string{"grant_type": "client_credentials", "scope": "all of it", "client_id": "id", "client_secret": "s&cret"}},
		{auth.ClientCredentials("u", auth.Client{ID: "id", Secret: "s&cret", Basic: true}, ""), map[string]string{"grant_type": "client_credentials"}},
		{auth.JWTBearer("u", "a.b.c"), map[string]string{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"}},
	} {
		if diff := cmp.Diff(test.want, form(t, test.req)); diff != "" {
			t.Error(diff)
		}
	}
	basic := auth.ClientCredentials("u", auth.Client{ID: "i:d", Secret: "s", Basic: true}, "").Header.Get("Authorization")
	// RFC 6749, section 2.3.1: both are encoded before they are joined.
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("i%3Ad:s")); basic != want {
		t.Errorf("Authorization is %q, want %q", basic, want)
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		status  int
		body    string
		verdict syncs.Verdict
		token   string
	}{
		{200, `{"access_token":"a","refresh_token":"r","instance_url":"https://x.example.com"}`, syncs.Rows, "a r https://x.example.com"},
		{200, `{"access_token":"a","token_type":"bearer","expires_in":1800}`, syncs.Rows, "a  "},
		{200, `{"error":"invalid_grant"}`, syncs.Fatal, "  "},
		{200, `{}`, syncs.Unknown, "  "},
		{200, `<html>`, syncs.Unknown, "  "},
		{400, `{"error":"invalid_grant","error_description":"expired"}`, syncs.Fatal, "  "},
		{401, ``, syncs.Fatal, "  "},
		{302, ``, syncs.Fatal, "  "},
		{429, ``, syncs.Retry, "  "},
		{500, ``, syncs.Unknown, "  "},
	} {
		token, out := auth.Decode(&syncs.Response{Status: test.status, Header: http.Header{}, Body: []byte(test.body)})
		got := token.Access.Reveal() + " " + token.Refresh.Reveal() + " " + token.URL
		if out.Verdict != test.verdict || got != test.token {
			t.Errorf("%d %s: verdict %d and %q, want %d and %q", test.status, test.body, out.Verdict, got, test.verdict, test.token)
		}
	}
}

func key(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAssertion(t *testing.T) {
	private := key(t, 2048)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	claims := auth.Claims{Issuer: "me", Subject: "you", Audience: "https://login.example.com", At: time.Unix(1_800_000_000, 0), For: 3 * time.Minute}
	texts := map[string]string{
		"pkcs1": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})),
		"pkcs8": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	}
	for name, text := range texts {
		signed, err := auth.Assertion(text, claims)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, _ := auth.Assertion(text, claims); again != signed {
			t.Errorf("%s: signing twice differs", name)
		}
		parts := strings.Split(signed, ".")
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"iss": "me", "sub": "you", "aud": "https://login.example.com", "iat": 1.8e9, "exp": 1.8e9 + 180}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	small := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key(t, 1024))}))
	for _, bad := range []string{"", "canary", small, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"} {
		if _, err := auth.Assertion(bad, claims); !errors.Is(err, auth.ErrKey) || strings.Contains(err.Error(), "canary") {
			t.Errorf("a key that is none: %v", err)
		}
	}
}

func TestServiceAccount(t *testing.T) {
	got, err := auth.ParseServiceAccount(`{"type":"service_account","client_email":"a@b.iam.gserviceaccount.com","private_key":"k"}`)
	want := auth.ServiceAccount{Email: "a@b.iam.gserviceaccount.com", Key: "k", TokenURL: "https://oauth2.googleapis.com/token"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, bad := range []string{"", "canary", "{}", `{"client_email":"x"}`} {
		if _, err := auth.ParseServiceAccount(bad); !errors.Is(err, auth.ErrServiceAccount) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
