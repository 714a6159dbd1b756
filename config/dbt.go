package config

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// DBT says where the artifacts of a dbt project are: files that dbt writes, or
// reads. Paths are relative to the project.
type DBT struct {
	Manifest string `yaml:"manifest" doc:"Path of the manifest.json that dbt writes to its target folder. Sources may then say ref instead of table."`
	Catalog  string `yaml:"catalog" doc:"Path of the catalog.json that dbt docs generate writes, where the manifest has no types of columns."`
	// URL is that of the exposures that dbt is told of.
	URL string `yaml:"url" doc:"Where people find the segments and syncs, for dbt's exposures."`
	// Pos is the mapping.
	Pos strict.Node `yaml:"-"`
}

// Reacher is an optional ability of the file system that Load is given: to read a
// file that is not below the project's folder, by its slash-separated path from
// there. A dbt project is often beside it.
type Reacher interface {
	Reach(name string) (fs.File, error)
}

// maxManifest is the size of a file of dbt's in bytes; large projects have a
// hundred megabytes.
const maxManifest = 512 << 20

// ManifestVersions are the versions of manifest.json that are known, from dbt 1.6
// on: what is read of them is the same.
var ManifestVersions = []int{10, 11, 12}

// manifest is what we read of a manifest.json.
type manifest struct {
	Metadata struct {
		Schema  string `json:"dbt_schema_version"`
		Version string `json:"dbt_version"`
		Project string `json:"project_name"`
		Adapter string `json:"adapter_type"`
	} `json:"metadata"`
	Nodes    map[string]*dbtNode        `json:"nodes"`
	Sources  map[string]*dbtNode        `json:"sources"`
	Disabled map[string]json.RawMessage `json:"disabled"`
}

// dbtNode is a model, seed, snapshot or source.
type dbtNode struct {
	ResourceType string                `json:"resource_type"`
	Package      string                `json:"package_name"`
	Name         string                `json:"name"`
	SourceName   string                `json:"source_name"`
	Relation     string                `json:"relation_name"`
	Description  string                `json:"description"`
	Columns      map[string]*dbtColumn `json:"columns"`
	Version      any                   `json:"version"`
	Latest       any                   `json:"latest_version"`
	Config       struct {
		Materialized string `json:"materialized"`
	} `json:"config"`
}

type dbtColumn struct {
	Name  string `json:"name"`
	Type  string `json:"data_type"`
	Quote bool   `json:"quote"`
}

// dbtCatalog is what we read of a catalog.json.
type dbtCatalog struct {
	Nodes   map[string]*dbtTable `json:"nodes"`
	Sources map[string]*dbtTable `json:"sources"`
}

type dbtTable struct {
	Columns map[string]struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"columns"`
}

// addDBT takes the dbt key.
func (l *loader) addDBT(d *DBT, key diag.Span) {
	if l.project.DBT != nil {
		l.report(diag.Errorf(key, codeDuplicateName, "the dbt project is described twice").
			WithHelp("keep one dbt key").WithRelated(l.dbtKey, "the first is here"))
		return
	}
	l.project.DBT, l.dbtKey = d, key
}

// reach reads a file of dbt's, nil with a finding where that is not possible.
func (l *loader) reach(name string, at diag.Span, help string, report func(diag.Diagnostic)) []byte {
	clean := path.Clean(name)
	open := l.fsys.Open
	if !fs.ValidPath(clean) {
		r, ok := l.fsys.(Reacher)
		if !ok {
			report(diag.Errorf(at, codeRead, "%s is not below the project's folder", name).WithHelp("copy it there"))
			return nil
		}
		open = r.Reach
	}
	f, err := open(clean)
	if err == nil {
		defer f.Close() //nolint:errcheck // it was only read
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(f, maxManifest+1)); err == nil && len(text) > maxManifest {
			err = errTooLarge
		}
		if err == nil {
			return text
		}
	}
	report(diag.Errorf(at, codeRead, "%s cannot be read: %v", name, unwrapPath(err)).WithHelp("%s", help))
	return nil
}

// decodeJSON reads a file of dbt's.
func (l *loader) decodeJSON(name string, at diag.Span, help string, into any) bool {
	text := l.reach(name, at, help, l.report)
	if text == nil {
		return false
	}
	if err := json.Unmarshal(text, into); err != nil {
		l.report(diag.Errorf(at, codeManifest, "%s is not what dbt writes: %v", name, err).WithHelp("%s", help))
		return false
	}
	return true
}

// schemaVersion finds the version in the address of a schema.
var schemaVersion = regexp.MustCompile(`/dbt/manifest/v([0-9]+)\.json$`)

// dbt looks up the sources that are models or sources of a dbt project.
func (l *loader) dbt() {
	var asking []*Source
	for _, s := range l.project.Sources {
		if s.Pos.Get("ref").Kind() != strict.Absent {
			asking = append(asking, s)
		}
	}
	d := l.project.DBT
	if d != nil && d.URL != "" {
		if u, err := url.Parse(d.URL); err != nil || !isWeb(u) || u.User != nil {
			l.report(diag.Errorf(d.Pos.At("url"), codeAddress, "url is not an address that people can open").WithHelp("write it like https://example.com/segments"))
		}
	}
	if d == nil || d.Manifest == "" {
		for _, s := range asking {
			l.report(diag.Errorf(s.Pos.At("ref"), codeMissing, "nobody says where dbt's models are").
				WithHelp("add to one file: dbt: {manifest: ../dbt/target/manifest.json}"))
		}
		return
	}
	const parse = "run dbt parse, which writes it to the folder target of the dbt project"
	var m manifest
	if !l.decodeJSON(d.Manifest, d.Pos.At("manifest"), parse, &m) || !l.known(d, m) {
		return
	}
	var c dbtCatalog
	if d.Catalog != "" && !l.decodeJSON(d.Catalog, d.Pos.At("catalog"), "run dbt docs generate, which writes it to the folder target of the dbt project", &c) {
		return
	}
	for _, s := range asking {
		if s.Ref == "" {
			continue
		}
		if key, n := l.lookUp(m, s); n != nil {
			s.DBT = asWritten(m, n)
			l.take(m, c, s, key, n)
		}
	}
}

// known checks the version of a manifest.
func (l *loader) known(d *DBT, m manifest) bool {
	at := d.Pos.At("manifest")
	found := schemaVersion.FindStringSubmatch(m.Metadata.Schema)
	if found == nil {
		l.report(diag.Errorf(at, codeManifest, "%s is no manifest of dbt: it does not say which version of its schema it has", d.Manifest).
			WithHelp("name the manifest.json that dbt parse writes"))
		return false
	}
	version, err := strconv.Atoi(found[1])
	newest := ManifestVersions[len(ManifestVersions)-1]
	switch {
	case err != nil || version < ManifestVersions[0]:
		l.report(diag.Errorf(at, codeManifest, "this manifest has version %s, of dbt %s, which is too old", found[1], m.Metadata.Version).
			WithHelp("write it with dbt 1.6 or later"))
		return false
	case version > newest:
		l.report(diag.Warningf(at, codeManifest, "this manifest has version %d, and %d is the newest that is known: what is new in it is not read", version, newest).
			WithHelp("look whether there is a newer version of customhouse"))
	}
	return true
}

// The ways to write a reference: a name, or as models write it.
var (
	refCall    = regexp.MustCompile(`^ref\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?(?:,\s*(?:v|version)\s*=\s*['"]?([^'"\s)]+)['"]?\s*)?\)$`)
	sourceCall = regexp.MustCompile(`^source\(\s*['"]([^'"]+)['"]\s*,\s*['"]([^'"]+)['"]\s*\)$`)
)

// referable are the resources that ref finds.
var referable = []string{"model", "seed", "snapshot"}

// lookUp finds what a source refers to; where it is not one thing, it says so.
func (l *loader) lookUp(m manifest, s *Source) (key string, n *dbtNode) {
	at := s.Pos.At("ref")
	text := strings.TrimSpace(s.Ref)
	if strings.HasPrefix(text, "{{") && strings.HasSuffix(text, "}}") {
		text = strings.TrimSpace(text[2 : len(text)-2])
	}
	if call := sourceCall.FindStringSubmatch(text); call != nil {
		var names []string
		for key, n := range m.Sources {
			if n.SourceName == call[1] && n.Name == call[2] {
				return key, n
			}
			names = append(names, fmt.Sprintf("source('%s', '%s')", n.SourceName, n.Name))
		}
		slices.Sort(names)
		l.report(unknown(at, codeRef, "source of dbt", fmt.Sprintf("source('%s', '%s')", call[1], call[2]), names))
		return "", nil
	}
	name, pkg, version := text, "", ""
	if call := refCall.FindStringSubmatch(text); call != nil {
		name, version = call[1], call[3]
		if call[2] != "" {
			pkg, name = call[1], call[2]
		}
	}
	var found, names []string
	for key, n := range m.Nodes {
		if !slices.Contains(referable, n.ResourceType) {
			continue
		}
		names = append(names, n.Name)
		wanted := version
		if wanted == "" && n.Latest != nil {
			wanted = fmt.Sprint(n.Latest)
		}
		if n.Name == name && (pkg == "" || n.Package == pkg) && (n.Version == nil || fmt.Sprint(n.Version) == wanted) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(found) == 0:
		for key := range m.Disabled {
			if strings.HasSuffix(key, "."+name) {
				l.report(diag.Errorf(at, codeRef, "%s is disabled in the dbt project", name).WithHelp("enable it there, and run dbt parse"))
				return "", nil
			}
		}
		if version != "" && slices.Contains(names, name) {
			l.report(diag.Errorf(at, codeRef, "%s has no version %s", name, version).WithHelp("leave v out for the latest version"))
			return "", nil
		}
		l.report(unknown(at, codeRef, "model of dbt", name, names))
		return "", nil
	case len(found) > 1:
		l.report(diag.Errorf(at, codeRef, "there are several: %s", strings.Join(found, ", ")).
			WithHelp("name the package: ref('package', '%s')", name))
		return "", nil
	}
	n = m.Nodes[found[0]]
	if n.Config.Materialized == "ephemeral" || n.Relation == "" {
		l.report(diag.Errorf(at, codeRef, "%s is no table or view: dbt materialises it as %s", name, n.Config.Materialized).
			WithHelp("materialise it as a table or a view, or name a model that reads it"))
		return "", nil
	}
	return found[0], n
}

// asWritten is how models of the dbt project refer to a node.
func asWritten(m manifest, n *dbtNode) string {
	switch {
	case n.ResourceType == "source":
		return fmt.Sprintf("source('%s', '%s')", n.SourceName, n.Name)
	case n.Version != nil:
		return fmt.Sprintf("ref('%s', v=%v)", n.Name, n.Version)
	case n.Package != m.Metadata.Project && n.Package != "":
		return fmt.Sprintf("ref('%s', '%s')", n.Package, n.Name)
	}
	return fmt.Sprintf("ref('%s')", n.Name)
}

// take fills in what dbt knows of a source and the project does not say.
func (l *loader) take(m manifest, c dbtCatalog, s *Source, key string, n *dbtNode) {
	s.Table = l.relationName(m.Metadata.Adapter, n.Relation)
	if s.Description == "" {
		s.Description = strings.TrimSpace(n.Description)
	}
	types := map[string]string{} // by the name of the column in the warehouse
	for _, column := range n.Columns {
		if column.Type != "" {
			types[inWarehouse(m.Metadata.Adapter, column.Name, column.Quote, false)] = column.Type
		}
	}
	table := c.Nodes[key]
	if table == nil {
		table = c.Sources[key]
	}
	if table != nil {
		for _, column := range table.Columns {
			types[inWarehouse(m.Metadata.Adapter, column.Name, false, true)] = column.Type
		}
	}
	known := s.Columns.Keys()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(types)) {
		key := strings.ToLower(strings.Trim(name, `"`))
		if columnType(types[name]) == "" || slices.Contains(known, key) || !IsName(key) ||
			key == "time" || slices.Contains(celWords, key) {
			continue
		}
		names = append(names, name)
	}
	wanted := l.mentioned(names)
	for _, name := range names {
		if key := strings.ToLower(strings.Trim(name, `"`)); wanted[name] {
			s.Columns = append(s.Columns, strict.Entry[Column]{Key: key, Value: Column{Type: columnType(types[name]), Column: name}})
		}
	}
}

// word is what may be the name of a column.
var word = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// mentioned are those columns whose names the project mentions anywhere, or all but
// mentions: the others would be read and compared in each run for nobody, and a
// name that is misspelt shall be told with the right one.
func (l *loader) mentioned(columns []string) map[string]bool {
	if l.words == nil {
		l.words = map[string]bool{}
		for _, text := range l.texts {
			for _, w := range word.FindAll(text, -1) {
				l.words[string(w)] = true
			}
		}
	}
	out, keys := map[string]bool{}, map[string]string{}
	var names []string
	for _, c := range columns {
		key := strings.ToLower(strings.Trim(c, `"`))
		keys[key] = c
		names = append(names, key)
		out[c] = l.words[key]
	}
	for w := range l.words {
		if _, exact := keys[w]; exact {
			continue
		}
		if near := diag.Nearest(w, names); near != "" {
			out[keys[near]] = true
		}
	}
	return out
}

// plain is a name that needs no quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// relationName is the name of a table as the project would write it. Parts without
// quotes are what the warehouse makes of them.
func (l *loader) relationName(adapter, relation string) string {
	parts := splitRelation(relation)
	for i, p := range parts {
		bare, quoted := p, false
		for _, q := range []string{`"`, "`"} {
			if len(p) >= 2 && strings.HasPrefix(p, q) && strings.HasSuffix(p, q) {
				bare, quoted = strings.ReplaceAll(p[1:len(p)-1], q+q, q), true
			}
		}
		switch {
		case adapter == "snowflake" && plain.MatchString(bare) && (!quoted || bare == strings.ToUpper(bare)):
			bare = strings.ToLower(bare) // as names are written there
		case adapter == "postgres" && !quoted:
			bare = strings.ToLower(bare)
		}
		parts[i] = bare
		if strings.ContainsAny(bare, `." `) {
			parts[i] = `"` + strings.ReplaceAll(bare, `"`, `""`) + `"`
		}
	}
	// The database of DuckDB is the file, which has another name here unless it is
	// attached.
	if adapter == "duckdb" && len(parts) == 3 && !slices.ContainsFunc(l.project.Targets, func(t *Target) bool { return t.Pos.Get("attach", parts[0]).Kind() != strict.Absent }) {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// splitRelation splits a dotted name at the dots that are not in quotes.
func splitRelation(text string) (parts []string) {
	start, quote := 0, rune(0)
	for i, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '`'):
			quote = c
		case quote == 0 && c == '.':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// inWarehouse is the name of a column as the project would write it.
func inWarehouse(adapter, name string, quoted, listed bool) string {
	if adapter != "snowflake" {
		return name
	}
	// A catalog has names as they are, a manifest as they are written.
	if plain.MatchString(name) && (!quoted && !listed || name == strings.ToUpper(name)) {
		return strings.ToLower(name)
	}
	return `"` + name + `"`
}

// wrapped are the types of ClickHouse around another.
var wrapped = regexp.MustCompile(`^(?:nullable|lowcardinality)\((.*)\)$`)

// columnType is one of ColumnTypes for a type of a warehouse, "" where there is
// none.
func columnType(text string) string {
	t := strings.ToLower(strings.TrimSpace(text))
	for m := wrapped.FindStringSubmatch(t); m != nil; m = wrapped.FindStringSubmatch(t) {
		t = m[1]
	}
	name, of, _ := strings.Cut(t, "(")
	name = strings.TrimSpace(name)
	switch name {
	case "varchar", "text", "string", "char", "character", "character varying", "bpchar", "nvarchar", "fixedstring", "uuid", "enum8", "enum16":
		return "string"
	case "int", "integer", "bigint", "smallint", "tinyint", "byteint", "int2", "int4", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "hugeint", "utinyint", "usmallint", "uinteger":
		return "int"
	case "float", "float4", "float8", "float32", "float64", "double", "double precision", "real":
		return "float"
	case "decimal", "numeric", "number", "bignumeric", "bigdecimal", "decimal32", "decimal64", "decimal128":
		if _, scale, ok := strings.Cut(strings.TrimSuffix(of, ")"), ","); ok && strings.TrimSpace(scale) == "0" {
			return "int"
		}
		return "decimal"
	case "bool", "boolean":
		return "bool"
	case "date", "date32":
		return "date"
	}
	if strings.HasPrefix(name, "timestamp") || strings.HasPrefix(name, "datetime") {
		return "timestamp"
	}
	return ""
}

// isDBT says that a folder is a dbt project's, whose YAML is not ours.
func isDBT(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, path.Join(name, "dbt_project.yml"))
	return err == nil
}
