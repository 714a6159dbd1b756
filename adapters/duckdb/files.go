package duckdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// ReadFiles makes files readable as a view over them; nothing is copied. The
// columns of a CSV file are text: the project declares what they hold.
func (d *Driver) ReadFiles(ctx context.Context, parts []string, files adapters.Files) error {
	scan, err := scanOf(files)
	if err != nil {
		return err
	}
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = name(p)
	}
	view := strings.Join(quoted, ".")
	var script []string
	if n := len(quoted); n > 1 {
		script = append(script, "CREATE SCHEMA IF NOT EXISTS "+strings.Join(quoted[:n-1], "."))
	}
	if err := d.Exec(ctx, append(script, "CREATE OR REPLACE VIEW "+view+" AS SELECT * FROM "+scan)); err != nil {
		return err
	}
	d.mu.Lock()
	d.untyped[view] = files.Format == "csv"
	d.mu.Unlock()
	return nil
}

// scanOf is the table function that reads files.
func scanOf(files adapters.Files) (string, error) {
	path := quote(files.Path)
	switch files.Format {
	case "csv":
		delimiter := files.Delimiter
		if delimiter == "" {
			delimiter = ","
		}
		// Everything that the engine would guess from a sample is fixed, so
		// that the answer does not hang on which rows come first: without
		// skip, a longer row further down would become the header.
		return fmt.Sprintf(`read_csv(%s, header = true, skip = 0, all_varchar = true, delim = %s, quote = '"', escape = '"', comment = '', union_by_name = true)`,
			path, quote(delimiter)), nil
	case "json":
		return fmt.Sprintf("read_json(%s, format = 'auto', union_by_name = true)", path), nil
	case "parquet":
		return fmt.Sprintf("read_parquet(%s, union_by_name = true)", path), nil
	default:
		return "", &adapters.Error{
			Kind:    adapters.Syntax,
			Message: fmt.Sprintf("files of format %q cannot be read", files.Format),
			Help:    "the formats are csv, json and parquet",
		}
	}
}
