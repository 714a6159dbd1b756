package deliver_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

func client(tb testing.TB, spec syncs.Spec) *deliver.Client {
	tb.Helper()
	c := deliver.NewClient(spec)
	tb.Cleanup(c.Close)
	return c
}

func serve(tb testing.TB, handler http.HandlerFunc) string {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return server.URL
}

func post(url string) *syncs.HTTPRequest {
	return &syncs.HTTPRequest{Method: http.MethodPost, URL: url, Header: http.Header{}, Body: []byte("{}")}
}

func wantStop(t *testing.T, err error, code string) {
	t.Helper()
	var stop *deliver.StopError
	if !errors.As(err, &stop) || stop.Code != code {
		t.Errorf("error %v, want a StopError %s", err, code)
	}
}

// Every spelling of an inner address is refused when it is dialled.
func TestInnerAddressesAreRefused(t *testing.T) {
	called := false
	url := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	port := url[strings.LastIndex(url, ":"):]
	c := client(t, syncs.Spec{})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "user:pw@127.0.0.1", "127.0.0.1.", "169.254.169.254", "[::ffff:169.254.169.254]", "10.0.0.1", "192.168.0.1", "172.16.0.1", "[fc00::1]", "0.0.0.0", "[::]"} {
		if _, err := c.Send(t.Context(), post("http://"+host+port)); err == nil {
			t.Errorf("%s was dialled", host)
		} else if host != "127.0.0.1." {
			wantStop(t, err, "address-refused")
		}
	}
	for _, bad := range []string{"", "file:///etc/passwd", "gopher://x/", "ftp://example.com", "//example.com", "http://", "http://%zz", "http:///x", "unix:/x", "javascript:1"} {
		_, err := c.Send(t.Context(), post(bad))
		wantStop(t, err, "bad-url")
	}
	if called {
		t.Error("the server was reached")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	called := false
	inner := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	for _, status := range []int{301, 302, 303, 307, 308} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, status) })
		resp, err := client(t, syncs.Spec{AllowPrivate: true}).Send(t.Context(), post(url))
		if err != nil || resp.Status != status {
			t.Errorf("response %+v, error %v", resp, err)
		}
	}
	if called {
		t.Error("a redirect was followed")
	}
}

func TestAnswersAreCapped(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
					return
				}
			}
		},
		"a bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1000 {
				if _, err := z.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
			_ = z.Close()
		},
		"a bomb in a bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			outer := gzip.NewWriter(w)
			inner, err := gzip.NewWriterLevel(outer, gzip.NoCompression) // The inner one has to have a megabyte.
			for i := 0; err == nil && i < 3; i++ {
				_, err = inner.Write(make([]byte, 1<<20))
			}
			_, _ = inner.Close(), outer.Close()
		},
		"an endless error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := client(t, syncs.Spec{AllowPrivate: true}).Send(t.Context(), post(serve(t, handler)))
			if err != nil {
				t.Fatal(err)
			}
			if len(resp.Body) != 1<<20 {
				t.Errorf("%d bytes were read, want 1 MB", len(resp.Body))
			}
		})
	}
	for name, start := range map[string]string{"an endless header": "HTTP/1.1 200 OK\r\nX: ", "endless information": ""} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				line := []byte(strings.Repeat("x", 64<<10))
				if start == "" {
					line = []byte("HTTP/1.1 103 Early Hints\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n")
				}
				for _, err = io.WriteString(conn, start); err == nil; {
					_, err = conn.Write(line)
				}
			})
			if resp, err := client(t, syncs.Spec{AllowPrivate: true}).Send(t.Context(), post(url)); err == nil {
				t.Errorf("an answer of status %d", resp.Status)
			}
		})
	}
}

func TestSlowAnswersTimeOut(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(3 * time.Second):
		}
	})
	_, err := client(t, syncs.Spec{AllowPrivate: true, Timeout: 50 * time.Millisecond}).Send(t.Context(), post(url))
	if err == nil || err.Error() != "no answer within 50ms" {
		t.Errorf("error %v", err)
	}
}

func TestUntrustedCertificateStops(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := client(t, syncs.Spec{AllowPrivate: true}).Send(t.Context(), post(server.URL))
	wantStop(t, err, "tls")
}

// A secret, or a person's data, reaches no report, error or event, whatever
// goes wrong.
func TestNothingLeaks(t *testing.T) {
	scripts := map[string]func(*synctest.Options){
		"refused rows":    func(o *synctest.Options) { o.Indexed = true },
		"refused batches": func(*synctest.Options) {},
		"unauthorized":    func(o *synctest.Options) { o.Faults = func(int) synctest.Fault { return synctest.Unauthorized } },
		"resets":          func(o *synctest.Options) { o.Faults = func(int) synctest.Fault { return synctest.ResetBefore } },
		"redirect":        func(o *synctest.Options) { o.Faults = func(int) synctest.Fault { return synctest.Redirect } },
	}
	check := func(t *testing.T, text string) {
		t.Helper()
		for _, hidden := range []string{synctest.Canary, "user000", "example.com", "Y2FuYXJ5"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%q holds %q", text, hidden)
			}
		}
	}
	run := func(t *testing.T, job deliver.Job, l *ledger) {
		t.Helper()
		job.Events = func(e deliver.Event) { check(t, fmt.Sprintf("%+v", e)) }
		report, err := deliver.Run(t.Context(), job)
		check(t, fmt.Sprintf("%+v %v %+v", report, err, err))
		for _, r := range l.rejected {
			check(t, r.Code+" "+r.Message)
		}
	}
	for name, change := range scripts {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.Echo = true
			o.Poison = func(op synctest.Operation) bool { return op.ID%40 == 0 }
			change(&o)
			job, l := setup(t, synctest.NewPlatform(o), upserts(300), func(c *webhook.Config) {
				c.URL = template(t, c.URL.Text()+"/${env:TOKEN}")
			})
			run(t, job, l)
			if strings.HasPrefix(name, "refused") && len(l.rejected) != 8 {
				t.Errorf("%d rejections, want 8", len(l.rejected))
			}
		})
	}
	t.Run("an echo of everything", func(t *testing.T) {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprintf(w, "%s %v %s", r.URL, r.Header, body)
		})
		job, l := setup(t, synctest.NewPlatform(options()), upserts(20), func(c *webhook.Config) {
			c.URL = template(t, url+"/${env:TOKEN}?x=${env:TOKEN}")
		})
		run(t, job, l)
		if len(l.rejected) != 20 {
			t.Errorf("%d rejections, want 20", len(l.rejected))
		}
	})
	t.Run("a host that is a secret", func(t *testing.T) {
		job, l := setup(t, synctest.NewPlatform(options()), upserts(20), func(c *webhook.Config) {
			c.URL = template(t, "http://${env:HOST}.invalid:1/x")
		})
		job.Secrets = func(secret.Ref) secret.Value { return secret.NewValue(synctest.Canary) }
		run(t, job, l)
	})
}
