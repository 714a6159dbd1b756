package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFakes serves each fake as a user would, looks at what it holds, and ends it.
func TestFakes(t *testing.T) {
	t.Parallel()
	for name := range fakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			out, in := io.Pipe()
			a := &app{stdin: strings.NewReader(""), stdout: in, stderr: io.Discard, now: time.Now, env: func(string) (string, bool) { return "", false }}
			ended := make(chan int, 1)
			go func() {
				code := a.execute(ctx, []string{"fake", name, "--listen", "127.0.0.1:0"})
				_ = in.Close() // It cannot fail.
				ended <- code
			}()
			lines := bufio.NewScanner(out)
			var url string
			for url == "" && lines.Scan() {
				// The key is base_url, or for a webhook url.
				if key, text, ok := strings.Cut(strings.TrimSpace(lines.Text()), ": "); ok && strings.HasSuffix(key, "url") {
					url = text
				}
			}
			go func() {
				_, _ = io.Copy(io.Discard, out) // Nothing depends on the rest.
			}()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+contentsPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if closing := resp.Body.Close(); err != nil || closing != nil || resp.StatusCode != http.StatusOK || !json.Valid(body) {
				t.Errorf("contents: %v %s %.200s", err, resp.Status, body)
			}
			interrupt()
			if code := <-ended; code != exitOK {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// TestFakesAreOfDestinations: a fake is named as its destination is.
func TestFakesAreOfDestinations(t *testing.T) {
	for name := range fakes {
		if !slices.ContainsFunc(destinationKinds, func(k destinationKind) bool { return k.name == name }) {
			t.Errorf("there is a fake of %s, and no such destination", name)
		}
	}
}
