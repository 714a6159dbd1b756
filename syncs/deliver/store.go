package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// store has the files of a delivery staged at their place, and published at
// once when all is there.
type store struct {
	engine *engine
	place  Place
	lot    Lot
	// manifest is the manifest's name, and parts what it says of the files.
	manifest string
	parts    []part
	// growing is the file that bodies are appended to; nil where each is a file.
	growing *growing
}

// part is the manifest's entry for one file.
type part struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// manifest describes what was published.
type manifest struct {
	Sync   string    `json:"sync"`
	Object string    `json:"object,omitempty"`
	RunID  string    `json:"run_id"`
	AsOf   time.Time `json:"as_of"`
	Rows   int       `json:"rows"`
	Bytes  int64     `json:"bytes"`
	Parts  []part    `json:"parts"`
}

// growing is a file that is put together on disk before it goes to its place:
// it may be larger than memory.
type growing struct {
	name string
	rows int
	size int64
	hash hash.Hash
	file *scratch
}

// stage writes one part durably, where no reader looks for it.
func (s *store) stage(ctx context.Context, req *syncs.FileRequest) (*syncs.Response, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := s.admits(req); err != nil {
		return nil, err
	}
	if s.place == nil {
		if err := s.open(ctx, req); err != nil {
			return nil, err
		}
	}
	if req.Dir != s.lot.Dir || req.Manifest != s.manifest || req.Replace != s.lot.Replace {
		return nil, &StopError{Code: "bad-path", Message: "the destination names two places for the files of one run"}
	}
	if req.Append {
		if err := s.grow(ctx, req); err != nil {
			return nil, err
		}
		return &syncs.Response{Status: http.StatusOK}, nil
	}
	body := req.Body
	if len(req.Head) > 0 {
		body = append(bytes.Clone(req.Head), req.Body...)
	}
	sum := sha256.Sum256(body)
	if err := s.put(ctx, part{req.Name, req.Rows, int64(len(body)), hex.EncodeToString(sum[:])}, bytes.NewReader(body)); err != nil {
		return nil, err
	}
	return &syncs.Response{Status: http.StatusOK}, nil
}

// admits refuses names that lead elsewhere, or that are ours.
func (*store) admits(req *syncs.FileRequest) error {
	names := []string{req.Name, req.Manifest}
	if req.Dir != "" {
		names = append(names, req.Dir)
	}
	for _, name := range names {
		hidden := false
		for folder := range strings.SplitSeq(name, "/") {
			hidden = hidden || strings.HasPrefix(folder, ".")
		}
		if !fs.ValidPath(name) || strings.Contains(name, `\`) || hidden || filepath.IsAbs(name) || filepath.VolumeName(name) != "" {
			return &StopError{Code: "bad-path", Message: "the destination names a file or folder outside of its own, or one that begins with a dot"}
		}
	}
	if req.Dir != "" && (strings.Contains(req.Name, "/") || strings.Contains(req.Manifest, "/")) || req.Name == req.Manifest {
		return &StopError{Code: "bad-path", Message: "the destination names a part that is not a file name, or the manifest"}
	}
	return nil
}

// open connects to the place, and removes what runs that died left there.
func (s *store) open(ctx context.Context, req *syncs.FileRequest) error {
	e := s.engine
	place, err := openPlace(ctx, e.spec, e.job.Dir, e.secret, e.job.OpenPlace)
	if err != nil {
		return err
	}
	s.place, s.manifest = place, req.Manifest
	s.lot = Lot{Sync: e.job.Schema.Sync, RunID: e.job.RunID, Dir: req.Dir, Replace: req.Replace}
	return s.insist(ctx, func() error { return place.Recover(ctx, s.lot.Sync) })
}

// openPlace connects to the place of a destination. Relative paths start at dir.
func openPlace(ctx context.Context, spec syncs.Spec, dir string, secrets func(secret.Ref) secret.Value, open OpenPlace) (Place, error) {
	at := spec.Place
	if at == nil {
		return nil, errors.New("the destination has files, and does not say where they go")
	}
	if at.Bucket != nil || at.Server != nil {
		if open == nil {
			return nil, errors.New("nobody can connect to where the files go")
		}
		return open(ctx, spec, dir, secrets)
	}
	name := filepath.FromSlash(at.Folder.Expand(secrets))
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	files, err := newFolder(name)
	if err != nil {
		return nil, err
	}
	return NewTree(files), nil
}

// CheckPlace finds out whether files of a destination can be published at its
// place, and names it. The folder is made where it is missing; nothing else
// stays there. An error for the user is a *StopError.
func CheckPlace(ctx context.Context, d syncs.Destination, dir string, secrets func(secret.Ref) secret.Value, open OpenPlace) (string, error) {
	place, err := openPlace(ctx, d.Spec(), dir, secrets, open)
	if err == nil {
		err = errors.Join(place.Check(ctx), place.Close())
	}
	if err == nil {
		return place.String(), nil
	}
	if _, stopped := errors.AsType[*StopError](err); !stopped && context.Cause(ctx) == nil {
		err = &StopError{Code: "unusable", Message: err.Error()}
	}
	return "", err
}

// grow appends to the file that all bodies are of.
func (s *store) grow(ctx context.Context, req *syncs.FileRequest) error {
	if s.growing != nil && s.growing.name != req.Name {
		if err := s.finish(ctx); err != nil {
			return err
		}
	}
	body := [][]byte{req.Body}
	if s.growing == nil {
		file, err := newScratch()
		if err != nil {
			return err
		}
		s.growing = &growing{name: req.Name, hash: sha256.New(), file: file}
		body = [][]byte{req.Head, req.Body}
	}
	g := s.growing
	for _, b := range body {
		if _, err := g.file.Write(b); err != nil {
			return err
		}
		_, _ = g.hash.Write(b) // A hash never returns an error.
		g.size += int64(len(b))
	}
	g.rows += req.Rows
	return nil
}

// finish stages the file that grew.
func (s *store) finish(ctx context.Context) error {
	g := s.growing
	if g == nil {
		return nil
	}
	if err := s.put(ctx, part{g.name, g.rows, g.size, hex.EncodeToString(g.hash.Sum(nil))}, g.file); err != nil {
		return err
	}
	s.growing = nil
	return g.file.Close()
}

// put stages a file.
func (s *store) put(ctx context.Context, p part, body io.ReaderAt) error {
	err := s.insist(ctx, func() error {
		return s.place.Stage(ctx, s.lot, File{Name: p.Name, Size: p.Bytes, SHA256: p.SHA256, Body: body})
	})
	if err != nil {
		return err
	}
	s.parts = append(s.parts, p)
	s.engine.reached("staged")
	return nil
}

// empty reports whether nothing was staged.
func (s *store) empty() bool { return len(s.parts) == 0 && s.growing == nil }

// publish adds the manifest and makes the files visible. It returns where they
// are, and how many.
func (s *store) publish(ctx context.Context, m manifest) (where string, parts int, err error) {
	if err := s.finish(ctx); err != nil {
		return "", 0, err
	}
	m.Parts = s.parts
	for _, p := range s.parts {
		m.Rows += p.Rows
		m.Bytes += p.Bytes
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", 0, fmt.Errorf("encoding the manifest: %w", err)
	}
	text = append(text, '\n')
	sum := sha256.Sum256(text)
	err = s.insist(ctx, func() error {
		return s.place.Publish(ctx, s.lot, File{Name: s.manifest, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]), Body: bytes.NewReader(text)})
	})
	if err != nil {
		return "", 0, err
	}
	where = s.lot.Dir
	if where == "" {
		where = s.manifest
	}
	return full(s.place, where), len(s.parts), nil
}

// full is the name of a file at a place as the user knows it.
func full(p Place, name string) string {
	root := p.String()
	if strings.Contains(root, "://") {
		return strings.TrimSuffix(root, "/") + "/" + path.Clean(name)
	}
	return filepath.Join(root, filepath.FromSlash(name))
}

// insist repeats a call as long as its errors may pass.
func (s *store) insist(ctx context.Context, call func() error) error {
	e := s.engine
	for attempt := 1; ; attempt++ {
		err := call()
		var passing *PassingError
		if err == nil || !errors.As(err, &passing) || context.Cause(ctx) != nil {
			return err
		}
		if attempt >= e.settings.Attempts {
			return &StopError{Code: "no-answer", Message: fmt.Sprintf("gave up after %d attempts: %v", attempt, err)}
		}
		wait := e.backoff(attempt)
		if passing.Wait > 0 {
			wait = e.asked(passing.Wait)
		}
		e.emit(Retrying{Attempt: attempt, Wait: wait, Code: "busy", Message: err.Error()})
		if err := e.job.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// discardTimeout bounds how long a delivery that failed cleans up. What it does
// not get done is left to the next run.
const discardTimeout = 30 * time.Second

// close removes what was staged and not published.
func (s *store) close(ctx context.Context) error {
	var err error
	if s.growing != nil {
		err = s.growing.file.Close()
	}
	if s.place == nil {
		return err
	}
	alive, done := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer done()
	if left := s.place.Discard(alive, s.lot); left != nil {
		if _, passing := errors.AsType[*PassingError](left); !passing { // Otherwise the next run does it.
			err = errors.Join(err, left)
		}
	}
	return errors.Join(err, s.place.Close())
}
