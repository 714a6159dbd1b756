package config

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/reach"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Alert tells people when the state of something changes.
type Alert struct {
	Name        string `yaml:"name,required" doc:"Name of the alert."`
	Description string `yaml:"description,blank" doc:"Whom the alert is for, for readers."`
	// On are of Occasions. Load fills in all of them where none is given.
	On []string `yaml:"on" doc:"What to tell of: failed, degraded, late, anomaly, and recovered, which is the end of any of them. All of them where none is given."`
	// Select and Exclude are selectors; without any everything is watched.
	Select  strict.OneOrMany `yaml:"select" doc:"What to watch, such as tag:critical or sync:crm; everything where none is given. A model is watched where one of the resources is that it builds."`
	Exclude strict.OneOrMany `yaml:"exclude" doc:"What not to watch."`
	// Runs is in how many runs in a row something must be so before it is told.
	// Load fills in 1 where none is given.
	Runs int `yaml:"runs" doc:"In how many runs in a row something must have happened before it is told; 1 where none is given."`
	// Rows is how many rows of a degraded sync must have been refused or not
	// answered for. Load fills in 1 where none is given.
	Rows int64 `yaml:"rows" doc:"How many rows of a degraded sync must have been refused or not answered for; 1 where none is given."`
	// One of these is given.
	Slack   *SlackChannel   `yaml:"slack" doc:"An incoming webhook of Slack, or of a service that takes its messages. One of slack, webhook and email is given."`
	Webhook *WebhookChannel `yaml:"webhook" doc:"An address that takes signed JSON."`
	Email   *EmailChannel   `yaml:"email" doc:"A mail server, and who gets mail from it."`
	Pos     strict.Node     `yaml:"-"`
}

// maxAlertRuns is the most that Alert.Runs may be, and maxServer the most that the
// name of a server has characters.
const (
	maxAlertRuns = 1000
	maxServer    = 253
)

// Occasions are the values of Alert.On.
var Occasions = []string{"failed", "degraded", "late", "anomaly", "recovered"}

// SlackChannel is an incoming webhook: its address is all that it takes to post.
type SlackChannel struct {
	URL          secret.Ref  `yaml:"url,required" doc:"Reference to the address of the incoming webhook, which is a secret."`
	AllowPrivate bool        `yaml:"allow_private" doc:"Whether url may lead to this machine or a private network."`
	Pos          strict.Node `yaml:"-"`
}

// WebhookChannel is an address that takes JSON.
type WebhookChannel struct {
	URL secret.Template `yaml:"url,required" doc:"Address that each message is posted to as JSON."`
	// Secret signs what is posted, as destinations of type webhook do.
	Secret       secret.Ref  `yaml:"secret,required" doc:"Reference to the key that messages are signed with (HMAC-SHA256)."`
	AllowPrivate bool        `yaml:"allow_private" doc:"Whether url may lead to this machine or a private network."`
	Pos          strict.Node `yaml:"-"`
}

// EmailChannel is a mail server.
type EmailChannel struct {
	Host string `yaml:"host,required" doc:"Name of the mail server."`
	// Port is 587 where none is given, or 465 with TLS from the beginning.
	Port int              `yaml:"port" doc:"Port of the mail server; 587 where none is given, or 465 with tls: implicit."`
	From string           `yaml:"from,required" doc:"Address that mail comes from."`
	To   strict.OneOrMany `yaml:"to,required" doc:"Addresses that mail goes to."`
	// User and Password are of the server; both or neither.
	User     secret.Template `yaml:"user" doc:"User of the mail server, where it has users."`
	Password secret.Ref      `yaml:"password" doc:"Reference to the password of the user."`
	// TLS is one of MailTLS. Load fills in the first where none is given.
	TLS string      `yaml:"tls" doc:"How the connection is encrypted: starttls, which is the default, implicit, or none, which is for servers on this machine and sends no password."`
	Pos strict.Node `yaml:"-"`
}

// MailTLS are the values of EmailChannel.TLS.
var MailTLS = []string{"starttls", "implicit", "none"}

// addAlert takes one alert: its values may be secrets.
func (l *loader) addAlert(n strict.Node, report func(diag.Diagnostic)) {
	a := &Alert{Pos: n, On: Occasions, Runs: 1, Rows: 1}
	l.project.Alerts = append(l.project.Alerts, a)
	n.Private().Decode(report, a)
}

// alerts checks whom alerts tell of what.
func (l *loader) alerts() {
	for _, a := range l.project.Alerts {
		if a.Pos.Kind() != strict.Mapping {
			continue // reported
		}
		for i, on := range a.On {
			at := a.Pos.At("on")
			if items := a.Pos.Get("on").Items(); i < len(items) {
				at = items[i].Span()
			}
			l.oneOf(on, at, "occasion", Occasions)
			if slices.Contains(a.On[:i], on) {
				l.report(diag.Errorf(at, codeConflict, "%s is there twice", on).WithHelp("remove one of them"))
			}
		}
		if !slices.ContainsFunc(a.On, func(on string) bool { return on != "recovered" }) {
			l.report(diag.Errorf(a.Pos.At("on"), strict.CodeEmpty, "this alert never tells anything").
				WithHelp("name what it is to tell of, such as failed, or leave on out"))
		}
		for _, x := range []struct {
			key   string
			value int64
		}{{"runs", int64(a.Runs)}, {"rows", a.Rows}} {
			if x.value < 1 {
				l.report(diag.Errorf(a.Pos.At(x.key), codeRange, "%s is 1 at least", x.key).WithHelp("write 1, or leave it out"))
			}
		}
		if a.Runs > maxAlertRuns {
			l.report(diag.Errorf(a.Pos.At("runs"), codeRange, "in %d runs in a row nothing happens", a.Runs).WithHelp("write %d or less", maxAlertRuns))
		}
		if a.Pos.Get("rows").Kind() != strict.Absent && !slices.Contains(a.On, "degraded") {
			l.report(diag.Errorf(a.Pos.Key("rows"), codeConflict, "rows is about degraded, which this alert does not tell of").
				WithHelp("add degraded to on, or remove rows").WithRelated(a.Pos.At("on"), "on is here"))
		}
		var channels []string
		for _, key := range []string{"slack", "webhook", "email"} {
			if a.Pos.Get(key).Kind() != strict.Absent {
				channels = append(channels, key)
			}
		}
		switch {
		case len(channels) == 0:
			l.report(diag.Errorf(a.Pos.Span(), codeMissing, "nobody is told").
				WithHelp("add slack:, webhook: or email:"))
		case len(channels) > 1:
			l.report(diag.Errorf(a.Pos.Key(channels[1]), codeConflict, "an alert tells in one way").
				WithHelp("make another alert for the other").WithRelated(a.Pos.Key(channels[0]), "the first is here"))
		}
		if a.Webhook != nil {
			l.alertURL(a.Webhook)
		}
		if a.Email != nil {
			l.email(a.Email)
		}
	}
}

func (l *loader) alertURL(w *WebhookChannel) {
	if w.URL.IsZero() || !w.URL.IsLiteral() {
		return
	}
	at := w.Pos.At("url")
	switch u, err := url.Parse(w.URL.Text()); {
	case err != nil || !isWeb(u):
		l.report(diag.Errorf(at, codeAddress, "url is not an http or https address").WithHelp("write it like https://example.com/hook"))
	case u.User != nil:
		w.Pos.Get("url").Mask()
		l.report(diag.Errorf(at, secret.CodeLiteral, "url holds a user or password").WithHelp("use a reference, such as ${env:ALERT_URL}"))
	case u.Fragment != "":
		l.report(diag.Errorf(at, codeAddress, "url has a fragment, which is never sent").WithHelp("remove what follows #"))
	default:
		if summary, help := reach.Refusal(u.Hostname(), w.AllowPrivate); summary != "" {
			l.report(diag.Errorf(at, codeAddress, "%s", summary).WithHelp("%s", help))
		}
	}
}

// server matches names of servers. Names that are not of ASCII are written as the
// network has them.
var server = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}\.?)*$`)

// isServer says that a text is the name of a server, or its number of IPv4.
func isServer(host string) bool { return server.MatchString(host) && len(host) <= maxServer }

// isWeb says that an address leads to a server of the web.
func isWeb(u *url.URL) bool {
	port, err := strconv.Atoi(u.Port())
	if u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return false
	}
	// Of what has colons url.Parse has seen that it is a number of IPv6.
	return (u.Scheme == "http" || u.Scheme == "https") && (isServer(u.Hostname()) || strings.Contains(u.Hostname(), ":"))
}

func (l *loader) email(e *EmailChannel) {
	if e.Host != "" && !isServer(e.Host) {
		l.report(diag.Errorf(e.Pos.At("host"), codeAddress, "%q is not the name of a server", e.Host).WithHelp("write it like smtp.example.com, and the port as port"))
	}
	l.oneOf(e.TLS, e.Pos.At("tls"), "way to encrypt", MailTLS)
	if e.TLS == "" {
		e.TLS = MailTLS[0]
	}
	given := e.Pos.Get("port").Kind() != strict.Absent
	if given && (e.Port < 1 || e.Port > 65535) {
		l.report(diag.Errorf(e.Pos.At("port"), codeRange, "a port is a number from 1 to 65535").WithHelp("leave it out for the usual one"))
	}
	if !given {
		e.Port = 587
		if e.TLS == "implicit" {
			e.Port = 465
		}
	}
	to := oneOrMany(e.Pos, "to")
	for i, address := range append([]string{e.From}, e.To...) {
		if address == "" {
			continue // reported
		}
		at := e.Pos.At("from")
		if i > 0 {
			at = to(i - 1)
		}
		if i > 0 && slices.Contains(e.To[:i-1], address) {
			l.report(diag.Errorf(at, codeConflict, "%s is there twice", address).WithHelp("remove one of them"))
		}
		if x, err := mail.ParseAddress(address); err != nil || x.Address != address || strings.ContainsAny(address, "\r\n") {
			l.report(diag.Errorf(at, codeAddress, "%q is not an address of mail", address).WithHelp("write it like ops@example.com"))
		}
	}
	switch {
	case e.User.IsZero() != e.Password.IsZero():
		l.report(diag.Errorf(e.Pos.Span(), codeMissing, "user and password go together").WithHelp("give both, or neither"))
	case e.TLS == "none" && !e.Password.IsZero():
		l.report(diag.Errorf(e.Pos.At("password"), codeConflict, "a password is sent over an encrypted connection alone").
			WithHelp("leave tls out, or user and password"))
	}
}
