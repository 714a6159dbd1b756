package deliver

import (
	"context"
	"fmt"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// credential is a Session's token, and how often it was issued anew.
type credential struct {
	token syncs.Token
	issue int
}

// current is the token to encode with.
func (s *Session) current() credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.credential
}

// renew replaces the token of an issue by what ask returns. Whoever comes while
// another asks, or after, gets that answer.
func (s *Session) renew(ctx context.Context, issue int, ask func(last syncs.Token) (syncs.Token, error)) error {
	select {
	case s.renewing <- struct{}{}:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	defer func() { <-s.renewing }()
	last := s.current()
	if last.issue > issue {
		return nil
	}
	token, err := ask(last.token)
	if err != nil {
		return err
	}
	if token.Refresh.IsZero() {
		token.Refresh = last.token.Refresh
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credential = credential{token: token, issue: last.issue + 1}
	return nil
}

// tokenFirst gets a token before the first request of a run, where none can be
// spelled without.
func (e *engine) tokenFirst(ctx context.Context) {
	d, ok := e.job.Destination.(syncs.Refresher)
	if !ok || !e.spec.TokenFirst {
		return
	}
	if err := e.session.renew(ctx, 0, func(last syncs.Token) (syncs.Token, error) { return e.ask(ctx, d, last) }); err != nil {
		e.stop(err)
	}
}

// refresh sees to operations that were refused since the credential expired:
// they are sent again with a new one, and the delivery stops if that is not
// accepted either.
func (e *engine) refresh(ctx context.Context, ops []syncs.Op, now try, refused syncs.Outcome) {
	if e.reissue(ctx, ops, &now, refused) {
		e.deliver(ctx, ops, try{attempt: now.attempt, renewed: true, doubtful: now.doubtful})
	}
}

// reissue gets a new credential after a refusal, once in a row. Where there is
// none it stops the delivery, and is false.
func (e *engine) reissue(ctx context.Context, ops []syncs.Op, now *try, refused syncs.Outcome) bool {
	d, ok := e.job.Destination.(syncs.Refresher)
	if !ok || now.renewed {
		e.stop(&StopError{Code: refused.Code, Message: e.redact.message(refused.Message, ops)})
		return false
	}
	now.renewed = true
	err := e.session.renew(ctx, now.issue, func(last syncs.Token) (syncs.Token, error) {
		token, err := e.ask(ctx, d, last)
		if err != nil {
			e.stop(err) // Before anybody else asks.
		}
		return token, err
	})
	return err == nil
}

// refreshes is how often a token is asked for at most.
const refreshes = 3

// ask gets a new token, and keeps what the next one is asked for with before
// it is used.
func (e *engine) ask(ctx context.Context, d syncs.Refresher, last syncs.Token) (syncs.Token, error) {
	for attempt := 1; ; attempt++ {
		e.mu.Lock()
		e.report.Refreshes++
		e.mu.Unlock()
		token, outcome := syncs.Token{}, syncs.Outcome{Verdict: syncs.Unknown, Code: "no-answer"}
		req, err := d.EncodeRefresh(syncs.Question{SentAt: e.job.Clock.Now(), Secrets: e.secret, Token: last})
		if err != nil {
			return token, &StopError{Code: "bad-credential", Message: e.redact.message(err.Error(), nil)}
		}
		resp, err := e.dispatch(Sent{For: "refresh", Attempt: attempt}, req)
		if err == nil {
			resp.ReceivedAt = e.job.Clock.Now()
			token, outcome = d.DecodeRefresh(resp)
			e.redact.learn(token.Access)
			e.redact.learn(token.Refresh)
		} else {
			outcome.Message = err.Error()
		}
		message := e.redact.message(outcome.Message, nil)
		switch {
		case outcome.Verdict == syncs.Rows:
			e.keep(ctx, token)
			return token, nil
		case outcome.Verdict == syncs.Fatal:
			return token, &StopError{Code: outcome.Code, Message: "the destination's credential expired, and no new one was given: sign in again: " + message}
		case attempt >= refreshes:
			return token, &StopError{Code: outcome.Code, Message: fmt.Sprintf("the destination's credential expired, and no new one came after %d attempts: %s", attempt, message)}
		}
		wait := e.backoff(attempt)
		if outcome.Wait > 0 {
			wait = e.asked(outcome.Wait)
		}
		if err := e.job.Clock.Sleep(ctx, wait); err != nil {
			return token, err
		}
	}
}

// keep has a rotated refresh token written down.
func (e *engine) keep(ctx context.Context, token syncs.Token) {
	event := Refreshed{Rotated: !token.Refresh.IsZero()}
	if event.Rotated && e.job.KeepToken != nil {
		event.Err = e.job.KeepToken(context.WithoutCancel(ctx), token.Refresh)
		event.Kept = event.Err == nil
	}
	e.emit(event)
}
