package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// FreshFiles is a text that is another where what is in files is.
func FreshFiles(files adapters.Files) (string, error) {
	digest, ok := contents(files)
	if !ok {
		return "", fmt.Errorf("%s cannot be read", files.Path)
	}
	return digest, nil
}

// FreshTable is a text that is another where the number of rows of a source or
// their newest time is.
func FreshTable(ctx context.Context, wh *adapters.Warehouse, s *config.Source) (string, error) {
	items := []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}
	if s.Time != "" {
		items = append(items, sql.As(sql.Fn(sql.Max, sql.Col("s", s.Time)), "newest"))
	}
	return row(ctx, wh, &sql.Select{Items: items, From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}})
}

// FreshQuery is the value of a query of the user's, of one row and one column, as
// a text.
func FreshQuery(ctx context.Context, wh *adapters.Warehouse, query string) (string, error) {
	text := strings.TrimRight(strings.TrimSpace(query), "; \t\n")
	return row(ctx, wh, &sql.Select{Items: []sql.Item{
		sql.As(sql.Custom{ByDialect: map[string]string{wh.Printer().Dialect.Name: text + "\n"}, Value: sql.Int(0)}, "v"),
	}})
}

// row is the one row of a query, as a text.
func row(ctx context.Context, wh *adapters.Warehouse, q sql.Query) (text string, err error) {
	rows, err := wh.Query(ctx, q)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]any, len(rows.Columns()))
	if err := rows.Next(dest); err != nil {
		if errors.Is(err, io.EOF) {
			return "nothing", nil
		}
		return "", fmt.Errorf("reading a row: %w", err)
	}
	return strings.TrimSpace(fmt.Sprintln(dest...)), nil
}
