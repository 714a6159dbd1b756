package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Requests are read into structs whose fields say where their values come from:
//
//	path:"id"     a part of the path
//	query:"limit" a parameter, at most once unless the field is a slice
//	header:"..."  a header, at most once
//	json:"..."    the body, in the field Body
//
// and what values may be: pattern, one of patterns; enum, a list; min and max, of
// numbers, and of the length of texts and lists; default. A field of the body that
// has no omitempty is required.

// patterns are what texts look like, by the names that fields have for them.
var patterns = map[string]*regexp.Regexp{
	"name":   regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`),
	"timed":  regexp.MustCompile(`^(?:(?:sync|segment|on):)?[a-z][a-z0-9_]{0,99}$`),
	"slot":   regexp.MustCompile(`^(?:(?:sync|segment|on):)?[a-z][a-z0-9_]{0,99}@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`),
	"key":    regexp.MustCompile(`^[!-~]{1,200}$`),
	"cursor": regexp.MustCompile(`^[A-Za-z0-9_-]{1,300}$`),
	"code":   regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,100}$`),
	// The id of a request of a person, and a day or an instant.
	"request": regexp.MustCompile(`^[a-z]{1,20}-\d{8}-[0-9a-f]{6}$`),
	"instant": regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$`),
}

// place is where a value of a request comes from.
type place struct {
	in, name string
	field    reflect.StructField
}

// places are the fields of a request that are not of its body.
func places(t reflect.Type) []place {
	var out []place
	for _, f := range reflect.VisibleFields(t) {
		for _, in := range []string{"path", "query", "header"} {
			if name, ok := f.Tag.Lookup(in); ok {
				out = append(out, place{in, name, f})
			}
		}
	}
	return out
}

// body is the type of a request's body, and whether it has one.
func body(t reflect.Type) (reflect.Type, bool) {
	f, ok := t.FieldByName("Body")
	return f.Type, ok
}

// decode reads a request into a struct.
func decode(r *http.Request, into reflect.Value, most int64) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return InvalidRequest.Problem("the parameters cannot be read")
	}
	known := map[string]bool{}
	for _, p := range places(into.Type()) {
		var values []string
		switch p.in {
		case "path":
			values = []string{r.PathValue(p.name)}
		case "query":
			values, known[p.name] = query[p.name], true
		case "header":
			values = r.Header.Values(p.name)
		}
		if usual := p.field.Tag.Get("default"); len(values) == 0 && usual != "" {
			values = []string{usual}
		}
		if problem := set(into.FieldByIndex(p.field.Index), p.field.Tag, values); problem != "" {
			kind := InvalidRequest
			if p.in == "path" {
				kind = NotFound // It can be nothing's name.
			}
			return kind.Problem("%s", problem).at(p.name)
		}
	}
	for name := range query {
		if !known[name] {
			return InvalidRequest.Problem("there is no such parameter; there are: %s", list(known)).at("a parameter")
		}
	}
	kind, wanted := body(into.Type())
	if r.Method != http.MethodPost {
		return nil
	}
	// Pages of other sites cannot send this type without asking first.
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return NotJSON.Problem("send Content-Type: application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, most))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge.Problem("a body has at most %d bytes", large.Limit)
	}
	if err != nil {
		return InvalidRequest.Problem("the body did not arrive")
	}
	if !wanted {
		kind = reflect.TypeFor[struct{}]()
		if len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
	}
	at := reflect.New(kind)
	if err := decodeBody(text, at); err != nil {
		return err
	}
	if wanted {
		into.FieldByName("Body").Set(at.Elem())
	}
	return nil
}

func list(names map[string]bool) string {
	out := make([]string, 0, len(names))
	for name := range names {
		out = append(out, name)
	}
	if len(out) == 0 {
		return "none"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// set gives a field its values. It says what is wrong with them.
func set(field reflect.Value, tag reflect.StructTag, values []string) string {
	if field.Kind() != reflect.Slice && len(values) > 1 {
		return "it may be given once"
	}
	if len(values) == 0 {
		return ""
	}
	if field.Kind() == reflect.Slice {
		field.Set(reflect.ValueOf(values))
	} else if text := values[0]; field.Kind() == reflect.Int {
		n, err := strconv.Atoi(text)
		if err != nil {
			return "it has to be a whole number"
		}
		field.SetInt(int64(n))
	} else {
		field.SetString(text)
	}
	return wrong(field, tag)
}

// wrong says why a value is none that its field may have, empty where it is one.
func wrong(v reflect.Value, tag reflect.StructTag) string {
	var size int
	var unit string
	var texts []string
	if kind := v.Kind(); kind == reflect.Int {
		size = int(v.Int())
	} else if kind == reflect.String {
		texts = []string{v.String()}
		size, unit = utf8.RuneCountInString(v.String()), " characters"
	} else if list, ok := reflect.TypeAssert[[]string](v); ok {
		texts = list
		size, unit = len(list), " entries"
	} else if kind == reflect.Slice {
		size, unit = v.Len(), " entries"
	} else {
		return ""
	}
	if least, ok := limit(tag, "min"); ok && size < least {
		return fmt.Sprintf("it has to have at least %d%s", least, unit)
	}
	if most, ok := limit(tag, "max"); ok && size > most {
		return fmt.Sprintf("it may have at most %d%s", most, unit)
	}
	for _, text := range texts {
		if v.Kind() == reflect.Slice && strings.TrimSpace(text) == "" {
			return "one of them is empty"
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return "it is no text"
		}
		if name := tag.Get("pattern"); name != "" && !patterns[name].MatchString(text) {
			return "it has to match " + patterns[name].String()
		}
		if enum := tag.Get("enum"); enum != "" && !slices.Contains(strings.Split(enum, ","), text) {
			return "it has to be one of " + strings.ReplaceAll(enum, ",", ", ")
		}
	}
	return ""
}

func limit(tag reflect.StructTag, name string) (int, bool) {
	n, err := strconv.Atoi(tag.Get(name))
	return n, err == nil
}

// decodeBody reads JSON strictly: keys are those of the type, to the letter, and
// each of them once.
func decodeBody(text []byte, into reflect.Value) error {
	if !utf8.Valid(text) {
		return InvalidRequest.Problem("the body is not UTF-8")
	}
	if !json.Valid(text) {
		return InvalidRequest.Problem("the body is no JSON, or more than one")
	}
	if err := object(json.NewDecoder(bytes.NewReader(text)), into.Type().Elem(), ""); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into.Interface()); err != nil {
		p := InvalidRequest.Problem("the body is of another form")
		if known, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			p = InvalidRequest.Problem("it has to be %s", described(known.Type)).at("/" + strings.ReplaceAll(known.Field, ".", "/"))
		}
		return p
	}
	return within(into.Elem(), "")
}

func described(t reflect.Type) string {
	words := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Slice: "a list"}
	return cmp.Or(words[t.Kind()], "an object")
}

// keys are the fields of a type by their keys.
func keys(t reflect.Type) (names []string, of map[string]reflect.StructField) {
	of = map[string]reflect.StructField{}
	for f := range t.Fields() {
		if f.Anonymous {
			inner, more := keys(f.Type)
			names = append(names, inner...)
			maps.Copy(of, more)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names, of[name] = append(names, name), f
		}
	}
	return names, of
}

// object sees that an object has no other keys than its type, and each once. The
// text is JSON.
func object(d *json.Decoder, t reflect.Type, at string) error {
	first, err := d.Token()
	if err != nil {
		return InvalidRequest.Problem("the body is no JSON")
	}
	if first != json.Delim('{') {
		return InvalidRequest.Problem("it has to be an object").at(at)
	}
	names, of := keys(t)
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return InvalidRequest.Problem("the body is no JSON")
		}
		name, _ := token.(string)
		f, ok := of[name]
		switch {
		case !ok:
			// The key may be anything: it is not repeated.
			return InvalidRequest.Problem("it has a key that there is not; there are: %s", strings.Join(names, ", ")).at(at)
		case seen[name]:
			return InvalidRequest.Problem("it is given twice").at(at + "/" + name)
		}
		seen[name] = true
		if f.Type.Kind() == reflect.Struct {
			if err := object(d, f.Type, at+"/"+name); err != nil {
				return err
			}
			continue
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return InvalidRequest.Problem("the body is no JSON")
		}
		if string(raw) == "null" {
			return InvalidRequest.Problem("it is null: leave it out").at(at + "/" + name)
		}
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
			if err := objects(raw, f.Type.Elem(), at+"/"+name); err != nil {
				return err
			}
			continue
		}
		if f.Type.Kind() == reflect.Slice && bytes.Contains(raw, []byte("null")) {
			var list []*json.RawMessage
			if json.Unmarshal(raw, &list) == nil && slices.Contains(list, nil) {
				return InvalidRequest.Problem("one of them is null").at(at + "/" + name)
			}
		}
	}
	for _, name := range names {
		if required(of[name]) && !seen[name] {
			return InvalidRequest.Problem("it is missing").at(at + "/" + name)
		}
	}
	_, err = d.Token()
	return err
}

// objects sees that a list has objects of a type alone.
func objects(raw json.RawMessage, t reflect.Type, at string) error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return InvalidRequest.Problem("it has to be a list").at(at)
	}
	for i, one := range list {
		if err := object(json.NewDecoder(bytes.NewReader(one)), t, at+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// required says that a field of a body has to be there.
func required(f reflect.StructField) bool {
	_, more, _ := strings.Cut(f.Tag.Get("json"), ",")
	return !strings.Contains(more, "omitempty") && f.Type.Kind() != reflect.Pointer
}

// within holds the fields of a body to what they may be.
func within(v reflect.Value, at string) error {
	names, of := keys(v.Type())
	for _, name := range names {
		f := of[name]
		field := v.FieldByIndex(f.Index)
		if field.Kind() == reflect.Struct {
			if err := within(field, at+"/"+name); err != nil {
				return err
			}
			continue
		}
		if field.IsZero() && !required(f) {
			continue
		}
		if problem := wrong(field, f.Tag); problem != "" {
			return InvalidRequest.Problem("%s", problem).at(at + "/" + name)
		}
		if field.Kind() != reflect.Slice || field.Type().Elem().Kind() != reflect.Struct {
			continue
		}
		for i := range field.Len() {
			if err := within(field.Index(i), at+"/"+name+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
