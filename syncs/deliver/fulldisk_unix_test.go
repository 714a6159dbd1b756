//go:build unix

package deliver_test

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// A write that fails half-way, as on a full disk, is an error that names the
// file, and nothing counts. A limit on the size of files stands in for the
// disk: it needs no privileges. It holds for a whole process, so that the test
// runs in one of its own: what writes the log of tests would fail too.
func TestWritesThatFailHalfway(t *testing.T) {
	const alone = "CUSTOMHOUSE_TEST_ALONE"
	if os.Getenv(alone) == "" {
		self := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
		self.Env = append(os.Environ(), alone+"=1")
		if out, err := self.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	dir := t.TempDir()
	for _, size := range []uint64{0, 1, 100, 100_000} {
		limited.Cur = size
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
			t.Fatal(err)
		}
		job, l := fileJob(t, dir, upserts(60_000), nil)
		got, err := deliver.Run(t.Context(), job)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "out")) {
			t.Errorf("limit %d: error %v, want one that names the file", size, err)
		}
		if got.Accepted != 0 || len(l.known) != 0 {
			t.Errorf("limit %d: report %+v, want nothing accepted", size, got)
		}
		if left := tree(t, filepath.Join(dir, "out")); len(left) > 0 {
			t.Errorf("limit %d: files %q are left", size, left)
		}
	}
}
