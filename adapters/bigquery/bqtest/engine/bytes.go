package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sizes are how many bytes BigQuery counts for a value that is not NULL. $1 is
// the column.
var sizes = map[string]string{
	"INT64": "8", "FLOAT64": "8", "BOOL": "1", "DATE": "8", "TIMESTAMP": "8", "DATETIME": "8", "TIME": "8", "NUMERIC": "16", "BIGNUMERIC": "32", "INTERVAL": "16",
	"STRING": "2 + strlen($1)", "BYTES": "2 + octet_length($1)", "JSON": "strlen(CAST($1 AS VARCHAR))",
}

func size(e string, t Type) string {
	switch t.Name {
	case "ARRAY":
		return "coalesce(list_sum(list_transform(" + e + ", lambda x: " + size("x", *t.Elem) + ")), 0)"
	case "STRUCT":
		parts := []string{"0"}
		for i, f := range t.Fields {
			parts = append(parts, size(fmt.Sprintf("struct_extract(%s, '%s')", e, fieldName(i)), f.Type))
		}
		return "(" + strings.Join(parts, " + ") + ")"
	}
	return "coalesce(CASE WHEN " + e + " IS NOT NULL THEN " + fill(sizes[t.Name], []string{e}) + " END, 0)"
}

// size is how many bytes are read: of each table that a statement names, the
// whole columns that it mentions.
func (s *Store) size(ctx context.Context, c *sql.Conn, reads []read) (total int64, err error) {
	for _, r := range reads {
		if r.table.Engine == "" || len(r.columns) == 0 {
			continue
		}
		var parts []string
		for _, col := range r.columns {
			parts = append(parts, size(quote(col.Name), col.Type))
		}
		var n int64
		row := c.QueryRowContext(ctx, "SELECT CAST(coalesce(sum("+strings.Join(parts, " + ")+"), 0) AS BIGINT) FROM "+r.table.Engine)
		if err := row.Scan(&n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// leastBilled is what any table that is read costs at least.
const leastBilled = 10 << 20

func billed(bytes int64) int64 {
	if bytes == 0 {
		return 0
	}
	return max((bytes+(1<<20)-1)>>20<<20, leastBilled)
}

// affordable refuses what would cost more than is allowed.
func (x *execution) affordable(bytes int64) error {
	if x.bytes > 0 && billed(bytes) > x.bytes {
		return &Error{Reason: "bytesBilledLimitExceeded", Message: fmt.Sprintf("Query exceeded limit for bytes billed: %d. %d or higher required.", x.bytes, billed(bytes))}
	}
	return nil
}
