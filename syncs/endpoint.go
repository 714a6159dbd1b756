package syncs

import (
	"net/url"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/reach"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Endpoint is the part of a destination's configuration that says where its
// platform is. A Config embeds it.
type Endpoint struct {
	BaseURL      secret.Template `yaml:"base_url" doc:"Where the platform is, if not at its own address: a proxy, or customhouse fake."`
	AllowPrivate bool            `yaml:"allow_private" doc:"Whether the address may lead to this machine or a private network."`
}

// CodeEndpoint is the code of the findings of CheckEndpoint and CheckHost;
// docs/errors.md explains it.
const CodeEndpoint = "bad-url"

// CheckEndpoint finds what is wrong with the endpoint of a configuration.
func (e *Endpoint) CheckEndpoint(n strict.Node, report func(diag.Diagnostic)) {
	if e.BaseURL.IsZero() || !e.BaseURL.IsLiteral() {
		return
	}
	at := n.At("base_url")
	switch u, err := url.Parse(e.BaseURL.Text()); {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		report(diag.Errorf(at, CodeEndpoint, "base_url is not an http or https address").WithHelp("write it like https://example.com, or remove it"))
	case u.RawQuery != "" || u.Fragment != "":
		report(diag.Errorf(at, CodeEndpoint, "base_url has something behind its path").WithHelp("write it like https://example.com/path"))
	case u.User != nil:
		n.Get("base_url").Mask()
		report(diag.Errorf(at, secret.CodeLiteral, "base_url holds a user or password").WithHelp("use a reference, such as ${env:PLATFORM_URL}"))
	default:
		CheckHost(u.Hostname(), e.AllowPrivate, at, report)
	}
}

// CheckHost finds that a host which is written out will not be dialled.
func CheckHost(host string, allowPrivate bool, at diag.Span, report func(diag.Diagnostic)) {
	if summary, help := reach.Refusal(host, allowPrivate); summary != "" {
		report(diag.Errorf(at, CodeEndpoint, "%s", summary).WithHelp("%s", help))
	}
}

// At is the address of a path of the platform; own is the platform's, without a
// slash at its end.
func (e *Endpoint) At(own string, secrets func(secret.Ref) secret.Value, path string) string {
	if !e.BaseURL.IsZero() {
		own = strings.TrimRight(e.BaseURL.Expand(secrets), "/")
	}
	return own + path
}
