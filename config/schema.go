package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// schema is a JSON Schema, or a part of one. Maps are written with sorted
// keys, so that the text is stable.
type schema = map[string]any

// Schema is the JSON Schema (draft-07) of a project's files, generated from
// the types that Load decodes into. Descriptions are the fields' doc tags.
func Schema(kinds Kinds) ([]byte, error) {
	root := object(reflect.TypeFor[file]())
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Customhouse project"
	root["description"] = "One file of a project. Each file holds any of these keys."

	properties, ok := root["properties"].(schema)
	if !ok {
		return nil, fmt.Errorf("building schema: properties is a %T", root["properties"])
	}
	// An object's fields are fields.
	root["definitions"] = schema{"field": schema{"oneOf": []schema{{"type": "string"}, object(reflect.TypeFor[Field]())}}}
	describe := func(key, text string) {
		if p, ok := properties[key].(schema); ok {
			p["description"] = text
		}
	}
	properties["targets"] = schema{
		"type":                 "object",
		"propertyNames":        nameSchema(),
		"additionalProperties": variants(reflect.TypeFor[targetKeys](), kinds.targets()),
	}
	properties["destinations"] = schema{
		"type": []string{"array", "null"}, "items": variants(reflect.TypeFor[destinationKeys](), kinds.Destinations),
	}
	properties["alerts"] = schema{"type": []string{"array", "null"}, "items": object(reflect.TypeFor[Alert]())}
	describe("alerts", "Whom to tell when the state of something changes.")
	describe("project", "Name and settings of the project; in one file only.")
	describe("targets", "Warehouses to run in, one for each environment; the first is the default.")
	describe("entities", "Kinds of thing that identity resolves, such as customers.")
	describe("sources", "Tables and files to read.")
	describe("relations", "Which entities of one kind belong to which of another.")
	describe("traits", "What to know of each entity.")
	describe("segments", "Groups of entities.")
	describe("parameters", "Constants that expressions know by name.")
	describe("consents", "Where people say whether their data may be used for a purpose.")
	describe("purposes", "What data of people is used for, and by what right.")
	describe("exceptions", "What a sync may send although its destination is not allowed it, until a day.")
	describe("priorities", "Segments in the order of their importance.")
	describe("pressures", "How often people may be reached.")
	describe("destinations", "Platforms to deliver to.")
	describe("syncs", "What goes where.")
	describe("schedules", "When what is built and delivered.")
	describe("dbt", "A dbt project that sources come from.")
	describe("tests", "What must hold of the data.")

	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing schema: %w", err)
	}
	return append(b, '\n'), nil
}

// variants describes a resource whose type says which keys it has.
func variants(common reflect.Type, kinds map[string]func() any) schema {
	names := slices.Sorted(maps.Keys(kinds))
	choice := object(common)
	base := properties(choice)
	if t, ok := base["type"].(schema); ok && len(names) > 0 {
		t["enum"] = names
	}
	if len(names) == 0 {
		return choice
	}
	// The keys of all types are known here; each type then says which are its
	// own. Editors complete from the first, and check with the second.
	delete(choice, "additionalProperties")
	var rules []schema
	for _, name := range names {
		own := object(reflect.TypeOf(kinds[name]()).Elem())
		all := properties(own)
		for key := range base {
			if key != "type" {
				all[key] = true
			}
		}
		all["type"] = schema{"const": name}
		rules = append(rules, schema{
			"if":   schema{"properties": schema{"type": schema{"const": name}}, "required": []string{"type"}},
			"then": own,
		})
	}
	choice["allOf"] = rules
	return choice
}

func properties(s schema) schema {
	if p, ok := s["properties"].(schema); ok {
		return p
	}
	return schema{}
}

// object describes a struct.
func object(t reflect.Type) schema {
	props := schema{}
	var required []string
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := typed(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			p["description"] = doc
		}
		maps.Copy(p, facets[t.Name()+"."+name])
		props[name] = p
		if options == "required" {
			required = append(required, name)
		}
	}
	out := schema{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	maps.Copy(out, choices[t])
	return out
}

func nameSchema() schema {
	return schema{"pattern": namePattern.String(), "maxLength": MaxName}
}

// facets narrow what the Go type of a field says.
var facets = map[string]schema{
	"header.name":           nameSchema(),
	"targetKeys.schema":     nameSchema(),
	"destinationKeys.name":  nameSchema(),
	"Entity.name":           nameSchema(),
	"Entity.identifiers":    {"minItems": 1},
	"Identifier.name":       nameSchema(),
	"Identifier.region":     {"pattern": "^[A-Z]{2}$"},
	"Identifier.limit":      {"minimum": 0},
	"Identifier.shared_by":  {"minimum": 1},
	"Identifier.suspect":    {"minimum": 0},
	"Entity.suspect_size":   {"minimum": 1},
	"Expire.known_only_by":  {"type": "array", "minItems": 1},
	"Source.name":           nameSchema(),
	"Source.identifiers":    {"minProperties": 1},
	"Source.columns":        {"propertyNames": nameSchema()},
	"Source.changes":        {"enum": Changes},
	"Files.format":          {"enum": FileFormats},
	"Files.delimiter":       {"minLength": 1, "maxLength": 1},
	"Column.type":           {"enum": ColumnTypes},
	"Relation.name":         nameSchema(),
	"Relation.via":          {"type": "array", "minItems": 1},
	"Relation.primary":      {"enum": Primaries},
	"Relation.reverse":      nameSchema(),
	"Via.identifiers":       {"minProperties": 1},
	"Trait.name":            nameSchema(),
	"Trait.pick":            {"enum": Picks},
	"Segment.name":          nameSchema(),
	"Parameter.name":        nameSchema(),
	"Parameter.type":        {"enum": ParameterTypes},
	"Consent.name":          nameSchema(),
	"Purpose.name":          nameSchema(),
	"Purpose.basis":         {"enum": Bases},
	"Purpose.google":        {"items": schema{"enum": GoogleConsents}},
	"Exception.name":        nameSchema(),
	"destinationKeys.allow": {"items": schema{"enum": Classes}},
	"Priority.name":         nameSchema(),
	"Priority.segments":     {"minItems": 1},
	"Pressure.name":         nameSchema(),
	"Pressure.most":         {"minimum": 1},
	"Top.most":              {"minimum": 1},
	"Split.arms":            {"minProperties": 1},
	"Sync.name":             nameSchema(),
	"Sync.fields":           {"minProperties": 1},
	"Field.type":            {"enum": ColumnTypes},
	"Field.hash":            {"enum": Hashes},
	"Field.list":            {"minItems": 1},
	"Field.object":          {"minProperties": 1},
	"Schedule.catch_up":     {"enum": CatchUps},
	"Schedule.overlap":      {"enum": Overlaps},
	"To.mode":               {"enum": Modes},
	"Alert.name":            nameSchema(),
	"Alert.on":              {"items": schema{"enum": Occasions}, "minItems": 1},
	"Alert.runs":            {"minimum": 1},
	"Alert.rows":            {"minimum": 1},
	"EmailChannel.port":     {"minimum": 1, "maximum": 65535},
	"EmailChannel.tls":      {"enum": MailTLS},
	"Volume.members":        {"minimum": 0},
	"Volume.runs":           {"minimum": 1, "maximum": maxVolumeRuns},
	"Volume.after":          {"minimum": 1, "maximum": maxVolumeRuns},
	"To.on_leave":           {"enum": Leaves},
	"Test.name":             nameSchema(),
	"Test.severity":         {"enum": Severities},
	"RowCount.min":          {"minimum": 0},
	"RowCount.max":          {"minimum": 0},
	"Person.name":           nameSchema(),
	"Person.identifiers":    {"minItems": 1},
}

// choices say which keys of a type go together.
var choices = map[reflect.Type]schema{
	reflect.TypeFor[Source](): {
		"oneOf": []schema{
			{"required": []string{"table"}}, {"required": []string{"files"}}, {"required": []string{"ref"}},
		},
		"allOf": []schema{
			onlyWhere("changes", []string{"append", "update"}, []string{"time"}, "look_back"),
			onlyWhere("changes", []string{"update"}, []string{"key"}, "key"),
		},
	},
	reflect.TypeFor[Via](): {"oneOf": []schema{
		{"required": []string{"source", "identifiers"}, "not": schema{"anyOf": []schema{
			{"required": []string{"identifier"}}, {"required": []string{"as"}},
		}}},
		{"required": []string{"identifier", "as"}, "not": schema{"anyOf": []schema{
			{"required": []string{"source"}}, {"required": []string{"identifiers"}},
		}}},
	}},
	reflect.TypeFor[Trait](): {"oneOf": []schema{
		{"required": []string{"value"}, "not": schema{"anyOf": []schema{
			{"required": []string{"pick"}}, {"required": []string{"from"}},
		}}},
		{"required": []string{"pick", "from"}, "not": schema{"required": []string{"value"}}},
	}},
	reflect.TypeFor[Field](): {"oneOf": []schema{
		{"required": []string{"trait"}}, {"required": []string{"value"}}, {"required": []string{"list"}}, {"required": []string{"object"}},
	}},
	reflect.TypeFor[Test](): {"oneOf": []schema{
		{"required": []string{"source"}}, {"required": []string{"entity"}}, {"required": []string{"segment"}}, {"required": []string{"sql"}},
	}},
	reflect.TypeFor[Parameter](): {"allOf": parameterValues()},
	reflect.TypeFor[From](): {"oneOf": []schema{
		{"required": []string{"segment"}, "not": schema{"anyOf": []schema{
			{"required": []string{"entity"}}, {"required": []string{"source"}}, {"required": []string{"max_age"}},
		}}},
		{"required": []string{"entity"}, "not": schema{"anyOf": []schema{
			{"required": []string{"segment"}}, {"required": []string{"source"}}, {"required": []string{"max_age"}},
		}}},
		{"required": []string{"source"}, "not": schema{"required": []string{"entity"}}},
	}},
}

// parameterValues says what the value of a parameter of each type is.
func parameterValues() []schema {
	list := func(of string) schema { return schema{"type": "array", "items": schema{"type": of}} }
	kinds := map[string]schema{
		"string": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"}, "bool": {"type": "boolean"},
		"timestamp": {"type": "string"}, "duration": {"type": "string", "pattern": durationPattern},
		"strings": list("string"), "ints": list("integer"), "floats": list("number"),
	}
	var rules []schema
	for _, name := range ParameterTypes {
		rules = append(rules, schema{
			"if": schema{"properties": schema{"type": schema{"const": name}}, "required": []string{"type"}},
			"then": schema{"properties": schema{
				"value": kinds[name], "targets": schema{"additionalProperties": kinds[name]},
			}},
		})
	}
	return rules
}

// onlyWhere says that where key has one of the values other keys are needed, and
// that one is refused where it has not.
func onlyWhere(key string, values, needed []string, refused string) schema {
	return schema{
		"if":   schema{"properties": schema{key: schema{"enum": values}}, "required": []string{key}},
		"then": schema{"required": needed},
		"else": schema{"not": schema{"required": []string{refused}}},
	}
}

// durationPattern is what a Duration looks like.
const durationPattern = "^[0-9]+ +(minute|hour|day|week)s?$"

// shape describes the types that decode themselves, and the node that stands
// for any value. It is nil for the others.
func shape(t reflect.Type) schema {
	switch t {
	case reflect.TypeFor[secret.Ref]():
		return schema{"type": "string", "pattern": secret.Pattern}
	case reflect.TypeFor[secret.Template](), reflect.TypeFor[time.Duration]():
		return schema{"type": "string"}
	case reflect.TypeFor[strict.Node]():
		return schema{}
	case reflect.TypeFor[Combinations]():
		text := schema{"type": "string"}
		some := schema{"type": "array", "items": text, "minItems": 1}
		return schema{"oneOf": []schema{text, {"type": "array", "items": schema{"oneOf": []schema{text, some}}, "minItems": 1}}}
	case reflect.TypeFor[strict.OneOrMany]():
		return schema{"oneOf": []schema{
			{"type": "string"},
			{"type": "array", "items": schema{"type": "string"}, "minItems": 1},
		}}
	case reflect.TypeFor[Normalizer]():
		return schema{"oneOf": []schema{
			{"type": "string", "enum": Normalizers},
			{
				"type": "object", "minProperties": 1,
				"additionalProperties": schema{"type": "string", "pattern": regexp.QuoteMeta(ValuePlaceholder)},
			},
		}}
	case reflect.TypeFor[Column]():
		return schema{"oneOf": []schema{{"type": "string", "enum": ColumnTypes}, object(t)}}
	case reflect.TypeFor[Query]():
		return schema{"oneOf": []schema{
			{"type": "string"},
			{"type": "object", "minProperties": 1, "additionalProperties": schema{"type": "string"}},
		}}
	case reflect.TypeFor[Field]():
		return schema{"$ref": "#/definitions/field"}
	case reflect.TypeFor[Reference]():
		return schema{"type": "string", "pattern": "^[^=]+=."}
	case reflect.TypeFor[Class]():
		return schema{"type": "string", "enum": Classes}
	case reflect.TypeFor[Day]():
		return schema{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
	case reflect.TypeFor[Duration]():
		return schema{"type": "string", "pattern": durationPattern}
	case reflect.TypeFor[Bound]():
		return schema{"oneOf": []schema{
			{"type": "integer", "minimum": 0},
			{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?\s*%$`},
		}}
	}
	return nil
}

// Describer is an optional ability of a type in a configuration that decodes
// itself: it says what it accepts.
type Describer interface {
	JSONSchema() map[string]any
}

// typed describes the values of a Go type.
func typed(t reflect.Type) schema {
	if s := shape(t); s != nil {
		return s
	}
	v := reflect.New(t)
	if d, ok := reflect.TypeAssert[Describer](v); ok {
		return maps.Clone(d.JSONSchema())
	}
	if o, ok := reflect.TypeAssert[interface{ Element() reflect.Type }](v); ok {
		return schema{"type": "object", "additionalProperties": typed(o.Element())}
	}
	switch t.Kind() { //nolint:exhaustive // the decoder takes no other kinds
	case reflect.Pointer:
		return typed(t.Elem())
	case reflect.Struct:
		return object(t)
	case reflect.Slice:
		return schema{"type": []string{"array", "null"}, "items": typed(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": typed(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer", "minimum": 0}
	default:
		return schema{"type": "string"}
	}
}
