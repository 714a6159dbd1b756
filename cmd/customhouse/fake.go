package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// contentsPath is where a fake that is served says what it holds.
const contentsPath = "/_contents"

func (a *app) fakeCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "fake PLATFORM",
		Short: "Serve a fake of a platform, to try deliveries on this machine",
		Long: `Serve a fake of a platform on this machine: as strict as the platform, with
contents of its own that live as long as the command does. Deliver to it with
the settings that it prints; ` + contentsPath + ` at its address says what it holds.

Nothing is sent to the platform itself, and no credential of yours is needed.`,
		Example: `  customhouse fake hubspot
  curl http://127.0.0.1:8700` + contentsPath,
		Args:      cobra.ExactArgs(1),
		ValidArgs: slices.Sorted(maps.Keys(fakes)),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.fake(ctx, args[0], listen)
		}),
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8700", "address to serve at; port 0 takes any that is free")
	return c
}

// fake serves a fake until it is interrupted, which is how it is meant to end.
func (a *app) fake(ctx context.Context, name, listen string) error {
	build, ok := fakes[name]
	if !ok {
		return unknown("there is no fake of "+name, name, slices.Sorted(maps.Keys(fakes)), "there are")
	}
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return usageError{fmt.Errorf("--listen %s is no address of this machine alone: write for example 127.0.0.1:8700", listen)}
	}
	url, stop, err := serveAt(ctx, listen, &shown{fake: build(), out: a.say})
	if err != nil {
		return err
	}
	a.say("A fake of %s is at %s. Deliver to it with", name, url)
	key := "base_url"
	if name == "webhook" {
		key = "url"
	}
	a.say("  %s: %s", key, url)
	a.say("  allow_private: true")
	a.say("and the credential %s wherever one is asked for. It holds: %s%s", synctest.Canary, url, contentsPath)
	<-ctx.Done()
	return stop()
}

func (a *app) say(format string, args ...any) { fmt.Fprintf(a.stdout, format+"\n", args...) }

// shown is a fake whose contents can be asked for, and which says what is asked
// of it.
type shown struct {
	fake synctest.Fake
	out  func(format string, args ...any)
	mu   sync.Mutex
}

// ServeHTTP serves the fake.
func (s *shown) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == contentsPath {
		text, err := json.MarshalIndent(s.fake.Contents(), "", "  ")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(text, '\n')) // The reader may have gone away.
		return
	}
	answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	s.fake.ServeHTTP(answer, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out("%s %s %d", r.Method, strings.ReplaceAll(r.URL.Path, "\n", ""), answer.status)
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (c *statusWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}
