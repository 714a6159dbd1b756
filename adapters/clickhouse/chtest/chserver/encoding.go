//go:build linux && amd64

package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ClickHouse/ch-go/compress"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/andybalholm/brotli"
)

// requestBody is the body of a request without its encodings: that of HTTP,
// and ClickHouse's own compressed blocks.
func requestBody(r *http.Request, values url.Values) ([]byte, error) {
	body := io.Reader(r.Body)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "none", "lz4", "zstd":
	case "gzip":
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("a request: %w", err)
		}
		body = unpacked
	case "deflate":
		unpacked, err := zlib.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("a request: %w", err)
		}
		body = unpacked
	case "br":
		body = brotli.NewReader(body)
	default:
		return nil, refuse(83, "UNKNOWN_COMPRESSION_METHOD", "Unknown compression method %s", encoding)
	}
	if values.Get("decompress") == "1" {
		body = compress.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("a request: %w", err)
	}
	return data, nil
}

// blockSize is how much of a result one compressed block holds.
const blockSize = 1 << 20

// respond sends a result in the encoding that was asked for.
func respond(w http.ResponseWriter, r *http.Request, values url.Values, data []byte) error {
	if values.Get("compress") == "1" {
		method := compress.LZ4
		if values.Get("network_compression_method") == "ZSTD" {
			method = compress.ZSTD
		}
		writer := compress.NewWriter(compress.LevelZero, method)
		var out []byte
		for len(data) > 0 {
			n := min(len(data), blockSize)
			if err := writer.Compress(data[:n]); err != nil {
				return fmt.Errorf("compressing: %w", err)
			}
			out, data = append(out, writer.Data...), data[n:]
		}
		data = out
	}
	var out bytes.Buffer
	encoding := r.Header.Get("Accept-Encoding")
	var packed io.WriteCloser
	switch encoding {
	case "gzip":
		packed = gzip.NewWriter(&out)
	case "deflate":
		packed = zlib.NewWriter(&out)
	case "br":
		packed = brotli.NewWriter(&out)
	}
	if packed != nil && len(data) > 0 {
		if _, err := packed.Write(data); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		if err := packed.Close(); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		w.Header().Set("Content-Encoding", encoding)
		data = out.Bytes()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // an error is the client's, who is gone
	return nil
}

// helloFrame puts the answer to the client's first question into the framing of
// the protocol version that it speaks, and says in it that all further answers
// come without: the engine's library writes them in that of version 0.
func helloFrame(data []byte, version string) ([]byte, error) {
	revision, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the client's protocol version: %w", err)
	}
	got := proto.Block{ServerContext: &column.ServerContext{}}
	if err := got.Decode(chproto.NewReader(bytes.NewReader(data)), 0); err != nil {
		return nil, fmt.Errorf("reading the engine's greeting: %w", err)
	}
	row := make([]any, len(got.Columns))
	answer := proto.Block{ServerContext: &column.ServerContext{}}
	for i, c := range got.Columns {
		row[i] = c.Row(0, false)
		if c.Name() == "revision()" {
			row[i] = uint32(0)
		}
		if err := answer.AddColumn(c.Name(), c.Type()); err != nil {
			return nil, fmt.Errorf("the engine's greeting: %w", err)
		}
	}
	if err := answer.Append(row...); err != nil {
		return nil, fmt.Errorf("the engine's greeting: %w", err)
	}
	var out chproto.Buffer
	if err := answer.Encode(&out, revision); err != nil {
		return nil, fmt.Errorf("writing the engine's greeting: %w", err)
	}
	return out.Buf, nil
}
