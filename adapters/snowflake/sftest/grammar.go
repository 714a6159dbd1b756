package sftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
)

// linter is what reads the statements a second time: sqlfluff of Debian, which
// knows Snowflake's grammar from elsewhere than this package does.
const linter = "sqlfluff"

// ErrNoLinter says that sqlfluff is not installed.
var ErrNoLinter = errors.New("no second parser reads Snowflake's statements: " + linter + " is not installed; run: apt-get install sqlfluff")

var (
	executedLock sync.Mutex
	executed     = map[string]bool{}
)

// remember keeps a statement that succeeded, for Main.
func remember(text string) {
	executedLock.Lock()
	defer executedLock.Unlock()
	executed[text] = true
}

// Main runs the tests of a package, and then has sqlfluff read what its servers
// executed. It is for TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	executedLock.Lock()
	texts := make([]string, 0, len(executed))
	for t := range executed {
		texts = append(texts, t)
	}
	executedLock.Unlock()
	if code != 0 || len(texts) == 0 {
		return code
	}
	n, findings, err := Grammar(texts)
	switch {
	case errors.Is(err, ErrNoLinter) && os.Getenv("CI") == "": //nolint:forbidigo // a test helper
		fmt.Fprintln(os.Stderr, "WARNING:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	case len(findings) > 0:
		for _, f := range findings {
			fmt.Fprintln(os.Stderr, f)
		}
		return 1
	default:
		fmt.Fprintf(os.Stderr, "%s read %d statements that stand for those of %d texts\n", linter, n, len(texts))
	}
	return code
}

// CheckGrammar fails a test for each statement that sqlfluff cannot read. Where it
// is not installed the test is skipped, or fails in CI.
func CheckGrammar(tb testing.TB, texts []string) {
	tb.Helper()
	n, findings, err := Grammar(texts)
	switch {
	case errors.Is(err, ErrNoLinter) && os.Getenv("CI") == "": //nolint:forbidigo // a test helper
		tb.Skip(err)
	case err != nil:
		tb.Fatal(err)
	}
	for _, f := range findings {
		tb.Error(f)
	}
	tb.Logf("%s read %d statements that stand for those of %d texts", linter, n, len(texts))
}

// enough is how many characters sqlfluff reads in all, at more than a second of
// processor time for a thousand. CUSTOMHOUSE_LONG has it read all that is new.
const enough = 12_000

// Grammar has sqlfluff read statements, and gives what it cannot. It is slow, so
// that it reads those which have something new: three tokens in a row that no
// shorter statement has. n is how many these are.
func Grammar(texts []string) (n int, findings []string, err error) {
	program, err := exec.LookPath(linter)
	if err != nil {
		return 0, nil, ErrNoLinter
	}
	chosen := representatives(texts)
	if len(chosen) == 0 {
		return 0, nil, nil
	}
	folder, err := os.MkdirTemp("", "grammar")
	if err != nil {
		return 0, nil, fmt.Errorf("a folder for statements: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for i, text := range chosen {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%04d.sql", i)), []byte(plainer(text)+";\n"), 0o600); err != nil {
			return 0, nil, fmt.Errorf("writing a statement: %w", err)
		}
	}
	config := "[sqlfluff]\ndialect = snowflake\ntemplater = raw\nlarge_file_skip_char_limit = 0\nlarge_file_skip_byte_limit = 0\n"
	if err := os.WriteFile(filepath.Join(folder, ".sqlfluff"), []byte(config), 0o600); err != nil {
		return 0, nil, fmt.Errorf("writing the configuration of %s: %w", linter, err)
	}
	// A rule has to be named; what cannot be parsed is told whichever it is.
	run := exec.Command(program, "lint", "--rules", "L009", "--format", "json", "--nocolor", ".") //nolint:noctx,gosec // it ends by itself
	run.Dir = folder
	out, err := run.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return 0, nil, fmt.Errorf("running %s: %w", linter, err)
	}
	var files []struct {
		Path       string `json:"filepath"`
		Violations []struct {
			Code        string `json:"code"`
			Description string `json:"description"`
		} `json:"violations"`
	}
	if err := json.Unmarshal(out, &files); err != nil {
		return 0, nil, fmt.Errorf("reading what %s says: %w\n%s", linter, err, out)
	}
	for _, f := range files {
		var i int
		if _, err := fmt.Sscanf(filepath.Base(f.Path), "%d.sql", &i); err != nil || i >= len(chosen) {
			return 0, nil, fmt.Errorf("%s speaks of a file %s", linter, f.Path)
		}
		for _, v := range f.Violations {
			if v.Code == "PRS" || v.Code == "LXR" || v.Code == "TMP" {
				findings = append(findings, fmt.Sprintf("%s cannot read a statement: %s\n%s", linter, v.Description, chosen[i]))
			}
		}
	}
	return len(chosen), findings, nil
}

// representatives are the shortest statements that have between them every three
// tokens in a row that any has. Names, numbers and texts are alike.
func representatives(texts []string) []string {
	var all []string
	for _, t := range texts {
		if func() (ok bool) {
			defer func() { ok = recover() == nil }()
			all = append(all, statements(t)...)
			return true
		}() {
			continue
		}
	}
	all = slices.DeleteFunc(all, func(t string) bool { return putText.MatchString(t) || unread(t) })
	sort.SliceStable(all, func(i, j int) bool { return len(all[i]) < len(all[j]) })
	seen := map[[3]string]bool{}
	var out []string
	total := 0
	for _, text := range all {
		shape := shapeOf(text)
		fresh := false
		for i := range len(shape) - 2 {
			key := [3]string{shape[i], shape[i+1], shape[i+2]}
			fresh = fresh || !seen[key]
			seen[key] = true
		}
		if !fresh {
			continue
		}
		if total += len(text); total > enough && os.Getenv("CUSTOMHOUSE_LONG") == "" { //nolint:forbidigo // a test helper
			break
		}
		out = append(out, text)
	}
	return out
}

// shapeOf is a statement's tokens, of which names are all the same, unless they
// call a function or mean something to the grammar.
func shapeOf(text string) []string {
	toks := tokens(text)
	out := make([]string, 0, len(toks)+2)
	out = append(out, "^")
	for i, t := range toks {
		switch {
		case t.kind == tokNumber:
			out = append(out, "1")
		case t.kind == tokString:
			out = append(out, "''")
		case t.kind == tokQuoted, t.kind == tokWord && !reserved[t.name] && !clauses[t.name] && !isType(t.name) && (i+1 >= len(toks) || toks[i+1].text != "("):
			out = append(out, "x")
		case t.kind == tokWord && toks[i+1].text == "(" && !reserved[t.name] && !isType(t.name):
			out = append(out, "f")
		default:
			out = append(out, strings.ToUpper(t.text))
		}
	}
	return out
}

// clauses are words that are not reserved and yet mean something to the grammar.
var clauses = set("OVER PARTITION WITHIN NULLS FIRST LAST CASE END ASC DESC LIMIT OFFSET MERGE MATCHED DELETE TRUNCATE TRANSIENT TEMPORARY CLONE SWAP RENAME CLUSTER COPY GRANTS IF REPLACE USE EXPLAIN SHOW SCHEMA SCHEMAS TABLES ADD BEGIN TRANSACTION COMMIT ROLLBACK RECURSIVE EXCEPT FILE_FORMAT TYPE PURGE ON_ERROR REMOVE TERSE")

// unread are statements that sqlfluff 1.4 has no grammar for, although
// Snowflake's documentation has: what is left is checked by this package alone.
func unread(text string) bool {
	t := tokens(text)
	first := t[0].name
	switch first {
	case "PUT", "REMOVE", "RM", "LIST", "LS":
		return true
	case "COPY": // with a list of columns, or a query
		return true
	case "SHOW":
		return len(t) > 1 && t[1].name == "TERSE"
	}
	return false
}

// plainer is a statement without what sqlfluff 1.4 cannot read: of a lambda
// expression the body is left, of a structured type its name; IS DISTINCT FROM
// becomes =, a bound variable 1, and a function of the system one of no system.
func plainer(text string) string {
	toks := tokens(text)
	cut, instead := map[int]bool{}, map[int]string{}
	for i, t := range toks {
		switch {
		case t.kind == tokParam:
			cut[i], instead[i] = true, "1"
		case t.kind == tokWord && strings.Contains(t.name, "$"):
			cut[i], instead[i] = true, strings.ReplaceAll(t.name, "$", "_")
		case t.name == "DISTINCT" && i > 0 && (toks[i-1].name == "IS" || toks[i-1].name == "NOT") && toks[i+1].name == "FROM":
			cut[i-1], cut[i], cut[i+1], instead[i] = true, true, true, "="
			if toks[i-1].name == "NOT" {
				cut[i-2] = true
			}
		}
		if t.kind != tokOp {
			continue
		}
		switch {
		case t.text == "->":
			cut[i] = true
			// Back to the parameters: x, x INT, or (x INT, y INT).
			j := i - 1
			if toks[j].text == ")" {
				for depth := 0; j >= 0; j-- {
					cut[j] = true
					if toks[j].text == ")" {
						depth++
					} else if toks[j].text == "(" {
						if depth--; depth == 0 {
							break
						}
					}
				}
				continue
			}
			for j >= 0 && (toks[j].kind == tokWord || toks[j].kind == tokQuoted || toks[j].kind == tokNumber) {
				cut[j] = true
				j--
			}
		case t.text == "(" && i > 0 && toks[i-1].name == "ARRAY" && isType(toks[i+1].name):
			for j, depth := i, 0; j < len(toks); j++ {
				cut[j] = true
				if toks[j].text == "(" {
					depth++
				} else if toks[j].text == ")" {
					if depth--; depth == 0 {
						break
					}
				}
			}
		}
	}
	var b strings.Builder
	last := 0
	for i, t := range toks {
		if cut[i] {
			b.WriteString(text[last:t.start] + instead[i])
			last = t.end
		}
	}
	b.WriteString(text[last:])
	return b.String()
}
