package main

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// load starts a load job of rows that came with the request.
func (s *Server) load(j *Job, l *wireLoad, body []byte, timeout string) error {
	if len(l.SourceURIs) > 0 {
		return &Error{Reason: "notImplemented", Message: "emulator: loads out of a bucket"}
	}
	if l.format() != "NEWLINE_DELIMITED_JSON" {
		return &Error{Reason: "notImplemented", Message: "emulator: loads of " + l.format()}
	}
	if err := s.jobs.add(j); err != nil {
		return err
	}
	j.kind, j.bytes = "LOAD", int64(len(body))
	s.start(j, timeout, func(ctx context.Context) error {
		n := l.DestinationTable.name()
		if _, err := s.catalog.dataset(n.Project, n.Dataset); err != nil {
			return err
		}
		columns, err := s.loadColumns(n, l)
		if err != nil {
			return err
		}
		rows, err := readJSON(body, columns, l.IgnoreUnknownValues)
		if err != nil {
			return err
		}
		j.loaded = int64(len(rows))
		return s.fill(ctx, n, l, columns, rows)
	})
	return nil
}

// loadColumns are those of the job, or else of the table.
func (s *Server) loadColumns(n Name, l *wireLoad) ([]Column, error) {
	if l.Schema != nil && len(l.Schema.Fields) > 0 {
		return l.Schema.columns()
	}
	if l.Autodetect {
		return nil, &Error{Reason: "notImplemented", Message: "emulator: autodetect"}
	}
	t, err := s.catalog.table(n)
	if err != nil {
		return nil, &Error{Reason: "invalid", Message: "No schema specified on job or table."}
	}
	return t.Columns, nil
}

// fill writes rows into a table as the dispositions of a job say.
func (s *Server) fill(ctx context.Context, n Name, l *wireLoad, columns []Column, rows [][]any) (err error) {
	defer recovered(&err)
	s.store.busy.RLock()
	defer s.store.tidy()
	defer s.store.busy.RUnlock()
	c, err := s.store.db.Conn(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	defer func() { _ = c.Close() }()
	was, _ := s.catalog.table(n)
	t := was
	switch {
	case was == nil && l.CreateDisposition == "CREATE_NEVER":
		return &Error{Reason: "notFound", Message: "Not found: Table " + n.colon()}
	case was == nil || l.WriteDisposition == "WRITE_TRUNCATE":
		checkTableName(n.Table)
		checkColumns(columns)
		t = &Table{Name: n, Columns: columns, Engine: s.store.name(), Labels: map[string]string{}}
		if was != nil {
			t.Labels, t.Description, t.Partition, t.Cluster, t.Expires = was.Labels, was.Description, was.Partition, was.Cluster, was.Expires
		}
		if l.TimePartitioning != nil {
			t.Partition = l.TimePartitioning
		}
		if l.Clustering != nil {
			t.Cluster = l.Clustering.Fields
			checkClustering(t)
		}
	case l.WriteDisposition == "WRITE_EMPTY":
		var count int64
		if err := c.QueryRowContext(ctx, "SELECT count(*) FROM "+t.Engine).Scan(&count); err != nil {
			return failure(ctx, err)
		}
		if count > 0 {
			return &Error{Reason: "duplicate", Message: "Already Exists: Table " + n.colon()}
		}
	}
	if t.Engine == "" {
		return unsupported("a table that was only checked")
	}
	// Columns that the job does not mention are NULL.
	place := make([]int, len(t.Columns))
	for i, col := range t.Columns {
		place[i] = -1
		for k, given := range columns {
			if strings.EqualFold(given.Name, col.Name) {
				place[i] = k
				if !given.Type.equal(col.Type) {
					return &Error{Reason: "invalid", Message: fmt.Sprintf("Provided Schema does not match Table %s. Field %s has changed type from %s to %s", n.colon(), col.Name, col.Type, given.Type)}
				}
			}
		}
		if place[i] < 0 && col.Required {
			return &Error{Reason: "invalid", Message: fmt.Sprintf("Provided Schema does not match Table %s. Field %s is missing in new schema", n.colon(), col.Name)}
		}
	}
	for _, given := range columns {
		if t.column(given.Name) == nil {
			return &Error{Reason: "invalid", Message: fmt.Sprintf("Provided Schema does not match Table %s. Cannot add fields (field: %s)", n.colon(), given.Name)}
		}
	}
	err = s.store.transaction(ctx, c, func() error {
		if t != was {
			if err := s.store.create(ctx, c, t); err != nil {
				return err
			}
		}
		return c.Raw(func(raw any) error {
			a, err := duckdb.NewAppenderFromConn(raw.(driver.Conn), "", t.Engine)
			if err != nil {
				return err
			}
			for n, r := range rows {
				if n%4096 == 0 && ctx.Err() != nil {
					return errors.Join(ctx.Err(), a.Close())
				}
				values := make([]driver.Value, len(place))
				for i, k := range place {
					if k >= 0 {
						values[i] = r[k]
					}
					if values[i] == nil && t.Columns[i].Type.Name == "ARRAY" {
						values[i] = []any{}
					}
				}
				if err := a.AppendRow(values...); err != nil {
					return errors.Join(err, a.Close())
				}
			}
			return a.Close()
		})
	})
	if err != nil {
		return failure(ctx, err)
	}
	if t != was {
		return s.catalog.put(t, true)
	}
	return nil
}

// readJSON reads a JSON object a line.
func readJSON(body []byte, columns []Column, ignore bool) ([][]any, error) {
	bad := func(n int, what string) error {
		return &Error{Reason: "invalid", Message: fmt.Sprintf("Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: %d; errors: 1. Please look into the errors[] collection for more details. %s", n, what)}
	}
	places := map[string]int{}
	for i, c := range columns {
		places[strings.ToLower(c.Name)] = i
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out [][]any
	for {
		var object map[string]any
		switch err := d.Decode(&object); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, bad(len(out)+1, "JSON parsing error in row: "+err.Error())
		}
		values := make([]any, len(columns))
		for name, v := range object {
			i, ok := places[strings.ToLower(name)]
			if !ok {
				if ignore {
					continue
				}
				return nil, bad(len(out)+1, "No such field: "+name+".")
			}
			value, err := jsonValue(v, columns[i].Type)
			if err != nil {
				return nil, bad(len(out)+1, "Field: "+name+"; Value: "+err.Error())
			}
			values[i] = value
		}
		for i, c := range columns {
			if c.Required && values[i] == nil {
				return nil, bad(len(out)+1, "Missing required field: "+c.Name+".")
			}
		}
		out = append(out, values)
	}
}

// jsonValue is a value as the engine takes it.
func jsonValue(v any, t Type) (any, error) {
	wrong := fmt.Errorf("%v could not be converted to %s", v, t)
	if v == nil {
		return nil, nil
	}
	switch t.Name {
	case "ARRAY":
		items, ok := v.([]any)
		if !ok {
			return nil, errors.New("array specified for a field that is not repeated, or the other way round")
		}
		out := []any{}
		for _, e := range items {
			if e == nil {
				return nil, errors.New("Only optional fields can be set to NULL") //nolint:staticcheck // BigQuery's words
			}
			value, err := jsonValue(e, *t.Elem)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	case "STRUCT":
		object, ok := v.(map[string]any)
		if !ok {
			return nil, wrong
		}
		out := map[string]any{}
		for i, f := range t.Fields {
			value, err := jsonValue(object[f.Name], f.Type)
			if err != nil {
				return nil, err
			}
			out[fieldName(i)] = value
		}
		return out, nil
	case "JSON":
		return string(marshal(v)), nil
	case "BOOL":
		switch v := v.(type) {
		case bool:
			return v, nil
		case string:
			return map[string]any{"true": true, "false": false}[strings.ToLower(v)], nil
		}
		return nil, wrong
	}
	s, isText := v.(string)
	if n, ok := v.(json.Number); ok {
		s = n.String()
	} else if !isText {
		return nil, wrong
	}
	switch t.Name {
	case "STRING":
		return s, nil
	case "BYTES":
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, wrong
		}
		return b, nil
	case "INT64":
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, wrong
		}
		return n, nil
	case "FLOAT64":
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !isText && math.IsInf(f, 0) {
			return nil, wrong
		}
		return f, nil
	case "NUMERIC":
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			return nil, wrong
		}
		r.Mul(r, new(big.Rat).SetInt64(1e9))
		if !r.IsInt() {
			return nil, fmt.Errorf("Invalid NUMERIC value: %s", s) //nolint:staticcheck // BigQuery's words
		}
		return duckdb.Decimal{Width: 38, Scale: 9, Value: r.Num()}, nil
	case "BIGNUMERIC":
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			return nil, wrong
		}
		return bigOf(r)
	case "TIMESTAMP":
		if !isText || !strings.Contains(s, "-") {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return nil, wrong
			}
			return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), nil
		}
		at, _, err := readTime(s, time.UTC)
		if err != nil {
			return nil, wrong
		}
		return at.UTC(), nil
	case "DATETIME", "DATE":
		at, zoned, err := readTime(s, time.UTC)
		if err != nil || zoned || t.Name == "DATE" && len(s) > 10 {
			return nil, wrong
		}
		return at, nil
	case "TIME":
		at, err := time.Parse("15:04:05.999999", s)
		if err != nil {
			return nil, wrong
		}
		return at, nil
	}
	return nil, unsupported("a load into a column of type " + t.String())
}

// copyTable starts a copy job.
func (s *Server) copyTable(j *Job, l *wireCopy, timeout string) error {
	from := l.SourceTables
	if l.SourceTable != nil {
		from = append(from, *l.SourceTable)
	}
	if len(from) != 1 {
		return &Error{Reason: "notImplemented", Message: "emulator: copies of several tables"}
	}
	if err := s.jobs.add(j); err != nil {
		return err
	}
	j.kind = "COPY"
	s.start(j, timeout, func(ctx context.Context) error {
		source, err := s.catalog.table(from[0].name())
		if err != nil {
			return err
		}
		rows, err := s.all(ctx, source)
		if err != nil {
			return err
		}
		j.loaded = int64(len(rows))
		disposition := l.WriteDisposition
		if disposition == "" {
			disposition = "WRITE_EMPTY"
		}
		return s.fill(ctx, l.DestinationTable.name(), &wireLoad{WriteDisposition: disposition, CreateDisposition: l.CreateDisposition}, source.Columns, rows)
	})
	return nil
}

// all are the rows of a table.
func (s *Server) all(ctx context.Context, t *Table) ([][]any, error) {
	s.store.busy.RLock()
	defer s.store.busy.RUnlock()
	if t.Engine == "" {
		return nil, unsupported("the rows of " + t.colon())
	}
	c, err := s.store.db.Conn(ctx)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = c.Close() }()
	var selected []string
	for _, col := range t.Columns {
		selected = append(selected, quote(col.Name))
	}
	rows, err := collect(ctx, c, "SELECT "+list(selected)+" FROM "+t.Engine, len(selected))
	return rows, failure(ctx, err)
}
