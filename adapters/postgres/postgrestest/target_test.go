package postgrestest

import (
	"strings"
	"testing"
)

// TestCheck: what is wrong with the variable is told with what to write, and
// without a password.
func TestCheck(t *testing.T) {
	for text, well := range map[string]bool{
		"postgres://me:hush@db.example.com:5432/shop?sslmode=require": true,
		"postgresql:///shop?host=/run/postgresql":                     true,
		"me:hush@db.example.com/shop":                                 false,
		"host=db.example.com password=hush dbname=shop":               false,
		"postgres://me:hush@db.example.com:x/shop":                    false,
	} {
		err := check(text)
		if well != (err == nil) || err != nil && (strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "write it as postgres://")) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
