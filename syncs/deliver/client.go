package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/customhouse-cdp/customhouse/config/reach"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// maxAnswer is how much of an answer is read, in bytes after decompression.
// What follows is ignored, and the connection closed.
const maxAnswer = 1 << 20

// Client is the Sender that talks to real platforms. It follows no redirects,
// uses no proxy, and refuses addresses that a destination has no business
// with at the moment of dialling, when no name can change its mind any more.
type Client struct {
	http    *http.Client
	timeout time.Duration
	// most is how much of an answer is read, in bytes.
	most int64
}

var _ Sender = (*Client)(nil)

// NewClient makes a client with the limits of a destination. The caller closes
// it.
func NewClient(spec syncs.Spec) *Client {
	return &Client{
		most:    maxAnswer,
		timeout: fallback(spec.Timeout, 30*time.Second),
		http: &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     Transport(spec.AllowPrivate, fallback(spec.Concurrency, 1)),
		},
	}
}

// Transport connects to destinations, through Dialer and no proxy. It keeps some
// connections to a host.
func Transport(allowPrivate bool, connections int) *http.Transport {
	return &http.Transport{
		DialContext:            Dialer(allowPrivate).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Dialer refuses addresses that a destination has no business with, when they
// are dialled; its error is then a *StopError.
func Dialer(allowPrivate bool) *net.Dialer {
	return &net.Dialer{
		Timeout: 10 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			return permit(address, allowPrivate)
		},
	}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Send implements Sender. An error is a *StopError where repeating cannot
// help. No error holds the request's URL, which may hold a secret.
func (c *Client) Send(ctx context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
	target, err := url.Parse(req.URL)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return nil, &StopError{Code: "bad-url", Message: "the destination's url is not an http or https address"}
	}
	ctx, done := context.WithTimeout(ctx, c.timeout)
	defer done()
	r, err := http.NewRequestWithContext(ctx, req.Method, req.URL, bytes.NewReader(req.Body))
	if err != nil {
		return nil, &StopError{Code: "bad-url", Message: "the destination's url or method is malformed"}
	}
	for name, values := range req.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "customhouse")
	}
	// net/http would repeat a request with an idempotency key by itself; the
	// engine does, and counts.
	r.GetBody = nil
	connected := false
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	}))
	resp, err := c.http.Do(r)
	if err != nil {
		err = c.explain(err)
		if _, stop := errors.AsType[*StopError](err); !connected && !stop {
			err = fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing depends on a body that was read.
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.most))
	if err != nil {
		return nil, c.explain(err)
	}
	return &syncs.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// explain turns an error of net/http into one for the user, without the URL.
func (c *Client) explain(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	var stop *StopError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &stop):
		return stop
	case errors.As(err, &untrusted):
		return &StopError{Code: "tls", Message: fmt.Sprintf("the destination's certificate is not trusted: %v", untrusted.Err)}
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", c.timeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the answer broke off")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errors.New("the connection was closed before the answer")
	default:
		return err
	}
}

// permit decides whether an address, "IP:port" as the dialer resolved it, may
// be dialled. The error is a *StopError.
func permit(address string, allowPrivate bool) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return &StopError{Code: "address-refused", Message: "the destination's address is not an IP address"}
	}
	ip := reach.Plain(target.Addr())
	switch verdict := reach.Of(ip); {
	case verdict == reach.Never:
		return &StopError{Code: "address-refused", Message: fmt.Sprintf(
			"the destination's url leads to %s, an address of the machine's own network (link-local, metadata or reserved), which is never dialled", ip,
		)}
	case verdict == reach.Private && !allowPrivate:
		return &StopError{Code: "address-refused", Message: fmt.Sprintf(
			"the destination's url leads to the private address %s: set allow_private: true on the destination if that is meant", ip,
		)}
	}
	return nil
}
