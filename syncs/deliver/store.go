package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// store stages the parts of a file delivery beside their final place, and
// makes them visible at once by one rename. Everything happens inside of an
// os.Root, so that no name can lead elsewhere.
type store struct {
	// dir is where a relative root starts.
	dir string

	root *os.Root
	// path is the root's, for messages.
	path string
	// final is the published folder, staging the one that becomes it.
	final, staging string
	parts          []part
	// acks is the file beside the staging folder that a spool may write.
	acks string
}

// part is the manifest's entry for one file.
type part struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// manifest describes a published folder.
type manifest struct {
	Sync   string    `json:"sync"`
	Object string    `json:"object,omitempty"`
	RunID  string    `json:"run_id"`
	AsOf   time.Time `json:"as_of"`
	Rows   int       `json:"rows"`
	Bytes  int       `json:"bytes"`
	Parts  []part    `json:"parts"`
}

const (
	manifestName = "manifest.json"
	// stagingPrefix marks what a killed run may leave behind. Readers of a
	// folder skip names that begin with a dot.
	stagingPrefix = ".staging-"
)

// stage writes one part durably, where no reader looks for it.
func (s *store) stage(ctx context.Context, req *syncs.FileRequest) (*syncs.Response, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if s.root == nil {
		if err := s.open(req); err != nil {
			return nil, err
		}
	}
	if path.Clean(req.Dir) != s.final {
		return nil, &StopError{Code: "bad-path", Message: "the destination names two folders for one run"}
	}
	if !fs.ValidPath(req.Name) || strings.ContainsAny(req.Name, `/\`) || req.Name == "." || req.Name == manifestName {
		return nil, &StopError{Code: "bad-path", Message: "the destination names a part that is not a file name"}
	}
	name := path.Join(s.staging, req.Name)
	if err := s.write(name, req.Body); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(req.Body)
	s.parts = append(s.parts, part{Name: req.Name, Rows: req.Rows, Bytes: len(req.Body), SHA256: hex.EncodeToString(sum[:])})
	return &syncs.Response{Status: http.StatusOK}, nil
}

// open prepares the staging folder, and removes what killed runs left.
func (s *store) open(req *syncs.FileRequest) error {
	s.path = filepath.FromSlash(req.Root)
	if !filepath.IsAbs(s.path) {
		s.path = filepath.Join(s.dir, s.path)
	}
	final := path.Clean(req.Dir)
	if !fs.ValidPath(final) || final == "." || strings.Contains(final, `\`) {
		return &StopError{Code: "bad-path", Message: "the destination names a folder outside of its own"}
	}
	if err := os.MkdirAll(s.path, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", s.path, err)
	}
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return fmt.Errorf("opening %s: %w", s.path, err)
	}
	s.root, s.final = root, final
	parent, base := path.Split(final)
	parent = path.Clean(parent)
	s.staging = path.Join(parent, stagingPrefix+base)
	s.acks = s.staging + ".acks"
	if err := root.MkdirAll(parent, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", s.full(parent), err)
	}
	if _, err := root.Lstat(final); err == nil {
		return &StopError{Code: "already-published", Message: fmt.Sprintf(
			"%s is there already: a run publishes once; move the folder away or start a new run", s.full(final),
		)}
	}
	entries, err := fs.ReadDir(root.FS(), parent)
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.full(parent), err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), stagingPrefix) {
			left := path.Join(parent, entry.Name())
			if err := root.RemoveAll(left); err != nil {
				return fmt.Errorf("removing %s, which a killed run left: %w", s.full(left), err)
			}
		}
	}
	if err := root.Mkdir(s.staging, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", s.full(s.staging), err)
	}
	return nil
}

// write makes a new file that survives a power cut.
func (s *store) write(name string, body []byte) (err error) {
	file, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.full(name), err)
	}
	_, err = file.Write(body)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", s.full(name), err)
	}
	return nil
}

// empty reports whether nothing was staged.
func (s *store) empty() bool { return len(s.parts) == 0 }

// publish adds the manifest and makes the folder visible. It returns the
// folder and its number of parts.
func (s *store) publish(m manifest) (dir string, parts int, err error) {
	m.Parts = s.parts
	for _, p := range s.parts {
		m.Rows += p.Rows
		m.Bytes += p.Bytes
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", 0, fmt.Errorf("encoding the manifest: %w", err)
	}
	if err := s.write(path.Join(s.staging, manifestName), append(text, '\n')); err != nil {
		return "", 0, err
	}
	if err := s.settle(s.staging); err != nil {
		return "", 0, err
	}
	if err := s.root.Rename(s.staging, s.final); err != nil {
		return "", 0, fmt.Errorf("publishing %s: %w", s.full(s.final), err)
	}
	if err := s.settle(path.Dir(s.final)); err != nil {
		return "", 0, err
	}
	return s.full(s.final), len(s.parts), nil
}

// settle makes a folder's entries survive a power cut.
func (s *store) settle(name string) error {
	dir, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("opening %s: %w", s.full(name), err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("syncing %s: %w", s.full(name), err)
	}
	return nil
}

// close removes what was staged and not published.
func (s *store) close() error {
	if s.root == nil {
		return nil
	}
	return errors.Join(s.root.RemoveAll(s.acks), s.root.RemoveAll(s.staging), s.root.Close())
}

// full is a name as the user knows it.
func (s *store) full(name string) string {
	return filepath.Join(s.path, filepath.FromSlash(name))
}
