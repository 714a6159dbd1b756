package sftest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// open reads a staged file, which may be compressed.
func open(path string) ([]byte, error) {
	data, err := os.ReadFile(path) //nolint:gosec // a file of a stage of this server's
	if err != nil {
		return nil, fmt.Errorf("reading a staged file: %w", err)
	}
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading a staged file: %w", err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("reading a staged file: %w", err)
	}
	return out, nil
}

// readCSV reads records as the options say; a missing value is nil.
func readCSV(path, delimiter, enclosed string, skip int, format map[string]string) ([][]*string, error) {
	data, err := open(path)
	if err != nil {
		return nil, err
	}
	nulls := map[string]bool{`\N`: true}
	if given, ok := format["NULL_IF"]; ok {
		nulls = map[string]bool{}
		for n := range strings.SplitSeq(given, "\x00") {
			nulls[n] = true
		}
		delete(nulls, "\x01")
	}
	emptyNull := format["EMPTY_FIELD_AS_NULL"] != "FALSE"
	escapeUnenclosed := byte('\\')
	if e, ok := format["ESCAPE_UNENCLOSED_FIELD"]; ok {
		escapeUnenclosed = 0
		if e != "NONE" && len(e) == 1 {
			escapeUnenclosed = e[0]
		}
	}
	var escapeAll byte
	if e := format["ESCAPE"]; len(e) == 1 {
		escapeAll = e[0]
	}
	var rows [][]*string
	var row []*string
	text := string(data)
	add := func(value string, quoted bool) {
		switch {
		case nulls[value], value == "" && !quoted && emptyNull:
			row = append(row, nil)
		default:
			row = append(row, &value)
		}
	}
	for i := 0; i < len(text); {
		var b strings.Builder
		quoted := false
		switch {
		case enclosed != "" && strings.HasPrefix(text[i:], enclosed):
			quoted = true
			i += len(enclosed)
			for {
				if i >= len(text) {
					return nil, refuse(100069, "22000", "Found character end of file instead of the closing %s", enclosed)
				}
				if escapeAll != 0 && text[i] == escapeAll && i+1 < len(text) {
					i += unescape(&b, text[i+1:]) + 1
					continue
				}
				if strings.HasPrefix(text[i:], enclosed) {
					i += len(enclosed)
					if strings.HasPrefix(text[i:], enclosed) {
						b.WriteString(enclosed)
						i += len(enclosed)
						continue
					}
					break
				}
				b.WriteByte(text[i])
				i++
			}
		default:
			start := i
			for i < len(text) && !strings.HasPrefix(text[i:], delimiter) && text[i] != '\n' && text[i] != '\r' {
				if (escapeUnenclosed != 0 && text[i] == escapeUnenclosed || escapeAll != 0 && text[i] == escapeAll) && i+1 < len(text) {
					i += unescape(&b, text[i+1:]) + 1
					continue
				}
				b.WriteByte(text[i])
				i++
			}
			if raw := text[start:i]; nulls[raw] {
				b.Reset()
				b.WriteString(raw)
			}
		}
		add(b.String(), quoted)
		switch {
		case strings.HasPrefix(text[i:], delimiter):
			i += len(delimiter)
			if i == len(text) || text[i] == '\n' || text[i] == '\r' {
				add("", false)
			} else {
				continue
			}
		case i < len(text) && text[i] != '\n' && text[i] != '\r':
			return nil, refuse(100066, "22000", "Found character '%c' instead of field delimiter '%s'", text[i], delimiter)
		}
		if strings.HasPrefix(text[i:], "\r\n") {
			i++
		}
		i++
		if skip > 0 {
			skip--
		} else {
			rows = append(rows, row)
		}
		row = nil
	}
	return rows, nil
}

// unescape writes the character of an escape, and gives its length.
func unescape(b *strings.Builder, s string) int {
	switch s[0] {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	default:
		b.WriteByte(s[0])
	}
	return 1
}

// stageRows writes rows to a file that DuckDB reads, and gives its SQL: a file,
// so that a transaction that is done again finds them.
func stageRows(st *statement, rows [][]*string, width int) (string, error) {
	path := filepath.Join(st.s.server.folder, "load"+strconv.FormatInt(st.s.server.number.Add(1), 10)+".json")
	f, err := os.Create(path) //nolint:gosec // in a folder of this server's
	if err != nil {
		return "", fmt.Errorf("writing rows: %w", err)
	}
	defer func() { _ = f.Close() }()
	w := bufio.NewWriter(f)
	for n, row := range rows {
		if len(row) != width {
			return "", refuse(100080, "22000", "Number of columns in file (%d) does not match that of the corresponding table (%d), row %d. Use file format option error_on_column_count_mismatch=false to ignore this error", len(row), width, n+1)
		}
		line := map[string]*string{}
		for i, c := range row {
			line["c"+strconv.Itoa(i)] = c
		}
		text, err := json.Marshal(line)
		if err != nil {
			return "", fmt.Errorf("writing rows: %w", err)
		}
		if _, err := w.Write(append(text, '\n')); err != nil {
			return "", fmt.Errorf("writing rows: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return "", fmt.Errorf("writing rows: %w", err)
	}
	var columns []string
	for i := range width {
		columns = append(columns, "c"+strconv.Itoa(i)+": 'VARCHAR'")
	}
	return "read_json(" + quote(path) + ", format = 'newline_delimited', maximum_object_size = 268435456, columns = {" + strings.Join(columns, ", ") + "})", nil
}

// jsonRows is one VARIANT a document.
func (st *statement) jsonRows(path string, format map[string]string) (string, error) {
	data, err := open(path)
	if err != nil {
		return "", err
	}
	var rows [][]*string
	r := &variantReader{s: string(data)}
	for {
		r.space()
		if r.i >= len(r.s) {
			break
		}
		v, err := r.value()
		if err != nil {
			return "", refuse(100069, "22P02", "Error parsing JSON: %v", err)
		}
		values := []variant{v}
		if format["STRIP_OUTER_ARRAY"] == "TRUE" && v.kind == 'a' {
			values = v.items
		}
		for _, x := range values {
			text := x.String()
			rows = append(rows, []*string{&text})
		}
	}
	return stageRows(st, rows, 1)
}

// copyParquet loads a Parquet file, whose columns are found by name.
func (st *statement) copyParquet(o *object, targets []*columnDef, path, byName string) string {
	reader := "read_parquet(" + quote(path) + ")"
	rows, err := st.s.conn.QueryContext(st.ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+reader+")") //nolint:gosec // a path of this server's
	if err != nil {
		panic(asRefusal(err))
	}
	defer func() { _ = rows.Close() }()
	type field struct{ name, kind string }
	var fields []field
	for rows.Next() {
		var f field
		st.must(rows.Scan(&f.name, &f.kind))
		fields = append(fields, f)
	}
	st.must(rows.Err())
	var names, values []string
	for _, c := range targets {
		for _, f := range fields {
			if f.name != c.name && (byName != "CASE_INSENSITIVE" || !strings.EqualFold(f.name, c.name)) {
				continue
			}
			column := `x."` + strings.ReplaceAll(f.name, `"`, `""`) + `"`
			var e expr
			switch {
			case strings.HasSuffix(f.kind, "[]") || strings.HasPrefix(f.kind, "STRUCT") || strings.HasPrefix(f.kind, "MAP"):
				e = expr{sql: "v_parse(CAST(to_json(" + column + ") AS VARCHAR))", t: tVariant}
			case f.kind == "VARCHAR":
				e = expr{sql: column, t: tText}
			case f.kind == "BLOB":
				e = expr{sql: column, t: tBinary}
			case f.kind == "DOUBLE" || f.kind == "FLOAT":
				e = expr{sql: "CAST(" + column + " AS DOUBLE)", t: tReal}
			case f.kind == "BOOLEAN":
				e = expr{sql: column, t: tBool}
			case f.kind == "DATE":
				e = expr{sql: column, t: tDate}
			case strings.HasPrefix(f.kind, "TIMESTAMP WITH"):
				e = expr{sql: column, t: tLTZ}
			case strings.HasPrefix(f.kind, "TIMESTAMP"):
				e = expr{sql: "CAST(" + column + " AS TIMESTAMP)", t: tNTZ}
			case strings.HasPrefix(f.kind, "DECIMAL"):
				var p, s int
				if _, err := fmt.Sscanf(f.kind, "DECIMAL(%d,%d)", &p, &s); err != nil {
					panic(cannot("a Parquet column of type %s", f.kind))
				}
				e = expr{sql: column, t: fixed(p, s)}
			case strings.HasSuffix(f.kind, "INT") || strings.HasSuffix(f.kind, "INTEGER"):
				e = expr{sql: "CAST(" + column + " AS DECIMAL(38,0))", t: tInt}
			default:
				panic(cannot("a Parquet column of type %s", f.kind))
			}
			names = append(names, c.physical)
			values = append(values, st.load(c, e).sql)
			break
		}
	}
	if len(names) == 0 {
		panic(refuse(2020, "21S01", "No column of the file has the name of a column of the table"))
	}
	return "INSERT INTO " + o.physical + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + reader + " AS x"
}
