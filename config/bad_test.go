package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// withBase is a project of testdata/base.yaml and more files.
func withBase(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"base.yaml": {Data: base}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// TestBase holds the project that the fixtures spoil to be sound.
func TestBase(t *testing.T) {
	p, list := Load(withBase(t, nil), ".", testKinds())
	if list != nil || len(p.Warnings) > 0 {
		t.Fatalf("got findings:\n%s", render(list))
	}
}

// TestBadFixtures pairs each mistake with the message that its author reads.
func TestBadFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("got %d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bad.yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "# Mistake: ") {
				t.Error("the first comment does not say which mistake")
			}
			p, list := Load(withBase(t, map[string]string{"bad.yaml": string(text)}), ".", testKinds())
			if p != nil || !list.HasErrors() {
				t.Fatal("got no error")
			}
			checkPlaces(t, list)
			got := render(list)
			if strings.Contains(got, "CANARY") || strings.Contains(list.Error(), "CANARY") || strings.Contains(got, "4711") {
				t.Errorf("got a secret in the message:\n%s", got)
			}
			golden := filepath.Join("testdata/bad", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, string(want)); diff != "" {
				t.Errorf("message (-got +want):\n%s", diff)
			}
		})
	}
}

// checkPlaces holds every finding to what docs/errors.md promises: a code that
// is listed, a place in the file, a help.
func checkPlaces(t *testing.T, list diag.List) {
	t.Helper()
	codes := documented(t)
	for _, d := range list {
		if !slices.Contains(codes, d.Code) {
			t.Errorf("docs/errors.md does not list the code %q", d.Code)
		}
		if d.Help == "" {
			t.Errorf("got no help: %s", d)
		}
		if sp := d.Span; sp.Source != nil && sp.Start.Line > 0 && !sp.Start.Before(sp.End) {
			t.Errorf("got an empty place %v-%v: %s", sp.Start, sp.End, d)
		}
	}
}

var (
	listedCode   = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|")
	declaredCode = regexp.MustCompile(`(?m)^\s+[cC]ode\w+\s*= "([a-z-]+)"`)
)

// documented are the codes that docs/errors.md lists.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, m := range listedCode.FindAllStringSubmatch(string(text), -1) {
		codes = append(codes, m[1])
	}
	return codes
}

// TestEveryCodeIsDocumented reads the codes where they are declared.
func TestEveryCodeIsDocumented(t *testing.T) {
	codes := documented(t)
	declared := 0
	for _, file := range []string{"codes.go", "strict/parse.go", "secret/secret.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declaredCode.FindAllStringSubmatch(string(text), -1) {
			declared++
			if !slices.Contains(codes, m[1]) {
				t.Errorf("docs/errors.md does not list the code %q of %s", m[1], file)
			}
		}
	}
	if declared < 40 {
		t.Errorf("got %d declared codes, want at least 40", declared)
	}
}
