package deliver

import (
	"context"
	"errors"
	"fmt"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Asker asks a destination's platform questions, beside deliveries. They are
// sent as requests of deliveries are: within its rates, with a new token where
// one is needed, and no error repeats a secret.
type Asker struct {
	Destination syncs.Destination
	// Secrets, Clock, HTTP, Session and KeepToken are as in a Job.
	Secrets   func(secret.Ref) secret.Value
	Clock     Clock
	HTTP      Sender
	Session   *Session
	KeepToken func(ctx context.Context, refresh secret.Value) error
	// Dir and OpenPlace are too, for a destination in files.
	Dir       string
	OpenPlace OpenPlace
}

// ErrNotAsked says that a destination has no way to answer a question.
var ErrNotAsked = errors.New("the destination cannot be asked that")

// maxDescription is how much of an answer about fields is read, in bytes.
const maxDescription = 32 << 20

// maxPages bounds the pages of an answer.
const maxPages = 1000

// Fields asks for the fields that the account has for an object. The error is
// ErrNotAsked of a destination that is no Describer, a *StopError, or the
// context's cause.
func (a Asker) Fields(ctx context.Context, object string) ([]syncs.PlatformField, error) {
	d, ok := a.Destination.(syncs.Describer)
	if !ok {
		return nil, ErrNotAsked
	}
	if o, _ := a.Destination.Spec().Object(object); len(o.Fields) > 0 {
		return o.Fields, nil // Every account has these.
	}
	var fields []syncs.PlatformField
	page := ""
	for range maxPages {
		var some []syncs.PlatformField
		var next string
		err := a.ask(ctx, syncs.Question{Object: object, Page: page}, d.EncodeFields, func(q syncs.Question, resp *syncs.Response) (out syncs.Outcome) {
			some, next, out = d.DecodeFields(q, resp)
			return out
		})
		if err != nil {
			return nil, fmt.Errorf("asking for the fields of %s: %w", object, err)
		}
		if fields = append(fields, some...); next == "" || next == page {
			return fields, nil
		}
		page = next
	}
	return nil, &StopError{Code: "endless", Message: "the platform never ends to list fields"}
}

// Probe asks whether deliveries to an object would be taken; of any, where it is
// empty. The error is as that of Fields, and otherwise the text says what the
// platform told of us.
func (a Asker) Probe(ctx context.Context, object string) (string, error) {
	if a.Destination.Spec().Place != nil {
		where, err := CheckPlace(ctx, a.Destination, a.Dir, a.Secrets, a.OpenPlace)
		if err != nil {
			return "", err
		}
		return "files can be published at " + where, nil
	}
	d, ok := a.Destination.(syncs.Prober)
	if !ok {
		return "", ErrNotAsked
	}
	said := ""
	err := a.ask(ctx, syncs.Question{Object: object}, d.EncodeProbe, func(q syncs.Question, resp *syncs.Response) syncs.Outcome {
		out := d.DecodeProbe(q, resp)
		said = out.Message
		return out
	})
	return said, err
}

// ask asks one question until it is answered.
func (a Asker) ask(ctx context.Context, q syncs.Question, encode func(syncs.Question) *syncs.HTTPRequest, decode func(syncs.Question, *syncs.Response) syncs.Outcome) error {
	e := newEngine(Job{
		Destination: a.Destination, Secrets: a.Secrets, Clock: a.Clock, HTTP: a.HTTP, Session: a.Session, KeepToken: a.KeepToken,
	})
	if e.http == nil {
		client := NewClient(e.spec)
		client.most = maxDescription
		defer client.Close()
		e.http = client
	}
	return e.within(ctx, func(live context.Context) {
		now := try{attempt: 1}
		for ; live.Err() == nil; now.attempt++ {
			out, ok := e.question(live, q, &now, encode, decode)
			message := e.redact.message(out.Message, nil)
			switch {
			case !ok:
				return
			case out.Verdict == syncs.Rows:
				return
			case out.Verdict == syncs.Expired && e.reissue(live, nil, &now, out):
				continue
			case out.Verdict == syncs.Expired:
				return
			case out.Verdict != syncs.Retry && out.Verdict != syncs.Unknown:
				e.stop(&StopError{Code: out.Code, Message: message})
				return
			case now.attempt >= refreshes:
				e.stop(&StopError{Code: out.Code, Message: fmt.Sprintf("gave up after %d attempts: %s", now.attempt, message)})
				return
			}
			wait := e.backoff(now.attempt)
			if out.Wait > 0 {
				wait = e.asked(out.Wait)
			}
			if e.job.Clock.Sleep(live, wait) != nil {
				return
			}
		}
	})
}

// question sends one question. It is false where nobody is to ask any more.
func (e *engine) question(
	ctx context.Context, q syncs.Question, now *try,
	encode func(syncs.Question) *syncs.HTTPRequest, decode func(syncs.Question, *syncs.Response) syncs.Outcome,
) (syncs.Outcome, bool) {
	t, err := e.session.wait(ctx, "", 0)
	if err != nil {
		return syncs.Outcome{}, false
	}
	credential := e.session.current()
	now.issue = credential.issue
	e.redact.learn(credential.token.Access)
	q.SentAt, q.Secrets, q.Token = e.job.Clock.Now(), e.secret, credential.token
	resp, err := e.http.Send(e.work, encode(q)) //nolint:contextcheck // See engine.work.
	out := syncs.Outcome{Verdict: syncs.Unknown, Code: "no-answer"}
	var stop *StopError
	switch {
	case err == nil:
		resp.ReceivedAt = e.job.Clock.Now()
		out = decode(q, resp)
	case errors.As(err, &stop):
		out = syncs.Outcome{Verdict: syncs.Fatal, Code: stop.Code, Message: stop.Message}
	default:
		out.Message = err.Error()
	}
	t.answered(out)
	return out, true
}
