package main

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/customhouse-cdp/customhouse/syncs/deliver/places/placestest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

var (
	scriptFakes   sync.Map // the fake of a script, by its folder
	scriptBuckets sync.Map
)

// fake serves a fake of a platform; "fake held FILE" writes what is there.
func fake(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] != "held" {
		f := fakes[args[0]]()
		server := httptest.NewServer(f)
		ts.Defer(server.Close)
		ts.Setenv("FAKE_URL", server.URL)
		ts.Setenv("TOKEN", synctest.Canary)
		scriptFakes.Store(ts.Getenv("WORK"), f)
		return
	}
	f, ok := scriptFakes.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("there is no fake")
	}
	text, err := json.MarshalIndent(f.(synctest.Fake).Contents(), "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), append(text, '\n'), 0o600))
}

// bucket serves an empty bucket that speaks S3; "bucket copy DIR" copies what is
// there.
func bucket(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		b := placestest.NewBucket()
		server := httptest.NewServer(b)
		ts.Defer(server.Close)
		ts.Setenv("BUCKET_URL", server.URL)
		ts.Setenv("BUCKET_KEY", placestest.AccessKey)
		ts.Setenv("BUCKET_SECRET", placestest.SecretKey)
		scriptBuckets.Store(ts.Getenv("WORK"), b)
		return
	}
	b, ok := scriptBuckets.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("there is no bucket")
	}
	copyRuns(ts, b.(*placestest.Bucket).Objects(), args[1])
}

// runIDs matches the ids of runs.
var runIDs = regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}`)

// copyRuns writes files below a folder of the script, in place of what is there,
// with the ids of runs in their names as run-1, run-2 in the order of their times.
func copyRuns(ts *testscript.TestScript, files map[string][]byte, dir string) {
	dir = ts.MkAbs(dir)
	ts.Check(os.RemoveAll(dir))
	names := slices.Sorted(maps.Keys(files))
	ids := runIDs.FindAllString(strings.Join(names, "\n"), -1)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, name := range names {
		plain := runIDs.ReplaceAllStringFunc(name, func(id string) string { return "run-" + strconv.Itoa(slices.Index(ids, id)+1) })
		path := filepath.Join(dir, filepath.FromSlash(plain))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		ts.Check(os.WriteFile(path, files[name], 0o600))
	}
}

// sftp serves a folder over SFTP, and writes its port and key into the project;
// "sftp copy FROM DIR" copies what is in a folder.
func sftp(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "copy" {
		from, files := ts.MkAbs(args[1]), map[string][]byte{}
		ts.Check(filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(from, path)
			files[filepath.ToSlash(name)] = []byte(ts.ReadFile(path))
			return err
		}))
		copyRuns(ts, files, args[2])
		return
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	s, err := placestest.NewServer(dir, synctest.Canary, nil, "")
	ts.Check(err)
	ts.Defer(s.Close)
	_, port, err := net.SplitHostPort(s.Address)
	ts.Check(err)
	ts.Setenv("SFTP_PASSWORD", synctest.Canary)
	project := ts.MkAbs(projectFile)
	text := strings.NewReplacer("SFTP_PORT", port, "SFTP_KEY", s.Fingerprint).Replace(ts.ReadFile(project))
	ts.Check(os.WriteFile(project, []byte(text), 0o600))
}
