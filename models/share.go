package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/customhouse-cdp/customhouse/sql"
)

// shareDigits is how many hexadecimal digits of a digest decide: 52 bits, all
// of which a double holds.
const shareDigits = 13

// Spread is a text that is spread evenly over ids and is the same for the same
// salt and id in every run and every warehouse: the first digits of a SHA-256 in
// lower case, which order as the numbers do. Who is below ShareBound of a share is
// that share of the ids, and is below that of every greater one.
func Spread(salt string, id sql.Expr) sql.Expr {
	digest := sql.Fn(sql.Sha256, sql.Fn(sql.Concat, sql.String(salt), sql.Fn(sql.IntToString, id)))
	return sql.Fn(sql.Substr, digest, sql.Int(1), sql.Int(shareDigits))
}

// SpreadOf is Spread in process.
func SpreadOf(salt string, id int64) string {
	sum := sha256.Sum256([]byte(salt + strconv.FormatInt(id, 10)))
	return hex.EncodeToString(sum[:])[:shareDigits]
}

// ShareBound is what Spread is below for a share of the ids, from 0 to 1.
func ShareBound(share float64) string {
	if share >= 1 {
		return "g" // after every digit
	}
	return fmt.Sprintf("%0*x", shareDigits, uint64(share*(1<<(4*shareDigits))))
}
