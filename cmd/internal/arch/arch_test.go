package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/customhouse-cdp/customhouse"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Doc        string
	Imports    []string
	GoFiles    []string
}

// name is the path inside the module; the root is ".".
func (p pkg) name() string { return inside(p.ImportPath) }

func inside(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

// packages lists the module's packages.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports,GoFiles", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 10 {
		t.Fatalf("go list found only %d packages", len(list))
	}
	return list
}

const root = "../../.."

// rule says what the packages below a folder may import of the module, and
// what they may not import at all. The first rule that matches counts.
type rule struct {
	// folder is a path inside the module; a trailing /* means each package
	// directly below it.
	folder string
	// may lists the folders that may be imported, themselves and below; the
	// package's own folder is always allowed.
	may []string
	// never lists imports that are refused, themselves and below.
	never []string
	why   string
}

var rules = []rule{
	{"sql", nil, []string{"database/sql", "net", "os", "context", "time/tzdata"}, "sql prints SQL and never runs it"},
	{"config/diag", nil, []string{"net", "os"}, "findings are data"},
	{"config/reach", nil, []string{"net", "os", "context"}, "addresses are judged, and never dialled"},
	{"config", []string{"config"}, []string{"net", "os"}, "loading is pure: files come as an fs.FS"},
	{"models", []string{"sql", "config", "models", "syncs/normalize"}, []string{"net", "os", "context"}, "compiling is pure"},
	{"adapters/adaptertest", []string{"sql", "config/diag", "config/secret", "config/strict", "adapters"}, nil, "the suite knows no driver"},
	{"adapters/*", []string{"sql", "config/diag", "config/profile", "config/secret", "config/strict", "adapters!"}, nil, "a driver knows no other driver"},
	{"adapters", []string{"sql", "config/diag", "config/secret"}, []string{"database/sql"}, "the warehouse knows no vendor"},
	{"syncs/normalize", nil, []string{"net", "os", "context"}, "normalising is pure"},
	{"syncs/deliver/places", []string{"syncs!", "syncs/deliver!", "config/secret"}, []string{"database/sql"}, "a place knows no sync"},
	{"syncs/deliver", []string{"syncs!", "config"}, []string{"database/sql"}, "the engine knows no vendor and no warehouse"},
	{"syncs/synctest", []string{"syncs", "config"}, nil, "the suite serves every destination"},
	{"syncs/identify", []string{"syncs!", "syncs/normalize", "config/diag", "config/strict"}, []string{"net", "os", "context"}, "hashing is pure"},
	{"syncs/auth", []string{"syncs!", "config/diag", "config/secret", "config/strict"}, []string{"context", "os"}, "credentials are spelled, not got"},
	{"syncs/*/*", []string{"syncs!", "syncs/synctest", "config/secret"}, []string{"context", "os", "database/sql"}, "a fake serves one destination"},
	{"syncs/*", []string{"syncs!", "syncs/auth", "syncs/identify", "syncs/normalize", "config/diag", "config/secret", "config/strict"}, []string{"context", "os", "database/sql"}, "a destination is a pure function"},
	{"syncs", []string{"config/diag", "config/reach", "config/secret", "config/strict"}, []string{"context", "os"}, "the contract is pure"},
	{"cmd/internal/run", []string{"sql", "config", "models", "adapters!", "syncs!", "syncs/deliver", "cmd/internal/state", "cmd/internal/volume", "cmd/internal/catalog"}, nil, "a run emits, and knows nobody who listens"},
	{"cmd/internal/schedule", []string{"cmd/internal/state"}, nil, "schedules emit, and know nobody who listens"},
	{"cmd/internal/volume", nil, []string{"net", "os", "context"}, "what is usual follows from numbers alone"},
	{"cmd/internal", []string{"sql", "config", "models", "adapters!", "syncs!", "syncs/deliver", "cmd/internal"}, nil, "only cmd/customhouse names vendors"},
}

// TestImports holds the tree to the rules of docs/architecture.md.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.applies(p.name()) })
		if i < 0 {
			continue
		}
		r := rules[i]
		used[r.folder] = true
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) {
				if to := inside(imported); !r.allows(p.name(), to) {
					t.Errorf("%s imports %s: %s", p.name(), to, r.why)
				}
				continue
			}
			for _, never := range r.never {
				// net/http's types are vocabulary; a client is not, see TestNoClients.
				if imported == never || strings.HasPrefix(imported, never+"/") && imported != "net/http" && imported != "net/url" && imported != "net/textproto" && imported != "net/mail" && imported != "net/netip" {
					t.Errorf("%s imports %s: %s", p.name(), imported, r.why)
				}
			}
		}
	}
	for _, r := range rules {
		if !used[r.folder] {
			t.Errorf("the rule for %s applies to no package", r.folder)
		}
	}
}

func (r rule) applies(name string) bool {
	if parent, ok := strings.CutSuffix(r.folder, "/*/*"); ok {
		return strings.HasPrefix(name, parent+"/") && strings.Count(name, "/") > strings.Count(parent, "/")+1
	}
	if parent, ok := strings.CutSuffix(r.folder, "/*"); ok {
		return strings.HasPrefix(name, parent+"/")
	}
	return name == r.folder || strings.HasPrefix(name, r.folder+"/")
}

// allows decides about one import. A name with ! means that package and
// nothing below it.
func (r rule) allows(from, to string) bool {
	if own, ok := strings.CutSuffix(strings.TrimSuffix(r.folder, "/*"), "/*"); ok || strings.HasSuffix(r.folder, "/*") {
		first, _, _ := strings.Cut(strings.TrimPrefix(from, own+"/"), "/")
		if to == own+"/"+first || strings.HasPrefix(to, own+"/"+first+"/") {
			return true
		}
	} else if to == from || strings.HasPrefix(to, from+"/") {
		return true
	}
	return slices.ContainsFunc(r.may, func(may string) bool {
		if exact, ok := strings.CutSuffix(may, "!"); ok {
			return to == exact
		}
		return to == may || strings.HasPrefix(to, may+"/")
	})
}

// client matches what sends a request; types such as http.Header are fine.
var client = regexp.MustCompile(`\bhttp\.(Client|DefaultClient|Get|Post|PostForm|Head|NewRequest|NewRequestWithContext|Transport|DefaultTransport)\b`)

// TestNoClients: only the engine sends.
func TestNoClients(t *testing.T) {
	for _, p := range packages(t) {
		first, below, _ := strings.Cut(strings.TrimPrefix(p.name(), "syncs/"), "/")
		if !strings.HasPrefix(p.name(), "syncs/") || below != "" || first == "deliver" || first == "synctest" {
			continue
		}
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(root, p.name(), file))
			if err != nil {
				t.Fatal(err)
			}
			if m := client.Find(text); m != nil {
				t.Errorf("%s/%s uses %s: destinations never send, syncs/deliver does", p.name(), file, m)
			}
		}
	}
}

// joined matches the name of a type of at most four words in the list of
// destinations.
var joined = regexp.MustCompile(`(destination\("[a-z]+)_([a-z]+)(?:_([a-z]+))?(?:_([a-z]+))?`)

// TestBuiltin: every driver and destination is in the one list.
func TestBuiltin(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "cmd/customhouse/builtin.go"))
	if err != nil {
		t.Fatal(err)
	}
	notVendors := []string{"adapters/adaptertest", "syncs/deliver", "syncs/synctest", "syncs/normalize", "syncs/identify", "syncs/auth"}
	found := 0
	for _, p := range packages(t) {
		parent, name := path.Split(p.name())
		if parent != "adapters/" && parent != "syncs/" || slices.Contains(notVendors, p.name()) {
			continue
		}
		found++
		imported := `"` + p.ImportPath + `"`
		listed := map[string]string{
			"adapters/": `name:    "` + name + `",`,
			"syncs/":    `destination("` + name + `", ` + name + `.Default, ` + name + `.New),`,
		}[parent]
		for _, line := range []string{imported, listed} {
			// A type may have words, as in google_data_manager; a package has none.
			if !strings.Contains(string(text), line) && !strings.Contains(joined.ReplaceAllString(string(text), "$1$2$3$4"), line) {
				t.Errorf("cmd/customhouse/builtin.go lacks the line for %s:\n\t%s", p.name(), line)
			}
		}
	}
	if found < 3 {
		t.Errorf("found only %d drivers and destinations", found)
	}
}

// TestPackageDocs: each package says what it does.
func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && len(p.Doc) < 40 {
			t.Errorf("package %s has no doc comment that says what it does", p.name())
		}
	}
}

// TestTopLevel: the tree reads as a sentence.
func TestTopLevel(t *testing.T) {
	want := []string{"adapters", "cmd", "config", "docs", "examples", "models", "sql", "syncs"}
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files").Output()
	var names []string
	if err == nil && len(out) > 0 {
		for file := range strings.Lines(string(out)) {
			if dir, _, nested := strings.Cut(file, "/"); nested && !strings.HasPrefix(dir, ".") && !slices.Contains(names, dir) {
				names = append(names, dir)
			}
		}
	} else {
		entries, err := os.ReadDir(root) // a copy without its history
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "bin" {
				names = append(names, e.Name())
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(want, name) {
			t.Errorf("the folder %s is none of %s", name, strings.Join(want, ", "))
		}
	}
}
