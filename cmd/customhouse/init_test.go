package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAsk: an empty answer keeps what is in brackets, and the end of the input
// answers everything.
func TestAsk(t *testing.T) {
	tests := []struct {
		name, input string
		want        answers
	}{
		{"nothing", "", answers{Name: "shop", DuckDB: "shop.duckdb"}},
		{"empty lines", "\n\n\n", answers{Name: "shop", DuckDB: "shop.duckdb"}},
		{"a table", "boutique\n\nraw.contacts\nuser_id, email\n", answers{
			Name: "boutique", DuckDB: "shop.duckdb", Source: "raw.contacts", Identifiers: []string{"user_id", "email"},
		}},
		{"the default identifier", "\n\ndata/*.csv\n\n", answers{
			Name: "shop", DuckDB: "shop.duckdb", Source: "data/*.csv", Identifiers: []string{"email"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked bytes.Buffer
			a := &app{stdin: strings.NewReader(tt.input), stderr: &asked}
			got := answers{Name: "shop", DuckDB: "shop.duckdb"}
			if err := a.ask(&got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("answers (-want +got):\n%s", d)
			}
			if !strings.HasPrefix(asked.String(), "Name of the project [shop]: ") {
				t.Errorf("asked %q", asked.String())
			}
		})
	}
}

func TestIdentifier(t *testing.T) {
	for text, want := range map[string]string{
		"shop": "shop", "My Shop": "my_shop", "E-Mail": "e_mail", "2024": "project2024", "été": "t", "...": "project", "": "project",
	} {
		if got := identifier(text); got != want || !validName.MatchString(got) {
			t.Errorf("identifier(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestCrash(t *testing.T) {
	var stderr bytes.Buffer
	if code := Main([]string{"validate"}, nil, nil, panicking{&stderr}); code != exitUsage {
		t.Errorf("exit code %d after a panic", code)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "customhouse crashed, which is our fault: the writer is broken") {
		t.Errorf("the report is %q", got)
	}
}

// panicking panics at its first use.
type panicking struct{ *bytes.Buffer }

func (p panicking) Write(text []byte) (int, error) {
	if p.Len() == 0 && !bytes.HasPrefix(text, []byte("customhouse crashed")) {
		panic("the writer is broken")
	}
	return p.Buffer.Write(text)
}
