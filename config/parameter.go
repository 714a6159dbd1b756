package config

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Parameter is a constant that expressions know by its name.
type Parameter struct {
	Name        string `yaml:"name,required" doc:"Name of the parameter in expressions."`
	Description string `yaml:"description,blank" doc:"What the parameter is, for readers."`
	// Type is one of ParameterTypes.
	Type  string      `yaml:"type,required" doc:"Type of the value."`
	Value strict.Node `yaml:"value,required" doc:"The value: of the type, or a list for a type that ends in s."`
	// Targets are the values of those targets that have another.
	Targets strict.Ordered[strict.Node] `yaml:"targets" doc:"Targets that have another value, each with it."`
	Tags    []string                    `yaml:"tags" doc:"Words to select by."`
	Pos     strict.Node                 `yaml:"-"`

	value    any
	byTarget map[string]any
}

// ParameterTypes are the values of Parameter.Type. A timestamp is written as RFC
// 3339 has it, a duration as Duration is.
var ParameterTypes = []string{"string", "int", "float", "bool", "timestamp", "duration", "strings", "ints", "floats"}

// In is the value in a target, "" being none in particular: a string, int64,
// float64, bool, time.Time, time.Duration, []string, []int64 or []float64.
func (p *Parameter) In(target string) any {
	if v, ok := p.byTarget[target]; ok {
		return v
	}
	return p.value
}

// read decodes a value as a type says, nil where that is not possible.
func (p *Parameter) read(n strict.Node, report func(diag.Diagnostic)) any {
	switch p.Type {
	case "string":
		return decoded[string](n, report)
	case "int":
		return decoded[int64](n, report)
	case "float":
		return decoded[float64](n, report)
	case "bool":
		return decoded[bool](n, report)
	case "strings":
		return decoded[[]string](n, report)
	case "ints":
		return decoded[[]int64](n, report)
	case "floats":
		return decoded[[]float64](n, report)
	case "duration":
		if d, ok := decoded[Duration](n, report).(Duration); ok {
			return time.Duration(d)
		}
	case "timestamp":
		at, err := time.Parse(time.RFC3339, n.Text().Value)
		if err == nil && at.Year() >= 1 && at.Year() <= 9999 && at.Equal(at.Truncate(time.Microsecond)) {
			return at.UTC()
		}
		n.Wrong(report, "a point in time", "write for example 2026-01-31T00:00:00Z, in quotes")
	}
	return nil
}

func decoded[T any](n strict.Node, report func(diag.Diagnostic)) any {
	var v T
	if !n.Decode(report, &v) {
		return nil
	}
	return v
}

// parameters checks the constants of expressions.
func (l *loader) parameters(ix *index) {
	var targets []string
	for _, t := range l.project.Targets {
		targets = append(targets, t.Name)
	}
	for _, p := range l.project.Parameters {
		at := p.Pos.At("name")
		l.expressible(p.Name, at, "parameter", false)
		if p.Name == "now" {
			l.report(diag.Errorf(at, codeReserved, "%q is the time of the run in expressions", p.Name).WithHelp("choose another name"))
		}
		if s, taken := ix.sources[p.Name]; taken {
			l.sharesName(at, p.Name, "source", s.Pos.At("name"))
		}
		for _, t := range l.project.Traits {
			if t.Name == p.Name {
				l.sharesName(at, p.Name, "trait", t.Pos.At("name"))
			}
		}
		for _, r := range l.project.Relations {
			if r.Name == p.Name || r.Reverse == p.Name {
				l.sharesName(at, p.Name, "relation", r.Pos.At("name"))
			}
		}
		if !l.oneOf(p.Type, p.Pos.At("type"), "type of parameter", ParameterTypes) || p.Type == "" {
			continue
		}
		if p.Pos.Get("value").Kind() != strict.Absent {
			p.value = p.read(p.Value, l.report)
		}
		p.byTarget = map[string]any{}
		for _, t := range p.Targets {
			if !slices.Contains(targets, t.Key) && !l.partial {
				l.report(unknown(p.Pos.Key("targets", t.Key), codeUnknownTarget, "target", t.Key, targets))
			}
			p.byTarget[t.Key] = p.read(t.Value, l.report)
		}
	}
}

// sharesName reports a name that expressions would not know what to make of.
func (l *loader) sharesName(at diag.Span, name, what string, first diag.Span) {
	l.report(diag.Errorf(at, codeReserved, "the parameter %q has the name of a %s", name, what).
		WithHelp("rename one of them: expressions know both by name").
		WithRelated(first, "the %s is here", what))
}
