package duckdb

import (
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
	// Path is ":memory:" or a file; relative paths start at the project.
	Path          string            `yaml:"path" doc:"Database file, relative to the project; made where it is missing. :memory: for one that ends with the process."`
	MemoryLimit   string            `yaml:"memory_limit" doc:"Most memory of the engine, such as 4GB; 80 % of the machine's where none is given. What does not fit spills to disk."`
	Threads       int               `yaml:"threads" doc:"Threads of the engine, as many as there are cores where none is given."`
	TempDirectory string            `yaml:"temp_directory" doc:"Where the engine spills, beside the database file where none is given."`
	Attach        map[string]string `yaml:"attach" doc:"Further DuckDB files to read sources from, by name: a table of one is name.schema.table."`
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
	if c.MemoryLimit != "" && !memoryLimit.MatchString(c.MemoryLimit) {
		bad(n.At("memory_limit"), "memory_limit is not a size", `write a number and a unit, such as "4GB" or "512MiB"`)
	}
	if c.Threads < 0 {
		bad(n.At("threads"), "threads is negative", "leave it out to use all cores")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Attach)) {
		switch {
		case !attachName.MatchString(name):
			bad(n.Key("attach", name), "the name of an attached file is not an identifier", "use letters, digits and underscores")
		case slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) }):
			bad(n.Key("attach", name), "the name "+name+" is taken", "give the attached file another name")
		case strings.TrimSpace(c.Attach[name]) == "":
			bad(n.At("attach", name), "attached file "+name+" has no path", "give the path of a DuckDB file")
		}
	}
}
