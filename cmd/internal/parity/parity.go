// Package parity compares what two warehouses hold, row by row.
//
// It knows no project and no vendor: values are compared as what they mean, so
// that 1.50 and 1.5 are one decimal, and 1.5 the text is neither. It keeps 16
// bytes for each distinct row in memory and no row longer than it needs to show
// a difference. It writes nothing.
//
// Start with Compare.
package parity

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Table is how a table compares. A and B are the two warehouses.
type Table struct {
	Name string
	// RowsA and RowsB count all rows, OnlyA and OnlyB those that the other lacks.
	RowsA, RowsB, OnlyA, OnlyB int64
	// MissingA and MissingB are columns that only the other has; of a table that
	// is not there they are all.
	MissingA, MissingB []string
	// Differences are the first of them, in order of their first column.
	Differences []Difference
}

// Equal says that both hold the same.
func (t Table) Equal() bool {
	return t.OnlyA == 0 && t.OnlyB == 0 && len(t.MissingA) == 0 && len(t.MissingB) == 0
}

// Difference is a row that is not the same in both, or only in one.
type Difference struct {
	// A and B are the values by column; nil where there is no such row.
	A, B []Value
}

// Value is the text of a column's value.
type Value struct {
	Column, Text string
}

// Compare compares a table of two warehouses but for the columns in without,
// and shows at most show differences.
func Compare(ctx context.Context, a, b *adapters.Warehouse, table sql.Table, without []string, show int) (Table, error) {
	out := Table{Name: table.Name}
	left, right, err := columns(ctx, a, b, table)
	if err != nil {
		return out, err
	}
	var names []string
	for _, c := range left {
		if slices.Contains(without, c.Name) {
			continue
		}
		if slices.ContainsFunc(right, named(c.Name)) {
			names = append(names, c.Name)
		} else {
			out.MissingB = append(out.MissingB, c.Name)
		}
	}
	for _, c := range right {
		if !slices.Contains(without, c.Name) && !slices.ContainsFunc(left, named(c.Name)) {
			out.MissingA = append(out.MissingA, c.Name)
		}
	}
	if len(names) == 0 {
		return out, nil
	}
	q := &sql.Select{Items: sql.Items("t", names...), From: sql.TableRef{Table: table, As: "t"}}
	for _, name := range names {
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", name)))
	}
	unordered := *q
	unordered.OrderBy = nil
	// The rows of one count up, those of the other down: what is left differs.
	counts := map[digest]int32{}
	if err := each(ctx, a, &unordered, func(row []Value) bool { out.RowsA++; counts[digestOf(row)]++; return true }); err != nil {
		return out, err
	}
	if err := each(ctx, b, &unordered, func(row []Value) bool { out.RowsB++; counts[digestOf(row)]--; return true }); err != nil {
		return out, err
	}
	for d, n := range counts {
		switch {
		case n > 0:
			out.OnlyA += int64(n)
		case n < 0:
			out.OnlyB -= int64(n)
		default:
			delete(counts, d)
		}
	}
	if len(counts) == 0 || show == 0 {
		return out, nil
	}
	// More than are shown are read, so that rows that belong together meet.
	wide := 20 * show
	first := func(w *adapters.Warehouse, sign int32) (rows [][]Value, err error) {
		err = each(ctx, w, q, func(row []Value) bool {
			if d := digestOf(row); counts[d]*sign > 0 {
				rows = append(rows, row)
			}
			return len(rows) < wide
		})
		return rows, err
	}
	onlyA, err := first(a, 1)
	if err != nil {
		return out, err
	}
	onlyB, err := first(b, -1)
	if err != nil {
		return out, err
	}
	out.Differences = pair(onlyA, onlyB)
	out.Differences = out.Differences[:min(show, len(out.Differences))]
	return out, nil
}

func named(name string) func(adapters.Column) bool {
	return func(c adapters.Column) bool { return c.Name == name }
}

// columns are those of a table in both; a table that is not there has none.
func columns(ctx context.Context, a, b *adapters.Warehouse, table sql.Table) (left, right []adapters.Column, err error) {
	for w, to := range map[*adapters.Warehouse]*[]adapters.Column{a: &left, b: &right} {
		list, err := w.Columns(ctx, table)
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		*to = list
	}
	return left, right, nil
}

// each reads a result until f has enough.
func each(ctx context.Context, w *adapters.Warehouse, q sql.Query, f func(row []Value) bool) (err error) {
	rows, err := w.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	described := rows.Columns()
	dest := make([]any, len(described))
	for {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		row := make([]Value, len(dest))
		for i, v := range dest {
			row[i] = Value{Column: described[i].Name, Text: text(v, described[i].Type)}
		}
		if !f(row) {
			return nil
		}
	}
}

// text writes a value so that equal values have equal texts, whatever warehouse
// they come from, and values of different kinds do not.
func text(v any, typ sql.Type) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if math.IsNaN(v) {
			return "NaN"
		}
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eI") {
			s += ".0" // no integer
		}
		return s
	case string:
		if typ == sql.TypeDecimal || typ == sql.TypeUint {
			if strings.Contains(v, ".") {
				v = strings.TrimRight(strings.TrimRight(v, "0"), ".")
			}
			return v
		}
		return strconv.Quote(v)
	case []byte:
		return "0x" + hex.EncodeToString(v)
	case time.Time:
		if typ == sql.TypeDate {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = text(e, 0)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// digest stands for a row.
type digest [16]byte

func digestOf(row []Value) digest {
	sum := sha256.New()
	var size [8]byte
	for _, v := range row {
		binary.LittleEndian.PutUint64(size[:], uint64(len(v.Text)))
		sum.Write(size[:])
		sum.Write([]byte(v.Text))
	}
	return digest(sum.Sum(nil)[:16])
}

// pair puts rows beside each other that are most likely one: of those with the
// same first value, the ones that agree in most columns.
func pair(a, b [][]Value) []Difference {
	var out []Difference
	taken := make([]bool, len(b))
	for _, row := range a {
		best, agree := -1, 0
		for i, other := range b {
			if taken[i] || other[0] != row[0] {
				continue
			}
			n := 0
			for k := range row {
				if row[k] == other[k] {
					n++
				}
			}
			if n > agree {
				best, agree = i, n
			}
		}
		d := Difference{A: row}
		if best >= 0 {
			taken[best] = true
			d.B = b[best]
		}
		out = append(out, d)
	}
	for i, row := range b {
		if !taken[i] {
			out = append(out, Difference{B: row})
		}
	}
	// Rows that both have say most of what is wrong.
	slices.SortStableFunc(out, func(x, y Difference) int { return cmp.Compare(alone(x), alone(y)) })
	return out
}

func alone(d Difference) int {
	if d.A == nil || d.B == nil {
		return 1
	}
	return 0
}
