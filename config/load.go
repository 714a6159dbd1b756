package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// MaxFile is the size of a file in bytes; a hundred thousand lines of YAML
// fit.
const MaxFile = 4 << 20

// maxFindings bounds what is reported of one file: who reads the first
// thousand will run again.
const maxFindings = 1000

// Kinds are the targets and destinations that the composition root knows. Each
// function returns a pointer to a new configuration struct, with yaml tags and
// defaults set, into which the keys of the resource are decoded.
//
// A configuration that is a Checker is asked for its own findings.
type Kinds struct {
	Targets, Destinations map[string]func() any
	// Profiles are the adapters of dbt for types of Targets, so that a target may
	// come from dbt's profiles; nil for none.
	Profiles map[string]profile.Adapter
	// LongestSchema is how many characters the name of a schema may have, by the type
	// of the target, where that is less than MaxName.
	LongestSchema map[string]int
	// Ability says what a destination, whose Config has no error, can do with an
	// object; where it is nil they can do everything.
	Ability func(d *Destination, object string) *Ability
}

// SyncChecker is a configuration that finds what does not go with a sync which
// delivers to it: the operations that the sync asks for, the name of its key and
// those of its fields are given. Findings are about the configuration's own
// lines.
type SyncChecker interface {
	CheckSync(sync string, operations []string, key string, fields []string, report func(diag.Diagnostic))
}

// Consenter is a configuration of a destination which tells the platform what people
// have consented to there, each of GoogleConsents: a field of a sync that is called as
// one of them says it of its row.
type Consenter interface {
	// Unsaid is what the key of that name says of all whose row does not say it; said is
	// false where the purpose of the sync is to say it.
	Unsaid(consent string) (given, said bool)
}

// Checker finds what is wrong with a decoded value. The node is the mapping it
// came from.
type Checker interface {
	Check(n strict.Node, report func(diag.Diagnostic))
}

// file is what one file may hold.
type file struct {
	Project      *header                     `yaml:"project"`
	Targets      strict.Ordered[strict.Node] `yaml:"targets"`
	Entities     []*Entity                   `yaml:"entities"`
	Sources      []*Source                   `yaml:"sources"`
	Relations    []*Relation                 `yaml:"relations"`
	Traits       []*Trait                    `yaml:"traits"`
	Segments     []*Segment                  `yaml:"segments"`
	Parameters   []*Parameter                `yaml:"parameters"`
	Consents     []*Consent                  `yaml:"consents"`
	Purposes     []*Purpose                  `yaml:"purposes"`
	Exceptions   []*Exception                `yaml:"exceptions"`
	Destinations []strict.Node               `yaml:"destinations"`
	Priorities   []*Priority                 `yaml:"priorities"`
	Pressures    []*Pressure                 `yaml:"pressures"`
	Syncs        []*Sync                     `yaml:"syncs"`
	Schedules    []*Schedule                 `yaml:"schedules"`
	Tests        []*Test                     `yaml:"tests"`
	DBT          *DBT                        `yaml:"dbt"`
	Alerts       []strict.Node               `yaml:"alerts"`
	Pos          strict.Node                 `yaml:"-"`
}

// header is the project key.
type header struct {
	Name        string      `yaml:"name,required" doc:"Name of the project."`
	Description string      `yaml:"description,blank" doc:"What the project is, for readers."`
	Owner       string      `yaml:"owner" doc:"Who answers for what names no owner of its own: a person or a team, a name or an e-mail address."`
	Timezone    string      `yaml:"timezone" doc:"IANA time zone, such as Europe/Paris, of schedules, of dates on the command line and of calendar days in expressions that name no other. UTC where none is given."`
	Keep        *Keep       `yaml:"keep" doc:"How long rows of the tables that only grow are kept; for ever where none is given."`
	Retention   *Retention  `yaml:"retention" doc:"How long rows and values of each class count; for ever where none is given."`
	Volume      *Volume     `yaml:"volume" doc:"From when on the size of a segment, or the number of profiles, is unusual."`
	Pos         strict.Node `yaml:"-"`
}

// Keep is how long rows of tables that only grow are kept, 0 for ever. A run
// removes what is older when it ends.
type Keep struct {
	SyncLog Duration `yaml:"sync_log" doc:"How long the rows of sync_log are kept, such as 90 days."`
	// SyncLedger is about events that are too old to be sent again.
	SyncLedger Duration    `yaml:"sync_ledger" doc:"How long sync_ledger remembers the events that syncs with a max_age have sent, such as 30 days; at least that age."`
	Runs       Duration    `yaml:"runs" doc:"How long the rows of runs are kept, such as 52 weeks."`
	Slots      Duration    `yaml:"slots" doc:"How long the slots of schedules are kept that have ended, such as 30 days; 90 days where none is given."`
	Pos        strict.Node `yaml:"-"`
}

// targetKeys are the keys of every target; the others are its type's.
type targetKeys struct {
	Type    string          `yaml:"type,required" doc:"Kind of warehouse."`
	Deliver bool            `yaml:"deliver" doc:"Whether syncs may send from this target. Without it they are compared and counted, and nothing leaves."`
	State   secret.Template `yaml:"state" doc:"Where the state of deliveries is kept: a file, relative to the project, or postgres://... for several machines, from a reference to a secret. .customhouse/<target>.db where none is given."`
	// PrivacyKey goes before the key that the state makes by itself.
	PrivacyKey secret.Ref  `yaml:"privacy_key" doc:"Reference to the key of the digests by which those who were erased are known, 32 bytes as 64 hexadecimal digits or in base64. The state makes one and keeps it where none is given."`
	Schema     string      `yaml:"schema" doc:"Schema (dataset, database) in which Customhouse keeps its tables. customhouse where none is given."`
	Pos        strict.Node `yaml:"-"`
}

// destinationKeys are the keys of every destination; the others are its
// type's.
type destinationKeys struct {
	Name        string      `yaml:"name,required" doc:"Name that syncs refer to."`
	Type        string      `yaml:"type,required" doc:"Kind of destination."`
	Description string      `yaml:"description,blank" doc:"What the destination is, for readers."`
	Owner       string      `yaml:"owner" doc:"Who answers for the destination: a person or a team, a name or an e-mail address; the project's where none is given."`
	Allow       []string    `yaml:"allow" doc:"Classes of what may be sent there; public and internal where none are given."`
	Pos         strict.Node `yaml:"-"`
}

// loader collects a project and its findings.
type loader struct {
	project Project
	kinds   Kinds
	list    diag.List
	header  *header
	// headerKey is where the key of header stands.
	headerKey diag.Span
	// partial says that a file could not be read as a whole, so that what seems
	// to be missing may stand there.
	partial bool
	files   int
	// fsys has the files, and texts are those of the project.
	fsys  fs.FS
	texts [][]byte
	// words are all that stand in them; nil before they are wanted.
	words map[string]bool
	// dbtKey is where the key dbt stands.
	dbtKey diag.Span
	// found counts the findings of each file.
	found map[*diag.Source]int
	// empty are the places where a value was found missing.
	empty map[diag.Span]bool
}

// report takes a finding, unless its file has too many.
func (l *loader) report(d diag.Diagnostic) {
	src := d.Span.Source
	if d.Code == strict.CodeEmpty {
		if l.empty[d.Span] {
			return // One place is empty once, whoever sees it.
		}
		l.empty[d.Span] = true
	}
	switch l.found[src]++; {
	case l.found[src] < maxFindings:
		l.list = append(l.list, d)
	case l.found[src] == maxFindings:
		l.list = append(l.list, diag.Errorf(diag.Span{Source: src}, codeMany,
			"the file has more than %d findings", maxFindings-1).WithHelp("correct those listed and run again"))
	}
}

// Load reads every *.yaml and *.yml file of fsys, whose root is the project's
// folder, into one Project. Hidden folders and files, target, node_modules and
// dbt projects are skipped; symbolic links are not followed. dir is only recorded.
//
// Where there are errors the Project is nil and the list has all of them,
// sorted by file and position. Where there are none the list is nil, and
// Project.Warnings has the rest.
func Load(fsys fs.FS, dir string, kinds Kinds) (*Project, diag.List) {
	l := &loader{kinds: kinds, fsys: fsys, found: map[*diag.Source]int{}, empty: map[diag.Span]bool{}}
	l.project.Dir = dir
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		return l.visit(fsys, name, d, err)
	})
	if err != nil { // visit reports what it meets; this is our own fault
		l.report(diag.Errorf(diag.Span{}, codeRead, "reading the project: %v", err))
	}
	l.check()

	list := l.list.Sort()
	errs, warnings := list.Split()
	if len(errs) > 0 {
		return nil, list
	}
	l.project.Warnings = warnings
	return &l.project, nil
}

// Skipped says that a file or folder below a project's folder is none of the
// project: what is hidden, target, node_modules, and files that are not YAML.
func Skipped(name string, d fs.DirEntry) bool {
	base, ext := path.Base(name), path.Ext(name)
	switch {
	case name == ".":
		return false
	case strings.HasPrefix(base, "."):
		return true
	case d.IsDir():
		return base == "target" || base == "node_modules"
	}
	return ext != ".yaml" && ext != ".yml"
}

// visit reads a file, or says that a folder is not a project's.
func (l *loader) visit(fsys fs.FS, name string, d fs.DirEntry, err error) error {
	if err != nil {
		l.partial = true
		l.report(diag.Errorf(diag.Span{Source: &diag.Source{Name: name}}, codeRead,
			"this cannot be read: %v", unwrapPath(err)).WithHelp("check that it exists and its permissions"))
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if Skipped(name, d) {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		if name != "." && isDBT(fsys, name) {
			return fs.SkipDir
		}
		return nil
	}
	src := &diag.Source{Name: name}
	if !d.Type().IsRegular() {
		l.report(diag.Warningf(diag.Span{Source: src}, codeNotRead, "this is not a regular file and was not read").
			WithHelp("copy it here; links are not followed, so that a project cannot reach outside its folder"))
		return nil
	}
	if src.Text, err = readFile(fsys, name); err != nil {
		l.partial = true
		if errors.Is(err, errTooLarge) {
			l.report(diag.Errorf(diag.Span{Source: src}, codeSize, "the file is larger than 4 MB (%d bytes)", MaxFile).
				WithHelp("split it, or give it another ending if it is not part of the project"))
			return nil
		}
		l.report(diag.Errorf(diag.Span{Source: src}, codeRead, "this cannot be read: %v", unwrapPath(err)).
			WithHelp("check that it exists and its permissions"))
		return nil
	}
	l.read(src)
	return nil
}

var errTooLarge = errors.New("file too large")

// unwrapPath drops the path that a PathError repeats.
func unwrapPath(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// readFile reads no more than a file may have, whatever its size claims.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening file: %w", err)
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(f, MaxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading file: %w", err)
	}
	if n > MaxFile {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}

// read adds one file to the project.
func (l *loader) read(src *diag.Source) {
	l.files++
	l.texts = append(l.texts, src.Text)
	root := strict.Parse(src, func(d diag.Diagnostic) {
		l.partial = true
		l.report(d)
	})
	if root.Kind() == strict.Absent {
		return
	}
	var f file
	if root.Kind() != strict.Mapping {
		l.partial = true
		root.Wrong(l.report, "a mapping", "write a key such as sources or segments, and the list below it")
		return
	}
	maskMisplaced(root)
	root.Decode(l.report, &f)

	if f.Project != nil {
		l.addHeader(f.Project, root.Key("project"), l.report)
	}
	for _, t := range f.Targets {
		l.addTarget(t.Key, root, t.Value, l.report)
	}
	l.project.Entities = append(l.project.Entities, f.Entities...)
	l.project.Sources = append(l.project.Sources, f.Sources...)
	l.project.Relations = append(l.project.Relations, f.Relations...)
	l.project.Traits = append(l.project.Traits, f.Traits...)
	l.project.Segments = append(l.project.Segments, f.Segments...)
	l.project.Parameters = append(l.project.Parameters, f.Parameters...)
	l.project.Consents = append(l.project.Consents, f.Consents...)
	l.project.Purposes = append(l.project.Purposes, f.Purposes...)
	l.project.Exceptions = append(l.project.Exceptions, f.Exceptions...)
	l.project.Priorities = append(l.project.Priorities, f.Priorities...)
	l.project.Pressures = append(l.project.Pressures, f.Pressures...)
	for _, n := range f.Destinations {
		l.addDestination(n, l.report)
	}
	l.project.Syncs = append(l.project.Syncs, f.Syncs...)
	l.project.Schedules = append(l.project.Schedules, f.Schedules...)
	l.project.Tests = append(l.project.Tests, f.Tests...)
	if f.DBT != nil {
		l.addDBT(f.DBT, root.Key("dbt"))
	}
	for _, n := range f.Alerts {
		l.addAlert(n, l.report)
	}
}

// maskMisplaced hides what may be destinations, targets or alerts, with secrets, under
// a key or in a shape that nothing is known of.
func maskMisplaced(root strict.Node) {
	seen, keys := map[string]bool{}, strict.KeysOf(reflect.TypeFor[file]())
	for _, f := range root.Fields() {
		key := f.Key.Text().Value
		known := slices.Contains(keys, key)
		shaped := (key != "targets" || f.Value.Kind() == strict.Mapping) &&
			(key != "destinations" && key != "alerts" || f.Value.Kind() == strict.List)
		if !known || !shaped || seen[key] {
			f.Value.Mask()
		}
		seen[key] = true
	}
}

// addHeader takes the project key.
func (l *loader) addHeader(h *header, key diag.Span, report func(diag.Diagnostic)) {
	if l.header != nil {
		report(diag.Errorf(key, codeDuplicateName, "the project is described twice").
			WithHelp("keep one project key").
			WithRelated(l.headerKey, "the first is here"))
		return
	}
	l.header, l.headerKey = h, key
	l.project.Name, l.project.Description, l.project.Owner = h.Name, h.Description, h.Owner
	if h.Keep != nil {
		l.project.Keep = *h.Keep
	}
	if h.Retention != nil {
		l.project.Retention = *h.Retention
	}
	if h.Volume != nil {
		l.project.Volume = *h.Volume
	}
	l.project.Timezone = time.UTC
	if h.Timezone == "" {
		return
	}
	zone, err := time.LoadLocation(h.Timezone)
	if err != nil || h.Timezone == "Local" {
		report(diag.Errorf(h.Pos.At("timezone"), codeTimezone, "unknown time zone %q", h.Timezone).
			WithHelp("use a name of the IANA database, such as UTC, Europe/Paris or America/New_York"))
		return
	}
	l.project.Timezone = zone
}

// addTarget takes one target.
func (l *loader) addTarget(name string, root, n strict.Node, report func(diag.Diagnostic)) {
	keys := targetKeys{Schema: "customhouse"}
	t := &Target{Name: name, Pos: n, key: root.Key("targets", name)}
	l.project.Targets = append(l.project.Targets, t)
	t.Config = decodeKind(n.Private(), "target", l.kinds.targets(), report, &keys)
	t.Type, t.Deliver, t.Schema, t.State, t.PrivacyKey = keys.Type, keys.Deliver, keys.Schema, keys.State, keys.PrivacyKey
	if from, ok := t.Config.(*profiled); ok {
		l.fromDBT(t, from)
	}
	if withPassword.MatchString(t.State.Text()) {
		at := n.Get("state")
		at.Mask()
		report(diag.Errorf(at.At(), secret.CodeLiteral, "a secret is written out here").
			WithHelp("refer to the address: '${env:NAME}', '${file:/path}' or '${exec:command}'; and if this file was ever " +
				"committed or shared, replace the password"))
		t.State = secret.Template{}
	}
}

// withPassword matches an address that spells a password out.
var withPassword = regexp.MustCompile(`^[a-z]+://[^/@]*:[^/@$][^/@]*@|[?&]password=[^$]`)

// addDestination takes one destination.
func (l *loader) addDestination(n strict.Node, report func(diag.Diagnostic)) {
	var keys destinationKeys
	d := &Destination{Pos: n}
	l.project.Destinations = append(l.project.Destinations, d)
	d.Config = decodeKind(n.Private(), "destination", l.kinds.Destinations, func(found diag.Diagnostic) {
		d.wrong = d.wrong || found.Severity == diag.Error
		report(found)
	}, &keys)
	d.Name, d.Type = keys.Name, keys.Type
	d.Description, d.Owner, d.Allow = keys.Description, keys.Owner, keys.Allow
	if len(d.Allow) == 0 {
		d.Allow = []string{string(Public), string(Internal)}
	}
}

// decodeKind decodes a resource whose type says which keys it has: common
// receives those of every type, the result the others.
func decodeKind(
	n strict.Node, what string, kinds map[string]func() any, report func(diag.Diagnostic), common any,
) any {
	kind := n.Text("type")
	build, known := kinds[kind.Value]
	if !known {
		// Only the common keys can be checked; the others may be secrets.
		commonKeys := strict.KeysOf(reflect.TypeOf(common).Elem())
		for _, f := range n.Fields() {
			if !slices.Contains(commonKeys, f.Key.Text().Value) {
				f.Value.Mask()
			}
		}
		n.Decode(func(d diag.Diagnostic) {
			if d.Code != strict.CodeUnknownKey {
				report(d)
			}
		}, common)
		if n.Get("type").IsString() {
			names := slices.Sorted(maps.Keys(kinds))
			report(unknown(n.At("type"), codeType, what+" type", kind.Value, names))
		}
		return nil
	}
	config := build()
	if n.DecodeKeys(report, common, config) {
		if c, ok := config.(Checker); ok {
			c.Check(n, report)
		}
	}
	return config
}

// unknown is the finding for a name that is none of the given.
func unknown(at diag.Span, code, what, name string, names []string) diag.Diagnostic {
	d := diag.Errorf(at, code, "unknown %s %q", what, name)
	switch near := diag.Nearest(name, names); {
	case near != "":
		return d.WithHelp("did you mean %s?", near)
	case len(names) == 0:
		return d.WithHelp("the project has none")
	case len(names) <= 12:
		return d.WithHelp("choose one of %s", strings.Join(names, ", "))
	}
	return d
}
