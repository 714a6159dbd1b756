package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// folder is a folder of this machine. Everything happens inside of an os.Root,
// so that no name can lead elsewhere.
type folder struct {
	path string
	root *os.Root
}

// newFolder opens the folder at a path, which is made where it is missing.
func newFolder(name string) (*folder, error) {
	if err := os.MkdirAll(name, 0o750); err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	return &folder{path: name, root: root}, nil
}

func (f *folder) String() string { return f.path }

func (f *folder) Close() error { return f.root.Close() }

// full is a name as the user knows it.
func (f *folder) full(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

func (f *folder) MkdirAll(_ context.Context, name string) error {
	if err := f.root.MkdirAll(name, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", f.full(name), err)
	}
	return nil
}

// Put makes a file that survives a power cut.
func (f *folder) Put(ctx context.Context, name string, size int64, body io.ReaderAt) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("writing %s: %w", f.full(name), err)
	}
	_, err = io.Copy(file, io.NewSectionReader(body, 0, size))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", f.full(name), err)
	}
	return nil
}

func (f *folder) Open(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.full(name), err)
	}
	return file, nil
}

func (f *folder) Exists(_ context.Context, name string) (bool, error) {
	_, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at %s: %w", f.full(name), err)
	}
	return true, nil
}

func (f *folder) List(_ context.Context, name string) ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.full(name), err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, nil
}

func (f *folder) Move(ctx context.Context, from, to string, replace bool) error {
	fail := func(err error) error {
		return fmt.Errorf("publishing %s: %w", f.full(to), err)
	}
	info, err := f.root.Lstat(from)
	if err != nil {
		return fail(err)
	}
	if info.IsDir() {
		if err := f.settle(from); err != nil {
			return err
		}
	}
	switch {
	case replace:
		err = f.root.Rename(from, to)
	case info.IsDir():
		var there bool
		if there, err = f.Exists(ctx, to); err == nil && there {
			err = fs.ErrExist
		}
		if err == nil {
			err = f.root.Rename(from, to)
		}
	default:
		// A rename would replace what is there; a second name for the file does not.
		if err = f.root.Link(from, to); err == nil {
			err = f.root.Remove(from)
		} else if !errors.Is(err, fs.ErrExist) {
			// There are file systems without such names.
			var there bool
			if there, err = f.Exists(ctx, to); err == nil && there {
				err = fs.ErrExist
			}
			if err == nil {
				err = f.root.Rename(from, to)
			}
		}
	}
	if err != nil {
		return fail(err)
	}
	return f.settle(path.Dir(to))
}

func (f *folder) RemoveAll(_ context.Context, name string) error {
	if err := f.root.RemoveAll(name); err != nil {
		return fmt.Errorf("removing %s: %w", f.full(name), err)
	}
	return nil
}

// settle makes a folder's entries survive a power cut.
func (f *folder) settle(name string) error {
	dir, err := f.root.Open(name)
	if err != nil {
		return fmt.Errorf("opening %s: %w", f.full(name), err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("syncing %s: %w", f.full(name), err)
	}
	return nil
}
