package deliver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// spool keeps acknowledgements on disk until the delivery is published: a
// snapshot has as many as rows, and memory must not grow with them.
type spool struct {
	store *store
	file  *os.File
	w     *bufio.Writer
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
	var head [3 * binary.MaxVarintLen64]byte
	b := binary.AppendVarint(head[:0], int64(r.Kind))
	b = binary.AppendVarint(b, r.EntityID)
	b = binary.AppendUvarint(b, uint64(len(r.Key)))
	_, err := s.w.Write(b)
	_, err2 := s.w.WriteString(r.Key)
	b = binary.AppendUvarint(head[:0], uint64(len(r.Fingerprint)))
	_, err3 := s.w.Write(b)
	_, err4 := s.w.WriteString(r.Fingerprint)
	b = binary.AppendUvarint(head[:0], uint64(len(r.Origin)))
	_, err5 := s.w.Write(b)
	_, err6 := s.w.WriteString(string(r.Origin))
	if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
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

// readResult returns io.EOF between results, and io.ErrUnexpectedEOF in one.
func readResult(r *bufio.Reader) (Result, error) {
	kind, err := binary.ReadVarint(r)
	if err != nil {
		return Result{}, err
	}
	id, err := binary.ReadVarint(r)
	if err != nil {
		return Result{}, inside(err)
	}
	key, err := readText(r)
	if err != nil {
		return Result{}, inside(err)
	}
	fingerprint, err := readText(r)
	if err != nil {
		return Result{}, inside(err)
	}
	origin, err := readText(r)
	if err != nil {
		return Result{}, inside(err)
	}
	return Result{Kind: syncs.Kind(kind), EntityID: id, Key: key, Fingerprint: fingerprint, Accepted: true, Origin: Origin(origin)}, nil
}

func readText(r *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return "", err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	return string(text), err
}

func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
