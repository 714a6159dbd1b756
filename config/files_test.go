package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// first lines of findings, without the help.
func summaries(l diag.List) []string {
	out := []string{}
	for _, d := range l {
		out = append(out, d.String())
	}
	return out
}

func TestFiles(t *testing.T) {
	comment := func(size int) string { return strings.Repeat("# "+strings.Repeat("x", 97)+"\n", size/100) }
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{}},
		{"only remarks", "# nothing\n\n", []string{}},
		{"explicit null", "---\n", []string{}},
		{"byte order mark", "\ufeffsegments:\n  - {name: x, entity: customr, when: 'true'}\n", []string{
			`f.yaml:2:23: error[unknown-entity]: unknown entity "customr"`,
		}},
		{"byte order mark in the text", "# a\ufeff\n", []string{
			"f.yaml:1:4: error[bad-character]: the file holds the control character U+FEFF",
		}},
		{"not UTF-8", "# é\n# \xe9t\xe9\n", []string{
			"f.yaml:2:3: error[bad-encoding]: the file is not UTF-8: byte 0xE9 at offset 7 starts no character",
		}},
		{"UTF-16", "\xff\xfea\x00:\x00", []string{
			"f.yaml:1:1: error[bad-encoding]: the file is not UTF-8: byte 0xFF at offset 0 starts no character",
		}},
		{"NUL", "segments: [] # \x00\n", []string{
			"f.yaml:1:16: error[bad-character]: the file holds the control character U+0000",
		}},
		{"escape", "# \x1b[31m\n", []string{
			"f.yaml:1:3: error[bad-character]: the file holds the control character U+001B",
		}},
		{"lone carriage return", "# a\rb\n", []string{
			"f.yaml:1:4: error[bad-character]: the file holds the control character U+000D",
		}},
		{"line separator", "# a\u2028b\n", []string{
			"f.yaml:1:4: error[bad-character]: the file holds the control character U+2028",
		}},
		{"long line", "# " + strings.Repeat("x", 70_000), []string{
			"f.yaml:1:1: error[yaml-syntax]: this line is longer than 16384 bytes",
		}},
		{"just small enough", comment(MaxFile), []string{}},
		{"too large", comment(MaxFile) + comment(200), []string{
			"f.yaml: error[file-too-large]: the file is larger than 4 MB (4194304 bytes)",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, list := Load(withBase(t, map[string]string{"f.yaml": test.text}), ".", testKinds())
			if diff := cmp.Diff(summaries(list), test.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

// allocated is how many bytes f allocates: what it costs, on any machine.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHugeFile reads 50 MB of YAML no further than it must.
func TestHugeFile(t *testing.T) {
	fsys := withBase(t, nil)
	fsys["huge.yaml"] = &fstest.MapFile{Data: make([]byte, 50<<20)}
	var list diag.List
	used := allocated(func() { _, list = Load(fsys, ".", testKinds()) })
	if len(list) != 1 || list[0].Code != codeSize {
		t.Errorf("got %v", list)
	}
	if used > 50<<20 { // growing a buffer to the whole file takes more than twice that
		t.Errorf("allocated %d bytes", used)
	}
}

func TestBombIsRefusedAtOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/bad/yaml_bomb.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list diag.List
	used := allocated(func() { _, list = Load(withBase(t, map[string]string{"bomb.yaml": string(text)}), ".", testKinds()) })
	if used > 4<<20 {
		t.Errorf("allocated %d bytes", used)
	}
	if len(list) != 1 || list[0].Code != "yaml-alias" {
		t.Errorf("got %v", list)
	}
}

// TestManyFindings bounds what one hopeless file says.
func TestManyFindings(t *testing.T) {
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "key_%d: [1, 2]\n", i)
	}
	_, list := Load(withBase(t, map[string]string{"many.yaml": text.String()}), ".", testKinds())
	_ = render(list)
	if len(list) != maxFindings {
		t.Errorf("got %d findings, want %d", len(list), maxFindings)
	}
}

func TestWhatIsMissing(t *testing.T) {
	for _, test := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"no files", fstest.MapFS{"readme.md": {}}, []string{"error[no-files]: there is no YAML file in shop"}},
		{"empty file", fstest.MapFS{"a.yaml": {}}, []string{
			"error[no-project]: no file has the key project", "error[no-target]: no file has the key targets",
		}},
		// What is missing may be in the file that cannot be read.
		{"broken file", fstest.MapFS{"a.yaml": {Data: []byte("a: [")}}, []string{
			"a.yaml:1:4: error[yaml-syntax]: this is not valid YAML: a value cannot start with this character",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, list := Load(test.files, "shop", testKinds())
			if test.name == "broken file" {
				if len(list) != 1 || list[0].Code != "yaml-syntax" {
					t.Errorf("got %v", list)
				}
				return
			}
			if diff := cmp.Diff(summaries(list), test.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

// TestWhichFiles holds Load to the files of the project.
func TestWhichFiles(t *testing.T) {
	bad := "nonsense: 1\n"
	_, list := Load(withBase(t, map[string]string{
		"deep/er/x.yml": bad, "y.YAML": bad, "z.json": bad, ".hidden.yaml": bad, ".git/a.yaml": bad, "target/a.yaml": bad,
		"node_modules/x/a.yaml": bad, ".github/workflows/ci.yml": bad, "targets/a.yaml": bad,
	}), ".", testKinds())
	want := []string{
		`deep/er/x.yml:1:1: error[unknown-key]: unknown key "nonsense"`,
		`targets/a.yaml:1:1: error[unknown-key]: unknown key "nonsense"`,
	}
	if diff := cmp.Diff(summaries(list), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// TestLinks reads a real folder with links out of it.
func TestLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(dir, "base.yaml"): string(base), filepath.Join(outside, "bad.yaml"): "nonsense: 1\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"link.yaml": filepath.Join(outside, "bad.yaml"), "folder": outside, "loop": dir, "gone.yaml": filepath.Join(outside, "gone"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	p, list := Load(os.DirFS(dir), dir, testKinds())
	if list != nil {
		t.Fatalf("got %v", list)
	}
	want := []string{
		"gone.yaml: warning[not-read]: this is not a regular file and was not read",
		"link.yaml: warning[not-read]: this is not a regular file and was not read",
	}
	if diff := cmp.Diff(summaries(p.Warnings), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// broken fails to open one file and one folder.
type broken struct{ fstest.MapFS }

func (b broken) Open(name string) (fs.File, error) {
	if name == "secret.yaml" || name == "closed" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return b.MapFS.Open(name)
}

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "closed" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return b.MapFS.ReadDir(name)
}

func TestUnreadable(t *testing.T) {
	_, list := Load(broken{withBase(t, map[string]string{"secret.yaml": "", "closed/a.yaml": ""})}, ".", testKinds())
	want := []string{
		"closed: error[cannot-read]: this cannot be read: permission denied",
		"secret.yaml: error[cannot-read]: this cannot be read: permission denied",
	}
	if diff := cmp.Diff(summaries(list), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
