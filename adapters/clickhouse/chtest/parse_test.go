package chtest

import (
	"strings"
	"testing"
)

// TestParse: what is wrong with the variable is told with what to write, and
// without a password.
func TestParse(t *testing.T) {
	for text, secure := range map[string]bool{"http://default:hush@localhost:8123": false, "https://me:hush@abc.clickhouse.cloud:8443/": true} {
		if s, err := parse(text); err != nil || s.Secure != secure || s.Password != "hush" {
			t.Errorf("%s: got %+v, %v", text, s, err)
		}
	}
	for _, text := range []string{"default:hush@localhost:8123", "clickhouse://default:hush@localhost:9000", "http://default:hush@localhost", "http://default:hush@localhost:8123/shop", "http://default:hush@local host:8123"} {
		if s, err := parse(text); err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "write it as https://") {
			t.Errorf("%s: got %+v, %v", text, s, err)
		}
	}
}
