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

// Ops makes n operations on distinct keys, of every kind, with every type of
// value, the same for the same seed.
func Ops(n int, seed uint64) []syncs.Op {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // Test data needs no secrecy.
	ops := make([]syncs.Op, n)
	for i := range ops {
		key := fmt.Sprintf("%s-%d@example.com", strings.ToValidUTF8(cut(nasty[r.IntN(len(nasty))], 20), "?"), i)
		ops[i] = syncs.Op{Kind: syncs.Remove, Key: key, EntityID: int64(i + 1)}
		if r.IntN(5) > 0 {
			ops[i].Kind = syncs.Upsert
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
	t.Run("spec does not change", func(t *testing.T) {
		if diff := cmp.Diff(fmt.Sprintf("%+v", spec), fmt.Sprintf("%+v", d.Spec())); diff != "" {
			t.Error(diff)
		}
		if spec.Concurrency < 0 || spec.Batch.MaxRows < 0 || spec.Batch.MaxBytes < 0 {
			t.Errorf("negative limits: %+v", spec)
		}
	})
	t.Run("every operation is in one request or rejected", func(t *testing.T) {
		for seed, n := range []int{1, 2, 7, most} {
			chunk := Chunk(Ops(n, uint64(seed)))
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
		one, _ := d.Encode(Chunk(Ops(50, 9)))
		two, _ := d.Encode(Chunk(Ops(50, 9)))
		if diff := cmp.Diff(one, two); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("requests do not share memory with the chunk", func(t *testing.T) {
		ops := Ops(50, 9)
		requests, _ := d.Encode(Chunk(ops))
		want, _ := d.Encode(Chunk(Ops(50, 9)))
		clear(ops)
		if diff := cmp.Diff(want, requests); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what cannot be spelled is rejected alone", func(t *testing.T) {
		for _, bad := range []any{math.NaN(), math.Inf(1), struct{}{}} {
			ops := Ops(20, 3)
			for i := range ops {
				if ops[i].Kind == syncs.Upsert {
					ops[i].Values[2] = bad
				}
			}
			_, rejections := d.Encode(Chunk(ops))
			for _, r := range rejections {
				op := ops[r.Op]
				if op.Kind == syncs.Remove {
					t.Errorf("a removal was rejected: %s", r.Message)
				}
				if r.Code == "" || strings.Contains(r.Message, op.Key) || strings.Contains(r.Message, Canary) {
					t.Errorf("rejection %q %q, want a code and no content", r.Code, r.Message)
				}
			}
		}
	})
	t.Run("no secret outside of its header", func(t *testing.T) {
		requests, _ := d.Encode(Chunk(Ops(5, 4)))
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
		requests, _ := d.Encode(Chunk(Ops(8, 5)))
		for _, req := range requests {
			for status := 100; status < 600; status++ {
				for _, body := range bodies() {
					checkOutcome(t, d, req, response(status, body))
				}
			}
		}
	})
}

// FuzzDecode feeds any answer to a destination.
func FuzzDecode(f *testing.F, h Harness) {
	f.Helper()
	for _, body := range bodies() {
		f.Add(200, body, "1")
		f.Add(429, body, "Wed, 21 Oct 2026 07:28:00 GMT")
	}
	requests, _ := h.Destination.Encode(Chunk(Ops(8, 5)))
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter string) {
		resp := response(status, body)
		resp.Header.Set("Retry-After", retryAfter)
		for _, req := range requests {
			checkOutcome(t, h.Destination, req, resp)
		}
	})
}

func response(status int, body []byte) *syncs.Response {
	return &syncs.Response{Status: status, Header: http.Header{}, Body: body, ReceivedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
}

// bodies are answers of every sort.
func bodies() [][]byte {
	list := [][]byte{
		nil, []byte(" "), []byte("ok"), []byte("{}"), []byte("[]"), []byte("null"), []byte("<html>"), []byte("{"), []byte("\xff\xfe\x00"),
		[]byte(`{"ok":false}`), []byte(`{"error":"x"}`), []byte(`{"results":[]}`), []byte(`{"results":null}`), []byte(`{"results":{}}`),
		[]byte(`{"results":[{"index":-1,"status":"ok"},{"index":99,"status":"ok"},{"status":"ok"},{"index":0},{"index":1,"status":"rejected","code":7}]}`),
		[]byte(`{"results":[{"index":0,"status":"ok"},{"index":0,"status":"rejected"}]}`),
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
func checkOutcome(t *testing.T, d syncs.Destination, req syncs.Request, resp *syncs.Response) {
	t.Helper()
	out := d.Decode(req, resp)
	context := fmt.Sprintf("status %d, body %.60q", resp.Status, resp.Body)
	switch out.Verdict {
	case syncs.Rows:
		if resp.Status < 200 || resp.Status > 299 {
			t.Errorf("%s: verdict Rows, though the status is no success", context)
		}
	case syncs.Retry, syncs.Split, syncs.Fatal, syncs.Unknown, syncs.Expired:
		if out.Code == "" || out.Message == "" {
			t.Errorf("%s: verdict %d without code or message", context, out.Verdict)
		}
		if len(out.Rows) > 0 {
			t.Errorf("%s: verdict %d has rows", context, out.Verdict)
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
		if !row.Accepted && row.Code == "" {
			t.Errorf("%s: a rejection without code", context)
		}
	}
}
