package files

import (
	"bytes"
	"compress/gzip"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// packed is a part, compressed. What was packed in pieces can be put together: both
// formats are sequences of members.
func packed(how string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return body, nil
	}
	switch how {
	case Gzip:
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(body); err != nil {
			return nil, fmt.Errorf("compressing with gzip: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compressing with gzip: %w", err)
		}
		return out.Bytes(), nil
	case Zstd:
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("compressing with zstd: %w", err)
		}
		out := w.EncodeAll(body, make([]byte, 0, len(body)/4))
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compressing with zstd: %w", err)
		}
		return out, nil
	default:
		return body, nil
	}
}
