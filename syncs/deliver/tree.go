package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// FileSystem is folders and files, of this machine or of a server. Names are
// relative to one folder, which its first use makes. A missing file is
// fs.ErrNotExist. The methods may be repeated as those of a Place.
type FileSystem interface {
	// String is the folder as people know it; no secret.
	String() string
	// MkdirAll makes a folder, and those above it.
	MkdirAll(ctx context.Context, name string) error
	// Put makes a file with this content, durably, in a folder that is there.
	Put(ctx context.Context, name string, size int64, body io.ReaderAt) error
	// Open reads a file.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Exists says whether there is a file or folder.
	Exists(ctx context.Context, name string) (bool, error)
	// List names what is in a folder.
	List(ctx context.Context, name string) ([]string, error)
	// Move gives a file, or a folder with all that is in it, another name, at
	// once and durably. Where that name is taken it replaces the file if it is to,
	// and is fs.ErrExist otherwise.
	Move(ctx context.Context, from, to string, replace bool) error
	// RemoveAll removes a file, or a folder with all that is in it.
	RemoveAll(ctx context.Context, name string) error
	Close() error
}

// NewTree makes a Place of folders and files. A lot with a folder of its own is
// staged beside it and appears by one move. Of other lots each file is moved by
// itself, the manifest last; which files those are is written down before, so
// that whoever comes after a run that died can take them away again.
func NewTree(files FileSystem) Place { return &tree{files: files} }

type tree struct {
	files  FileSystem
	staged []File // without their bodies
}

// record is what is written down before the files of a lot are moved.
type record struct {
	Replace  bool           `json:"replace"`
	Manifest string         `json:"manifest"`
	Files    []recordedFile `json:"files"`
}

type recordedFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// recordName is not that of a file of a lot, whose manifest says what they are.
const recordName = ".moving.json"

func (t *tree) String() string { return t.files.String() }

func (t *tree) Close() error { return t.files.Close() }

func (t *tree) Recover(ctx context.Context, sync string) error {
	names, err := t.files.List(ctx, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, StagingPrefix(sync)) {
			if err := t.withdraw(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tree) Stage(ctx context.Context, lot Lot, f File) error {
	taken := lot.Dir
	if taken == "" {
		taken = f.Name
	}
	if !lot.Replace && (lot.Dir == "" || len(t.staged) == 0) {
		switch there, err := t.files.Exists(ctx, taken); {
		case err != nil:
			return err
		case there:
			return published(t, taken)
		}
	}
	name := path.Join(lot.Staging(), f.Name)
	if err := t.files.MkdirAll(ctx, path.Dir(name)); err != nil {
		return err
	}
	if err := t.files.Put(ctx, name, f.Size, f.Body); err != nil {
		return err
	}
	f.Body = nil
	t.staged = append(t.staged, f)
	return nil
}

// published is the error of a name that is taken.
func published(p Place, name string) error {
	return &StopError{Code: "already-published", Message: fmt.Sprintf(
		"%s is there already, and is not replaced: move it away, or give the files of each run names of their own", full(p, name),
	)}
}

func (t *tree) Publish(ctx context.Context, lot Lot, manifest File) error {
	staging := lot.Staging()
	if there, err := t.files.Exists(ctx, staging); err != nil || !there {
		return err // It was published, and nobody heard.
	}
	if lot.Dir != "" {
		if err := t.files.Put(ctx, path.Join(staging, manifest.Name), manifest.Size, manifest.Body); err != nil {
			return err
		}
		err := t.move(ctx, staging, lot.Dir, false)
		if errors.Is(err, fs.ErrExist) {
			return t.taken(ctx, staging, lot.Dir, path.Join(lot.Dir, manifest.Name), manifest.SHA256)
		}
		return err
	}
	r := record{Replace: lot.Replace, Manifest: manifest.Name}
	for _, f := range t.staged {
		r.Files = append(r.Files, recordedFile{f.Name, f.SHA256})
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding what is to be moved: %w", err)
	}
	kept := path.Join(staging, path.Base(manifest.Name))
	begun, err := t.files.Exists(ctx, path.Join(staging, recordName))
	if err == nil && !begun {
		if err = t.files.Put(ctx, kept, manifest.Size, manifest.Body); err == nil {
			err = t.files.Put(ctx, path.Join(staging, recordName), int64(len(text)), bytes.NewReader(text))
		}
	}
	if err != nil {
		return err
	}
	for _, f := range r.Files {
		err := t.move(ctx, path.Join(staging, f.Name), f.Name, lot.Replace)
		if errors.Is(err, fs.ErrExist) {
			err = t.taken(ctx, path.Join(staging, f.Name), f.Name, f.Name, f.SHA256)
		}
		if _, stopped := errors.AsType[*StopError](err); stopped {
			return errors.Join(err, t.withdraw(ctx, staging))
		}
		if err != nil {
			return err
		}
	}
	err = t.move(ctx, kept, manifest.Name, false)
	if errors.Is(err, fs.ErrExist) {
		err = t.taken(ctx, kept, manifest.Name, manifest.Name, manifest.SHA256)
	}
	if _, stopped := errors.AsType[*StopError](err); stopped {
		return errors.Join(err, t.withdraw(ctx, staging))
	}
	if err != nil {
		return err
	}
	return t.files.RemoveAll(ctx, staging)
}

// taken is what is to be said of a name that is taken: nothing, where what is
// there is ours, moved by a request whose answer was lost, or that was still on
// its way when we looked.
func (t *tree) taken(ctx context.Context, from, to, file, sum string) error {
	switch same, err := t.holds(ctx, file, sum); {
	case err != nil:
		return err
	case !same:
		return published(t, to)
	}
	return t.files.RemoveAll(ctx, from)
}

// move moves what may have been moved before.
func (t *tree) move(ctx context.Context, from, to string, replace bool) error {
	there, err := t.files.Exists(ctx, from)
	if err != nil {
		return err
	}
	if !there {
		if there, err = t.files.Exists(ctx, to); err != nil || there {
			return err
		}
		return fmt.Errorf("moving %s to %s: %w", full(t, from), to, fs.ErrNotExist)
	}
	if err := t.files.MkdirAll(ctx, path.Dir(to)); err != nil {
		return err
	}
	return t.files.Move(ctx, from, to, replace)
}

func (t *tree) Discard(ctx context.Context, lot Lot) error {
	there, err := t.files.Exists(ctx, lot.Staging())
	if err != nil || !there {
		return err
	}
	return t.withdraw(ctx, lot.Staging())
}

// withdraw takes away the files of a lot that were moved without the manifest,
// and what of it is staged. Of what they replaced nothing is left that could be
// put back, so that those stay.
func (t *tree) withdraw(ctx context.Context, staging string) error {
	text, err := t.read(ctx, path.Join(staging, recordName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var r record
	if json.Unmarshal(text, &r) == nil && !r.Replace && r.Manifest != "" {
		unfinished, err := t.files.Exists(ctx, path.Join(staging, path.Base(r.Manifest)))
		if err != nil {
			return err
		}
		for _, f := range r.Files {
			if !unfinished {
				break
			}
			if err := t.takeBack(ctx, f); err != nil {
				return err
			}
		}
	}
	return t.files.RemoveAll(ctx, staging)
}

// takeBack removes a file that was moved. That it was is told by what is in it,
// since the staged one may not have vanished yet.
func (t *tree) takeBack(ctx context.Context, f recordedFile) error {
	if !fs.ValidPath(f.Name) {
		return nil
	}
	same, err := t.holds(ctx, f.Name, f.SHA256)
	if err != nil || !same {
		return err
	}
	return t.files.RemoveAll(ctx, f.Name)
}

// holds says whether there is a file with this content.
func (t *tree) holds(ctx context.Context, name, sum string) (bool, error) {
	file, err := t.files.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return false, err
	}
	return hex.EncodeToString(hash.Sum(nil)) == sum, nil
}

func (t *tree) read(ctx context.Context, name string) ([]byte, error) {
	file, err := t.files.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	return text, errors.Join(err, file.Close())
}

// Check writes a file, and removes it.
func (t *tree) Check(ctx context.Context) error {
	const name = ".customhouse-check"
	if err := t.files.MkdirAll(ctx, "."); err != nil {
		return err
	}
	if err := t.files.Put(ctx, name, 0, bytes.NewReader(nil)); err != nil {
		return err
	}
	return t.files.RemoveAll(ctx, name)
}
