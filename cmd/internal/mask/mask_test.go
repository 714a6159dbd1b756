package mask_test

import (
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
)

func TestString(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                        "",
		"john@example.com":        "j***@e***.com",
		"Émile@exämple.fr":        "É***@e***.fr",
		"j@example.com":           "***@e***.com",
		"john@x.com":              "j***@***.com",
		"john@mail.example.co":    "j***@m***.co",
		`"ada"@example.com`:       "***",
		"john@localhost":          "***",
		"john@example.secret-tld": "***",
		"a@b@example.com":         "***",
		"@example.com":            "***",
		"john@.com":               "***",
		"john at example.com":     "***",
		"+33639980078":            "+33*******78",
		"+33 6 39 98 00 78":       "+33*******78",
		"+33(0)639980078x":        "***",
		"+1234567":                "***",
		"+1234567890123456":       "***",
		"0639980078":              "***",
		"Ada":                     "***",
		"a":                       "***",
		"4111 1111 1111 1111":     "***",
		"192.0.2.1":               "***",
		"\x00":                    "***",
	} {
		if got := mask.String(value); got != want {
			t.Errorf("%q is shown as %q, want %q", value, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	for _, v := range []any{int64(7), 1.5, true, false, time.Now(), []any{"a"}, []byte("x"), "Ada", map[string]any{}} {
		if got := mask.Value(v); got != mask.Hidden {
			t.Errorf("%v is shown as %v", v, got)
		}
	}
	if mask.Value(nil) != nil || mask.Value("") != "" {
		t.Error("nothing is shown as something")
	}
}

// FuzzString: what is shown is Hidden, or no more than the parts that are said to be.
func FuzzString(f *testing.F) {
	for _, s := range []string{"john@example.com", "+33639980078", "Ada", "é@é.com", "+(((12345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := mask.String(s)
		if s == "" || got == mask.Hidden {
			return
		}
		if strings.HasPrefix(got, "+") {
			if digits := strings.Trim(got, "+*"); strings.Count(got, "*") < 4 || len(strings.ReplaceAll(got, "*", "")) != 5 {
				t.Errorf("%q is shown as %q: %s", s, got, digits)
			}
			return
		}
		user, host, _ := strings.Cut(got, "@")
		host, _, _ = strings.Cut(host, ".")
		for _, part := range []string{user, host} {
			if letter, ok := strings.CutSuffix(part, mask.Hidden); !ok || len([]rune(letter)) > 1 {
				t.Errorf("%q is shown as %q", s, got)
			}
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"row of ada@example.com, or +33 6 39 98 00 11; 12 rows at 2026-11-22 12:30:00.5": "row of ***, or ***; 12 rows at 2026-11-22 12:30:00.5",
		"ada@localhost":        "***",
		"0639980011":           "***",
		"06 39 98 00 11 is it": "*** is it",
		"run 20261122T123000Z": "run 20261122T123000Z",
		"ticket 4711, 30 days": "ticket 4711, 30 days",
		"2026-11-22 and 7":     "2026-11-22 and 7",
		"":                     "",
	} {
		got := mask.Text(words)
		if got != want || mask.Names(words) != (got != words) {
			t.Errorf("%q is shown as %q, want %q; names: %v", words, got, want, mask.Names(words))
		}
	}
}
