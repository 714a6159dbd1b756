package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Channel sends a message. No error holds an address, a secret or an answer.
type Channel interface {
	Send(ctx context.Context, m Message) error
}

// NewChannel is the channel of an alert; resolve gets what references stand for.
func NewChannel(a *config.Alert, resolve func(secret.Ref) (secret.Value, error), expand func(secret.Template) (string, error)) (Channel, error) {
	switch {
	case a.Slack != nil:
		address, err := resolve(a.Slack.URL)
		return slack{poster{address: address, allowPrivate: a.Slack.AllowPrivate}}, err
	case a.Webhook != nil:
		address, err := expand(a.Webhook.URL)
		key, wrong := resolve(a.Webhook.Secret)
		return webhook{poster{address: secret.NewValue(address), allowPrivate: a.Webhook.AllowPrivate}, key}, errors.Join(err, wrong)
	case a.Email != nil:
		e := email{config: a.Email}
		var err error
		if !a.Email.Password.IsZero() {
			var wrong error
			e.user, err = expand(a.Email.User)
			e.password, wrong = resolve(a.Email.Password)
			err = errors.Join(err, wrong)
		}
		return e, err
	}
	return nil, errors.New("the alert has no channel")
}

// poster posts JSON as deliveries are sent: without redirects, and not to
// addresses that nothing of ours has any business with.
type poster struct {
	address      secret.Value
	allowPrivate bool
}

func (p poster) post(ctx context.Context, body []byte, header http.Header) error {
	client := deliver.NewClient(syncs.Spec{AllowPrivate: p.allowPrivate, Timeout: 10 * time.Second})
	defer client.Close()
	header.Set("Content-Type", "application/json")
	resp, err := client.Send(ctx, &syncs.HTTPRequest{Method: http.MethodPost, URL: p.address.Reveal(), Header: header, Body: body})
	if err != nil {
		return fmt.Errorf("the message could not be sent: %w", err)
	}
	if resp.Status < http.StatusOK || resp.Status >= http.StatusMultipleChoices {
		return fmt.Errorf("the message was refused with status %d", resp.Status)
	}
	return nil
}

// slack posts what an incoming webhook takes.
type slack struct{ poster }

// Send implements Channel.
func (s slack) Send(ctx context.Context, m Message) error {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	body, err := json.Marshal(map[string]string{"text": "*" + escape.Replace(m.Title()) + "*\n```\n" + escape.Replace(m.Text()) + "```"})
	if err != nil {
		return fmt.Errorf("writing the message: %w", err)
	}
	return s.post(ctx, body, http.Header{})
}

// webhook posts JSON, customhouse/alert/v1, signed as destinations of type webhook
// sign.
type webhook struct {
	poster
	key secret.Value
}

type payload struct {
	Schema  string    `json:"schema"`
	Alert   string    `json:"alert"`
	Project string    `json:"project"`
	Target  string    `json:"target"`
	At      time.Time `json:"at"`
	Title   string    `json:"title"`
	Changes []Change  `json:"changes"`
}

// Send implements Channel.
func (w webhook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(payload{"customhouse/alert/v1", m.Alert, m.Project, m.Target, m.At.UTC(), m.Title(), m.Changes})
	if err != nil {
		return fmt.Errorf("writing the message: %w", err)
	}
	stamp := strconv.FormatInt(m.At.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.key.Reveal()))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return w.post(ctx, body, http.Header{
		"X-Customhouse-Timestamp": {stamp}, "X-Customhouse-Signature": {"v1=" + hex.EncodeToString(mac.Sum(nil))},
	})
}

// email sends mail through a server.
type email struct {
	config   *config.EmailChannel
	user     string
	password secret.Value
	// roots are of tests; nil are those of the machine.
	roots *tls.Config
}

// Send implements Channel.
func (e email) Send(ctx context.Context, m Message) (err error) {
	// What a mail server says may name a person: its code is enough.
	defer func() {
		if err != nil {
			err = fmt.Errorf("the mail could not be sent: %w", err)
		}
	}()
	c := e.config
	conn, err := deliver.Dialer(true).DialContext(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // Quit says whether the mail was taken.
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return err
		}
	}
	crypt := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if e.roots != nil {
		crypt.RootCAs = e.roots.RootCAs
	}
	if c.TLS == "implicit" {
		conn = tls.Client(conn, crypt)
	}
	client, err := smtp.NewClient(conn, c.Host)
	if err != nil {
		return said(err)
	}
	if c.TLS == "starttls" {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return errors.New("the server does not offer STARTTLS: nothing is sent without encryption, unless tls: none is written")
		}
		if err := client.StartTLS(crypt); err != nil {
			return said(err)
		}
	}
	if !e.password.IsZero() {
		if err := client.Auth(smtp.PlainAuth("", e.user, e.password.Reveal(), c.Host)); err != nil {
			return errors.New("the server did not take the user and the password")
		}
	}
	if err := client.Mail(c.From); err != nil {
		return said(err)
	}
	for _, to := range c.To {
		if err := client.Rcpt(to); err != nil {
			return said(err)
		}
	}
	w, err := client.Data()
	if err != nil {
		return said(err)
	}
	text, err := e.mail(m)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return said(err)
	}
	if err := w.Close(); err != nil {
		return said(err)
	}
	_ = client.Quit() // The server has taken it.
	return nil
}

// said is the error of a server without its words.
func said(err error) error {
	var code int
	if text := err.Error(); len(text) > 3 {
		code, _ = strconv.Atoi(text[:3])
	}
	if code > 0 {
		return fmt.Errorf("the server answered %d", code)
	}
	return err
}

// mail is the message as RFC 5322 has it.
func (e email) mail(m Message) ([]byte, error) {
	var b bytes.Buffer
	sum := sha256.Sum256([]byte(m.Text() + m.At.String() + m.Alert))
	header := [][2]string{
		{"From", e.config.From},
		{"To", strings.Join(e.config.To, ", ")},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Title())},
		{"Date", m.At.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + base64.RawURLEncoding.EncodeToString(sum[:18]) + "@customhouse>"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	}
	for _, h := range header {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, err := w.Write([]byte(strings.ReplaceAll(m.Text(), "\n", "\r\n")))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	return b.Bytes(), nil
}
