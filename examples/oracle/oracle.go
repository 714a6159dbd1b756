// Package oracle works out by itself what the example projects must find in
// the public data sets: with encoding/csv, maps and a union-find, and nothing
// of Customhouse's. Tests compare the tables of a run with it.
//
// It is test support: it never runs a project and is part of no command. Start
// with the functions whose names begin with Read, one for each example; Data
// finds the data.
package oracle

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Variable is the environment variable that names the folder of the data.
const Variable = "CUSTOMHOUSE_DATA"

// Data is the folder of the public data sets: what CUSTOMHOUSE_DATA says, or
// ../shared/data beside the repository. Where it is missing the test fails;
// only CUSTOMHOUSE_DATA=none skips it, so that nobody takes a test that did
// not run for one that passed.
func Data(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv(Variable) //nolint:forbidigo // test support: where a machine keeps its data is the machine's to say
	switch dir {
	case "none":
		tb.Skip(Variable + "=none: the tests on real data do not run")
	case "":
		root, err := moduleRoot()
		if err != nil {
			tb.Fatal(err)
		}
		dir = filepath.Join(root, "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "online-retail")); err != nil { //nolint:gosec // test support: the folder is the machine's to say
		tb.Fatalf("the public data sets are not in %s (%v): set %s to their folder, or to none to do without these tests", dir, err, Variable)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

// moduleRoot is the folder of go.mod above the working directory, which in a
// test is the folder of its package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("finding the repository: no go.mod above the working directory")
		}
		dir = up
	}
}

// row gives the fields of a CSV row by the name of their column.
type row func(column string) string

// readCSV calls f for every row of a CSV file with a header, gunzipping it
// where it ends in .gz.
func readCSV(path string, f func(row) error) (err error) {
	file, err := os.Open(path) //nolint:gosec // test support: the path is the test's
	if err != nil {
		return fmt.Errorf("opening the data: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("unzipping %s: %w", path, err)
		}
		in = unzipped
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("reading the header of %s: %w", path, err)
	}
	header = slices.Clone(header)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		var unknown string
		err = f(func(column string) string {
			i := slices.Index(header, column)
			if i < 0 {
				unknown = column
				return ""
			}
			return record[i]
		})
		if unknown != "" {
			return fmt.Errorf("reading %s: it has no column %s", path, unknown)
		}
		if err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("reading %s, line %d: %w", path, line, err)
		}
	}
}

// sets is a union-find over strings. The zero value is not ready; use make.
type sets map[string]string

// find is the representative of the set of x, which joins it where it is new.
func (s sets) find(x string) string {
	up, ok := s[x]
	if !ok {
		s[x] = x
		return x
	}
	if up == x {
		return x
	}
	top := s.find(up)
	s[x] = top
	return top
}

// join makes one set of the sets of a and b.
func (s sets) join(a, b string) {
	if a, b = s.find(a), s.find(b); a != b {
		s[max(a, b)] = min(a, b)
	}
}

// mode is the most frequent of the counted values, and of equals the smallest.
func mode(counts map[string]int) string {
	best, most := "", 0
	for value, n := range counts {
		if n > most || n == most && value < best {
			best, most = value, n
		}
	}
	return best
}

// digits drops everything but the digits 0 to 9.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
