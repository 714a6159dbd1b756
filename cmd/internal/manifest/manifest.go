// Package manifest is what a project says of itself in target/manifest.json: its
// resources with what defines each, and the models that build them. Two of them
// can be compared, resource by resource.
//
// It holds no values of people: what YAML lists of identifiers (never_link,
// always_link, ignore, the people of tests) is in it as a number of entries, and tells that it changed
// by the hash alone. It never touches a warehouse.
//
// Start with Define, then Compare.
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Schema is the version of what is written. What v1 had of a resource cannot be
// compared.
const Schema = "customhouse/manifest/v2"

// Manifest is target/manifest.json.
type Manifest struct {
	Schema      string `json:"schema"`
	Version     string `json:"version"`
	Project     string `json:"project"`
	ProjectHash string `json:"project_hash"`
	Target      string `json:"target"`
	Dialect     string `json:"dialect"`
	Nodes       []Node `json:"nodes"`
	// Models and Syncs are what is built and sent, in an order in which they can
	// run.
	Models []Model `json:"models"`
	Syncs  []Model `json:"syncs"`
}

// Node is a resource.
type Node struct {
	Key   string   `json:"key"`
	Kind  string   `json:"kind"`
	Name  string   `json:"name"`
	Tags  []string `json:"tags"`
	Reads []string `json:"reads"`
	At    string   `json:"at,omitempty"`
	// Hash is the same for resources that are defined alike: over Definition, and
	// what is not shown of it.
	Hash       string    `json:"hash"`
	Definition []Setting `json:"definition"`
	// SQL is what a computed trait or a segment is in the warehouse, as of the
	// start of the year 2000.
	SQL string `json:"sql,omitempty"`
}

// Setting is one thing that defines a resource, at a path of keys.
type Setting struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Model is something that is built, or what a sync is sent from.
type Model struct {
	Name string `json:"name"`
	// Nodes are the keys of the resources that it builds.
	Nodes []string `json:"nodes"`
	// Reads and Writes are tables outside the model.
	Reads  []string `json:"reads"`
	Writes []string `json:"writes"`
	// Needs are the models that have to be built before.
	Needs []string `json:"needs"`
	// Files are paths below target/compiled.
	Files []string `json:"files"`
}

// maxSize is how many bytes a manifest may have.
const maxSize = 256 << 20

// Read reads a manifest from a file, or from the folder that holds one.
func Read(name string) (*Manifest, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, "manifest.json")
	}
	file, err := os.Open(name) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(file, maxSize))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	m := &Manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s is not a manifest: %w", name, err)
	}
	switch m.Schema {
	case Schema:
		return m, nil
	case "":
		return nil, fmt.Errorf("%s is not a manifest: %w", name, errors.New("it has no schema"))
	}
	return nil, fmt.Errorf("%s is a %s, and this version compares %s: write it again with customhouse compile", name, m.Schema, Schema)
}
