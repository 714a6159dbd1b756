package lineage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Sender sends events, one after the other, while the run goes on.
type Sender struct {
	write func(ctx context.Context, line []byte) error
	close func() error
	queue chan Event
	done  chan struct{}
	stop  context.CancelFunc
	// wrong is told of the first event that could not be sent; the others are
	// counted.
	wrong func(error)
	mu    sync.Mutex
	lost  int
}

// most is how many events may wait: those of a plan of a thousand models.
const most = 4096

// patience is how long an answer may take, and retries how often an event is sent
// again.
const (
	patience = 5 * time.Second
	retries  = 2
)

// FromEnvironment is the Sender that the environment asks for, nil where it asks
// for none: OPENLINEAGE_URL with OPENLINEAGE_ENDPOINT and OPENLINEAGE_API_KEY, as
// the clients of OpenLineage have it, or a file that events are added to, one a
// line. wrong is told, once, why events could not be sent.
func FromEnvironment(env func(string) (string, bool), file string, wrong func(error)) (*Sender, error) {
	get := func(name string) string { v, _ := env(name); return v }
	if strings.EqualFold(get("OPENLINEAGE_DISABLED"), "true") {
		return nil, nil
	}
	if file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the file that the user names
		if err != nil {
			return nil, fmt.Errorf("opening the file of lineage: %w", err)
		}
		return begin(func(_ context.Context, line []byte) error {
			_, err := f.Write(append(line, '\n'))
			return err
		}, f.Close, wrong), nil
	}
	address := get("OPENLINEAGE_URL")
	if address == "" {
		return nil, nil
	}
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, errors.New("OPENLINEAGE_URL is not an http or https address")
	}
	endpoint := get("OPENLINEAGE_ENDPOINT")
	if endpoint == "" {
		endpoint = "api/v1/lineage"
	}
	at = at.JoinPath(endpoint)
	key := secret.NewValue(get("OPENLINEAGE_API_KEY"))
	client := &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return begin(func(ctx context.Context, line []byte) error { return post(ctx, client, at.String(), key, line) }, func() error {
		client.CloseIdleConnections()
		return nil
	}, wrong), nil
}

// post sends an event. No error holds the address, which may hold a secret.
func post(ctx context.Context, client *http.Client, address string, key secret.Value, line []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(line))
	if err != nil {
		return errors.New("the address of lineage is malformed")
	}
	req.Header.Set("Content-Type", "application/json")
	if !key.IsZero() && key.Reveal() != "" {
		req.Header.Set("Authorization", "Bearer "+key.Reveal())
	}
	resp, err := client.Do(req)
	if err != nil {
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err
		}
		return fmt.Errorf("sending lineage: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("sending lineage: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("sending lineage: the answer was %s", resp.Status)
	}
	return nil
}

func begin(write func(context.Context, []byte) error, closing func() error, wrong func(error)) *Sender {
	ctx, stop := context.WithCancel(context.Background())
	s := &Sender{write: write, close: closing, queue: make(chan Event, most), done: make(chan struct{}), stop: stop, wrong: wrong}
	go s.work(ctx)
	return s
}

// Send implements Sink.
func (s *Sender) Send(e Event) {
	select {
	case s.queue <- e:
	default:
		s.lose(errors.New("sending lineage: too many events wait"))
	}
}

func (s *Sender) work(ctx context.Context) {
	defer close(s.done)
	for e := range s.queue {
		line, err := json.Marshal(e)
		for try := 0; err == nil; try++ {
			if err = s.write(ctx, line); err == nil || ctx.Err() != nil {
				break
			}
			if try == retries {
				break
			}
			pause := time.NewTimer(time.Duration(try+1) * 200 * time.Millisecond)
			select {
			case <-ctx.Done():
				pause.Stop()
			case <-pause.C:
				err = nil
			}
		}
		if err != nil {
			s.lose(err)
		}
	}
}

func (s *Sender) lose(err error) {
	s.mu.Lock()
	s.lost++
	first := s.lost == 1
	s.mu.Unlock()
	if first {
		s.wrong(err)
	}
}

// Close sends what waits, as long as the context lasts. A nil Sender has nothing.
func (s *Sender) Close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	close(s.queue)
	select {
	case <-s.done:
	case <-ctx.Done():
		s.stop()
		<-s.done
	}
	s.stop()
	return s.close()
}

// ParentFromEnvironment is the run that started this one, from
// OPENLINEAGE_PARENT_ID: namespace/job/run id, where the namespace may have slashes.
func ParentFromEnvironment(env func(string) (string, bool)) *Parent {
	text, _ := env("OPENLINEAGE_PARENT_ID")
	parts := strings.Split(text, "/")
	const least = 3
	if len(parts) < least {
		return nil
	}
	n := len(parts)
	return &Parent{Namespace: strings.Join(parts[:n-2], "/"), Job: parts[n-2], RunID: parts[n-1]}
}
