package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// scratch is a file for what is too much for memory. It has no name for longer
// than the system needs to open it, so that nothing is left of it in any case.
type scratch struct {
	*os.File
	// named is the name of one that the system does not remove while it is open.
	named string
}

func newScratch() (*scratch, error) {
	file, err := os.CreateTemp("", "customhouse-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	s := &scratch{File: file}
	if os.Remove(file.Name()) != nil {
		s.named = file.Name()
	}
	return s, nil
}

// Close releases the file.
func (s *scratch) Close() error {
	err := s.File.Close()
	if s.named != "" {
		err = errors.Join(err, os.Remove(s.named))
	}
	return err
}

// spool keeps acknowledgements on disk until the delivery is published, or the
// replacement ended: there are as many as rows, and memory must not grow with
// them.
type spool struct {
	file *scratch
	w    *bufio.Writer
	row  []byte
}

// add appends an accepted outcome.
func (s *spool) add(r Result) error {
	if s.file == nil {
		file, err := newScratch()
		if err != nil {
			return err
		}
		s.file, s.w = file, bufio.NewWriterSize(file, 64<<10)
	}
	s.row = appendResult(s.row[:0], &r)
	if _, err := s.w.Write(s.row); err != nil {
		return fmt.Errorf("keeping what was acknowledged: %w", err)
	}
	return nil
}

// all yields what was added, in order. Nothing is added after it.
func (s *spool) all() iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if s.file == nil {
			return
		}
		fail := func(err error) {
			yield(Result{}, fmt.Errorf("reading what was acknowledged: %w", err))
		}
		if err := s.w.Flush(); err != nil {
			fail(err)
			return
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			fail(err)
			return
		}
		r := bufio.NewReaderSize(s.file, 64<<10)
		for {
			result, err := readResult(r)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				fail(err)
				return
			}
			if !yield(result, nil) {
				return
			}
		}
	}
}

// close releases the file.
func (s *spool) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	return s.file.Close()
}
