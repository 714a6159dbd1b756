package places

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// googleScope lets a token read and write objects.
const googleScope = "https://www.googleapis.com/auth/devstorage.read_write"

// googleTransport signs requests of the S3 protocol with tokens of a service
// account, or of what the machine offers, and spells the few headers that Google
// has other names for.
func googleTransport(ctx context.Context, account secret.Value, base http.RoundTripper) (http.RoundTripper, error) {
	if account.IsZero() {
		found, err := google.FindDefaultCredentials(ctx, googleScope)
		if err != nil {
			return nil, stop("unauthorized", "this machine has no application default credentials: name a service account under account, or sign in with gcloud")
		}
		return &googleSigner{base: base, tokens: found.TokenSource}, nil
	}
	config, err := google.JWTConfigFromJSON([]byte(account.Reveal()), googleScope)
	if err != nil {
		return nil, stop("unauthorized", "account is not the JSON key of a service account")
	}
	// Tokens are asked for outside of any one request.
	asking := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: base, Timeout: requestTimeout})
	return &googleSigner{base: base, tokens: config.TokenSource(asking)}, nil
}

// googleSigner is an http.RoundTripper.
type googleSigner struct {
	base   http.RoundTripper
	tokens oauth2.TokenSource
}

// tokenError says that there is no token.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }

func (g *googleSigner) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := g.tokens.Token()
	if err != nil {
		return nil, &tokenError{denied(err)}
	}
	r = r.Clone(r.Context())
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") {
			delete(r.Header, name)
		}
	}
	if r.Header.Get("If-None-Match") == "*" {
		r.Header.Del("If-None-Match")
		if r.Method == http.MethodPut { // No upload that is completed takes a condition.
			r.Header.Set("X-Goog-If-Generation-Match", "0")
		}
	}
	token.SetAuthHeader(r)
	return g.base.RoundTrip(r)
}

// denied says why there is no token, without what was sent for it.
func denied(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refused.Response == nil {
		if stopped, ok := errors.AsType[*deliver.StopError](err); ok {
			return stopped
		}
		return &deliver.PassingError{Err: errors.New("no token could be got from Google: the connection failed")}
	}
	if status := refused.Response.StatusCode; status >= 500 || status == http.StatusTooManyRequests {
		return &deliver.PassingError{Err: fmt.Errorf("no token could be got from Google: it answered %d", status)}
	}
	return stop("unauthorized", fmt.Sprintf("Google gave no token for the service account (it answered %d): check that its key is still valid", refused.Response.StatusCode))
}
