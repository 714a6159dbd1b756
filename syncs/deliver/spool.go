package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// spool keeps acknowledgements on disk until the delivery is published, or the
// replacement ended: there are as many as rows, and memory must not grow with
// them.
type spool struct {
	// make makes the file, which discard removes; name is for messages.
	make    func() (*os.File, error)
	discard func() error
	name    func() string
	file    *os.File
	w       *bufio.Writer
	row     []byte
}

// staged is a spool beside what is staged, which the store removes.
func staged(s *store) *spool {
	return &spool{
		make:    func() (*os.File, error) { return s.root.OpenFile(s.acks, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600) },
		discard: func() error { return nil },
		name:    func() string { return s.full(s.acks) },
	}
}

// temporary is a spool among the machine's temporary files.
func temporary() *spool {
	s, name := &spool{}, "a temporary file"
	s.make = func() (*os.File, error) {
		file, err := os.CreateTemp("", "customhouse-replacement-*")
		if err == nil {
			name = file.Name()
		}
		return file, err
	}
	s.discard = func() error { return os.Remove(name) }
	s.name = func() string { return name }
	return s
}

// add appends an accepted outcome.
func (s *spool) add(r Result) error {
	if s.file == nil {
		file, err := s.make()
		if err != nil {
			return fmt.Errorf("writing %s: %w", s.name(), err)
		}
		s.file, s.w = file, bufio.NewWriterSize(file, 64<<10)
	}
	s.row = appendResult(s.row[:0], &r)
	if _, err := s.w.Write(s.row); err != nil {
		return fmt.Errorf("writing %s: %w", s.name(), err)
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
			yield(Result{}, fmt.Errorf("reading %s: %w", s.name(), err))
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

// close releases the file, and removes it.
func (s *spool) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), s.discard())
}
