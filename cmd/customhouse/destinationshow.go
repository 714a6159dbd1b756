package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/syncs"
)

func (a *app) destinationShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Say what a destination can do",
		Long: `Say what a destination can do, as it is configured: its objects with the modes and
keys of syncs, its limits, how refusals come back, how people are erased, and the
version of its interface. Nobody is asked.`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(_ context.Context, args []string) error { return a.abilities(args[0]) }),
	}
}

// abilities are what a destination can do, for JSON.
type abilities struct {
	Schema      string          `json:"schema"`
	Destination string          `json:"destination"`
	Type        string          `json:"type"`
	Version     string          `json:"version,omitempty"`
	Until       string          `json:"until,omitempty"`
	Results     string          `json:"results"`
	Events      string          `json:"events,omitempty"`
	Objects     []objectAbility `json:"objects"`
	Limits      []string        `json:"limits,omitempty"`
	Requests    int             `json:"requests_at_a_time"`
	ErasesBy    []string        `json:"erases_by,omitempty"`
	Erasure     string          `json:"erasure,omitempty"`
	// Later, Blocks and Beyond are of the erasure too, and Manual is how it is done by
	// hand.
	Later  string   `json:"erased_by,omitempty"`
	Blocks bool     `json:"erasure_blocks,omitempty"`
	Beyond []string `json:"not_erased,omitempty"`
	Manual []string `json:"erasure_by_hand"`
}

type objectAbility struct {
	Name     string   `json:"name"`
	Doc      string   `json:"doc,omitempty"`
	Modes    []string `json:"modes"`
	OnLeave  []string `json:"on_leave,omitempty"`
	Keys     []string `json:"keys,omitempty"`
	Required []string `json:"required,omitempty"`
	MaxRows  int      `json:"max_rows,omitempty"`
	MaxBytes int      `json:"max_bytes,omitempty"`
}

func (a *app) abilities(name string) error {
	_, d, err := a.named(name)
	if err != nil {
		return err
	}
	opened, err := openDestination(d)
	if err != nil {
		return fmt.Errorf("opening destination %s: %w", name, err)
	}
	out := describe(d, opened.Spec())
	if a.format == "json" {
		return console.JSON(a.stdout, out)
	}
	a.printAbilities(out)
	return nil
}

// describe puts a Spec into the words of YAML.
func describe(d *config.Destination, spec syncs.Spec) abilities {
	out := abilities{
		Schema: abilitySchema, Destination: d.Name, Type: d.Type, Version: spec.Version.Name, Results: spec.Result.String(),
		Objects: []objectAbility{}, Requests: max(spec.Concurrency, 1), ErasesBy: spec.Erasure.By, Erasure: spec.Erasure.Doc,
		Later: spec.Erasure.Later, Blocks: spec.Erasure.Blocks, Beyond: spec.Erasure.Beyond, Manual: spec.Manual.Steps(),
	}
	if !spec.Version.Until.IsZero() {
		out.Until = spec.Version.Until.Format(time.DateOnly)
	}
	objects := spec.Objects
	if len(objects) == 0 {
		objects = []syncs.Object{{Name: "*", Kinds: spec.Kinds, Batch: spec.Batch, Doc: "anything"}}
	}
	appends := false
	for _, o := range objects {
		if o.Batch.MaxRows == 0 && o.Batch.MaxBytes == 0 {
			o.Batch = spec.Batch
		}
		can := &config.Ability{Replaces: spec.Replace, Keyed: spec.Keyed, SetIfEmpty: spec.SetIfEmpty}
		for _, k := range o.Kinds {
			can.Operations = append(can.Operations, k.String())
			appends = appends || k == syncs.Append
		}
		object := objectAbility{
			Name: o.Name, Doc: o.Doc, Modes: can.Modes(), OnLeave: slices.DeleteFunc(can.Leaves(), func(l string) bool { return l == config.None }),
			MaxRows: o.Batch.MaxRows, MaxBytes: o.Batch.MaxBytes,
		}
		for _, f := range o.Fields {
			if f.Unique {
				object.Keys = append(object.Keys, f.Name)
			}
			if f.Required {
				object.Required = append(object.Required, f.Name)
			}
		}
		out.Objects = append(out.Objects, object)
	}
	if appends {
		out.Events = map[bool]string{true: "one that comes twice is one", false: "one that comes twice may be two"}[spec.Keyed]
	}
	for _, l := range spec.Limits {
		unit := map[syncs.Unit]string{syncs.PerRequest: "requests", syncs.PerRow: "rows"}[l.Unit]
		of := ""
		if l.Bucket != "" {
			of = " (" + l.Bucket + ")"
		}
		out.Limits = append(out.Limits, fmt.Sprintf("%g %s a second%s", l.Rate, unit, of))
	}
	return out
}

func (a *app) printAbilities(out abilities) {
	version := ""
	if out.Version != "" {
		version = ", version " + out.Version
		if out.Until != "" {
			version += " of its interface, which it answers to until " + out.Until
		}
	}
	a.say("%s is a %s%s.", out.Destination, out.Type, version)
	for _, o := range out.Objects {
		doc := ""
		if o.Doc != "" {
			doc = ": " + o.Doc
		}
		a.say("\n%s%s", o.Name, doc)
		for _, part := range []struct {
			name string
			list []string
		}{{"mode", o.Modes}, {"on_leave", o.OnLeave}, {"key", o.Keys}, {"required", o.Required}} {
			if len(part.list) > 0 {
				a.say("  %-9s %s", part.name, strings.Join(part.list, ", "))
			}
		}
		if o.MaxRows > 0 {
			a.say("  %-9s %d rows", "request", o.MaxRows)
		}
	}
	a.say("")
	if len(out.Limits) > 0 {
		a.say("Limits: %s; %d requests at a time.", strings.Join(out.Limits, ", "), out.Requests)
	}
	a.say("Refused rows come back: %s.", out.Results)
	if out.Events != "" {
		a.say("Events: %s.", out.Events)
	}
	if len(out.ErasesBy) > 0 {
		a.say("Erases people by %s: %s.", strings.Join(out.ErasesBy, ", "), out.Erasure)
		if out.Later != "" {
			a.say("They are gone %s.", out.Later)
		}
		a.say("That does not cover:")
		for _, what := range out.Beyond {
			a.say("  - %s", what)
		}
		a.say("Whom it cannot find is erased by hand:")
	} else {
		a.say("It has no call that erases somebody. By hand:")
	}
	for i, step := range out.Manual {
		a.say("  %d. %s", i+1, step)
	}
}
