package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// contents digests files: their names, what is in them and when they were last
// written, so that one which is restored after a run has read something else is
// not taken for unchanged. Of a pattern it takes all files that are below the
// folders which it names in full, rather too many than one too few. It is false
// where something cannot be read, or leads elsewhere.
func contents(f adapters.Files) (digest string, ok bool) {
	root := f.Path
	if i := strings.IndexAny(root, "*?[{"); i >= 0 {
		root = filepath.Dir(root[:i] + "x")
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", f.Path, f.Format, f.Delimiter)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return write(sum, path)
	})
	return hex.EncodeToString(sum.Sum(nil)), err == nil
}

// write adds a file to a digest.
func write(sum io.Writer, path string) error {
	about, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !about.Mode().IsRegular() {
		return fmt.Errorf("%s is no plain file", path)
	}
	file, err := os.Open(path) //nolint:gosec // the files of a source, which the project names
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	fmt.Fprintf(sum, "%q %d %d\n", path, about.Size(), about.ModTime().UnixNano())
	_, err = io.Copy(sum, file)
	return err
}
