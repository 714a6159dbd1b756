package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

// inventory counts the resources by kind.
func inventory(nodes []models.Node) string {
	kinds := []string{"entity", "source", "relation", "trait", "segment", "destination", "sync", "test"}
	many := map[string]string{"entity": "entities"}
	count := map[string]int{}
	for _, n := range nodes {
		count[n.Kind]++
	}
	var parts []string
	for _, k := range kinds {
		switch plural, irregular := many[k]; {
		case count[k] == 1:
			parts = append(parts, "1 "+k)
		case count[k] > 1 && irregular:
			parts = append(parts, fmt.Sprintf("%d %s", count[k], plural))
		case count[k] > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", count[k], k))
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) lsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ls",
		Short: "List the project's resources",
		Args:  cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			p, plan, err := a.planned()
			if err != nil {
				return err
			}
			selected, err := a.selected(p, plan)
			if err != nil {
				return err
			}
			var nodes []models.Node
			for _, n := range plan.Nodes {
				if selected == nil || selected[n.Key] {
					nodes = append(nodes, n)
				}
			}
			return a.printNodes(nodes)
		}),
	}
}

// node is a resource in JSON.
type node struct {
	Key   string   `json:"key"`
	Kind  string   `json:"kind"`
	Name  string   `json:"name"`
	Tags  []string `json:"tags"`
	Reads []string `json:"reads"`
	At    string   `json:"at,omitempty"`
}

func toNodes(nodes []models.Node) []node {
	out := []node{}
	for _, n := range nodes {
		out = append(out, node{
			Key: n.Key, Kind: n.Kind, Name: n.Name, At: n.Span.String(),
			Tags: append([]string{}, n.Tags...), Reads: append([]string{}, n.Reads...),
		})
	}
	return out
}

func (a *app) printNodes(nodes []models.Node) error {
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema string `json:"schema"`
			Nodes  []node `json:"nodes"`
		}{"customhouse/nodes/v1", toNodes(nodes)})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, n := range nodes {
		line := []string{n.Key, n.Span.String(), strings.Join(n.Tags, ",")}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(line, "\t"), "\t"))
	}
	return w.Flush()
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of project files, for editors",
		Args:  cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			text, err := schema()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		}),
	}
}

// schema is the JSON Schema of the project's files, indented.
func schema() ([]byte, error) {
	text, err := config.Schema(kinds())
	if err != nil {
		return nil, fmt.Errorf("making the JSON Schema: %w", err)
	}
	return text, nil
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			v := thisVersion()
			if a.format == "json" {
				return console.JSON(a.stdout, v)
			}
			text := "customhouse " + v.Version
			if v.Revision != "" {
				text += fmt.Sprintf(" (%s, %s)", v.Revision, v.Time)
			}
			_, err := fmt.Fprintf(a.stdout, "%s\n%s %s/%s\n", text, v.Go, v.OS, v.Arch)
			return err
		}),
	}
}

// version says what was built, customhouse/version/v1.
type version struct {
	Schema   string `json:"schema"`
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func thisVersion() version {
	v := version{Schema: "customhouse/version/v1", Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value[:min(len(s.Value), 12)]
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// targetDir is where artifacts go. They never hold people's data.
func (p *project) targetDir() string { return filepath.Join(p.dir, "target") }

// writeArtifact writes a file under target/, aside first.
func (p *project) writeArtifact(name string, text []byte) error {
	path := filepath.Join(p.targetDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // artifacts are for others to read
		return fmt.Errorf("writing %s: %w", name, err)
	}
	aside := path + ".new"
	err := os.WriteFile(aside, text, 0o644) //nolint:gosec // artifacts are for others to read
	if err == nil {
		err = os.Rename(aside, path)
	}
	if err != nil {
		// What is half written is of no use; where it cannot be removed either,
		// the first error says why.
		_ = os.Remove(aside)
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
