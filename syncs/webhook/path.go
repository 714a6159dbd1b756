package webhook

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Path leads to one value of an answer. It is a singular query of RFC 9535
// (JSONPath): $ and then names and places, as in $.results[0]['error code'].
type Path struct { //nolint:recvcheck // only decoding changes it
	steps []step
	// given says that there is a path; $ has no steps.
	given bool
	text  string
}

// step is a name, or a place that counts from the end where it is negative.
type step struct {
	name   string
	at     int
	isName bool
}

// errPath says what a path may be.
var errPath = errors.New("a path leads to one value: $, and then names and places, such as $.results[0].id or $['error code']")

// ParsePath reads a path. It returns the byte at which it ends to be one.
func ParsePath(text string) (Path, int, error) {
	p := Path{given: true, text: text}
	if !strings.HasPrefix(text, "$") {
		return Path{}, 0, errPath
	}
	for i := 1; i < len(text); {
		switch rest := text[i:]; {
		case rest[0] == '.':
			size := strings.IndexAny(rest[1:], ".[")
			if size < 0 {
				size = len(rest) - 1
			}
			name := rest[1 : 1+size]
			if !shorthand(name) {
				return Path{}, i, errPath
			}
			p.steps = append(p.steps, step{name: name, isName: true})
			i += 1 + size
		case rest[0] == '[' && len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"'):
			end := strings.Index(rest[2:], string(rest[1])+"]")
			if end < 0 || strings.ContainsAny(rest[2:2+end], "\\'\"") {
				return Path{}, i, errPath
			}
			p.steps = append(p.steps, step{name: rest[2 : 2+end], isName: true})
			i += end + 4
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return Path{}, i, errPath
			}
			at, err := strconv.Atoi(rest[1:end])
			if err != nil || strconv.Itoa(at) != rest[1:end] {
				return Path{}, i, errPath
			}
			p.steps = append(p.steps, step{at: at})
			i += end + 1
		default:
			return Path{}, i, errPath
		}
	}
	return p, len(text), nil
}

// shorthand says that a name may follow a dot.
func shorthand(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// UnmarshalStrict reads a path.
func (p *Path) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	var text string
	if !n.Decode(report, &text) {
		return
	}
	read, at, err := ParsePath(text)
	if err != nil {
		report(diag.Errorf(n.Text().Span(at, len(text)), CodePath, "this is no path to a value").WithHelp("%s", err.Error()))
		return
	}
	*p = read
}

// JSONSchema implements config.Describer.
func (Path) JSONSchema() map[string]any { return map[string]any{"type": "string", "pattern": `^\$`} }

// IsZero says that there is no path.
func (p Path) IsZero() bool { return !p.given }

// find is the value that the path leads to. The value was decoded with
// json.Decoder.UseNumber.
func (p Path) find(v any) (any, bool) {
	for _, s := range p.steps {
		switch {
		case s.isName:
			object, _ := v.(map[string]any)
			inner, ok := object[s.name]
			if !ok {
				return nil, false
			}
			v = inner
		default:
			list, _ := v.([]any)
			at := s.at
			if at < 0 {
				at += len(list)
			}
			if at < 0 || at >= len(list) {
				return nil, false
			}
			v = list[at]
		}
	}
	return v, true
}

// words is what a path leads to as a text, "" where there is nothing. Lists and
// objects are JSON.
func (p Path) words(v any) string {
	if p.IsZero() {
		return ""
	}
	found, _ := p.find(v)
	return said(found)
}

// said is a value of an answer as a text.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		// What was decoded can be encoded.
		text, _ := json.Marshal(v) //nolint:errchkjson // see above
		return string(text)
	}
}
