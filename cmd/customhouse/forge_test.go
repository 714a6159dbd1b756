package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v4"
)

// forge is where pull requests are discussed: comments as GitHub and GitLab serve
// them. The first hundred are somebody else's.
type forge struct {
	mu       sync.Mutex
	comments []forgeComment
	log      []string
}

type forgeComment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
}

// forgeToken is what it takes to write.
const forgeToken = "forge-token"

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+forgeToken && r.Header.Get("Private-Token") != forgeToken {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	const github, gitlab = "/repos/acme/shop/issues/", "/projects/5/merge_requests/7/notes"
	var one string
	switch path := r.URL.Path; {
	case path == github+"7/comments", path == gitlab:
	case strings.HasPrefix(path, github+"comments/"):
		one = strings.TrimPrefix(path, github+"comments/")
	case strings.HasPrefix(path, gitlab+"/"):
		one = strings.TrimPrefix(path, gitlab+"/")
	default:
		http.NotFound(w, r)
		return
	}
	var sent forgeComment
	if r.Method != http.MethodGet {
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &sent) != nil || sent.Body == "" {
			http.Error(w, "no comment", http.StatusUnprocessableEntity)
			return
		}
		f.log = append(f.log, r.Method)
	}
	switch {
	case r.Method == http.MethodGet && one == "":
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		each, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		from := min((page-1)*each, len(f.comments))
		text, err := json.Marshal(f.comments[from:min(from+each, len(f.comments))])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(text)
	case r.Method == http.MethodPost && one == "":
		f.comments = append(f.comments, forgeComment{len(f.comments) + 1, sent.Body})
		w.WriteHeader(http.StatusCreated)
	case (r.Method == http.MethodPatch || r.Method == http.MethodPut) && one != "":
		id, err := strconv.Atoi(one)
		if err != nil || id < 1 || id > len(f.comments) {
			http.NotFound(w, r)
			return
		}
		f.comments[id-1].Body = sent.Body
	default:
		http.Error(w, r.Method, http.StatusMethodNotAllowed)
	}
}

var forges sync.Map // by the script's folder

// forgeScript is the command of scripts.
func forgeScript(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		f := &forge{}
		for i := range 100 {
			f.comments = append(f.comments, forgeComment{i + 1, "looks good to me, number " + strconv.Itoa(i)})
		}
		server := httptest.NewServer(f)
		ts.Defer(server.Close)
		ts.Setenv("FORGE_URL", server.URL)
		ts.Setenv("FORGE_TOKEN", forgeToken)
		forges.Store(ts.Getenv("WORK"), f)
		return
	}
	known, _ := forges.Load(ts.Getenv("WORK"))
	f, ok := known.(*forge)
	if !ok || args[0] != "dump" {
		ts.Fatalf("usage: forge | forge dump file")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{strings.Join(f.log, " ")}
	for _, c := range f.comments[100:] {
		out = append(out, strconv.Itoa(c.ID), c.Body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(out, "\n")), 0o600))
}

// stepsScript writes the scripts of a composite action, or of a job of GitLab, to
// files step1, step2 and so on, with the variables that the file names set.
func stepsScript(ts *testscript.TestScript, _ bool, args []string) {
	var file struct {
		Runs struct {
			Steps []struct {
				Env map[string]string
				Run string
			}
		}
		Plan struct {
			Script      []string
			AfterScript []string `yaml:"after_script"`
		}
	}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(filepath.Join(ts.Getenv("EXAMPLES"), filepath.FromSlash(args[0])))), &file))
	var scripts []string
	for _, s := range file.Runs.Steps {
		scripts = append(scripts, s.Run)
	}
	if file.Plan.Script != nil {
		scripts = []string{strings.Join(file.Plan.Script, "\n"), strings.Join(file.Plan.AfterScript, "\n")}
	}
	for i, s := range scripts {
		ts.Check(os.WriteFile(ts.MkAbs("step"+strconv.Itoa(i+1)), []byte("set -eo pipefail\n"+s+"\n"), 0o600))
	}
}
