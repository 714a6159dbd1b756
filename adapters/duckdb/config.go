package duckdb

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Memory is the Path of a database that ends with the process.
const Memory = ":memory:"

// Config is a target of type duckdb.
type Config struct {
	// Path is the database file, relative to the project, or ":memory:". A
	// missing file is created.
	Path string `yaml:"path"`
	// MemoryLimit bounds the engine's memory, such as "4GB"; 80 % of the
	// machine's where none is given. What does not fit spills to disk.
	MemoryLimit string `yaml:"memory_limit"`
	// Threads is how many the engine uses; as many as there are cores where
	// none is given.
	Threads int `yaml:"threads"`
	// TempDirectory is where the engine spills; beside the file where none is
	// given.
	TempDirectory string `yaml:"temp_directory"`
	// Attach are further DuckDB files to read sources from: a table of one is
	// named name.schema.table.
	Attach map[string]string `yaml:"attach"`
}

var (
	memoryLimit = regexp.MustCompile(`(?i)^[0-9]+(\.[0-9]+)? *([kmgt]i?b|%)$`)
	attachName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// reserved are the names of databases that are not the user's to give.
	reserved = []string{FileCatalog, WorkCatalog, "memory", "system", "temp", "main", "information_schema", "pg_catalog"}
)

// Check reports what is wrong with the settings, at their place in the file.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	bad := func(span diag.Span, summary, help string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: "invalid-target", Span: span, Summary: summary, Help: help})
	}
	if c.Path == "" {
		bad(n.Span(), "a duckdb target needs a path", `give the database file, such as "path: shop.duckdb", or ":memory:"`)
	}
	if strings.ContainsRune(c.Path, 0) {
		bad(n.At("path"), "the path holds a NUL character", "give the path of a file")
	}
	if c.MemoryLimit != "" && !memoryLimit.MatchString(c.MemoryLimit) {
		bad(n.At("memory_limit"), "memory_limit is not a size", `write a number and a unit, such as "4GB" or "512MiB"`)
	}
	if c.Threads < 0 {
		bad(n.At("threads"), "threads is negative", "leave it out to use all cores")
	}
	for _, name := range slices.Sorted(mapKeys(c.Attach)) {
		switch {
		case !attachName.MatchString(name):
			bad(n.Key("attach", name), "the name of an attached file is not an identifier", "use letters, digits and underscores")
		case slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) }):
			bad(n.Key("attach", name), "the name "+name+" is taken", "give the attached file another name")
		case c.Attach[name] == "" || strings.ContainsRune(c.Attach[name], 0):
			bad(n.At("attach", name), "attached file "+name+" has no path", "give the path of a DuckDB file")
		}
	}
}

func mapKeys(m map[string]string) iter.Seq[string] { return maps.Keys(m) }
