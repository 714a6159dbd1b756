package deliver_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/files"
)

// fileJob delivers to the folder out of a project in dir.
func fileJob(tb testing.TB, dir string, ops []syncs.Op, change func(*files.Config)) (deliver.Job, *ledger) {
	tb.Helper()
	c := files.Default()
	c.Path = template(tb, "out")
	if change != nil {
		change(c)
	}
	l := newLedger()
	return deliver.Job{
		RunID: "run-1", AsOf: newClock().now, Destination: files.New(c), Schema: schema, Dir: dir,
		Counts: deliver.Counts{Upserts: int64(len(ops))}, Changes: stream(ops), Ledger: l, Clock: newClock(),
		Settings: deliver.Settings{Grace: grace},
	}, l
}

// tree lists the files under dir.
func tree(tb testing.TB, dir string) []string {
	tb.Helper()
	names := []string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

func TestFilesArePublishedAtOnce(t *testing.T) {
	dir := t.TempDir()
	// A killed run left these.
	for _, name := range []string{"out/.staging.vip.run-0/part-00001.csv", "out/vip/run-0/part-00001.csv"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ops := upserts(120_000)
	job, l := fileJob(t, dir, ops, nil)
	var events []deliver.Published
	job.Events = func(e deliver.Event) {
		if p, ok := e.(deliver.Published); ok {
			events = append(events, p)
		}
		if p, ok := e.(deliver.Progress); ok && (p.Report.Accepted != 0 || len(l.known) != 0) {
			t.Error("rows were acknowledged before the files were published")
		}
	}
	got, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	published := filepath.Join(dir, "out", "vip", "run-1")
	if got.Status != deliver.OK || got.Accepted != 120_000 || got.Requests != 3 || got.Published != published || len(l.known) != 120_000 {
		t.Errorf("report %+v, %d in the ledger", got, len(l.known))
	}
	if l.known[ops[77_777].Key] != ops[77_777].Fingerprint {
		t.Error("the ledger has another fingerprint")
	}
	if diff := cmp.Diff([]deliver.Published{{Dir: published, Parts: 3}}, events); diff != "" {
		t.Error(diff)
	}
	want := []string{"vip/run-0/part-00001.csv", "vip/run-1/manifest.json", "vip/run-1/part-00001.csv", "vip/run-1/part-00002.csv", "vip/run-1/part-00003.csv"}
	if diff := cmp.Diff(want, tree(t, filepath.Join(dir, "out"))); diff != "" {
		t.Error(diff)
	}
	var manifest struct {
		Sync, Object string
		RunID        string `json:"run_id"`
		AsOf         string `json:"as_of"`
		Rows, Bytes  int
		Parts        []struct {
			Name        string
			Rows, Bytes int
			SHA256      string
		}
	}
	text, err := os.ReadFile(filepath.Join(published, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Sync != "vip" || manifest.RunID != "run-1" || manifest.AsOf != "2026-11-22T00:00:00Z" || manifest.Rows != 120_000 || len(manifest.Parts) != 3 {
		t.Errorf("manifest %+v", manifest)
	}
	for _, part := range manifest.Parts {
		body, err := os.ReadFile(filepath.Join(published, part.Name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		if hex.EncodeToString(sum[:]) != part.SHA256 || len(body) != part.Bytes || strings.Count(string(body), "\r\n") != part.Rows+1 {
			t.Errorf("part %+v does not match its file", part)
		}
	}
}

func TestNothingToPublish(t *testing.T) {
	dir := t.TempDir()
	for _, layout := range []string{files.Changes, files.Snapshot} {
		job, _ := fileJob(t, dir, nil, func(c *files.Config) { c.Layout = layout })
		if got, err := deliver.Run(t.Context(), job); err != nil || got.Status != deliver.OK || got.Published != "" {
			t.Errorf("report %+v, error %v", got, err)
		}
	}
	if got := tree(t, dir); len(got) > 0 {
		t.Errorf("files %q, want none", got)
	}
}

func TestSnapshotFulfilsRemovals(t *testing.T) {
	dir := t.TempDir()
	job, l := fileJob(t, dir, append(upserts(2), syncs.Op{Kind: syncs.Remove, Key: "gone"}), func(c *files.Config) { c.Layout = files.Snapshot })
	l.known["gone"] = "f"
	job.Counts = deliver.Counts{Known: 3, Wanted: 2, Removals: 1}
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Upserted != 2 || got.Removed != 1 {
		t.Errorf("report %+v, error %v", got, err)
	}
	if _, there := l.known["gone"]; there || len(l.known) != 2 {
		t.Errorf("ledger %v", l.known)
	}
	body, err := os.ReadFile(filepath.Join(dir, "out/vip/run-1/part-00001.csv"))
	if err != nil || string(body) != "email,spent\r\nuser0000000@example.com,0\r\nuser0000001@example.com,1\r\n" {
		t.Errorf("body %q, error %v", body, err)
	}
}

// Whatever ends a delivery early, nothing becomes visible and nothing counts.
func TestFilesThatFail(t *testing.T) {
	ops := upserts(60_000)
	wantNothing := func(t *testing.T, dir string, l *ledger, got deliver.Report) {
		t.Helper()
		if len(l.known) != 0 || got.Accepted != 0 || got.Status != deliver.Failed || got.Published != "" {
			t.Errorf("report %+v, %d in the ledger: want nothing acknowledged", got, len(l.known))
		}
		if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
			if got := tree(t, filepath.Join(dir, "out")); len(got) > 0 {
				t.Errorf("files %q, want none", got)
			}
		}
	}
	t.Run("reading fails", func(t *testing.T) {
		dir := t.TempDir()
		job, l := fileJob(t, dir, ops, nil)
		job.Changes = func(context.Context) iter.Seq2[syncs.Op, error] {
			return func(yield func(syncs.Op, error) bool) {
				for _, op := range ops {
					if !yield(op, nil) {
						return
					}
				}
				yield(syncs.Op{}, errAnswer)
			}
		}
		got, err := deliver.Run(t.Context(), job)
		if !errors.Is(err, errAnswer) {
			t.Errorf("error %v", err)
		}
		wantNothing(t, dir, l, got)
	})
	t.Run("cancelled", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		job, l := fileJob(t, dir, ops, nil)
		job.Events = func(deliver.Event) { cancel() }
		got, err := deliver.Run(ctx, job)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		wantNothing(t, dir, l, got)
	})
	t.Run("the folder is a file", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		job, l := fileJob(t, dir, ops, func(c *files.Config) { c.Path = template(t, "file/out") })
		got, err := deliver.Run(t.Context(), job)
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "file")) {
			t.Errorf("error %v, want one that names the path", err)
		}
		wantNothing(t, dir, l, got)
	})
	t.Run("the run was published before", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "out/vip/run-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		job, l := fileJob(t, dir, ops, nil)
		got, err := deliver.Run(t.Context(), job)
		var stop *deliver.StopError
		if !errors.As(err, &stop) || stop.Code != "already-published" {
			t.Errorf("error %v", err)
		}
		wantNothing(t, dir, l, got)
	})
	t.Run("the ledger fails after publication", func(t *testing.T) {
		dir := t.TempDir()
		job, l := fileJob(t, dir, ops, nil)
		l.failAt = 2
		got, err := deliver.Run(t.Context(), job)
		if !errors.Is(err, errLedger) || got.Status != deliver.Failed || len(l.known) == 0 || len(l.known) == len(ops) {
			t.Errorf("report %+v, error %v, %d in the ledger", got, err, len(l.known))
		}
		// The next run writes what is due to a folder of its own.
		l.failAt = 0
		var due []syncs.Op
		for _, op := range ops {
			if l.known[op.Key] != op.Fingerprint {
				due = append(due, op)
			}
		}
		job.RunID, job.Changes = "run-2", stream(due)
		if _, err := deliver.Run(t.Context(), job); err != nil || len(l.known) != len(ops) {
			t.Errorf("error %v, %d in the ledger", err, len(l.known))
		}
	})
}

// rogue is a destination that names its files badly.
type rogue struct {
	root      secret.Template
	dir, name string
}

func (d rogue) Spec() syncs.Spec { return syncs.Spec{Place: &syncs.Place{Folder: d.root}} }

func (d rogue) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := syncs.Request{File: &syncs.FileRequest{Dir: d.dir, Name: d.name, Manifest: "manifest.json", Body: []byte("x")}}
	for i := range c.Ops {
		r.Ops = append(r.Ops, i)
	}
	return []syncs.Request{r}, nil
}

func (rogue) Decode(syncs.Request, *syncs.Response) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Rows}
}

func TestPathsStayInside(t *testing.T) {
	const folder = "root" // of the destination; a name apart, since ".." stands before it below
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, folder, "link")); err != nil {
		t.Fatal(err)
	}
	var cases []rogue
	// Windows reads a drive and a share in these, whatever their names are.
	const sep = `\`
	drive, share := "C:"+sep+"x", sep+sep+"a"+sep+"b"
	for _, bad := range []string{
		"..", "../outside", "a/../../outside", "/etc", "link/x", `..\outside`, ".", ".hidden/x", "a\x00b", "a//b/../../..",
		drive, share, "./..", "a/./../../outside", "link/../../outside", "link/sub/x", "../" + folder + "/../outside", "//etc",
	} {
		cases = append(cases, rogue{template(t, folder), bad, "part.csv"})
	}
	for _, bad := range []string{"..", "../x", "/x", "link/x", "../outside/x", "a/../../outside/x", ".hidden", "", "manifest.json"} {
		cases = append(cases, rogue{template(t, folder), "", bad})
	}
	for _, bad := range []string{"..", "../x", "/x", "a/b", `a\b`, ".", "", "manifest.json", "../../outside/x", `..\x`, "x/", "x/../../y"} {
		cases = append(cases, rogue{template(t, folder), "vip/run-1", bad})
	}
	for _, c := range cases {
		job, l := fileJob(t, dir, upserts(3), nil)
		job.Destination = c
		got, err := deliver.Run(t.Context(), job)
		if err == nil || len(l.known) != 0 || got.Status != deliver.Failed {
			t.Errorf("%q %q: report %+v, error %v", c.dir, c.name, got, err)
		}
	}
	if got := tree(t, outside); len(got) > 0 {
		t.Errorf("files outside of the root: %q", got)
	}
}

func TestRootMayHoldReferences(t *testing.T) {
	dir := t.TempDir()
	job, _ := fileJob(t, "", upserts(3), func(c *files.Config) { c.Path = template(t, "${env:OUT}/x") })
	job.Secrets = func(secret.Ref) secret.Value { return secret.NewValue(dir) }
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Published != filepath.Join(dir, "x/vip/run-1") {
		t.Errorf("report %+v, error %v", got, err)
	}
	if len(tree(t, dir)) != 2 {
		t.Error(fmt.Sprint(tree(t, dir)))
	}
}
