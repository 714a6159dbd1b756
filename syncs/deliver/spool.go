package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// spool keeps acknowledgements on disk until the delivery is published: a
// snapshot has as many as rows, and memory must not grow with them.
type spool struct {
	store *store
	file  *os.File
	w     *bufio.Writer
	row   []byte
}

// add appends an accepted outcome.
func (s *spool) add(r Result) error {
	if s.file == nil {
		file, err := s.store.root.OpenFile(s.store.acks, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
		if err != nil {
			return fmt.Errorf("writing %s: %w", s.store.full(s.store.acks), err)
		}
		s.file, s.w = file, bufio.NewWriterSize(file, 64<<10)
	}
	s.row = appendResult(s.row[:0], &r)
	if _, err := s.w.Write(s.row); err != nil {
		return fmt.Errorf("writing %s: %w", s.store.full(s.store.acks), err)
	}
	return nil
}

// all yields what was added, in order, once.
func (s *spool) all() iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if s.file == nil {
			return
		}
		fail := func(err error) {
			yield(Result{}, fmt.Errorf("reading %s: %w", s.store.full(s.store.acks), err))
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

// close releases the file; the store removes it.
func (s *spool) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	return s.file.Close()
}
