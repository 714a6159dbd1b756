package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Test is what must hold of the rows of a source, of the profiles of an entity
// or of the members of a segment; or an SQL query that must find nothing.
type Test struct {
	Name        string `yaml:"name,required" doc:"Name of the test."`
	Description string `yaml:"description,blank" doc:"What the test protects from, for readers."`
	// Exactly one of Source, Entity, Segment and SQL is given.
	Source  string `yaml:"source" doc:"Source whose rows are tested, before anything reads it."`
	Entity  string `yaml:"entity" doc:"Entity whose profiles are tested, before anything is sent of them."`
	Segment string `yaml:"segment" doc:"Segment of whose members the profiles are tested, before anything is sent of them."`
	// Where is a CEL expression: rows for which it is not true are not tested.
	Where string `yaml:"where" doc:"Expression that is true for the rows to test; all where none is given."`

	NotNull        strict.OneOrMany              `yaml:"not_null" doc:"Columns that every row has a value in."`
	Unique         Combinations                  `yaml:"unique" doc:"Columns of which no two rows have the same value: one, or a list; a list in it is of columns that are so together, such as [[shop, receipt], order_id]."`
	AcceptedValues strict.Ordered[[]strict.Node] `yaml:"accepted_values" doc:"Columns, each with the values that it may have."`
	Relationships  strict.Ordered[string]        `yaml:"relationships" doc:"Columns, each with the column of a source, as source.column, that has all its values."`
	// Condition is a CEL expression.
	Condition string    `yaml:"condition" doc:"Expression that is true for every row."`
	RowCount  *RowCount `yaml:"row_count" doc:"How many rows there must be."`
	Freshness Duration  `yaml:"freshness" doc:"How old the newest row of a source may be, such as 12 hours."`
	People    []*Person `yaml:"people" doc:"People of whom the result is known: for identifiers, the profile and the segments."`
	// SQL selects rows that should not be there.
	SQL *Query `yaml:"sql" doc:"Query that finds what is wrong; {source:name}, {entity:name} and {segment:name} in it are the rows to look at. A mapping from types of warehouse where it is spelled differently."`

	// Severity is one of Severities. Load fills in "error" where none is given.
	Severity string `yaml:"severity" doc:"error (the default) keeps what reads the rows from being built and sent; warn only tells."`
	// WarnAbove and ErrorAbove bound failing rows; without ErrorAbove none is
	// allowed by severity error, and any number by warn.
	WarnAbove  *Bound      `yaml:"warn_above" doc:"How many rows may fail before it is told: a number, or a share of the rows. 0 where none is given."`
	ErrorAbove *Bound      `yaml:"error_above" doc:"How many rows may fail before it is an error: a number, or a share of the rows. 0 where none is given."`
	Tags       []string    `yaml:"tags" doc:"Words to select by."`
	Pos        strict.Node `yaml:"-"`
}

// Severities are the values of Test.Severity.
var Severities = []string{"error", "warn"}

// RowCount bounds the number of rows.
type RowCount struct {
	Min *int64 `yaml:"min" doc:"The least number of rows."`
	Max *int64 `yaml:"max" doc:"The greatest number of rows."`
	// MaxChange compares with the last run in which the test was no error.
	MaxChange *Bound      `yaml:"max_change" doc:"How far the number may be from that of the last run that went on with it: a number, or a share of that one."`
	Pos       strict.Node `yaml:"-"`
}

// Person is somebody of whom the result is known.
type Person struct {
	Name string `yaml:"name,required" doc:"What reports call the person: no name of a real one."`
	// Identifiers are all of the same entity.
	Identifiers []Reference `yaml:"identifiers,required" doc:"Identifiers of the one person, each as type=value."`
	// Traits are constants; null is a trait without a value.
	Traits   strict.Ordered[strict.Node] `yaml:"traits" doc:"Traits, each with the value that it must have; null is no value."`
	Segments strict.Ordered[bool]        `yaml:"segments" doc:"Segments, each with whether the person is in it."`
	Pos      strict.Node                 `yaml:"-"`
}

// Query is an SQL query of the user's: one text, or one for each type of
// warehouse.
type Query struct {
	// ByType has the texts by the type of target; "" is for all that are not in it.
	ByType strict.Ordered[string]
	// Reads are the resources that stand in it, each once, such as "source:orders".
	Reads []string
	Pos   strict.Node
}

// UnmarshalStrict reads a text, or a mapping of them.
func (q *Query) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	q.Pos = n
	switch n.Kind() {
	case strict.Mapping:
		n.Decode(report, &q.ByType)
	case strict.List:
		n.Wrong(report, "a query, or a mapping from types of warehouse to queries,", "write for example SELECT * FROM {source:orders} AS o WHERE ...")
	case strict.Absent, strict.Null, strict.Scalar:
		var text string
		if n.Decode(report, &text) {
			q.ByType = strict.Ordered[string]{{Value: text}}
		}
	}
}

// Placeholders are the resources that the text of a Query names, as they stand
// in it without braces, each with the offsets of its braces.
func Placeholders(text string) (found []Placeholder) {
	for at := 0; ; {
		start := strings.IndexByte(text[at:], '{')
		if start < 0 {
			return found
		}
		start += at
		length := strings.IndexByte(text[start:], '}')
		if length < 0 {
			return found
		}
		at = start + length + 1
		kind, name, ok := strings.Cut(text[start+1:at-1], ":")
		if ok && slices.Contains([]string{"source", "entity", "segment"}, kind) {
			found = append(found, Placeholder{Kind: kind, Name: name, Start: start, End: at})
		}
	}
}

// Placeholder is a resource that the text of a Query names.
type Placeholder struct {
	Kind, Name string
	// Start and End are the offsets of its braces, the last one included.
	Start, End int
}

// Key is the key of the resource's node.
func (p Placeholder) Key() string { return p.Kind + ":" + p.Name }

// Subject is the key of the resource whose rows are tested, "" for SQL.
func (t *Test) Subject() string {
	switch {
	case t.Source != "":
		return "source:" + t.Source
	case t.Entity != "":
		return "entity:" + t.Entity
	case t.Segment != "":
		return "segment:" + t.Segment
	}
	return ""
}

// Reads are the keys of the resources that must be there before the test, and
// whose readers wait for it.
func (t *Test) Reads() []string {
	if t.SQL != nil {
		return t.SQL.Reads
	}
	return []string{t.Subject()}
}

// Combinations are lists of columns; each may be written as a text where it has one,
// and so may all of them.
type Combinations [][]string

// UnmarshalStrict decodes a text, or a list of texts and of lists of texts.
func (c *Combinations) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	items := []strict.Node{n}
	if n.Kind() == strict.List {
		items = n.Items()
	}
	for _, item := range items {
		var columns strict.OneOrMany
		if item.Decode(report, &columns) {
			*c = append(*c, columns)
		}
	}
	if len(items) == 0 {
		report(diag.Errorf(n.At(), strict.CodeEmpty, "there is nothing in this list").WithHelp("write a value, or remove the key"))
	}
}

// Constant decodes a value as the type of a column says: a string, int64, float64,
// bool or time.Time, nil with a finding where that is not possible. Types are
// those of ColumnTypes.
func Constant(n strict.Node, columnType string, report func(diag.Diagnostic)) any {
	switch columnType {
	case "decimal":
		columnType = "float"
	case "date":
		day, err := time.Parse(time.DateOnly, n.Text().Value)
		if err != nil {
			n.Wrong(report, "a day", "write for example 2026-01-31")
			return nil
		}
		return day
	}
	return (&Parameter{Type: columnType}).read(n, report)
}

// tests checks the tests on data, as far as no type is needed.
func (l *loader) tests(ix *index) {
	named(l, "test", l.project.Tests, func(t *Test) (string, strict.Node) { return t.Name, t.Pos })
	for _, t := range l.project.Tests {
		l.test(ix, t)
	}
}

func (l *loader) test(ix *index, t *Test) {
	has := func(key string) bool { return t.Pos.Get(key).Kind() != strict.Absent }
	l.severity(t, has)
	subjects := l.given(t.Pos, "source", "entity", "segment", "sql")
	switch {
	case len(subjects) > 1:
		l.report(diag.Errorf(t.Pos.Key(subjects[1]), codeConflict, "a test is about one thing: %s or %s", subjects[0], subjects[1]).
			WithHelp("remove one of them, or make two tests").WithRelated(t.Pos.Key(subjects[0]), "the other is here"))
		return
	case len(subjects) == 0:
		l.report(diag.Errorf(t.Pos.At("name"), codeMissing, "the test %q does not say what it is about", t.Name).
			WithHelp("add source:, entity: or segment: with a name, or sql: with a query"))
		return
	}
	rows := []string{"not_null", "unique", "accepted_values", "relationships", "condition", "row_count", "freshness", "people"}
	checks := l.given(t.Pos, rows...)
	if t.SQL != nil || has("sql") {
		for _, key := range append(checks, l.given(t.Pos, "where")...) {
			l.report(diag.Errorf(t.Pos.Key(key), codeConflict, "a test that is an SQL query has no %s", key).
				WithHelp("put it into the query, or into a test of its own"))
		}
		if t.SQL != nil {
			l.query(ix, t.SQL)
		}
		return
	}
	if len(checks) == 0 {
		l.report(diag.Errorf(t.Pos.At("name"), codeMissing, "the test %q tests nothing", t.Name).
			WithHelp("add one of %s", strings.Join(rows, ", ")))
	}
	for _, key := range []string{"accepted_values", "relationships", "people"} {
		n := t.Pos.Get(key)
		if n.Kind() == strict.Mapping && len(n.Fields()) == 0 || n.Kind() == strict.List && len(n.Items()) == 0 {
			l.report(diag.Errorf(t.Pos.Key(key), strict.CodeEmpty, "%s says nothing", key).WithHelp("write what is to hold, or remove the key"))
		}
	}
	switch {
	case t.Source != "":
		if s, ok := find(l, ix.sources, ix.sourceNames, t.Source, t.Pos.At("source"), codeUnknownSource, "source"); ok {
			l.testColumns(ix, t, s.Fields(), "column of source "+s.Name, codeUnknownColumn)
			if has("freshness") && s.Time == "" {
				l.report(diag.Errorf(t.Pos.Key("freshness"), codeMissing, "the source %q has no time, so nobody knows how old its rows are", s.Name).
					WithHelp("add time: to the source, with the column that says when each row was true or happened").WithRelated(s.Pos.At("name"), "the source is here"))
			}
		}
	default:
		entity := t.Entity
		if t.Segment != "" {
			if s, ok := find(l, ix.segments, ix.segmentNames, t.Segment, t.Pos.At("segment"), codeUnknownSegment, "segment"); ok {
				entity = s.Entity
			}
		}
		if e, ok := l.knownEntity(ix, entity, t.Pos.At("entity")); ok {
			l.testColumns(ix, t, append(slices.Clip(ix.traitNames[e.Name]), e.Name+"_id"), "trait of "+e.Name, codeUnknownTrait)
			l.people(ix, t, e)
		}
		if has("freshness") {
			l.report(diag.Errorf(t.Pos.Key("freshness"), codeConflict, "only sources have rows that grow old").
				WithHelp("test a source, or write a condition such as last_seen > now - days(30)"))
		}
	}
	if has("people") && t.Entity == "" {
		l.report(diag.Errorf(t.Pos.Key("people"), codeConflict, "people are known by the identifiers of an entity").
			WithHelp("say entity: instead of %s:", subjects[0]))
	}
	if has("people") && has("where") {
		l.report(diag.Errorf(t.Pos.Key("where"), codeConflict, "where chooses rows, and people are chosen by their identifiers").WithHelp("make two tests"))
	}
	if n := t.Pos.Get("freshness"); n.IsString() && strings.HasPrefix(strings.TrimLeft(n.Text().Value, "0"), " ") {
		l.report(diag.Errorf(n.Span(), codeRange, "no row is that young").WithHelp("write for example 12 hours"))
	}
	l.rowCount(t)
}

// given are those of keys that a mapping has.
func (l *loader) given(n strict.Node, keys ...string) (found []string) {
	for _, key := range keys {
		if n.Get(key).Kind() != strict.Absent {
			found = append(found, key)
		}
	}
	return found
}

// severity checks when a test tells and when it stops.
func (l *loader) severity(t *Test, has func(string) bool) {
	l.oneOf(t.Severity, t.Pos.At("severity"), "severity", Severities)
	if t.Severity == "" {
		t.Severity = Severities[0]
	}
	if t.Severity == "warn" && has("error_above") {
		l.report(diag.Errorf(t.Pos.Key("error_above"), codeConflict, "a test of severity warn is never an error").
			WithHelp("remove severity: warn, or write warn_above").WithRelated(t.Pos.At("severity"), "the severity is here"))
	}
	if w, e := t.WarnAbove, t.ErrorAbove; w != nil && e != nil && w.IsPercent == e.IsPercent && (w.Percent > e.Percent || w.Rows > e.Rows) {
		l.report(diag.Errorf(t.Pos.At("warn_above"), codeConflict, "what is above this is an error already").
			WithHelp("make warn_above less than error_above").WithRelated(t.Pos.At("error_above"), "error_above is here"))
	}
	for key, bound := range map[string]*Bound{"warn_above": t.WarnAbove, "error_above": t.ErrorAbove} {
		if bound == nil {
			continue
		}
		if t.SQL != nil && bound.IsPercent {
			l.report(diag.Errorf(t.Pos.At(key), codeConflict, "of a query it is not known how many rows it has looked at").WithHelp("write a number of rows"))
		}
	}
}

// Fields are the names by which tests know the columns of a source: those that
// are declared, identifiers, and time.
func (s *Source) Fields() []string {
	names := s.Columns.Keys()
	for _, id := range s.Identifiers {
		if !slices.Contains(names, id.Key) {
			names = append(names, id.Key)
		}
	}
	if s.Time != "" {
		names = append(names, "time")
	}
	return names
}

// testColumns checks the columns that a test names.
func (l *loader) testColumns(ix *index, t *Test, names []string, what, code string) {
	known := func(name string, at diag.Span) {
		if !slices.Contains(names, name) && name != "" && !l.partial {
			l.report(unknown(at, code, what, name, names))
		}
	}
	twice := func(what string, again bool, at diag.Span) {
		if what != "" && again {
			l.report(diag.Errorf(at, codeConflict, "%s is there twice", what).WithHelp("remove one of them"))
		}
	}
	at := oneOrMany(t.Pos, "not_null")
	for i, name := range t.NotNull {
		known(name, at(i))
		twice(name, slices.Contains(t.NotNull[:i], name), at(i))
	}
	at = oneOrMany(t.Pos, "unique")
	for i, list := range t.Unique {
		within := func(int) diag.Span { return at(i) }
		if t.Pos.Get("unique", strconv.Itoa(i)).Kind() == strict.List {
			within = func(j int) diag.Span { return t.Pos.At("unique", strconv.Itoa(i), strconv.Itoa(j)) }
		}
		for j, name := range list {
			known(name, within(j))
			twice(name, slices.Contains(list[:j], name), within(j))
		}
		twice(strings.Join(list, " and "), slices.ContainsFunc(t.Unique[:i], func(other []string) bool { return slices.Equal(other, list) }), at(i))
	}
	for _, c := range t.AcceptedValues {
		known(c.Key, t.Pos.Key("accepted_values", c.Key))
		if len(c.Value) == 0 {
			l.report(diag.Errorf(t.Pos.At("accepted_values", c.Key), strict.CodeEmpty, "there are no values here").WithHelp("write a list of values"))
		}
	}
	for _, c := range t.Relationships {
		known(c.Key, t.Pos.Key("relationships", c.Key))
		at := t.Pos.At("relationships", c.Key)
		source, column, ok := strings.Cut(c.Value, ".")
		if !ok {
			if c.Value != "" {
				l.report(diag.Errorf(at, codeFrom, "%q is not a column of a source", c.Value).WithHelp("write source.column, such as contacts.email"))
			}
			continue
		}
		s, ok := find(l, ix.sources, ix.sourceNames, source, at, codeUnknownSource, "source")
		if ok && !slices.Contains(s.Fields(), column) && !l.partial {
			l.report(unknown(at, codeUnknownColumn, "column of source "+s.Name, column, s.Fields()))
		}
	}
}

// people checks the identifiers, traits and segments of golden people.
func (l *loader) people(ix *index, t *Test, e *Entity) {
	seen := unique[string, *Person]{l: l, what: "person", byKey: map[string]diag.Span{}}
	for _, p := range t.People {
		if p == nil {
			continue
		}
		seen.add(p.Name, p.Name, p.Pos.At("name"))
		for i, r := range p.Identifiers {
			if r.Type != "" {
				l.identifierOf(e, r.Type, p.Pos.At("identifiers", strconv.Itoa(i)))
			}
		}
		if len(p.Identifiers) == 0 && p.Pos.Get("identifiers").Kind() == strict.List {
			l.report(diag.Errorf(p.Pos.Key("identifiers"), strict.CodeEmpty, "the person has no identifier").WithHelp("write for example email=ada@example.com"))
		}
		for _, x := range p.Traits {
			if !slices.Contains(ix.traitNames[e.Name], x.Key) && !l.partial {
				l.report(unknown(p.Pos.Key("traits", x.Key), codeUnknownTrait, "trait of "+e.Name, x.Key, ix.traitNames[e.Name]))
			}
		}
		for _, x := range p.Segments {
			at := p.Pos.Key("segments", x.Key)
			if s, ok := find(l, ix.segments, ix.segmentNames, x.Key, at, codeUnknownSegment, "segment"); ok && s.Entity != e.Name {
				l.report(diag.Errorf(at, codeOtherEntity, "the segment %q is one of %s, not of %s", x.Key, s.Entity, e.Name).WithHelp("name a segment of %s", e.Name))
			}
		}
	}
}

// rowCount checks bounds of the number of rows.
func (l *loader) rowCount(t *Test) {
	c := t.RowCount
	if c == nil {
		return
	}
	at := t.Pos.Key("row_count")
	switch {
	case c.Min == nil && c.Max == nil && c.MaxChange == nil:
		if t.Pos.Get("row_count").Kind() == strict.Mapping {
			l.report(diag.Errorf(at, codeMissing, "this says nothing about the number of rows").WithHelp("add min:, max: or max_change:"))
		}
	case c.Min != nil && *c.Min < 0 || c.Max != nil && *c.Max < 0:
		l.report(diag.Errorf(at, codeRange, "a number of rows cannot be negative").WithHelp("write 0 or more"))
	case c.Min != nil && c.Max != nil && *c.Min > *c.Max:
		l.report(diag.Errorf(at, codeRange, "no number of rows is at least %d and at most %d", *c.Min, *c.Max).WithHelp("exchange min and max"))
	}
}

// query checks a query of the user's: what it reads, and that nothing of it
// reaches outside. The warehouse judges the rest.
func (l *loader) query(ix *index, q *Query) {
	types := slices.Sorted(maps.Keys(l.kinds.Targets))
	for _, text := range q.ByType {
		at := q.Pos.Text()
		if text.Key != "" {
			at = q.Pos.Text(text.Key)
			if !slices.Contains(types, text.Key) {
				l.report(unknown(q.Pos.Key(text.Key), codeType, "target type", text.Key, types))
				continue
			}
		}
		if text.Value == "" {
			continue
		}
		if i := strings.Index(text.Value, ";"); i >= 0 {
			l.report(diag.Errorf(at.Span(i, i+1), codeSQL, "the SQL of a test cannot hold a semicolon").WithHelp("write one query, without \";\""))
			continue
		}
		if !query.MatchString(text.Value) {
			l.report(diag.Errorf(at.Span(0, len(text.Value)), codeSQL, "this is no query").WithHelp("write for example SELECT * FROM {source:orders} AS o WHERE ..."))
			continue
		}
		found := Placeholders(text.Value)
		if len(found) == 0 {
			l.report(diag.Errorf(at.Span(0, len(text.Value)), codeSQL, "the query does not say what it is about").
				WithHelp("write {source:name}, {entity:name} or {segment:name} where the name of a table belongs: what reads them waits for the test"))
			continue
		}
		flaw := unbalanced(text.Value, false)
		if flaw != nil && unbalanced(text.Value, true) != nil {
			l.report(diag.Errorf(at.Span(flaw.start, flaw.end), codeSQL, "%s", flaw.summary).WithHelp("%s", flaw.help))
			continue
		}
		for _, p := range found {
			span := at.Span(p.Start, p.End)
			switch p.Kind {
			case "source":
				find(l, ix.sources, ix.sourceNames, p.Name, span, codeUnknownSource, "source")
			case "entity":
				l.knownEntity(ix, p.Name, span)
			case "segment":
				find(l, ix.segments, ix.segmentNames, p.Name, span, codeUnknownSegment, "segment")
			}
			if !slices.Contains(q.Reads, p.Key()) {
				q.Reads = append(q.Reads, p.Key())
			}
		}
	}
	if q.Pos.Kind() != strict.Mapping {
		return
	}
	lacking := map[string]bool{}
	for _, t := range l.project.Targets {
		if _, given := q.ByType.Get(t.Type); !given && slices.Contains(types, t.Type) && !lacking[t.Type] {
			lacking[t.Type] = true
			l.report(diag.Errorf(q.Pos.Span(), codeMissing, "the test has no SQL for %s", t.Type).
				WithHelp("add %s: with the query in its dialect", t.Type).
				WithRelated(t.key, "this target is of that type"))
		}
	}
}
