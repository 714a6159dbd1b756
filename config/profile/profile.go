// Package profile reads what dbt knows of a warehouse: an output of a profile in a
// profiles.yml, as the keys of a target of ours.
//
// Which keys mean what is a table of each warehouse (Adapter). Of Jinja there is
// env_var alone. Variables of settings are looked up; those of secrets stay
// references, so that nothing here ever holds one. It opens no file and connects
// to nothing. Start at Find, then Read.
package profile

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The codes that this package reports; docs/errors.md explains them.
const (
	codeProfile = "bad-profile"
	codeUnknown = "unknown-profile"
	codeUnread  = "unread-key"
	codeUnset   = "unresolved-reference"
)

// Adapter says what the keys of an adapter of dbt are among ours.
type Adapter struct {
	// Keys are those that mean the same, by dbt's name. Two may be one of ours.
	Keys map[string]Key
	// Required are names of dbt's without which, or others for the same key of
	// ours, there is no connection.
	Required []string
	// Own are keys that are about dbt's own work, so that nothing is lost where
	// they are passed over, and those that Fit looks at. None holds a secret.
	Own []string
	// Fit adds what no single key says; nil for nothing.
	Fit func(o *Output)
}

// Key is what a key of dbt's is here.
type Key struct {
	// To is our name of it.
	To string
	Is Kind
}

// Kind is what a value is.
type Kind int

// The kinds.
const (
	Text Kind = iota
	Number
	Bool
	// Secret is a secret, which has to be a variable.
	Secret
	// Path is the path of a file.
	Path
	// SecretFile is the path of a file that holds a secret.
	SecretFile
)

// common are keys of every adapter that are about dbt's own work.
var common = []string{"type", "threads", "schema", "retries", "connect_timeout", "connect_retries"}

// Options say where a profile is read.
type Options struct {
	// Env looks a variable up.
	Env func(name string) (string, bool)
	// Folder is where relative paths of the profile start, as a path from the
	// project's folder; empty where nobody knows.
	Folder string
	// Dir is the project's folder.
	Dir string
	// Report takes what is found.
	Report func(diag.Diagnostic)
}

// Named are the names of an output, and where they are written.
type Named struct {
	// Profile may be empty where there is one alone, Target where the profile says
	// its own.
	Profile, Target     string
	ProfileAt, TargetAt diag.Span
}

// Find is an output of a profile and the names under which it was found, the zero
// Node with findings where there is none. All other values of the file are masked
// from then on, as they may be secrets.
func Find(root strict.Node, names Named, o Options) (output strict.Node, profile, target string) {
	profiles := map[string]strict.Node{}
	for _, f := range root.Fields() {
		if name := f.Key.Text().Value; name != "config" { // dbt's own settings, once
			profiles[name] = f.Value
		}
	}
	defer func() { mask(root, output) }()
	known := slices.Sorted(maps.Keys(profiles))
	profile = names.Profile
	if profile == "" && len(known) == 1 {
		profile = known[0]
	}
	found, ok := profiles[profile]
	switch {
	case profile == "":
		o.Report(diag.Errorf(names.ProfileAt, codeUnknown, "nobody says which profile is meant").
			WithHelp("add profile: one of %s", strings.Join(known, ", ")))
		return strict.Node{}, "", ""
	case !ok:
		o.Report(unknown(names.ProfileAt, "there is no profile "+profile, profile, known))
		return strict.Node{}, "", ""
	}
	target, at := names.Target, names.TargetAt
	if target == "" {
		target, at = "default", found.At("target")
		if n := found.Get("target"); n.Kind() == strict.Scalar {
			said, ok := (&Output{options: o}).resolve(n)
			if !ok {
				return strict.Node{}, "", ""
			}
			target = said
		}
	}
	known = nil
	for _, f := range found.Get("outputs").Fields() {
		known = append(known, f.Key.Text().Value)
	}
	output = found.Get("outputs", target)
	if output.Kind() != strict.Mapping {
		o.Report(unknown(at, "the profile "+profile+" has no target "+target, target, known))
		return strict.Node{}, "", ""
	}
	return output, profile, target
}

// mask hides all values of a file but those of an output, and the names of targets.
func mask(n, output strict.Node) {
	for _, f := range n.Fields() {
		switch {
		case f.Value == output || f.Key.Text().Value == "target" && f.Value.Kind() == strict.Scalar:
		case f.Value.Kind() == strict.Mapping:
			mask(f.Value, output)
		default:
			f.Value.Mask()
		}
	}
}

func unknown(at diag.Span, summary, name string, known []string) diag.Diagnostic {
	d := diag.Errorf(at, codeUnknown, "%s", summary)
	if near := diag.Nearest(name, known); near != "" {
		return d.WithHelp("did you mean %s?", near)
	}
	if len(known) > 0 {
		return d.WithHelp("choose one of %s", strings.Join(known, ", "))
	}
	return d.WithHelp("look at the file: it has none")
}

// Type is the type of an output, which is the name of dbt's adapter; empty with a
// finding where it is none of the known.
func Type(output strict.Node, known map[string]Adapter, o Options) string {
	name, _ := (&Output{options: o}).resolve(output.Get("type"))
	if _, ok := known[name]; ok || name == "" {
		if name == "" {
			o.Report(diag.Errorf(output.At(), codeProfile, "the target of dbt has no type").WithHelp("see the file: dbt needs one too"))
		}
		return name
	}
	o.Report(diag.Errorf(output.At("type"), codeProfile, "there is no warehouse of type %s", name).
		WithHelp("one of these can be used: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
	return ""
}

// Read is an output with our keys, to be decoded as a target's. What is wrong is
// reported at its place in the file of dbt's, and so is what will be found in it.
func Read(output strict.Node, a Adapter, options Options) (strict.Node, bool) {
	o := &Output{node: output, options: options, given: map[string]strict.Field{}, used: map[string]bool{}, set: map[string]string{}, ok: true}
	plain := slices.Concat(common, a.Own)
	for _, name := range plain {
		o.used[name] = true
	}
	for _, f := range output.Fields() {
		name := f.Key.Text().Value
		if key, ok := a.Keys[name]; !slices.Contains(plain, name) && (!ok || key.Is == Secret || key.Is == SecretFile) {
			f.Value.Mask()
		}
		if first, twice := o.given[name]; twice {
			o.report(diag.Errorf(f.Key.Span(), strict.CodeDuplicateKey, "the key %q is given twice", name).
				WithHelp("remove one of them").WithRelated(first.Key.Span(), "the first is here"))
			continue
		}
		o.given[name] = f
	}
	for _, f := range output.Fields() {
		if key, ok := a.Keys[f.Key.Text().Value]; ok {
			o.Take(f.Key.Text().Value, key)
		}
	}
	for _, name := range a.Required {
		if _, ok := o.set[a.Keys[name].To]; !ok && o.ok {
			o.Refuse(name, "the target of dbt has no "+name, "add it there")
		}
	}
	if a.Fit != nil {
		a.Fit(o)
	}
	for _, f := range output.Fields() {
		if name := f.Key.Text().Value; !o.used[name] {
			o.Unread(name)
		}
	}
	return output.Private().Made(o.fields), o.ok
}

// Output is an output of a profile that is being read.
type Output struct {
	node    strict.Node
	options Options
	// given are the fields of dbt's, used those that were asked for.
	given map[string]strict.Field
	used  map[string]bool
	// fields are ours, and set what made each of them.
	fields []strict.Field
	set    map[string]string
	ok     bool
}

func (o *Output) report(d diag.Diagnostic) {
	o.ok = o.ok && d.Severity != diag.Error
	o.options.Report(d)
}

// Refuse reports what cannot be used, at the value of a key.
func (o *Output) Refuse(key, summary, help string) {
	o.used[key] = true
	o.report(diag.Errorf(o.node.At(key), codeProfile, "%s", summary).WithHelp("%s", help))
}

// Unread warns of a key that is not looked at.
func (o *Output) Unread(key string) {
	o.used[key] = true
	o.UnreadAt(o.given[key].Key)
}

// UnreadAt warns of a key, or of an item, that is not looked at.
func (o *Output) UnreadAt(n strict.Node) {
	what := n.Text().Value
	if what == "" {
		what = "this"
	}
	o.report(diag.Warningf(n.At(), codeUnread, "%s of dbt means nothing here: we connect without it", what).
		WithHelp("where it matters, write the target out, with a type and keys of ours"))
}

// Has says that a key is there with a value.
func (o *Output) Has(key string) bool {
	f, ok := o.given[key]
	return ok && f.Value.Kind() != strict.Null
}

// Node is the value of a key, absent where there is none.
func (o *Output) Node(key string) strict.Node {
	o.used[key] = true
	return o.given[key].Value
}

// Text is the value of a key with its variables looked up, empty where there is
// none.
func (o *Output) Text(key string) string {
	text, _ := o.resolve(o.Node(key))
	return text
}

// Take makes a key of dbt's one of ours.
func (o *Output) Take(name string, key Key) {
	if n := o.Node(name); n.Kind() != strict.Absent && n.Kind() != strict.Null {
		if first := o.set[key.To]; first != "" {
			o.Refuse(name, name+" and "+first+" are one", "remove one of them")
			return
		}
		if n, ok := o.value(n, key.Is); ok {
			o.put(key.To, name, n)
		}
	}
}

// TakeFrom makes a field below a key of dbt's one of ours, of the same name.
func (o *Output) TakeFrom(from string, f strict.Field, kind Kind) {
	if n, ok := o.value(f.Value, kind); ok {
		o.put(f.Key.Text().Value, from, n)
	}
}

// Set gives a key of ours a value that follows from a key of dbt's, which may be
// absent.
func (o *Output) Set(to, from, value string) {
	at := o.node
	if f, ok := o.given[from]; ok {
		at = f.Value
	}
	o.put(to, from, at.Said(value, "!!str"))
}

// SetTexts gives a key of ours a mapping of texts.
func (o *Output) SetTexts(to, from string, texts map[string]string) {
	at := o.given[from].Value
	var fields []strict.Field
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		fields = append(fields, strict.Field{Key: at.Said(name, "!!str"), Value: at.Said(texts[name], "!!str")})
	}
	if len(fields) > 0 {
		o.put(to, from, at.Made(fields))
	}
}

// TextOf is a scalar with its variables looked up.
func (o *Output) TextOf(n strict.Node) string {
	text, _ := o.resolve(n)
	return text
}

// PathOf is a path of the profile as one from the project's folder.
func (o *Output) PathOf(n strict.Node) (string, bool) {
	text, ok := o.resolve(n)
	if !ok {
		return "", false
	}
	if rest, home := strings.CutPrefix(text, "~/"); home {
		if folder, ok := o.options.Env("HOME"); ok {
			return path.Join(folder, rest), true
		}
	}
	if path.IsAbs(text) || len(text) > 1 && text[1] == ':' { // a drive of Windows
		return text, true
	}
	if o.options.Folder == "" {
		o.report(diag.Errorf(n.At(), codeProfile, "nobody says where the path %s starts: there is no dbt project in the folder of this file", text).
			WithHelp("add to the target of ours folder: with the folder of the dbt project"))
		return "", false
	}
	return path.Join(o.options.Folder, text), true
}

// put adds a field of ours.
func (o *Output) put(to, from string, n strict.Node) {
	key := o.node
	if f, ok := o.given[from]; ok {
		key = f.Key
	}
	o.set[to] = from
	o.fields = append(o.fields, strict.Field{Key: key.Said(to, "!!str"), Value: n})
}

// whole and truth are how numbers and truth values are written.
var (
	whole = regexp.MustCompile(`^[0-9]+$`)
	truth = regexp.MustCompile(`^(?i:true|false)$`)
)

// value is what one of ours is for a value of dbt's; false where there is none.
func (o *Output) value(n strict.Node, kind Kind) (strict.Node, bool) {
	if n.Kind() != strict.Scalar {
		if kind == Secret || kind == SecretFile {
			n.Mask()
		}
		o.report(diag.Errorf(n.At(), codeProfile, "one value is expected here").WithHelp("write it on one line, or as a variable"))
		return n, false
	}
	switch kind {
	case Secret:
		text, ok := o.secret(n)
		return n.Said(text, "!!str"), ok && text != ""
	case Path, SecretFile:
		text, ok := o.PathOf(n)
		if kind == SecretFile {
			if !path.IsAbs(text) {
				text = path.Join(o.options.Dir, text)
			}
			text = "${file:" + text + "}"
		}
		return n.Said(text, "!!str"), ok
	case Text, Number, Bool:
	}
	if !jinja(n) {
		return n, n.Text().Value != ""
	}
	text, ok := o.resolve(n)
	tag := "!!str"
	switch {
	case kind == Number && whole.MatchString(text):
		tag = "!!int"
	case kind == Bool && truth.MatchString(text):
		tag, text = "!!bool", strings.ToLower(text)
	}
	return n.Said(text, tag), ok && text != ""
}

// secret is the reference that a value is, empty where there is none.
func (o *Output) secret(n strict.Node) (string, bool) {
	parts, ok := o.parts(n)
	if !ok || len(parts) == 0 {
		return "", ok
	}
	const help = `write "{{ env_var('NAME') }}" and set the variable; and if this file was ever committed or shared, replace the secret`
	p := parts[0]
	switch {
	case len(parts) > 1 || p.name == "":
		o.report(diag.Errorf(n.At(), secret.CodeLiteral, "a secret is written out here").WithHelp(help))
		return "", false
	case p.fallback != "":
		o.report(diag.Errorf(n.At(), secret.CodeLiteral, "a secret is written out here, as the default of a variable").WithHelp(help))
		return "", false
	case p.optional:
		if v, set := o.options.Env(p.name); !set || v == "" {
			return "", true
		}
	}
	return "${env:" + p.name + "}", true
}

// resolve is the text of a scalar with its variables looked up.
func (o *Output) resolve(n strict.Node) (string, bool) {
	parts, ok := o.parts(n)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for _, p := range parts {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		if strings.HasPrefix(p.name, "DBT_ENV_SECRET") {
			o.report(diag.Errorf(p.at, codeProfile, "%s is the name of a secret, and this is no place for one", p.name).
				WithHelp("give the variable another name, or write the value"))
			ok = false
			continue
		}
		value, set := o.options.Env(p.name)
		switch {
		case set:
			b.WriteString(value)
		case p.optional:
			b.WriteString(p.fallback)
		default:
			o.report(diag.Errorf(p.at, codeUnset, "the environment variable %s is not set", p.name).WithHelp("set it and run again"))
			ok = false
		}
	}
	return b.String(), ok
}

// part is a piece of a text: what is written, or a variable.
type part struct {
	text, name, fallback string
	// optional says that there is a fallback, which may be empty.
	optional bool
	at       diag.Span
}

var (
	opening = regexp.MustCompile(`\{[{%#]`)
	call    = regexp.MustCompile(`^-?\s*env_var\(\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*(?:,\s*(?:'([^'\\]*)'|"([^"\\]*)"|([0-9]+|true|false|True|False))\s*)?\)\s*((?:\|\s*(?:int|as_number|as_bool|as_native|as_text)\s*)*)-?$`)
	// variable is what a variable may be called.
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	ending   = map[string]string{"{{": "}}", "{%": "%}", "{#": "#}"}
)

// jinja says that a value is a template.
func jinja(n strict.Node) bool { return n.IsString() && opening.MatchString(n.Text().Value) }

// parts are the pieces of a scalar.
func (o *Output) parts(n strict.Node) (out []part, ok bool) {
	text := n.Text()
	if !jinja(n) {
		if text.Value == "" {
			return nil, true
		}
		return []part{{text: text.Value}}, true
	}
	for at := 0; at < len(text.Value); {
		found := opening.FindStringIndex(text.Value[at:])
		if found == nil {
			return append(out, part{text: text.Value[at:]}), true
		}
		if found[0] > 0 {
			out = append(out, part{text: text.Value[at : at+found[0]]})
		}
		start := at + found[0]
		length := strings.Index(text.Value[start+2:], ending[text.Value[start:start+2]])
		end, name := len(text.Value), ""
		var m []string
		if length >= 0 {
			end = start + length + 4
			m = call.FindStringSubmatch(text.Value[start+2 : end-2])
		}
		if m != nil && text.Value[start:start+2] == "{{" {
			name = m[1] + m[2]
		}
		if !variable.MatchString(name) {
			o.report(diag.Errorf(text.Span(start, end), codeProfile, "of Jinja, env_var with the name of a variable is all that is read here").
				WithHelp(`write the value, or "{{ env_var('NAME') }}"; or write the target out, with a type and keys of ours`))
			return nil, false
		}
		out = append(out, part{
			name: name, fallback: m[3] + m[4] + m[5], optional: strings.Contains(text.Value[start:end], ","), at: text.Span(start, end),
		})
		at = end
	}
	return out, true
}

// Names says where an output is, for people.
func Names(file, profile, target string) string {
	return fmt.Sprintf("target %s of profile %s in %s", target, profile, file)
}
