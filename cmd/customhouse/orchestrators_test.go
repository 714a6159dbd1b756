package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const orchestrators = "../../examples/orchestrators"

// TestOrchestratorsCommands: what units and pods call exists, with its flags.
func TestOrchestratorsCommands(t *testing.T) {
	t.Parallel()
	commands := map[string][]string{}
	units, err := filepath.Glob(orchestrators + "/systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("no units: %v", err)
	}
	for _, name := range units {
		found := regexp.MustCompile(`(?m)^ExecStart=\S*/customhouse (.*)$`).FindStringSubmatch(readFile(t, name))
		if found == nil {
			t.Fatalf("%s starts nothing", name)
		}
		commands[name] = strings.Fields(found[1])
	}
	var job struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					Template struct {
						Spec struct {
							Containers []struct {
								Args            []string
								SecurityContext map[string]any `yaml:"securityContext"`
							}
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	pods := orchestrators + "/kubernetes/cronjob.yaml"
	if err := yaml.Unmarshal([]byte(readFile(t, pods)), &job); err != nil {
		t.Fatal(err)
	}
	container := job.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	if container.SecurityContext["readOnlyRootFilesystem"] != true {
		t.Errorf("the container may write: %v", container.SecurityContext)
	}
	commands[pods] = container.Args
	for name, args := range commands {
		command, rest, err := (&app{}).newRoot().Find(args)
		if err != nil || !command.HasParent() {
			t.Errorf("%s calls %v: %v", name, args, err)
			continue
		}
		if err := command.ParseFlags(rest); err != nil {
			t.Errorf("%s calls %v: %v", name, args, err)
		}
	}
}

// TestDockerfile: the image is built by the version of Go that the module wants,
// and its process has no rights.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	module := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "../../go.mod"))
	text := readFile(t, "../../Dockerfile")
	if want := "FROM golang:" + module[1] + "-"; !strings.Contains(text, want) {
		t.Errorf("the Dockerfile lacks %q", want)
	}
	users := regexp.MustCompile(`(?m)^USER (\S+)$`).FindAllStringSubmatch(text, -1)
	if len(users) != 1 || strings.HasPrefix(users[0][1], "root") || strings.HasPrefix(users[0][1], "0") {
		t.Errorf("the users are %v", users)
	}
}

// TestPythonExamples runs what Airflow and Dagster would run of the examples, in
// a project, with stand-ins of the two that call what they are told to.
func TestPythonExamples(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"python3", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("there is no %s, which CI must have", program)
			}
			t.Skipf("there is no %s: the examples for Airflow and Dagster are not run", program)
		}
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "customhouse")); err != nil {
		t.Fatal(err)
	}
	shop := filepath.Join(dir, "project")
	for name, text := range map[string]string{
		"customhouse.yaml": `
project: {name: p}
targets:
  local: {type: duckdb, path: p.duckdb}
  production: {type: duckdb, path: p.duckdb, deliver: true}
purposes: [{name: service, basis: contract, description: what it is for}]
entities: [{name: customer, identifiers: [{name: id}]}]
sources:
  - {name: contacts, class: personal, files: {path: contacts.csv}, entity: customer, identifiers: {id: id}, columns: {email: string}}
traits: [{name: email, entity: customer, pick: max, from: contacts.email}]
segments: [{name: reachable, entity: customer, when: has(email)}]
destinations: [{name: out, allow: [public, internal, personal], type: files, path: out, format: csv}]
syncs:
  - name: to_files
    from: {segment: reachable}
    to: {destination: out, mode: mirror, key: email}
    fields: {email: email}
    purpose: service
`,
		"contacts.csv": "id,email\n1,ada@example.com\n2,bob@example.com\n",
	} {
		if err := os.MkdirAll(shop, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shop, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address, token := served(t, shop)
	for _, c := range []struct{ example, want string }{
		{"airflow/customhouse_run.py", "validate 0\nbuild 0\ndeliver 0\n"},
		{"dagster/definitions.py", "customhouse/segment/reachable ok\ncustomhouse/sync/to_files ok\n"},
		{"airflow/customhouse_api.py", "start done\nwait done\n"},
		// The same run of the DAG asks again, and is told of the same run.
		{"airflow/customhouse_api.py", "start done\nwait done\n"},
	} {
		text := strings.NewReplacer("/opt/airflow/customhouse", shop, "/opt/dagster/customhouse", shop).
			Replace(readFile(t, filepath.Join(orchestrators, c.example)))
		program := filepath.Join(dir, filepath.Base(c.example))
		if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "python3", "testdata/orchestrate.py", program)
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1",
			"CUSTOMHOUSE_URL=http://"+address, "CUSTOMHOUSE_TOKEN="+token)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || string(out) != c.want {
			t.Errorf("%s: want\n%s\ngot\n%s%v\n%s", c.example, c.want, out, err, said.String())
		}
	}
	if _, err := os.Stat(filepath.Join(shop, "out")); err != nil {
		t.Errorf("nothing was delivered: %v", err)
	}
	slots := must(t, nil, "--project-dir", shop, "--target", "production", "--format", "json", "schedule", "slots", "on:request")
	if n := strings.Count(slots, `"schedule": "on:request"`); n != 1 {
		t.Errorf("the DAG that was run twice started %d runs:\n%s", n, slots)
	}
}

// served serves the API of a project until the test ends, and makes a token as the
// example says.
func served(t *testing.T, dir string) (address, token string) {
	t.Helper()
	token = strings.TrimSpace(must(t, nil, "--project-dir", dir, "--target", "production", "token", "create",
		"--name", "airflow", "--scope", "runs:read", "--scope", "runs:write"))
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "customhouse", "--project-dir", dir, "--target", "production", "--log-format", "json", "serve", "--listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				found <- line.Address
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		for range found { // until its log ends
		}
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			t.Errorf("serve: %v", err)
		}
	})
	address, ok := <-found
	if !ok {
		t.Fatal("serve never listened")
	}
	return address, token
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
