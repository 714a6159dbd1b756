package main

import (
	"errors"
	"fmt"
	"unsafe"

	engine "github.com/duckdb/duckdb-go-bindings"
)

// session is one connection to a DuckDB of its own in memory, set up as the
// driver of package adapters/duckdb sets up its own.
type session struct {
	db   engine.Database
	conn engine.Connection
}

func openSession() (*session, error) {
	var config engine.Config
	if engine.CreateConfig(&config) == engine.StateError {
		return nil, errors.New("DuckDB could not allocate its configuration")
	}
	defer engine.DestroyConfig(&config)
	if engine.SetConfig(config, "preserve_insertion_order", "false") == engine.StateError {
		return nil, errors.New("DuckDB does not know its own setting")
	}
	s := &session{}
	var message string
	if engine.OpenExt("", &s.db, config, &message) == engine.StateError {
		return nil, errors.New(message)
	}
	if engine.Connect(s.db, &s.conn) == engine.StateError {
		engine.Close(&s.db)
		return nil, errors.New("DuckDB could not open a connection")
	}
	return s, nil
}

func (s *session) close() {
	engine.Disconnect(&s.conn)
	engine.Close(&s.db)
}

func (s *session) exec(query string) error {
	var result engine.Result
	defer engine.DestroyResult(&result)
	if engine.Query(s.conn, query, &result) == engine.StateError {
		return fmt.Errorf("%s in:\n%s", engine.ResultError(&result), query)
	}
	return nil
}

// read hands the two columns of a query to each, a vector at a time, in the
// engine's own memory. Both columns are BIGINT and not NULL.
func (s *session) read(query string, each func(a, b []int64)) error {
	var stmt engine.PreparedStatement
	defer engine.DestroyPrepare(&stmt)
	if engine.Prepare(s.conn, query, &stmt) == engine.StateError {
		return fmt.Errorf("%s in:\n%s", engine.PrepareError(stmt), query)
	}
	var result engine.Result
	defer engine.DestroyResult(&result)
	if engine.ExecutePreparedStreaming(stmt, &result) == engine.StateError {
		return fmt.Errorf("%s in:\n%s", engine.ResultError(&result), query)
	}
	for {
		chunk := engine.FetchChunk(result)
		if chunk.Ptr == nil {
			if message := engine.ResultError(&result); message != "" {
				return fmt.Errorf("%s in:\n%s", message, query)
			}
			return nil
		}
		n := engine.DataChunkGetSize(chunk)
		each(column(chunk, 0, n), column(chunk, 1, n))
		engine.DestroyDataChunk(&chunk)
	}
}

// column is the memory of a BIGINT column of a chunk.
func column(chunk engine.DataChunk, i, rows engine.IdxT) []int64 {
	return unsafe.Slice((*int64)(engine.VectorGetData(engine.DataChunkGetVector(chunk, i))), rows) //nolint:gosec // the engine keeps as many values there while it keeps the chunk
}

// write appends two BIGINT columns to a table. fill is asked for rows until it
// gives none; it puts them into the engine's own memory.
func (s *session) write(table string, fill func(a, b []int64) int) error {
	var appender engine.Appender
	if engine.AppenderCreate(s.conn, "", table, &appender) == engine.StateError {
		return fmt.Errorf("appending to %s: %s", table, engine.AppenderError(appender))
	}
	defer engine.AppenderDestroy(&appender)
	bigint := engine.CreateLogicalType(engine.TypeBigInt)
	chunk := engine.CreateDataChunk([]engine.LogicalType{bigint, bigint})
	engine.DestroyLogicalType(&bigint)
	defer engine.DestroyDataChunk(&chunk)
	for {
		engine.DataChunkReset(chunk)
		n := fill(column(chunk, 0, engine.VectorSize()), column(chunk, 1, engine.VectorSize()))
		if n == 0 {
			break
		}
		engine.DataChunkSetSize(chunk, engine.IdxT(n)) //nolint:gosec // between 1 and the size of a vector
		if engine.AppendDataChunk(appender, chunk) == engine.StateError {
			return fmt.Errorf("appending to %s: %s", table, engine.AppenderError(appender))
		}
	}
	if engine.AppenderFlush(appender) == engine.StateError {
		return fmt.Errorf("appending to %s: %s", table, engine.AppenderError(appender))
	}
	return nil
}
