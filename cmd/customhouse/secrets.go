package main

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// secrets holds what the references of the opened destinations stand for.
type secrets struct {
	values map[string]secret.Value
	found  diag.List
	// short are warnings of secrets that messages may repeat.
	short diag.List
}

// value is what a reference stands for; resolve was called for it before.
func (s *secrets) value(r secret.Ref) secret.Value { return s.values[r.Text()] }

// resolve gets every reference that a configuration holds, so that a missing
// one is known before anything runs. pos is the mapping of the configuration.
func (s *secrets) resolve(ctx context.Context, from secret.Resolver, config any, pos strict.Node) {
	walkRefs(reflect.ValueOf(config), nil, func(r secret.Ref, path []string, certain bool) {
		if _, known := s.values[r.Text()]; known {
			return
		}
		v, err := r.Resolve(ctx, from)
		if err != nil {
			s.found = append(s.found, unresolved(err, pos.At(path...)))
			return
		}
		s.values[r.Text()] = v
		// What a template holds may be a host or a stage, and need not be secret.
		if certain && len(v.Reveal()) < deliver.MinSecret {
			s.short = append(s.short, diag.Warningf(pos.At(path...), "short-secret", "%s is shorter than %d characters: where a destination repeats it, messages show it",
				r.Text(), deliver.MinSecret).WithHelp("use a longer secret"))
		}
	})
}

// isEntry says that a value is an entry of a strict.Ordered: its key is part of
// the path of what it holds.
func isEntry(v reflect.Value) bool {
	if v.Kind() != reflect.Struct || v.NumField() != 2 {
		return false
	}
	key := v.FieldByName("Key")
	return key.IsValid() && key.Kind() == reflect.String && v.FieldByName("Value").IsValid()
}

// walkRefs visits the references below the exported fields of a value, with
// the path of YAML keys that leads to them; certain ones are known to be
// secrets.
func walkRefs(v reflect.Value, path []string, visit func(r secret.Ref, path []string, certain bool)) {
	if !v.IsValid() || !v.CanInterface() {
		return
	}
	switch x := v.Interface().(type) {
	case secret.Ref:
		if !x.IsZero() {
			visit(x, path, true)
		}
		return
	case interface{ Refs() []secret.Ref }:
		for _, r := range x.Refs() {
			visit(r, path, false)
		}
		return
	}
	switch v.Kind() { //nolint:exhaustive // the kinds that hold values
	case reflect.Pointer, reflect.Interface:
		walkRefs(v.Elem(), path, visit)
	case reflect.Struct:
		if isEntry(v) {
			walkRefs(v.FieldByName("Value"), append(slices.Clip(path), v.FieldByName("Key").String()), visit)
			return
		}
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if v.Type().Field(i).Anonymous && name == "" {
				walkRefs(v.Field(i), path, visit) // Its keys are those of the whole.
			}
			if name != "" && name != "-" {
				walkRefs(v.Field(i), append(slices.Clip(path), name), visit)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			of := path
			if !isEntry(v.Index(i)) {
				of = append(slices.Clip(path), strconv.Itoa(i))
			}
			walkRefs(v.Index(i), of, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walkRefs(v.MapIndex(key), append(slices.Clip(path), key.String()), visit)
		}
	default:
		// Nothing else holds references.
	}
}
