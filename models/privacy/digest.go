package privacy

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // a sieve: what is kept of it are 24 bits
	"crypto/sha256"
	"encoding/hex"
	"log/slog"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Key makes digests. It is the two halves of a secret, each 64 hex digits, and
// prints as ***.
type Key struct{ inner, outer string }

// NewKey derives a key from a secret of any length, which should have 32 random
// bytes.
func NewKey(secret []byte) Key {
	half := func(name string) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(name)) // never an error
		return hex.EncodeToString(mac.Sum(nil))
	}
	return Key{inner: half("inner"), outer: half("outer")}
}

// IsZero says that there is no key.
func (k Key) IsZero() bool { return k == Key{} }

// Row is the row of KeyTable.
func (k Key) Row() []any { return []any{k.inner, k.outer} }

// String keeps a key out of texts.
func (Key) String() string { return "***" }

// GoString keeps a key out of %#v.
func (Key) GoString() string { return "***" }

// LogValue keeps a key out of logs.
func (Key) LogValue() slog.Value { return slog.StringValue("***") }

// sieveDigits is how many hex digits of a digest are its sieve.
const sieveDigits = 6

// Digest is that of an identifier in its comparable form, 70 hex digits:
//
//	text   = inner || type || ':' || value
//	digest = the first 6 digits of md5(text) || sha256(outer || sha256(text))
//
// where hashes are hex digits. Two hashes with two keys, as HMAC has them, are
// within the reach of every warehouse, where HMAC itself is not. The first digits
// are a sieve: an engine may take microseconds for SHA-256, and of millions of
// values those alone need be hashed in full whose sieve is on a list.
func (k Key) Digest(identifierType, value string) string {
	text := k.inner + identifierType + ":" + value
	sieve := md5.Sum([]byte(text)) //nolint:gosec // see above
	inside := sha256.Sum256([]byte(text))
	outside := sha256.Sum256([]byte(k.outer + hex.EncodeToString(inside[:])))
	return hex.EncodeToString(sieve[:])[:sieveDigits] + hex.EncodeToString(outside[:])
}

// KeyAlias is the alias under which Digest and Sieve read KeyTable; a query that
// has them joins WithKey.
const KeyAlias = "privacy.key"

// WithKey joins the one row of KeyTable.
func WithKey() sql.Join {
	return sql.Join{Kind: sql.CrossJoin, Right: sql.TableRef{Table: KeyTable.Table, As: KeyAlias}}
}

// text is what is hashed of an identifier.
func text(identifierType, value sql.Expr) sql.Expr {
	out := sql.Fn(sql.Concat, sql.Col(KeyAlias, "inner"), identifierType)
	out = sql.Fn(sql.Concat, out, sql.String(":"))
	return sql.Fn(sql.Concat, out, value)
}

// Digest is Key.Digest as SQL, of two texts.
func Digest(identifierType, value sql.Expr) sql.Expr {
	whole := sql.Fn(sql.Sha256, sql.Fn(sql.Concat, sql.Col(KeyAlias, "outer"), sql.Fn(sql.Sha256, text(identifierType, value))))
	return sql.Fn(sql.Concat, Sieve(identifierType, value), whole)
}

// Sieve is the sieve of Digest alone.
func Sieve(identifierType, value sql.Expr) sql.Expr {
	return SieveOf(sql.Fn(sql.MD5, text(identifierType, value)))
}

// SieveOf is the sieve of a digest.
func SieveOf(digest sql.Expr) sql.Expr {
	return sql.Fn(sql.Substr, digest, sql.Int(1), sql.Int(sieveDigits))
}

// CheckDigest is the digest of the row of kind Check.
func (k Key) CheckDigest() string { return k.Digest("", CheckValue) }
