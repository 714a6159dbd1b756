package snowflake

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestParseKey reads keys as openssl writes them.
func TestParseKey(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("nothing is read as openssl writes it: openssl is not installed")
	}
	run := func(script string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for name, c := range map[string]struct {
		script, passphrase string
		want               error
	}{
		"plain":            {openssl + " genpkey -algorithm RSA", "", nil},
		"aes":              {openssl + " genrsa 2048 | " + openssl + " pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret", "secret", nil},
		"des3":             {openssl + " genrsa 2048 | " + openssl + " pkcs8 -topk8 -v2 des3 -passout pass:secret", "secret", nil},
		"wrong passphrase": {openssl + " genrsa 2048 | " + openssl + " pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret", "other", errPassphrase},
		"no passphrase":    {openssl + " genrsa 2048 | " + openssl + " pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret", "", errPassphrase},
		"no key":           {"echo nonsense", "", errNoKey},
		"another kind":     {openssl + " genpkey -algorithm ED25519", "", errNoKey},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := parseKey(run(c.script), c.passphrase)
			if !errors.Is(err, c.want) || (err == nil) != (key != nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
