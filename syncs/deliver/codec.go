package deliver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// The marks of a result.
const (
	markAccepted = 1 << iota
	// markDigest: the fingerprint ends in an MD5 in hexadecimal, which is
	// written as its 16 bytes, after what comes before it.
	markDigest
)

// digest is the length of an MD5 in bytes.
const digest = 16

// EncodeResults writes results so that DecodeResults reads them: what a Journal
// keeps of them, some 50 bytes each. The text holds keys of people.
func EncodeResults(results []Result) []byte {
	b := make([]byte, 0, 64*len(results)+8)
	for i := range results {
		b = appendResult(b, &results[i])
	}
	return b
}

// DecodeResults reads what EncodeResults wrote.
func DecodeResults(body []byte) ([]Result, error) {
	var results []Result
	for r := bufio.NewReader(bytes.NewReader(body)); ; {
		result, err := readResult(r)
		if errors.Is(err, io.EOF) {
			return results, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading outcome %d: %w", len(results)+1, err)
		}
		results = append(results, result)
	}
}

// EncodeOps writes operations without their values, so that DecodeOps reads
// them. The text holds keys of people.
func EncodeOps(ops []syncs.Op) []byte {
	results := make([]Result, len(ops))
	for i, op := range ops {
		results[i] = Result{Kind: op.Kind, Key: op.Key, EntityID: op.EntityID, Fingerprint: op.Fingerprint, Accepted: true}
	}
	return EncodeResults(results)
}

// DecodeOps reads what EncodeOps wrote.
func DecodeOps(body []byte) ([]syncs.Op, error) {
	results, err := DecodeResults(body)
	if err != nil {
		return nil, err
	}
	ops := make([]syncs.Op, len(results))
	for i, r := range results {
		ops[i] = syncs.Op{Kind: r.Kind, Key: r.Key, EntityID: r.EntityID, Fingerprint: r.Fingerprint}
	}
	return ops, nil
}

func appendResult(b []byte, r *Result) []byte {
	mark := len(b)
	b = append(b, 0)
	b = binary.AppendVarint(b, int64(r.Kind))
	b = binary.AppendVarint(b, r.EntityID)
	b = appendText(b, r.Key)
	before := max(0, len(r.Fingerprint)-2*digest)
	at := len(b)
	if sum, ok := appendDigest(appendText(b, r.Fingerprint[:before]), r.Fingerprint[before:]); ok {
		b = sum
		b[mark] |= markDigest
	} else {
		b = appendText(b[:at], r.Fingerprint)
	}
	b = appendText(b, string(r.Origin))
	if r.Accepted {
		b[mark] |= markAccepted
		return b
	}
	b = appendText(b, r.Code)
	return appendText(b, r.Message)
}

// appendDigest appends the bytes of a digest, where the text is one as hex
// writes it.
func appendDigest(b []byte, text string) ([]byte, bool) {
	if len(text) != 2*digest {
		return nil, false
	}
	for i := 0; i < len(text); i += 2 {
		high, low := nibble(text[i]), nibble(text[i+1])
		if high|low > 15 {
			return nil, false
		}
		b = append(b, high<<4|low)
	}
	return b, true
}

// nibble is the value of a lower-case hexadecimal digit, and 255 of all else.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// readResult returns io.EOF between results, and io.ErrUnexpectedEOF in one.
func readResult(r *bufio.Reader) (Result, error) {
	mark, err := r.ReadByte()
	if err != nil {
		return Result{}, err
	}
	kind, err1 := binary.ReadVarint(r)
	id, err2 := binary.ReadVarint(r)
	key, err3 := readText(r)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Result{}, inside(err)
	}
	fingerprint, err := readText(r)
	result := Result{Kind: syncs.Kind(kind), EntityID: id, Key: key, Fingerprint: fingerprint, Accepted: mark&markAccepted != 0}
	if mark&markDigest != 0 && err == nil {
		var sum [digest]byte
		_, err = io.ReadFull(r, sum[:])
		result.Fingerprint += hex.EncodeToString(sum[:])
	}
	origin, err1 := readText(r)
	result.Origin = Origin(origin)
	if err := errors.Join(err, err1); err != nil || result.Accepted {
		return result, inside(err)
	}
	result.Code, err1 = readText(r)
	result.Message, err2 = readText(r)
	return result, inside(errors.Join(err1, err2))
}

func readText(r *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return "", err
	}
	// A length that is not ours must not take all memory.
	var text bytes.Buffer
	if n <= 4096 {
		text.Grow(int(n))
	}
	if _, err := io.CopyN(&text, r, int64(min(n, 1<<40))); err != nil {
		return "", err
	}
	return text.String(), nil
}

func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
