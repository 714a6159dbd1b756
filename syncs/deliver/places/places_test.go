package places_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/deliver/places"
	"github.com/customhouse-cdp/customhouse/syncs/deliver/places/placestest"
	"github.com/customhouse-cdp/customhouse/syncs/files"
)

func TestMain(m *testing.M) {
	minio.DefaultRetryUnit = time.Millisecond // The engine waits, not the library.
	goleak.VerifyTestMain(m)
}

// clock never waits.
type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC) }

func (clock) Sleep(ctx context.Context, d time.Duration) error {
	if d == grace { // The engine gives requests on their way that long.
		<-ctx.Done()
	}
	return context.Cause(ctx)
}

const grace = time.Hour

// ledger remembers what was acknowledged.
type ledger map[string]string

func (l ledger) Record(_ context.Context, results []deliver.Result, _ bool) error {
	for _, r := range results {
		if r.Accepted {
			l[r.Key] = r.Fingerprint
		}
	}
	return nil
}

func template(tb testing.TB, text string) secret.Template {
	tb.Helper()
	v, err := secret.NewTemplate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func ref(tb testing.TB, name string) secret.Ref {
	tb.Helper()
	v, err := secret.NewRef("${env:" + name + "}")
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// place is a server, and how a project names it.
type place struct {
	config  func(*files.Config)
	secrets map[string]string
	// files are all there are below the folder.
	files func() map[string][]byte
	// put puts a file there.
	put func(name, text string)
	// open is how many uploads are open.
	open   func() int
	bucket *placestest.Bucket
	server *placestest.Server
}

const folder = "daily/exports"

// bucket serves a bucket and names it.
func bucket(tb testing.TB, change func(*placestest.Bucket, *files.S3)) *place {
	tb.Helper()
	b := placestest.NewBucket()
	s := httptest.NewServer(b)
	tb.Cleanup(s.Close)
	c := &files.S3{
		Bucket: template(tb, placestest.Name), Endpoint: template(tb, s.URL), Region: template(tb, placestest.Region), PathStyle: true,
		AccessKey: ref(tb, "KEY"), SecretKey: ref(tb, "SECRET"),
	}
	if change != nil {
		change(b, c)
	}
	p := inBucket(b)
	p.config = func(f *files.Config) { f.S3 = c }
	return p
}

func inBucket(b *placestest.Bucket) *place {
	return &place{
		secrets: map[string]string{"KEY": placestest.AccessKey, "SECRET": placestest.SecretKey, "SESSION": placestest.Session},
		files: func() map[string][]byte {
			found := map[string][]byte{}
			for key, body := range b.Objects() {
				found[strings.TrimPrefix(key, folder+"/")] = body
			}
			return found
		},
		put:    func(name, text string) { b.Put(folder+"/"+name, []byte(text)) },
		open:   b.Uploads,
		bucket: b,
	}
}

// accountKey is that of all service accounts: it takes long to make.
var accountKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// google serves a bucket of Google's.
func google(tb testing.TB, hmac bool) *place {
	tb.Helper()
	key, err := accountKey()
	if err != nil {
		tb.Fatal(err)
	}
	b := placestest.NewBucket()
	b.Google, b.Account = !hmac, &key.PublicKey
	s := httptest.NewServer(b)
	tb.Cleanup(s.Close)
	p := inBucket(b)
	c := &files.GCS{Bucket: template(tb, placestest.Name), Endpoint: template(tb, s.URL), Account: ref(tb, "ACCOUNT")}
	if hmac {
		c.Account, c.AccessKey, c.SecretKey = secret.Ref{}, ref(tb, "KEY"), ref(tb, "SECRET")
	}
	if p.secrets["ACCOUNT"], err = placestest.AccountKey(key, s.URL); err != nil {
		tb.Fatal(err)
	}
	p.config = func(f *files.Config) { f.GCS = c }
	return p
}

const password = "canary-7f3a9c51d2e8-password"

// server serves SFTP, by the library or by a command.
func server(tb testing.TB, command string, change func(*placestest.Server, *files.SFTP)) *place {
	tb.Helper()
	dir := tb.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := placestest.NewServer(dir, password, key, command)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		tb.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open sesame"))
	if err != nil {
		tb.Fatal(err)
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		tb.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		tb.Fatal(err)
	}
	c := &files.SFTP{
		Host: template(tb, host), Port: number, User: template(tb, placestest.User), Password: ref(tb, "PASSWORD"), HostKeys: []string{s.Key},
	}
	if change != nil {
		change(s, c)
	}
	p := below(tb, filepath.Join(dir, folder))
	p.server = s
	p.config = func(f *files.Config) { f.SFTP = c }
	p.secrets = map[string]string{
		"PASSWORD": password, "PRIVATE": strings.TrimSpace(string(pem.EncodeToMemory(block))),
		"LOCKED": strings.TrimSpace(string(pem.EncodeToMemory(locked))), "PASSPHRASE": "open sesame",
	}
	return p
}

// below is a place whose files are those of a folder of this machine.
func below(tb testing.TB, root string) *place {
	tb.Helper()
	return &place{
		files: func() map[string][]byte {
			found := map[string][]byte{}
			err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
					return nil
				}
				if err == nil {
					found[name], err = os.ReadFile(filepath.Join(root, name))
				}
				return err
			})
			if err != nil {
				tb.Error(err)
			}
			return found
		},
		put: func(name, text string) {
			full := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
				tb.Fatal(err)
			}
			if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
				tb.Fatal(err)
			}
		},
		open: func() int { return 0 },
	}
}

// openSSH is OpenSSH's server of SFTP, "" where this machine has none.
func openSSH() string {
	for _, name := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"} {
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	found, err := exec.LookPath("sftp-server")
	if err != nil {
		return ""
	}
	return found
}

// all are the places there are, by name.
func all(tb testing.TB) map[string]func(testing.TB) *place {
	tb.Helper()
	list := map[string]func(testing.TB) *place{
		"s3": func(tb testing.TB) *place { tb.Helper(); return bucket(tb, nil) },
		"s3 with a temporary key and encryption": func(tb testing.TB) *place {
			tb.Helper()
			return bucket(tb, func(b *placestest.Bucket, c *files.S3) {
				b.Encryption, c.Encryption, c.SessionToken = "aws:kms", "aws:kms", ref(tb, "SESSION")
			})
		},
		"s3 without conditions": func(tb testing.TB) *place {
			tb.Helper()
			return bucket(tb, func(b *placestest.Bucket, _ *files.S3) { b.Unconditional = true })
		},
		"s3 that ignores conditions": func(tb testing.TB) *place {
			tb.Helper()
			return bucket(tb, func(b *placestest.Bucket, _ *files.S3) { b.Ignores = true })
		},
		"gcs":             func(tb testing.TB) *place { tb.Helper(); return google(tb, false) },
		"gcs by HMAC key": func(tb testing.TB) *place { tb.Helper(); return google(tb, true) },
		"sftp":            func(tb testing.TB) *place { tb.Helper(); return server(tb, "", nil) },
	}
	if command := openSSH(); command != "" {
		list["sftp of OpenSSH"] = func(tb testing.TB) *place { tb.Helper(); return server(tb, command, nil) }
	} else {
		tb.Log("OpenSSH's sftp-server is not on this machine: the tests on it do NOT run")
	}
	if command, err := exec.LookPath("versitygw"); err == nil {
		list["s3 of Versity"] = func(tb testing.TB) *place { tb.Helper(); return gateway(tb, command) }
	} else {
		tb.Log("versitygw is not on this machine: the tests on it do NOT run")
	}
	return list
}

var schema = syncs.Schema{Sync: "vip", Object: "contacts", Key: "email", Fields: []syncs.Field{
	{Name: "email", Type: syncs.String}, {Name: "spent", Type: syncs.Int},
}}

func upserts(n int) []syncs.Op {
	ops := make([]syncs.Op, n)
	for i := range ops {
		key := fmt.Sprintf("user%05d@example.com", i)
		ops[i] = syncs.Op{Kind: syncs.Upsert, Key: key, Fingerprint: strconv.Itoa(i), Values: []any{key, int64(i)}}
	}
	return ops
}

// job delivers operations to a place.
func (p *place) job(tb testing.TB, run string, ops []syncs.Op, l ledger, change func(*files.Config)) deliver.Job {
	tb.Helper()
	c := files.Default()
	c.Path, c.PartRows, c.AllowPrivate = template(tb, folder), 2, true
	p.config(c)
	if change != nil {
		change(c)
	}
	due := slices.DeleteFunc(slices.Clone(ops), func(op syncs.Op) bool { return l[op.Key] == op.Fingerprint })
	return deliver.Job{
		RunID: run, AsOf: clock{}.Now(), Destination: files.New(c), Schema: schema, Dir: tb.TempDir(),
		Secrets: func(r secret.Ref) secret.Value {
			return secret.NewValue(p.secrets[strings.TrimSuffix(strings.TrimPrefix(r.Text(), "${env:"), "}")])
		},
		Counts:    deliver.Counts{Upserts: int64(len(due))},
		Changes:   func(context.Context) iter.Seq2[syncs.Op, error] { return stream(due) },
		Ledger:    l,
		OpenPlace: places.Open, Clock: clock{}, Settings: deliver.Settings{Grace: grace, Attempts: 4},
	}
}

func stream(ops []syncs.Op) iter.Seq2[syncs.Op, error] {
	return func(yield func(syncs.Op, error) bool) {
		for _, op := range ops {
			if !yield(op, nil) {
				return
			}
		}
	}
}

type manifest struct {
	RunID string `json:"run_id"`
	Rows  int
	Bytes int
	Parts []struct {
		Name        string
		Rows, Bytes int
		SHA256      string
	}
}

// published are the keys of the rows that manifests speak of, by run. It fails
// the test where a file is not what its manifest says, where nothing speaks of
// it, or where something is staged or open.
func (p *place) published(tb testing.TB, foreign ...string) map[string][]string {
	tb.Helper()
	found := p.files()
	for _, name := range foreign {
		if _, there := found[name]; !there {
			tb.Errorf("%s is gone", name)
		}
		delete(found, name)
	}
	keys := map[string][]string{}
	spoken := map[string]bool{}
	for name, text := range found {
		if !strings.HasSuffix(name, "manifest.json") {
			continue
		}
		spoken[name] = true
		var m manifest
		if err := json.Unmarshal(text, &m); err != nil {
			tb.Errorf("%s: %v", name, err)
		}
		rows, size := 0, 0
		for _, part := range m.Parts {
			// A manifest in the folder of a run names files of it.
			at := part.Name
			if path.Base(name) == "manifest.json" {
				at = path.Join(path.Dir(name), part.Name)
			}
			spoken[at] = true
			body := found[at]
			sum := sha256.Sum256(body)
			if hex.EncodeToString(sum[:]) != part.SHA256 || len(body) != part.Bytes {
				tb.Errorf("%s is not the file of %s", at, name)
			}
			if strings.HasSuffix(at, ".gz") {
				body = unpacked(tb, body)
			}
			lines := strings.Split(strings.TrimSuffix(string(body), "\r\n"), "\r\n")
			if len(lines) != part.Rows+1 || !strings.Contains(lines[0], "email") {
				tb.Errorf("%s has %d lines for %d rows, the first of them %q", at, len(lines), part.Rows, lines[0])
			}
			for _, line := range lines[1:] {
				cells := strings.Split(line, ",")
				keys[m.RunID] = append(keys[m.RunID], cells[len(cells)-2])
			}
			rows, size = rows+part.Rows, size+part.Bytes
		}
		if rows != m.Rows || size != m.Bytes {
			tb.Errorf("%s sums up to %d rows and %d bytes, its parts to %d and %d", name, m.Rows, m.Bytes, rows, size)
		}
	}
	for name := range found {
		if !spoken[name] {
			tb.Errorf("%s is there, and no manifest speaks of it", name)
		}
	}
	if n := p.open(); n > 0 {
		tb.Errorf("%d uploads are open", n)
	}
	return keys
}

func unpacked(tb testing.TB, body []byte) []byte {
	tb.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func keysOf(ops []syncs.Op) []string {
	keys := make([]string, len(ops))
	for i, op := range ops {
		keys[i] = op.Key
	}
	return keys
}

// shapes are ways to name files.
var shapes = map[string]func(*files.Config){
	"a folder a run":           nil,
	"files among others":       func(c *files.Config) { c.FileName = "in/{sync}-{date}-{run}-{part}.{ext}" },
	"one file a run":           func(c *files.Config) { c.FileName = "{sync}/dt={date}/{run}.{ext}" },
	"one file a run, packed":   func(c *files.Config) { c.FileName, c.Compress = "{sync}-{run}.{ext}", files.Gzip },
	"many files a run, packed": func(c *files.Config) { c.Compress = files.Gzip },
}

// long says that there is time for every place and shape.
var long = os.Getenv("CUSTOMHOUSE_LONG") != ""

// gateway runs a versitygw, an S3 server over a folder, where this machine has one
// (github.com/versity/versitygw/cmd/versitygw, v1.8.0).
func gateway(tb testing.TB, command string) *place {
	tb.Helper()
	dir := tb.TempDir()
	root := filepath.Join(dir, placestest.Name)
	if err := os.Mkdir(root, 0o700); err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		tb.Fatal(err)
	}
	c := exec.CommandContext(tb.Context(), command, "--port", address, "--access", placestest.AccessKey, "--secret", placestest.SecretKey, "--region", placestest.Region, "--quiet", "posix", dir)
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if tb.Context().Err() != nil {
			tb.Fatal(err)
		}
	}
	p := below(tb, filepath.Join(root, folder))
	p.secrets = map[string]string{"KEY": placestest.AccessKey, "SECRET": placestest.SecretKey}
	p.config = func(f *files.Config) {
		f.S3 = &files.S3{
			Bucket: template(tb, placestest.Name), Endpoint: template(tb, "http://"+address), Region: template(tb, placestest.Region), PathStyle: true,
			AccessKey: ref(tb, "KEY"), SecretKey: ref(tb, "SECRET"),
		}
	}
	return p
}

// some are the places and shapes that faults are tried on.
func some(tb testing.TB) (map[string]func(testing.TB) *place, map[string]func(*files.Config)) {
	tb.Helper()
	if long {
		return all(tb), shapes
	}
	ways := maps.Clone(shapes)
	delete(ways, "many files a run, packed")
	delete(ways, "one file a run")
	where := all(tb)
	for _, name := range []string{"s3 with a temporary key and encryption", "s3 without conditions", "gcs by HMAC key"} {
		delete(where, name)
	}
	if openSSH() != "" {
		delete(where, "sftp")
	}
	return where, ways
}

func TestPublished(t *testing.T) {
	t.Parallel()
	for name, open := range all(t) {
		for shape, change := range shapes {
			t.Run(name+", "+shape, func(t *testing.T) {
				t.Parallel()
				p, l := open(t), ledger{}
				p.put("in/theirs.csv", "x")
				ops := upserts(7)
				got, err := deliver.Run(t.Context(), p.job(t, "run-1", ops[:5], l, change))
				if err != nil || got.Status != deliver.OK || got.Accepted != 5 {
					t.Fatalf("report %+v, error %v", got, err)
				}
				if !strings.Contains(got.Published, "://") || strings.Contains(got.Published, "canary") || !strings.Contains(got.Published, "run-1") {
					t.Errorf("published at %q", got.Published)
				}
				if _, err := deliver.Run(t.Context(), p.job(t, "run-2", ops, l, change)); err != nil {
					t.Fatal(err)
				}
				want := map[string][]string{"run-1": keysOf(ops[:5]), "run-2": keysOf(ops[5:])}
				if diff := cmp.Diff(want, p.published(t, "in/theirs.csv")); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestReplaced: one file that each run replaces where the project says so, and
// none where it does not.
func TestReplaced(t *testing.T) {
	t.Parallel()
	for name, open := range all(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, l := open(t), ledger{}
			ops := upserts(5)
			fixed := func(c *files.Config) { c.FileName, c.Replace, c.Layout = "audience.csv", true, files.Snapshot }
			for i := range 3 {
				job := p.job(t, fmt.Sprintf("run-%d", i), ops[:3+i], ledger{}, fixed)
				if got, err := deliver.Run(t.Context(), job); err != nil || got.Status != deliver.OK {
					t.Fatalf("report %+v, error %v", got, err)
				}
			}
			if got := strings.Count(string(p.files()["audience.csv"]), "\r\n"); got != 6 {
				t.Errorf("the file has %d lines, want a header and 5 rows", got)
			}
			before := p.files()
			got, err := deliver.Run(t.Context(), p.job(t, "run-4", ops, l, func(c *files.Config) { fixed(c); c.Replace = false }))
			var stop *deliver.StopError
			if !errors.As(err, &stop) || stop.Code != "already-published" || !strings.Contains(stop.Message, "audience.csv") || got.Accepted != 0 || len(l) != 0 {
				t.Errorf("report %+v, error %v", got, err)
			}
			if diff := cmp.Diff(before, p.files()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTaken: a name that is taken while the delivery runs is not replaced, and
// what was published before it is taken back.
func TestTaken(t *testing.T) {
	t.Parallel()
	for name, open := range all(t) {
		for shape, taken := range map[string]string{"among": "vip-run-1-00002.csv", "own": "vip/run-1/part-00002.csv"} {
			t.Run(name+" "+shape, func(t *testing.T) {
				t.Parallel()
				p, l := open(t), ledger{}
				job := p.job(t, "run-1", upserts(5), l, func(c *files.Config) {
					if shape == "among" {
						c.FileName = "{sync}-{run}-{part}.{ext}"
					}
				})
				job.Settings.Reached = func(point string) {
					if point == "publish" {
						p.put(taken, "theirs")
					}
				}
				got, err := deliver.Run(t.Context(), job)
				var stop *deliver.StopError
				if !errors.As(err, &stop) || stop.Code != "already-published" || got.Accepted != 0 || len(l) != 0 {
					t.Errorf("report %+v, error %v", got, err)
				}
				if diff := cmp.Diff(map[string][]byte{taken: []byte("theirs")}, p.files()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// faulty has a bucket fail at the n-th request of a delivery, once or for ever; it
// returns a function that heals it and says whether that came to pass.
type faulty struct {
	name string
	set  func(p *place, n int) (heal func() bool)
}

func requestFault(name, when string, forever bool, answer placestest.Answer) faulty {
	return faulty{name: name, set: func(p *place, n int) func() bool {
		var mu sync.Mutex
		seen, failed := 0, false
		p.bucket.Fault = func(at string, _ int, _ *http.Request) *placestest.Answer {
			mu.Lock()
			defer mu.Unlock()
			if at != when {
				if !failed || !forever {
					return nil
				}
				return &answer
			}
			if seen++; seen < n || seen > n && !forever {
				return nil
			}
			failed = true
			return &answer
		}
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			p.bucket.Fault = nil
			return failed
		}
	}}
}

var (
	lost     = placestest.Answer{}
	slowDown = placestest.Answer{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
	broken   = placestest.Answer{Status: http.StatusInternalServerError, Code: "InternalError"}
)

// passing are faults of a bucket that do not last.
var passing = []faulty{
	requestFault("connection lost before", "before", false, lost),
	requestFault("connection lost after", "after", false, lost),
	requestFault("slow down", "before", false, slowDown),
	requestFault("error after", "after", false, broken),
}

// TestFaultsThatPass: whatever request fails once, the delivery goes on, and all
// is as it would have been.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	where, ways := some(t)
	ops := upserts(5)
	for name, open := range where {
		for shape, change := range ways {
			for _, f := range passing {
				t.Run(name+", "+shape+", "+f.name, func(t *testing.T) {
					t.Parallel()
					for n := 1; ; n++ {
						p, l := open(t), ledger{}
						if p.bucket == nil {
							return
						}
						heal := f.set(p, n)
						got, err := deliver.Run(t.Context(), p.job(t, "run-1", ops, l, change))
						if !heal() {
							return
						}
						if err != nil || got.Status != deliver.OK || len(l) != len(ops) {
							t.Fatalf("request %d: report %+v, error %v", n, got, err)
						}
						if diff := cmp.Diff(map[string][]string{"run-1": keysOf(ops)}, p.published(t)); diff != "" {
							t.Fatalf("request %d: %s", n, diff)
						}
					}
				})
			}
		}
	}
}

// killed delivers to a place that dies at the n-th event for ever, so that
// nothing can be cleaned up, as when the process is killed; then another run to
// the place as it was left.
func killed(t *testing.T, p *place, heal func() bool, change func(*files.Config)) (came bool) {
	t.Helper()
	ops, l := upserts(5), ledger{}
	first := p.job(t, "run-1", ops, l, change)
	first.Settings.Attempts = 1
	got, err := deliver.Run(t.Context(), first)
	came = heal()
	// What was acknowledged was published whole.
	if len(l) > 0 && (err != nil || len(l) != len(ops)) {
		t.Fatalf("report %+v, error %v: %d are in the ledger", got, err, len(l))
	}
	if !came {
		return false
	}
	acknowledged := len(l) > 0
	if _, err := deliver.Run(t.Context(), p.job(t, "run-2", append(ops, upserts(7)[5:]...), l, change)); err != nil {
		t.Fatal(err)
	}
	published := p.published(t)
	want := keysOf(upserts(7))
	if acknowledged {
		want = want[5:]
	}
	if diff := cmp.Diff(want, published["run-2"]); diff != "" {
		t.Fatal(diff)
	}
	// The first run is there whole, or not at all.
	if first, there := published["run-1"]; there {
		if diff := cmp.Diff(keysOf(ops), first); diff != "" {
			t.Fatal(diff)
		}
	}
	return true
}

func TestKilledAtEachRequest(t *testing.T) {
	t.Parallel()
	where, ways := some(t)
	for name, open := range where {
		for shape, change := range ways {
			for _, when := range []string{"before", "after"} {
				t.Run(name+", "+shape+", "+when, func(t *testing.T) {
					t.Parallel()
					f := requestFault("", when, true, lost)
					n := 1
					for ; ; n++ {
						p := open(t)
						if p.bucket == nil {
							return
						}
						if !killed(t, p, f.set(p, n), change) {
							break
						}
					}
					if n < 10 {
						t.Errorf("only %d points", n)
					}
				})
			}
		}
	}
}

// TestConnectionCut cuts connections to an SFTP server at many places, for ever
// and so that a new one can be made.
func TestConnectionCut(t *testing.T) {
	t.Parallel()
	where, ways := some(t)
	step := 3 << 10
	if long {
		step = 512
	}
	for name, open := range where {
		for shape, change := range ways {
			t.Run(name+", "+shape, func(t *testing.T) {
				t.Parallel()
				for n := 500; ; n += step {
					p := open(t)
					if p.server == nil {
						return
					}
					p.server.Fail(int64(n), 0)
					came := killed(t, p, func() bool { return p.server.Fail(0, 0) > 0 }, change)
					p = open(t)
					p.server.Fail(int64(n), 2)
					job := p.job(t, "run-1", upserts(5), ledger{}, change)
					job.Settings.Attempts = 20
					if _, err := deliver.Run(t.Context(), job); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(map[string][]string{"run-1": keysOf(upserts(5))}, p.published(t)); diff != "" {
						t.Fatal(diff)
					}
					if !came {
						return
					}
				}
			})
		}
	}
}

// TestLarge sends files in many pieces, over connections that do not last.
func TestLarge(t *testing.T) {
	t.Parallel()
	ops := upserts(60_000)
	for i := range ops {
		ops[i].Key = strings.Repeat("x", 300) + ops[i].Key
		ops[i].Values[0] = ops[i].Key
	}
	for name, open := range all(t) {
		for shape, change := range map[string]func(*files.Config){"one": shapes["one file a run"], "many": nil} {
			t.Run(name+", "+shape, func(t *testing.T) {
				t.Parallel()
				p, l := open(t), ledger{}
				job := p.job(t, "run-1", ops, l, func(c *files.Config) {
					if c.PartRows = 20_000; change != nil {
						change(c)
					}
				})
				job.Settings.Attempts = 20
				retried := 0
				job.Events = func(e deliver.Event) {
					if _, ok := e.(deliver.Retrying); ok {
						retried++
					}
				}
				if p.server != nil {
					p.server.Fail(5<<20, 3)
				} else if p.bucket != nil {
					p.bucket.Fault = func(when string, n int, _ *http.Request) *placestest.Answer {
						if when == "before" && n%4 == 0 {
							return &slowDown
						}
						return nil
					}
				}
				got, err := deliver.Run(t.Context(), job)
				if err != nil || len(l) != len(ops) || retried < 2 && name != "s3 of Versity" {
					t.Fatalf("report %+v, error %v, %d retries", got, err, retried)
				}
				if p.server != nil {
					p.server.Fail(0, 0)
				}
				if diff := cmp.Diff(map[string][]string{"run-1": keysOf(ops)}, p.published(t)); diff != "" {
					t.Error("other rows")
				}
			})
		}
	}
}

// TestRefused: what somebody has to mend is said, once and without a secret.
func TestRefused(t *testing.T) {
	t.Parallel()
	fault := func(status int, code string) func(*placestest.Bucket, *files.S3) {
		return func(b *placestest.Bucket, _ *files.S3) {
			b.Fault = func(string, int, *http.Request) *placestest.Answer {
				return &placestest.Answer{Status: status, Code: code}
			}
		}
	}
	absent := filepath.Join(t.TempDir(), "absent")
	known := filepath.Join(t.TempDir(), "known_hosts")
	other := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS"
	for name, test := range map[string]struct {
		open     func(testing.TB) *place
		code     string
		mentions string
	}{
		"wrong key": {func(tb testing.TB) *place {
			tb.Helper()
			p := bucket(tb, nil)
			p.secrets["SECRET"] = "canary-7f3a9c51d2e8-wrong"
			return p
		}, "unauthorized", "check the keys"},
		"unknown key": {func(tb testing.TB) *place {
			tb.Helper()
			p := bucket(tb, nil)
			p.secrets["KEY"] = "canary-other"
			return p
		}, "unauthorized", "check the keys"},
		"forbidden": {func(tb testing.TB) *place { tb.Helper(); return bucket(tb, fault(403, "AccessDenied")) }, "forbidden", "permissions"},
		"no space":  {func(tb testing.TB) *place { tb.Helper(); return bucket(tb, fault(507, "XMinioStorageFull")) }, "no-space", "exports"},
		"quota":     {func(tb testing.TB) *place { tb.Helper(); return bucket(tb, fault(403, "QuotaExceeded")) }, "no-space", "exports"},
		"no bucket": {func(tb testing.TB) *place {
			tb.Helper()
			return bucket(tb, func(_ *placestest.Bucket, c *files.S3) { c.Bucket = template(tb, "other") })
		}, "not-found", "name of the bucket"},
		"always busy": {func(tb testing.TB) *place { tb.Helper(); return bucket(tb, fault(503, "SlowDown")) }, "no-answer", "gave up after 4 attempts"},
		"wrong account": {func(tb testing.TB) *place {
			tb.Helper()
			p := google(tb, false)
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				tb.Fatal(err)
			}
			p.bucket.Account = &key.PublicKey
			return p
		}, "unauthorized", "its key is still valid"},
		"no account": {func(tb testing.TB) *place {
			tb.Helper()
			p := google(tb, false)
			p.secrets["ACCOUNT"] = "canary-7f3a9c51d2e8"
			return p
		}, "unauthorized", "account is not"},
		"wrong password": {func(tb testing.TB) *place {
			tb.Helper()
			p := server(tb, "", nil)
			p.secrets["PASSWORD"] = "canary-7f3a9c51d2e8-wrong"
			return p
		}, "unauthorized", "check user, password"},
		"unknown host": {func(tb testing.TB) *place {
			tb.Helper()
			return server(tb, "", func(_ *placestest.Server, c *files.SFTP) { c.HostKeys = []string{other} })
		}, "unknown-host-key", "SHA256:"},
		"unknown fingerprint": {func(tb testing.TB) *place {
			tb.Helper()
			return server(tb, "", func(_ *placestest.Server, c *files.SFTP) { c.HostKeys = []string{"SHA256:AAAA"} })
		}, "unknown-host-key", "SHA256:"},
		"another host in known_hosts": {func(tb testing.TB) *place {
			tb.Helper()
			return server(tb, "", func(_ *placestest.Server, c *files.SFTP) {
				if err := os.WriteFile(known, []byte("other.example.com "+other+"\n"), 0o600); err != nil {
					tb.Fatal(err)
				}
				c.HostKeys, c.KnownHosts = nil, known
			})
		}, "unknown-host-key", "SHA256:"},
		"no known_hosts": {func(tb testing.TB) *place {
			tb.Helper()
			return server(tb, "", func(_ *placestest.Server, c *files.SFTP) { c.HostKeys, c.KnownHosts = nil, absent })
		}, "no-host-key", "absent"},
		"locked key": {func(tb testing.TB) *place {
			tb.Helper()
			return server(tb, "", func(_ *placestest.Server, c *files.SFTP) { c.Password, c.PrivateKey = secret.Ref{}, ref(tb, "LOCKED") })
		}, "unauthorized", "passphrase"},
		"no permission": {func(tb testing.TB) *place {
			tb.Helper()
			p := server(tb, "", nil)
			p.put("x", "x")
			c := p.config
			p.config = func(f *files.Config) { c(f); f.Path = template(tb, folder+"/x") } // a file, not a folder
			return p
		}, "refused", "x"},
		"private address": {func(tb testing.TB) *place {
			tb.Helper()
			p := bucket(tb, nil)
			c := p.config
			p.config = func(f *files.Config) { c(f); f.AllowPrivate = false }
			return p
		}, "address-refused", "allow_private"},
		"private server": {func(tb testing.TB) *place {
			tb.Helper()
			p := server(tb, "", nil)
			c := p.config
			p.config = func(f *files.Config) { c(f); f.AllowPrivate = false }
			return p
		}, "address-refused", "allow_private"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, l := test.open(t), ledger{}
			got, err := deliver.Run(t.Context(), p.job(t, "run-1", upserts(3), l, nil))
			var stop *deliver.StopError
			if !errors.As(err, &stop) || stop.Code != test.code || !strings.Contains(stop.Message, test.mentions) {
				t.Errorf("error %v (%+v), want %s with %q", err, stop, test.code, test.mentions)
			}
			if got.Status != deliver.Failed || got.Accepted != 0 || len(l) != 0 {
				t.Errorf("report %+v", got)
			}
			if strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("error %v holds a secret", err)
			}
		})
	}
}

// TestSignedIn: each way to sign in to a server, and to know it.
func TestSignedIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(tb testing.TB, s *placestest.Server, c *files.SFTP){
		"password": func(testing.TB, *placestest.Server, *files.SFTP) {},
		"private key": func(tb testing.TB, _ *placestest.Server, c *files.SFTP) {
			tb.Helper()
			c.Password, c.PrivateKey = secret.Ref{}, ref(tb, "PRIVATE")
		},
		"locked key": func(tb testing.TB, _ *placestest.Server, c *files.SFTP) {
			tb.Helper()
			c.Password, c.PrivateKey, c.Passphrase = secret.Ref{}, ref(tb, "LOCKED"), ref(tb, "PASSPHRASE")
		},
		"fingerprint": func(_ testing.TB, s *placestest.Server, c *files.SFTP) { c.HostKeys = []string{s.Fingerprint} },
		"key as ssh-keyscan says": func(_ testing.TB, s *placestest.Server, c *files.SFTP) {
			c.HostKeys = []string{"files.example.com " + s.Key}
		},
		"known_hosts": func(tb testing.TB, s *placestest.Server, c *files.SFTP) {
			tb.Helper()
			host, port, _ := strings.Cut(s.Address, ":")
			name := filepath.Join(tb.TempDir(), "known_hosts")
			if err := os.WriteFile(name, []byte("["+host+"]:"+port+" "+s.Key), 0o600); err != nil {
				tb.Fatal(err)
			}
			c.HostKeys, c.KnownHosts = nil, name
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, l := server(t, "", func(s *placestest.Server, c *files.SFTP) { change(t, s, c) }), ledger{}
			if _, err := deliver.Run(t.Context(), p.job(t, "run-1", upserts(3), l, nil)); err != nil || len(l) != 3 {
				t.Errorf("error %v, %d in the ledger", err, len(l))
			}
		})
	}
}

// TestCheck: a place that can be used says so, and nothing stays there.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, open := range all(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			job := p.job(t, "run-1", nil, ledger{}, nil)
			if where, err := deliver.CheckPlace(t.Context(), job.Destination, job.Dir, job.Secrets, places.Open); err != nil || !strings.HasSuffix(where, folder) {
				t.Errorf("%q, error %v", where, err)
			}
			p.published(t)
			for ref := range p.secrets {
				p.secrets[ref] = "canary-7f3a9c51d2e8-wrong"
			}
			var stop *deliver.StopError
			if _, err := deliver.CheckPlace(t.Context(), job.Destination, job.Dir, job.Secrets, places.Open); !errors.As(err, &stop) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v", err)
			}
		})
	}
}
