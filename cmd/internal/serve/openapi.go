package serve

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// The document is of OpenAPI 3.0, which every generator of clients reads.

type tree = map[string]any

// document describes routes.
func document(routes []route) []byte {
	d := &describer{schemas: tree{}}
	paths := tree{}
	for _, x := range routes {
		at, _ := paths[x.path].(tree)
		if at == nil {
			at = tree{}
			paths[x.path] = at
		}
		at[strings.ToLower(x.method)] = d.operation(x)
	}
	scopes := tree{}
	for _, x := range Scopes {
		scopes[string(x.Scope)] = x.Doc
	}
	text, err := json.MarshalIndent(tree{
		"openapi": "3.0.3",
		"info": tree{
			"title": "Customhouse", "version": "1",
			"description": "The API of customhouse serve. Tokens are made by customhouse token create; x-scopes of an operation says what one needs, and x-more-scopes what shows more.",
			"license":     tree{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"servers":  []any{tree{"url": "/"}},
		"paths":    paths,
		"x-scopes": scopes,
		"components": tree{
			"schemas":         d.schemas,
			"securitySchemes": tree{"token": tree{"type": "http", "scheme": "bearer", "bearerFormat": "cht_…"}},
		},
	}, "", "  ")
	if err != nil {
		panic(err) // texts and numbers
	}
	return append(text, '\n')
}

// describer collects the schemas of types.
type describer struct {
	schemas tree
	// closed says that objects have no other keys: those of requests.
	closed bool
}

func (d *describer) operation(x route) tree {
	out := tree{"operationId": x.name, "summary": x.summary, "responses": d.responses(x), "security": []any{}}
	if x.scope != "" {
		out["security"] = []any{tree{"token": []any{}}}
		out["x-scopes"] = []Scope{x.scope}
		if x.also != "" {
			out["x-scopes"] = []Scope{x.scope, x.also}
		}
	}
	if x.more != nil {
		out["x-more-scopes"] = x.more
	}
	var parameters []any
	for _, p := range places(x.in) {
		schema := d.schema(p.field.Type, p.field.Tag)
		delete(schema, "description")
		described := tree{"name": p.name, "in": p.in, "description": p.field.Tag.Get("doc"), "schema": schema}
		if p.in == "path" {
			described["required"] = true
		}
		parameters = append(parameters, described)
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	if x.method == http.MethodPost {
		kind, wanted := body(x.in)
		schema := tree{"type": "object", "additionalProperties": false}
		if wanted {
			d.closed = true
			schema = d.schema(kind, "")
			d.closed = false
		}
		out["requestBody"] = tree{"required": wanted, "content": tree{"application/json": tree{"schema": schema}}}
	}
	return out
}

func (d *describer) responses(x route) tree {
	out := tree{}
	for _, status := range x.statuses {
		content := tree{}
		if x.raw != "" {
			content[x.raw] = tree{"schema": tree{"type": "string", "format": "binary"}}
			switch x.raw {
			case "text/plain":
				content[x.raw] = tree{"schema": tree{"type": "string"}}
			case "application/json":
				content[x.raw] = tree{"schema": tree{}}
			}
		} else {
			content["application/json"] = tree{"schema": d.schema(x.out, "")}
		}
		out[strconv.Itoa(status)] = tree{"description": http.StatusText(status), "content": content}
	}
	for status, kinds := range x.kinds() {
		var codes []string
		for _, k := range kinds {
			codes = append(codes, k.Code)
		}
		out[strconv.Itoa(status)] = tree{
			"description": strings.Join(codes, ", "),
			"content": tree{"application/problem+json": tree{"schema": tree{
				"allOf": []any{d.schema(reflect.TypeFor[Problem](), ""), tree{"properties": tree{"code": tree{"enum": codes}}}},
			}}},
		}
	}
	return out
}

// kinds are the problems that a route may answer with, by status.
func (x route) kinds() map[int][]Kind {
	list := []Kind{ForeignOrigin, Internal}
	if !probePath(x.path) {
		list = append(list, Overloaded)
	}
	if len(places(x.in)) > 0 || x.method == http.MethodPost || x.raw == "" {
		list = append(list, InvalidRequest)
	}
	if x.method == http.MethodPost {
		list = append(list, TooLarge, NotJSON)
	}
	if x.scope != "" {
		list = append(list, MissingToken, InvalidToken, MissingScope, ForeignHost, TooMany)
	}
	out := map[int][]Kind{}
	for _, k := range append(list, x.problems...) {
		out[k.Status] = append(out[k.Status], k)
	}
	return out
}

// schema describes a type; structs by a reference to what they are.
func (d *describer) schema(t reflect.Type, tag reflect.StructTag) tree {
	out := tree{}
	if doc := tag.Get("doc"); doc != "" {
		out["description"] = doc
	}
	numbers := func(least, most string) {
		for name, key := range map[string]string{"min": least, "max": most} {
			if n, ok := limit(tag, name); ok {
				out[key] = n
			}
		}
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		out["type"], out["format"] = "string", "date-time"
	case t == reflect.TypeFor[json.RawMessage]():
		out["type"], out["additionalProperties"] = "object", true
	case t.Kind() == reflect.Pointer:
		return d.schema(t.Elem(), tag)
	case t.Kind() == reflect.Interface:
		out["nullable"] = true
	case t.Kind() == reflect.Slice:
		out["type"] = "array"
		inner := tag
		if tag.Get("enum") == "" && tag.Get("pattern") == "" {
			inner = ""
		}
		element := d.schema(t.Elem(), without(inner))
		out["items"] = element
		numbers("minItems", "maxItems")
	case t.Kind() == reflect.Struct:
		name := t.Name()
		if _, known := d.schemas[name]; !known {
			d.schemas[name] = tree{}
			d.schemas[name] = d.structure(t)
		}
		return tree{"$ref": "#/components/schemas/" + name}
	case t.Kind() == reflect.Bool:
		out["type"] = "boolean"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		out["type"] = "integer"
		if t.Kind() == reflect.Int64 {
			out["format"] = "int64"
		}
		numbers("minimum", "maximum")
		if n, ok := limit(tag, "default"); ok {
			out["default"] = n
		}
	default:
		out["type"] = "string"
		if enum := tag.Get("enum"); enum != "" {
			out["enum"] = strings.Split(enum, ",")
		}
		if name := tag.Get("pattern"); name != "" {
			out["pattern"] = patterns[name].String()
		}
		numbers("minLength", "maxLength")
	}
	return out
}

// without is what of a list's tag is about its elements.
func without(tag reflect.StructTag) reflect.StructTag {
	var parts []string
	for _, key := range []string{"enum", "pattern"} {
		if v := tag.Get(key); v != "" {
			parts = append(parts, key+":"+strconv.Quote(v))
		}
	}
	return reflect.StructTag(strings.Join(parts, " "))
}

func (d *describer) structure(t reflect.Type) tree {
	names, of := keys(t)
	properties := tree{}
	needed := []string{}
	for _, name := range names {
		f := of[name]
		properties[name] = d.schema(f.Type, f.Tag)
		if required(f) {
			needed = append(needed, name)
		}
	}
	out := tree{"type": "object", "properties": properties}
	if d.closed {
		out["additionalProperties"] = false
	}
	if len(needed) > 0 {
		out["required"] = needed
	}
	return out
}
