package config

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// index finds resources by name.
type index struct {
	entities     map[string]*Entity
	sources      map[string]*Source
	traits       map[[2]string]*Trait // by entity and name
	segments     map[string]*Segment
	destinations map[string]*Destination
	priorities   map[string]*Priority
	pressures    map[string]*Pressure
	purposes     map[string]*Purpose
	// names are those of each map, sorted, for suggestions.
	entityNames, sourceNames, segmentNames, destinationNames []string
	priorityNames, pressureNames, purposeNames               []string
	traitNames                                               map[string][]string // by entity
}

// check looks at the project as a whole, after all files were read.
func (l *loader) check() {
	p := &l.project
	switch {
	case l.partial:
		// What is missing may stand in the file that could not be read.
	case l.files == 0:
		l.report(diag.Errorf(diag.Span{}, codeNoFiles, "there is no YAML file in %s", p.Dir).
			WithHelp("run customhouse init, or name the project's folder with --project-dir"))
		return
	default:
		if l.header == nil {
			l.report(diag.Errorf(diag.Span{}, codeNoProject, "no file has the key project").
				WithHelp("add to one file: project: {name: my_project}"))
		}
		if len(p.Targets) == 0 {
			l.report(diag.Errorf(diag.Span{}, codeNoTarget, "no file has the key targets").
				WithHelp("add to one file: targets: {local: {type: duckdb, path: local.duckdb}}"))
		}
	}

	if l.header != nil {
		l.name(l.header.Name, l.header.Pos.At("name"), "project")
	}
	l.dbt()
	ix := l.index()
	for _, t := range p.Targets {
		most := l.kinds.LongestSchema[t.Type]
		if l.name(t.Schema, t.Pos.At("schema"), "schema") && most != 0 && len(t.Schema) > most {
			l.report(diag.Errorf(t.Pos.At("schema"), codeName, "this name has %d characters; %d are allowed for a schema of %s, since others beside it are called by it and more", len(t.Schema), most, t.Type).
				WithHelp("shorten it"))
		}
	}
	for _, e := range p.Entities {
		l.entity(e)
		l.except(ix, e.Name, e.Exclude, oneOrMany(e.Pos, "exclude"))
	}
	for _, s := range p.Sources {
		l.source(ix, s)
	}
	l.retention()
	l.relations(ix)
	l.owners()
	for _, t := range p.Traits {
		l.trait(ix, t)
	}
	l.parameters(ix)
	l.purposes()
	l.consents(ix)
	l.priorities(ix)
	l.pressures()
	for _, s := range p.Segments {
		l.knownEntity(ix, s.Entity, s.Pos.At("entity"))
		if s.Pos.Get("schedule").IsString() {
			l.cron(s.Pos.At("schedule"), s.Schedule)
		}
	}
	l.volumes()
	l.alerts()
	for _, s := range p.Syncs {
		l.sync(ix, s)
	}
	l.classes()
	l.schedules(ix)
	l.tests(ix)
	if !l.list.HasErrors() {
		l.unsourced()
		l.reachable() // an error may be what keeps an identifier from its source
	}
}

// index builds the index and reports names that are wrong or taken.
func (l *loader) index() *index {
	p := &l.project
	ix := &index{traitNames: map[string][]string{}}

	targets := unique[string, *Target]{l: l, what: "target", byKey: map[string]diag.Span{}}
	for _, t := range p.Targets {
		targets.add(t.Name, t.Name, t.key)
	}
	ix.entities = named(l, "entity", p.Entities, func(e *Entity) (string, strict.Node) { return e.Name, e.Pos })
	ix.sources = named(l, "source", p.Sources, func(s *Source) (string, strict.Node) { return s.Name, s.Pos })
	ix.segments = named(l, "segment", p.Segments, func(s *Segment) (string, strict.Node) { return s.Name, s.Pos })
	ix.destinations = named(l, "destination", p.Destinations,
		func(d *Destination) (string, strict.Node) { return d.Name, d.Pos })
	named(l, "relation", p.Relations, func(r *Relation) (string, strict.Node) { return r.Name, r.Pos })
	named(l, "parameter", p.Parameters, func(x *Parameter) (string, strict.Node) { return x.Name, x.Pos })
	named(l, "consent", p.Consents, func(x *Consent) (string, strict.Node) { return x.Name, x.Pos })
	ix.priorities = named(l, "priority", p.Priorities, func(x *Priority) (string, strict.Node) { return x.Name, x.Pos })
	ix.pressures = named(l, "pressure", p.Pressures, func(x *Pressure) (string, strict.Node) { return x.Name, x.Pos })
	ix.purposes = named(l, "purpose", p.Purposes, func(x *Purpose) (string, strict.Node) { return x.Name, x.Pos })
	named(l, "alert", p.Alerts, func(a *Alert) (string, strict.Node) { return a.Name, a.Pos })
	named(l, "sync", p.Syncs, func(s *Sync) (string, strict.Node) { return s.Name, s.Pos })

	// Two entities may have a trait of the same name.
	ix.traits = map[[2]string]*Trait{}
	traits := unique[[2]string, *Trait]{l: l, what: "trait", byKey: map[[2]string]diag.Span{}}
	for _, t := range p.Traits {
		key := [2]string{t.Entity, t.Name}
		if traits.add(key, t.Name, t.Pos.At("name")) {
			ix.traits[key] = t
			ix.traitNames[t.Entity] = append(ix.traitNames[t.Entity], t.Name)
		}
	}

	ix.entityNames = slices.Sorted(maps.Keys(ix.entities))
	ix.sourceNames = slices.Sorted(maps.Keys(ix.sources))
	ix.segmentNames = slices.Sorted(maps.Keys(ix.segments))
	ix.priorityNames = slices.Sorted(maps.Keys(ix.priorities))
	ix.purposeNames = slices.Sorted(maps.Keys(ix.purposes))
	ix.pressureNames = slices.Sorted(maps.Keys(ix.pressures))
	ix.destinationNames = slices.Sorted(maps.Keys(ix.destinations))
	return ix
}

// named checks the names of one kind and returns the resources by name.
func named[T any](l *loader, what string, list []T, of func(T) (string, strict.Node)) map[string]T {
	u := unique[string, T]{l: l, what: what, byKey: map[string]diag.Span{}}
	out := make(map[string]T, len(list))
	for _, r := range list {
		name, pos := of(r)
		if u.add(name, name, pos.At("name")) {
			out[name] = r
		}
	}
	return out
}

// unique finds names that are given twice.
type unique[K comparable, T any] struct {
	l     *loader
	what  string
	byKey map[K]diag.Span
}

// add reports whether the name can be used.
func (u *unique[K, T]) add(key K, name string, at diag.Span) bool {
	if name == "" {
		return false // reported as missing
	}
	u.l.name(name, at, u.what)
	if first, taken := u.byKey[key]; taken {
		u.l.report(diag.Errorf(at, codeDuplicateName, "there are two %s of the name %q", plural(u.what), name).
			WithHelp("rename or remove one of them").
			WithRelated(first, "the first is here"))
		return false
	}
	u.byKey[key] = at
	return true
}

func plural(what string) string {
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return stem + "ies"
	}
	return what + "s"
}

// MaxName is the length of a name: the shortest limit of the warehouses, less
// what we add to it in table names.
const MaxName = 63

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// IsName says that a text can be the name of a resource or a schema.
func IsName(text string) bool { return namePattern.MatchString(text) && len(text) <= MaxName }

// name checks a name that becomes a part of tables, columns or expressions.
func (l *loader) name(name string, at diag.Span, what string) bool {
	switch {
	case name == "":
		return false
	case !namePattern.MatchString(name):
		d := diag.Errorf(at, codeName, "%q cannot be the name of a %s", name, what)
		if better := suggestName(name); better != "" {
			l.report(d.WithHelp("use lower-case letters, digits and underscores, starting with a letter: %s", better))
		} else {
			l.report(d.WithHelp("use lower-case letters, digits and underscores, starting with a letter"))
		}
		return false
	case len(name) > MaxName:
		l.report(diag.Errorf(at, codeName, "this name has %d characters; %d are allowed", len(name), MaxName).
			WithHelp("shorten it"))
		return false
	}
	return true
}

// suggestName is the nearest valid name, "" where there is none.
func suggestName(name string) string {
	better := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == ' ' || r == '-' || r == '.':
			return '_'
		}
		return -1
	}, name)
	if !IsName(better) {
		return ""
	}
	return better
}

// celWords cannot be names in expressions.
var celWords = strings.Fields(`as break const continue else false for function if import in let loop namespace
	null package return true var void while`)

// sqlWords would have to be quoted by everyone who queries our tables, in at
// least one of the warehouses.
var sqlWords = strings.Fields(`all and any array between by case cast check collate column constraint create cross
	current default delete desc distinct drop end escape except exists extract fetch from full grant group having
	inner insert intersect into is join left like limit natural not of offset on or order outer over partition
	primary qualify range references right rows select set some table then to union unique unnest update using
	values when where window with`)

// expressible checks a name that stands in expressions or is a column.
func (l *loader) expressible(name string, at diag.Span, what string, column bool) {
	switch {
	case slices.Contains(celWords, name):
		l.report(diag.Errorf(at, codeReserved, "%q is a word of the expression language and cannot be the name of a %s",
			name, what).WithHelp("choose another name, such as %s_%s", name, what))
	case column && slices.Contains(sqlWords, name):
		l.report(diag.Errorf(at, codeReserved, "%q is a word of SQL and cannot be the name of a %s", name, what).
			WithHelp("choose another name, such as %s_%s", name, what))
	}
}

// oneOf checks a value of a closed set.
func (l *loader) oneOf(value string, at diag.Span, what string, values []string) bool {
	if value == "" || slices.Contains(values, value) {
		return true
	}
	l.report(unknown(at, codeValue, what, value, values))
	return false
}

// find looks a reference up, and reports one that leads nowhere.
func find[T any](l *loader, all map[string]T, names []string, name string, at diag.Span, code, what string) (T, bool) {
	r, ok := all[name]
	if !ok && name != "" && !l.partial {
		l.report(unknown(at, code, what, name, names))
	}
	return r, ok
}

func (l *loader) knownEntity(ix *index, name string, at diag.Span) (*Entity, bool) {
	return find(l, ix.entities, ix.entityNames, name, at, codeUnknownEntity, "entity")
}

func (l *loader) source(ix *index, s *Source) {
	l.expressible(s.Name, s.Pos.At("name"), "source", false)
	if s.Name == "now" {
		l.report(diag.Errorf(s.Pos.At("name"), codeReserved, "%q is the time of the run in expressions", s.Name).WithHelp("choose another name"))
	}
	e, entityKnown := l.knownEntity(ix, s.Entity, s.Pos.At("entity"))

	given := l.given(s.Pos, "table", "files", "ref")
	switch {
	case len(given) > 1 && slices.Contains(given, "ref"):
		l.report(diag.Errorf(s.Pos.Key("ref"), codeConflict, "a source reads either a table, files or a model of dbt").
			WithHelp("remove one of them").WithRelated(s.Pos.Key(given[0]), "the other is here"))
	case slices.Contains(given, "ref"):
		// What it stands for was looked up before.
	case s.Table != "" && s.Files != nil:
		l.report(diag.Errorf(s.Pos.Key("files"), codeConflict, "a source reads either a table or files, not both").
			WithHelp("remove one of them").WithRelated(s.Pos.Key("table"), "the table is here"))
	case s.Pos.Get("table").Kind() == strict.Absent && s.Pos.Get("files").Kind() == strict.Absent:
		l.report(diag.Errorf(s.Pos.At("name"), codeMissing, "the source %q says neither table nor files", s.Name).
			WithHelp("add table: schema.name, files: {path: 'data/*.csv'}, or ref: with a model of dbt"))
	case s.Files != nil:
		l.fileSet(s)
	default:
		l.table(s)
	}

	if len(s.Identifiers) == 0 && s.Pos.Get("identifiers").Kind() != strict.Absent {
		l.report(diag.Errorf(s.Pos.Key("identifiers"), strict.CodeEmpty, "the source has no identifier").
			WithHelp("map at least one identifier type to a column: {email: email_address}"))
	}
	for _, id := range s.Identifiers {
		if entityKnown {
			l.identifierOf(e, id.Key, s.Pos.Key("identifiers", id.Key))
		}
		l.notBlank(id.Value, s.Pos.At("identifiers", id.Key), "column name")
	}
	if s.Time == "" && s.Events {
		l.report(diag.Errorf(s.Pos.Key("events"), codeMissing, "a source of events needs a time").
			WithHelp("add time: with the column that says when each event happened"))
	}
	if s.Pos.Get("time").Kind() == strict.Scalar {
		l.notBlank(s.Time, s.Pos.At("time"), "column name")
	}
	l.changes(s)
	for i := range s.Columns {
		l.column(s, s.Columns[i].Key, &s.Columns[i].Value)
	}
}

// changes checks how a source tells what is new in it.
func (l *loader) changes(s *Source) {
	known := l.oneOf(s.Changes, s.Pos.At("changes"), "way to find changes", Changes)
	if s.Changes == "" {
		s.Changes = Changes[0]
	}
	has := func(key string) bool { return s.Pos.Get(key).Kind() != strict.Absent }
	if s.Pos.Get("key").Kind() == strict.Scalar {
		l.notBlank(s.Key, s.Pos.At("key"), "column name")
	}
	if !known || has("changes") && !s.Pos.Get("changes").IsString() {
		return
	}
	if s.Changes != "compare" && !has("time") {
		l.report(diag.Errorf(s.Pos.At("changes"), codeMissing, "changes: %s needs a time", s.Changes).
			WithHelp("add time: with the column that says when each row was added or changed"))
	}
	if s.Changes == "compare" && has("look_back") {
		l.report(diag.Errorf(s.Pos.Key("look_back"), codeConflict, "changes: compare reads all rows and looks back at none").
			WithHelp("remove it, or add changes: append or changes: update"))
	}
	if s.ByDay && s.Changes != "append" {
		l.report(diag.Errorf(s.Pos.Key("by_day"), codeConflict, "only a source that grows is summed up by day").
			WithHelp("remove it, or add changes: append"))
	}
	switch {
	case s.Changes == "update" && !has("key"):
		l.report(diag.Errorf(s.Pos.At("changes"), codeMissing, "changes: update needs a key").
			WithHelp("add key: with the column that identifies a row"))
	case s.Changes != "update" && has("key"):
		l.report(diag.Errorf(s.Pos.Key("key"), codeConflict, "only changes: update has a key").
			WithHelp("remove it, or add changes: update"))
	}
}

func (l *loader) column(s *Source, name string, c *Column) {
	at := s.Pos.Key("columns", name)
	if l.name(name, at, "column") {
		l.expressible(name, at, "column", false)
	}
	if name == "time" {
		l.report(diag.Errorf(at, codeReserved, "%q is the source's time column in expressions", name).
			WithHelp("remove it and name the column with the key time, or choose another name: " +
				"event_time: {type: timestamp, column: time}"))
	}
	typeAt := c.Pos.At("type")
	l.oneOf(c.Type, typeAt, "column type", ColumnTypes)
	if c.Pos.Get("column").Kind() == strict.Scalar {
		l.notBlank(c.Column, c.Pos.At("column"), "column name")
	}
	if c.Column == "" {
		c.Column = name
	}
}

// notBlank checks the name of a column of the user's, which may hold anything.
func (l *loader) notBlank(name string, at diag.Span, what string) {
	if strings.TrimSpace(name) == "" {
		l.report(diag.Errorf(at, strict.CodeEmpty, "this %s is empty", what).WithHelp("write a name"))
	}
}

// The name of a table: each part is a plain name or, in double quotes, anything
// with each double quote written twice.
var (
	tablePart = `(?:"(?:[^"\x00]|"")+"|[^".\x00]*[^".\x00\s][^".\x00]*)`
	tableName = regexp.MustCompile(`^` + tablePart + `(?:\.` + tablePart + `)*$`)
	tableMost = regexp.MustCompile(`^` + tablePart + `(?:\.` + tablePart + `){0,2}$`)
)

func (l *loader) table(s *Source) {
	at := s.Pos.At("table")
	switch {
	case !tableName.MatchString(s.Table):
		l.report(diag.Errorf(at, codeTable, "%q is not the name of a table", s.Table).
			WithHelp(`write table, schema.table or database.schema.table; a part with a dot or a quote in it stands in double quotes: "a.b"`))
	case !tableMost.MatchString(s.Table):
		l.report(diag.Errorf(at, codeTable, "the name of a table has at most three parts").
			WithHelp("write table, schema.table or database.schema.table"))
	}
}

// endings say the format of a file.
var endings = map[string]string{
	".csv": "csv", ".json": "json", ".ndjson": "json", ".jsonl": "json", ".parquet": "parquet",
}

func (l *loader) fileSet(s *Source) {
	f, at := s.Files, s.Pos.Get("files")
	if f.Path.IsZero() {
		if at.Get("path").IsString() {
			l.notBlank("", at.At("path"), "path")
		}
		return
	}
	ending := path.Ext(strings.TrimSuffix(strings.ToLower(f.Path.Text()), ".gz"))
	switch format, known := endings[ending]; {
	case f.Format != "":
		if !l.oneOf(f.Format, at.At("format"), "file format", FileFormats) {
			return
		}
	case known:
		f.Format = format
	default:
		l.report(diag.Errorf(at.At("path"), codeFormat, "the ending of the path does not say the format of the files").
			WithHelp("add format: csv, json or parquet"))
		return
	}
	switch {
	case f.Delimiter == "" && f.Format == "csv":
		f.Delimiter = ","
	case f.Delimiter == "":
	case f.Format != "csv":
		l.report(diag.Errorf(at.Key("delimiter"), codeConflict, "only CSV files have a delimiter").WithHelp("remove it"))
	case utf8.RuneCountInString(f.Delimiter) != 1 || strings.ContainsAny(f.Delimiter, "\"\r\n"):
		l.report(diag.Errorf(at.At("delimiter"), codeFormat, "a delimiter is one character, and no quote or line end").
			WithHelp(`write for example ';' or "\t"`))
	}
}

// reachable warns of identifier types that no source has.
func (l *loader) reachable() {
	used := map[[2]string]bool{}
	for _, s := range l.project.Sources {
		for _, id := range s.Identifiers {
			used[[2]string{s.Entity, id.Key}] = true
		}
	}
	for _, e := range l.project.Entities {
		for i := range e.Identifiers {
			if id := &e.Identifiers[i]; !used[[2]string{e.Name, id.Name}] {
				l.report(diag.Warningf(id.Pos.At("name"), codeUnreachable, "no source has the identifier %q", id.Name).
					WithHelp("map it to a column under identifiers of a source, or remove it"))
			}
		}
	}
}

// unsourced finds what is about an entity that no source is about.
func (l *loader) unsourced() {
	p := &l.project
	for _, e := range p.Entities {
		if slices.ContainsFunc(p.Sources, func(s *Source) bool { return s.Entity == e.Name }) {
			continue
		}
		missing := func(at diag.Span) {
			l.report(diag.Errorf(at, codeMissing, "no source is about %s: nothing is known of any", e.Name).
				WithHelp("declare one under sources").WithRelated(e.Pos.At("name"), "the entity is here"))
		}
		for _, t := range p.Traits {
			if t.Entity == e.Name {
				missing(t.Pos.At("entity"))
			}
		}
		for _, s := range p.Segments {
			if s.Entity == e.Name {
				missing(s.Pos.At("entity"))
			}
		}
		for _, r := range p.Relations {
			if r.From == e.Name {
				missing(r.Pos.At("from"))
			}
			if r.To == e.Name {
				missing(r.Pos.At("to"))
			}
		}
		for _, s := range p.Syncs {
			if s.From.Entity == e.Name {
				missing(s.Pos.At("from", "entity"))
			}
		}
	}
}

// ours are the columns of the tables that traits become columns of.
func ours(entity string) []string {
	return []string{entity + "_id", "valid_from", "valid_to"}
}

func (l *loader) trait(ix *index, t *Trait) {
	at := t.Pos.At("name")
	l.expressible(t.Name, at, "trait", true)
	if _, known := l.knownEntity(ix, t.Entity, t.Pos.At("entity")); known {
		switch s, isSource := ix.sources[t.Name]; {
		case isSource && s.Entity == t.Entity:
			l.report(diag.Errorf(at, codeReserved, "the trait %q has the name of a source", t.Name).
				WithHelp("rename one of them: expressions know both by name").
				WithRelated(s.Pos.At("name"), "the source is here"))
		case t.Name == "now":
			l.report(diag.Errorf(at, codeReserved, "%q is the time of the run in expressions", t.Name).
				WithHelp("choose another name"))
		case slices.Contains(ours(t.Entity), t.Name):
			l.report(diag.Errorf(at, codeReserved, "%q is a column that the tables of profiles have already", t.Name).
				WithHelp("choose another name"))
		}
	}

	has := func(key string) bool { return t.Pos.Get(key).Kind() != strict.Absent }
	switch {
	case has("value") && (has("pick") || has("from")):
		other := "pick"
		if !has(other) {
			other = "from"
		}
		l.report(diag.Errorf(t.Pos.Key(other), codeConflict, "a trait is either picked (pick, from) or computed (value), not both").
			WithHelp("remove one of them").WithRelated(t.Pos.Key("value"), "the value is here"))
	case has("value"):
		if t.Pos.Get("value").IsString() && strings.TrimSpace(t.Value) == "" {
			l.report(diag.Errorf(t.Pos.At("value"), strict.CodeEmpty, "this expression is empty").
				WithHelp("write an expression"))
		}
	case has("pick") && !has("from"):
		l.report(diag.Errorf(t.Pos.Key("pick"), codeMissing, "nothing says where to pick the trait from").
			WithHelp("add from: source.column"))
	case has("from") && !has("pick"):
		l.report(diag.Errorf(t.Pos.Key("from"), codeMissing, "nothing says which value of these to pick").
			WithHelp("add pick: %s", strings.Join(Picks, ", ")))
	case !has("pick"):
		l.report(diag.Errorf(at, codeMissing, "the trait %q says neither pick and from nor value", t.Name).
			WithHelp("add pick: latest and from: source.column, or value: with an expression"))
	}
	l.oneOf(t.Pick, t.Pos.At("pick"), "pick", Picks)
	l.references(ix, "trait", t.Entity, t.Pos, t.From)
}

// references checks the columns that a trait or a consent is picked from, and
// returns their type and the place of the first of them.
func (l *loader) references(ix *index, what, entity string, pos strict.Node, refs strict.OneOrMany) (typ string, at diag.Span) {
	list := pos.Get("from")
	seen := map[string]diag.Span{}
	var first Column
	var firstAt diag.Span
	for i, from := range refs {
		text := list.Text()
		if list.Kind() == strict.List {
			text = list.Text(strconv.Itoa(i))
		}
		if text.IsZero() {
			continue // of the wrong type, and reported
		}
		at := text.Span(0, len(text.Value))
		if before, twice := seen[from]; twice {
			l.report(diag.Errorf(at, codeDuplicateName, "%q is given twice", from).WithHelp("remove one of them").
				WithRelated(before, "the first is here"))
			continue
		}
		seen[from] = at
		name, column, ok := strings.Cut(from, ".")
		if !ok || name == "" || column == "" {
			l.report(diag.Errorf(at, codeFrom, "%q does not name a column of a source", from).
				WithHelp("write source.column"))
			continue
		}
		sourceAt, columnAt := text.Span(0, len(name)), text.Span(len(name)+1, len(text.Value))
		s, known := find(l, ix.sources, ix.sourceNames, name, sourceAt, codeUnknownSource, "source")
		if !known {
			continue
		}
		if s.Entity != entity {
			l.report(diag.Errorf(sourceAt, codeOtherEntity, "the source %q is about %s, the %s about %s",
				name, s.Entity, what, entity).WithHelp("pick from a source of the same entity").
				WithRelated(s.Pos.At("entity"), "the source says so here"))
			continue
		}
		c, known := s.Field(column)
		if !known {
			names := append(s.Columns.Keys(), s.Identifiers.Keys()...)
			d := unknown(columnAt, codeUnknownColumn, "column of the source "+name, column, names).
				WithRelated(s.Pos.At("name"), "the source is here")
			if d.Help == "" || len(s.Columns) == 0 {
				d = d.WithHelp("declare it under columns of the source")
			}
			l.report(d)
			continue
		}
		switch {
		case firstAt.IsZero():
			first, firstAt = c, at
		case c.Type != first.Type:
			l.report(diag.Errorf(at, codeMixedTypes, "this column is of type %s, the first one of type %s", c.Type, first.Type).
				WithHelp("pick from columns of one type").WithRelated(firstAt, "the first is here"))
		}
	}
	return first.Type, firstAt
}

func (l *loader) sync(ix *index, s *Sync) {
	entity := l.syncFrom(ix, s)
	l.arithmetic(ix, s, entity)
	to := s.Pos.Get("to")
	d, _ := find(l, ix.destinations, ix.destinationNames, s.To.Destination, to.At("destination"),
		codeUnknownDest, "destination")
	l.mode(s, d)

	l.syncFields(ix, s, entity)
	l.syncAndDestination(s, d)
	if s.Pos.Get("schedule").IsString() {
		l.cron(s.Pos.At("schedule"), s.Schedule)
	}
	l.syncPurpose(ix, s, entity)
	l.platformConsents(ix, s, d)
}

// syncAndDestination asks the destination what does not go with the sync.
func (l *loader) syncAndDestination(s *Sync, d *Destination) {
	if d == nil || d.wrong || len(s.Fields) == 0 {
		return
	}
	checker, ok := d.Config.(SyncChecker)
	if !ok {
		return
	}
	var names []string
	for _, leaf := range s.Leaves() {
		names = append(names, leaf.Name())
	}
	wanted, left := s.To.Operations()
	checker.CheckSync(s.Name, []string{wanted, left}, s.To.Key, names, func(found diag.Diagnostic) {
		l.report(found.WithRelated(s.Pos.At("name"), "the sync is here"))
	})
}

// syncFrom returns the entity whose rows a sync sends, "" where that cannot be
// said.
func (l *loader) syncFrom(ix *index, s *Sync) string {
	from := s.Pos.Get("from")
	has := func(key string) bool { return from.Get(key).Kind() != strict.Absent }
	hasSegment, hasEntity := has("segment"), has("entity")
	switch {
	case from.Kind() != strict.Mapping:
		return ""
	case has("source") && hasEntity:
		l.report(diag.Errorf(from.Key("entity"), codeConflict, "a sync of events is about the entity of their source").
			WithHelp("remove it"))
		return ""
	case has("source"):
		return l.eventsOf(ix, s)
	case has("max_age"):
		l.report(diag.Errorf(from.Key("max_age"), codeConflict, "only events have an age").
			WithHelp("remove it, or name a source of events"))
		return ""
	case hasSegment && hasEntity:
		l.report(diag.Errorf(from.Key("entity"), codeConflict, "a sync sends either a segment or an entity, not both").
			WithHelp("remove one of them").WithRelated(from.Key("segment"), "the segment is here"))
		return ""
	case !hasSegment && !hasEntity:
		l.report(diag.Errorf(s.Pos.Key("from"), codeMissing, "the sync says neither segment nor entity").
			WithHelp("write from: {segment: name}, or from: {entity: name} for everyone"))
		return ""
	}
	if hasEntity {
		if e, ok := l.knownEntity(ix, s.From.Entity, from.At("entity")); ok {
			return e.Name
		}
		return ""
	}
	seg, ok := find(l, ix.segments, ix.segmentNames, s.From.Segment, from.At("segment"), codeUnknownSegment, "segment")
	if !ok {
		return ""
	}
	return seg.Entity
}
