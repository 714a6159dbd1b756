// Package synctest is what every destination is tested with: a suite that
// checks the contract of package syncs, and a fake platform over real HTTP that
// fails by script.
//
// Start at Run for a new destination, at NewPlatform for the engine and for
// demonstrations. The package is not part of what runs in production.
package synctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Harness is what a destination supplies to be tested.
type Harness struct {
	Destination syncs.Destination
	// Headers hold a secret on purpose, by name.
	SecretHeaders []string
	// Settles are statuses that are no success, and which settle a request of one
	// row all the same: 404 may say that it is absent.
	Settles []int
	// Handles are handles of a syncs.Poller, one of each step. They are asked for
	// with rows of the last sample.
	Handles []syncs.Handle
	// Samples are rows that the destination takes, of each of its objects. Without
	// any they are those of Schema and Ops, which a destination that takes any
	// field must take.
	Samples []Sample
}

// Canary is the secret behind every reference in the suite.
const Canary = "canary-7f3a9c51d2e8"

// Secrets resolves every reference to Canary.
func Secrets(secret.Ref) secret.Value { return secret.NewValue(Canary) }

// Schema has a field of each type.
func Schema() syncs.Schema {
	return syncs.Schema{
		Sync: "loyal_readers", Object: "contacts", Key: "email",
		Fields: []syncs.Field{
			{Name: "email", Type: syncs.String},
			{Name: "visits", Type: syncs.Int},
			{Name: "score", Type: syncs.Float},
			{Name: "spent", Type: syncs.Decimal},
			{Name: "opted in \"yes\"", Type: syncs.Bool},
			{Name: "seen", Type: syncs.Timestamp},
			{Name: "born", Type: syncs.Date},
			{Name: "topics", Type: syncs.List},
		},
	}
}

// nasty are texts that encoders get wrong.
var nasty = []string{
	"", " ", "plain", "NULL", "=1+1", "+33612345678", "-5", "@SUM(A1)", "\t=x", "\r=x", " =cmd|' /C calc'!A0", "'=x", "''=x",
	"'t Hooft", "a\"b", "a,b", "a;b", "a\nb", "a\r\nb", "nul\x00nul", "\x00", "😀 émoji", "日本語", "\u2028\u2029", "bad\xffutf8",
	"</script>", `\`, `\u0000`, "=", "\ufeff=x", "＝1+1", strings.Repeat("x", 4000),
}

// Ops makes n operations on distinct keys, of these kinds (upserts and removals
// where there are none), with every type of value, the same for the same seed.
func Ops(n int, seed uint64, kinds ...syncs.Kind) []syncs.Op {
	if len(kinds) == 0 {
		kinds = []syncs.Kind{syncs.Upsert, syncs.Remove}
	}
	bring, leave := kinds[0], kinds[len(kinds)-1]
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // Test data needs no secrecy.
	ops := make([]syncs.Op, n)
	for i := range ops {
		key := fmt.Sprintf("%s-%d@example.com", strings.ToValidUTF8(cut(nasty[r.IntN(len(nasty))], 20), "?"), i)
		ops[i] = syncs.Op{Kind: leave, Key: key, EntityID: int64(i + 1)}
		if r.IntN(5) > 0 {
			ops[i].Kind = bring
		}
		if !ops[i].Kind.Leaves() {
			ops[i].Fingerprint = fmt.Sprintf("%016x", r.Uint64())
			ops[i].Values = []any{key, r.Int64() - r.Int64(), r.NormFloat64() * 1e6, "12.50", r.IntN(2) == 0, instant(r), instant(r).Truncate(24 * time.Hour), []any{nasty[r.IntN(len(nasty))], int64(1), nil}}
			for v := 1; v < len(ops[i].Values); v++ {
				if r.IntN(4) == 0 {
					ops[i].Values[v] = nil
				}
			}
		}
	}
	return ops
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

func instant(r *rand.Rand) time.Time {
	return time.UnixMicro(r.Int64N(4e15) - 1e15).UTC()
}

// Chunk puts operations into a chunk.
func Chunk(ops []syncs.Op) syncs.Chunk {
	return syncs.Chunk{
		Schema: Schema(), RunID: "run-1", Number: 1, SentAt: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC),
		Secrets: Secrets, Ops: ops,
	}
}

// Run checks that a destination keeps the contract.
func Run(t *testing.T, h Harness) {
	t.Helper()
	d := h.Destination
	spec := d.Spec()
	most := spec.Batch.MaxRows
	if most == 0 {
		most = 1000
	}
	most = min(most, 3000)
	all := h.tasks()
	if len(all) == 0 {
		t.Fatal("the destination can do nothing")
	}
	t.Run("each object has a sample", func(t *testing.T) { h.checkSamples(t) })
	t.Run("kinds are known, and each is named once", func(t *testing.T) {
		lists := [][]syncs.Kind{spec.Kinds}
		for _, o := range spec.Objects {
			lists = append(lists, o.Kinds)
		}
		for _, kinds := range lists {
			for i, k := range kinds {
				if !slices.Contains(syncs.Kinds(), k) || slices.Contains(kinds[:i], k) {
					t.Errorf("kind %d of %v is none, or there twice", i, kinds)
				}
			}
		}
	})
	t.Run("events may be repeated where they are keyed", func(t *testing.T) {
		for _, k := range all {
			requests, _ := d.Encode(k.chunk(20, 1))
			for _, r := range requests {
				if k.kinds[0] == syncs.Append && spec.Keyed && r.HTTP != nil && !r.Idempotent {
					t.Error("a request that appends is not idempotent, though events are keyed")
				}
			}
		}
	})
	t.Run("people are erased, or it is said how", func(t *testing.T) { h.checkErasure(t) })
	t.Run("spec does not change", func(t *testing.T) {
		if diff := cmp.Diff(fmt.Sprintf("%+v", spec), fmt.Sprintf("%+v", d.Spec())); diff != "" {
			t.Error(diff)
		}
		if spec.Concurrency < 0 || spec.Batch.MaxRows < 0 || spec.Batch.MaxBytes < 0 {
			t.Errorf("negative limits: %+v", spec)
		}
	})
	t.Run("every operation is in one request or rejected", func(t *testing.T) {
		for seed := range 4 * len(all) {
			n := []int{1, 2, 7, most}[seed%4]
			if seed >= 4 {
				n = min(n, 100)
			}
			chunk := all[seed/4].chunk(n, uint64(seed))
			requests, rejections := d.Encode(chunk)
			places := make([]int, n)
			for _, r := range requests {
				if (r.HTTP == nil) == (r.File == nil) {
					t.Fatal("a request is not exactly one of HTTP and File")
				}
				for _, op := range r.Ops {
					places[op]++
				}
			}
			for _, r := range rejections {
				places[r.Op]++
			}
			for i, count := range places {
				if count != 1 {
					t.Errorf("operation %d of %d is in %d places, want 1", i, n, count)
				}
			}
			if len(rejections) > 0 {
				t.Errorf("valid operations were rejected: %+v", rejections[0])
			}
		}
	})
	t.Run("encoding is deterministic", func(t *testing.T) {
		for _, k := range all {
			one, _ := d.Encode(k.chunk(50, 9))
			two, _ := d.Encode(k.chunk(50, 9))
			if diff := cmp.Diff(one, two); diff != "" {
				t.Errorf("%v: %s", k, diff)
			}
		}
	})
	t.Run("requests do not share memory with the chunk", func(t *testing.T) {
		chunk := all[len(all)-1].chunk(50, 9)
		requests, _ := d.Encode(chunk)
		want, _ := d.Encode(all[len(all)-1].chunk(50, 9))
		clear(chunk.Ops)
		if diff := cmp.Diff(want, requests); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what cannot be spelled is rejected alone", func(t *testing.T) {
		for _, bad := range []any{math.NaN(), math.Inf(1), struct{}{}} {
			chunk := sample{all[len(all)-1].chunk(20, 3)}
			for i := range chunk.Ops {
				if at := chunk.notKey(); chunk.Ops[i].Values != nil && at >= 0 {
					chunk.Ops[i].Values[at] = bad
				}
			}
			_, rejections := d.Encode(chunk.Chunk)
			for _, r := range rejections {
				op := chunk.Ops[r.Op]
				if op.Kind.Leaves() {
					t.Errorf("a removal was rejected: %s", r.Message)
				}
				if r.Code == "" || strings.Contains(r.Message, op.Key) || strings.Contains(r.Message, Canary) {
					t.Errorf("rejection %q %q, want a code and no content", r.Code, r.Message)
				}
			}
		}
	})
	t.Run("no secret outside of its header", func(t *testing.T) {
		requests, _ := d.Encode(all[0].chunk(5, 4))
		for _, r := range requests {
			if r.HTTP == nil {
				continue
			}
			if bytes.Contains(r.HTTP.Body, []byte(Canary)) {
				t.Error("the body holds a secret")
			}
			header := r.HTTP.Header.Clone()
			for _, name := range h.SecretHeaders {
				header.Del(name)
			}
			if text := fmt.Sprint(header); strings.Contains(text, Canary) {
				t.Error("a header holds a secret, and the harness does not name it")
			}
		}
	})
	t.Run("any answer is classified", func(t *testing.T) {
		texts := bodies()
		for i, k := range all {
			requests, _ := d.Encode(k.chunk(8, 5))
			for n, req := range requests {
				for status := 100; status < 600; status++ {
					if i+n > 0 && !slices.Contains([]int{200, 207, 400, 404, 422, 429, 500}, status) {
						continue // All answers once, and the likely ones to each request.
					}
					for _, body := range texts {
						h.checkOutcome(t, req, response(status, body))
					}
				}
			}
		}
	})
	if d, ok := d.(syncs.Refresher); ok {
		t.Run("any answer to a refresh is classified", func(t *testing.T) { checkRefresher(t, d) })
	}
	if d, ok := d.(syncs.Describer); ok {
		t.Run("any answer about fields is classified", func(t *testing.T) {
			h.checkQuestion(t, true, d.EncodeFields, func(q syncs.Question, resp *syncs.Response) syncs.Outcome {
				_, _, out := d.DecodeFields(q, resp)
				return out
			})
		})
	}
	if d, ok := d.(syncs.Prober); ok {
		t.Run("any answer to a probe is classified", func(t *testing.T) { h.checkQuestion(t, false, d.EncodeProbe, d.DecodeProbe) })
	}
	if d, ok := d.(syncs.Poller); ok {
		t.Run("any answer about a job is classified", func(t *testing.T) { checkPoller(t, d, h) })
	}
}

// checkQuestion checks that a question is asked of each object, without a secret
// in the open, and that each answer means something.
// An object whose fields are known is not asked about those.
func (h Harness) checkQuestion(
	t *testing.T, fields bool, encode func(syncs.Question) *syncs.HTTPRequest, decode func(syncs.Question, *syncs.Response) syncs.Outcome,
) {
	t.Helper()
	objects := []string{""}
	for _, s := range h.Samples {
		if o, _ := h.Destination.Spec().Object(s.Schema.Object); !fields || len(o.Fields) == 0 {
			objects = append(objects, s.Schema.Object)
		}
	}
	for _, object := range objects {
		q := question()
		q.Object = object
		if req := encode(q); req == nil || req.URL == "" || strings.Contains(req.URL, Canary) {
			t.Errorf("object %q is asked about by %+v", object, req)
		}
		for _, resp := range responses() {
			out := decode(q, resp)
			context := fmt.Sprintf("object %q, status %d, body %.60q", object, resp.Status, resp.Body)
			switch out.Verdict {
			case syncs.Rows:
				if resp.Status < 200 || resp.Status > 299 {
					t.Errorf("%s: verdict Rows, though the status is no success", context)
				}
			case syncs.Retry, syncs.Unknown, syncs.Expired, syncs.Fatal, syncs.Split:
				if out.Code == "" || out.Message == "" {
					t.Errorf("%s: verdict %d without code or message", context, out.Verdict)
				}
			case syncs.Started:
				t.Errorf("%s: verdict %d, which no question has", context, out.Verdict)
			default:
				t.Errorf("%s: verdict %d is none", context, out.Verdict)
			}
		}
	}
}

// checkRefresher checks that no answer passes for a token that holds none.
func checkRefresher(t *testing.T, d syncs.Refresher) {
	t.Helper()
	// The secrets of the suite may be none that can be signed with.
	if req, err := d.EncodeRefresh(question()); err == nil && (req == nil || req.URL == "") {
		t.Errorf("the first refresh is asked for by %+v", req)
	} else if err != nil && strings.Contains(err.Error(), Canary) {
		t.Error("the error of a refresh holds a secret")
	}
	for _, resp := range responses() {
		token, out := d.DecodeRefresh(resp)
		context := fmt.Sprintf("status %d, body %.60q", resp.Status, resp.Body)
		switch out.Verdict {
		case syncs.Rows:
			if token.Access.IsZero() || resp.Status < 200 || resp.Status > 299 {
				t.Errorf("%s: verdict Rows, though there is no token", context)
			}
		case syncs.Retry, syncs.Unknown, syncs.Fatal:
			if out.Code == "" || out.Message == "" {
				t.Errorf("%s: verdict %d without code or message", context, out.Verdict)
			}
		case syncs.Split, syncs.Expired, syncs.Started:
			t.Errorf("%s: verdict %d, which no refresh has", context, out.Verdict)
		default:
			t.Errorf("%s: verdict %d is none", context, out.Verdict)
		}
	}
}

// checkPoller checks each step of a job, as the process that started it takes
// it and as another does.
func checkPoller(t *testing.T, d syncs.Poller, h Harness) {
	t.Helper()
	if len(h.Handles) == 0 {
		t.Fatal("the harness of a Poller has to name handles")
	}
	answered := responses()
	for _, handle := range h.Handles {
		all := h.tasks()
		chunk := all[len(all)-1].chunk(8, 5)
		for _, resumed := range []bool{false, true} {
			job := syncs.RemoteJob{
				Handle: handle, Schema: chunk.Schema, RunID: "run-1", Ops: chunk.Ops, Resumed: resumed,
				StartedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), SentAt: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC), Secrets: Secrets,
			}
			if resumed {
				for i := range job.Ops {
					job.Ops[i].Values = nil
				}
			}
			requests := d.Poll(job)
			if diff := cmp.Diff(requests, d.Poll(job)); diff != "" || len(requests) == 0 {
				t.Errorf("%s: %d requests, and again:\n%s", handle, len(requests), diff)
			}
			for _, req := range requests {
				if req.HTTP == nil || req.File != nil || bytes.Contains(req.HTTP.Body, []byte(Canary)) {
					t.Errorf("%s: a request that is not HTTP, or holds a secret in its body", handle)
				}
			}
			whole := syncs.Request{Ops: make([]int, len(job.Ops))}
			for i := range whole.Ops {
				whole.Ops[i] = i
			}
			for _, resp := range answered {
				answers := slices.Repeat([]*syncs.Response{resp}, len(requests))
				checkOutcomeOf(t, d.Polled(job, requests, answers), whole, resp, true)
			}
		}
	}
}

// FuzzDecode feeds any answer to a destination.
func FuzzDecode(f *testing.F, h Harness) {
	f.Helper()
	for _, body := range bodies() {
		f.Add(200, body, "1")
		f.Add(429, body, "Wed, 21 Oct 2026 07:28:00 GMT")
	}
	requests, _ := h.Destination.Encode(h.tasks()[0].chunk(8, 5))
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter string) {
		resp := response(status, body)
		resp.Header.Set("Retry-After", retryAfter)
		for _, req := range requests {
			h.checkOutcome(t, req, resp)
		}
	})
}

func response(status int, body []byte) *syncs.Response {
	return &syncs.Response{Status: status, Header: http.Header{}, Body: body, ReceivedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
}

// responses have every status, and those of success every body.
func responses() []*syncs.Response {
	all := bodies()
	var list []*syncs.Response
	for status := 100; status < 600; status++ {
		some := all[status%len(all):][:1]
		if status >= 200 && status < 210 {
			some = all
		}
		for _, body := range some {
			list = append(list, response(status, body))
		}
	}
	return list
}

// bodies are answers of every sort.
func bodies() [][]byte {
	list := [][]byte{
		nil, []byte(" "), []byte("ok"), []byte("{}"), []byte("[]"), []byte("null"), []byte("<html>"), []byte("{"), []byte("\xff\xfe\x00"),
		[]byte(`{"ok":false}`), []byte(`{"error":"x"}`), []byte(`{"results":[]}`), []byte(`{"results":null}`), []byte(`{"results":{}}`),
		[]byte(`{"results":[{"index":-1,"status":"ok"},{"index":99,"status":"ok"},{"status":"ok"},{"index":0},{"index":1,"status":"rejected","code":7}]}`),
		[]byte(`{"results":[{"index":0,"status":"ok"},{"index":0,"status":"rejected"}]}`),
		[]byte(`{"results":[{"index":0,"status":"exists"},{"index":1,"status":"absent"},{"index":2,"status":"exists"},{"index":3,"status":"absent"}]}`),
		[]byte(`{"results":[{"index":1e99,"status":"ok"}]}`), bytes.Repeat([]byte("["), 20_000),
	}
	for i := range list {
		if json.Valid(list[i]) && len(list[i]) > 3 {
			list = append(list, list[i][:len(list[i])/2])
		}
	}
	return list
}

// checkOutcome checks what holds of every outcome.
func (h Harness) checkOutcome(t *testing.T, req syncs.Request, resp *syncs.Response) {
	t.Helper()
	_, jobs := h.Destination.(syncs.Poller)
	out := h.Destination.Decode(req, resp)
	if slices.Contains(h.Settles, resp.Status) && len(req.Ops) == 1 && len(out.Rows) == 1 && !out.Rows[0].Accepted {
		resp = &syncs.Response{Status: http.StatusOK, Header: resp.Header, Body: resp.Body, ReceivedAt: resp.ReceivedAt}
	}
	checkOutcomeOf(t, out, req, resp, jobs)
}

// checkOutcomeOf checks the outcome of an answer; jobs says that it may be one
// that started.
func checkOutcomeOf(t *testing.T, out syncs.Outcome, req syncs.Request, resp *syncs.Response, jobs bool) {
	t.Helper()
	context := fmt.Sprintf("status %d, body %.60q", resp.Status, resp.Body)
	switch out.Verdict {
	case syncs.Rows:
		// A job may end by an answer that refuses its rows.
		good := func(r syncs.RowResult) bool { return !jobs || r.Accepted || r.Exists || r.Absent }
		if (resp.Status < 200 || resp.Status > 299) && (len(out.Rows) == 0 || slices.ContainsFunc(out.Rows, good)) {
			t.Errorf("%s: verdict Rows, though the status is no success", context)
		}
	case syncs.Retry, syncs.Split, syncs.Fatal, syncs.Unknown, syncs.Expired:
		if out.Code == "" || out.Message == "" {
			t.Errorf("%s: verdict %d without code or message", context, out.Verdict)
		}
		if len(out.Rows) > 0 {
			t.Errorf("%s: verdict %d has rows", context, out.Verdict)
		}
	case syncs.Started:
		if !jobs || out.Job == "" || len(out.Job) > syncs.MaxHandle || strings.Contains(string(out.Job), Canary) {
			t.Errorf("%s: verdict Started with the handle %.100q", context, out.Job)
		}
	default:
		t.Errorf("%s: verdict %d is none", context, out.Verdict)
	}
	if out.Wait < 0 || out.Wait > time.Hour {
		t.Errorf("%s: wait %s, want 0 to 1h", context, out.Wait)
	}
	if len(out.Message) > 4000 {
		t.Errorf("%s: message of %d bytes", context, len(out.Message))
	}
	mine := map[int]bool{}
	for _, op := range req.Ops {
		mine[op] = true
	}
	for _, row := range out.Rows {
		if !mine[row.Op] {
			t.Errorf("%s: an outcome for operation %d, which is not in the request", context, row.Op)
		}
		said := 0
		for _, is := range []bool{row.Accepted, row.Exists, row.Absent} {
			if is {
				said++
			}
		}
		if said == 0 && row.Code == "" {
			t.Errorf("%s: a rejection without code", context)
		}
		if said > 1 {
			t.Errorf("%s: two answers for operation %d", context, row.Op)
		}
	}
}
