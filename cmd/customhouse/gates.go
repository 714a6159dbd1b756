package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/sql"
)

// syncExplanation is customhouse/sync-explain/v1: what lies between an entity
// and a destination.
type syncExplanation struct {
	Schema string    `json:"schema"`
	Sync   string    `json:"sync"`
	Entity string    `json:"entity"`
	ID     int64     `json:"id"`
	AsOf   time.Time `json:"as_of"`
	// Next is what the sync would do now: upsert, remove or nothing.
	Next  string `json:"next"`
	Gates []gate `json:"gates"`
	// Segment is why the entity is in the segment that is sent, or not.
	Segment *segmentExplanation `json:"segment,omitempty"`
}

// gate is one condition on the way to the destination.
type gate struct {
	Name string `json:"name"`
	// Open is nil for what is no condition but a state.
	Open *bool  `json:"open,omitempty"`
	Says string `json:"says"`
}

// gates explains a sync for one entity.
func (s *segmenter) gates(ctx context.Context, name, who string) error {
	var names []string
	for _, x := range s.project.Syncs {
		names = append(names, x.Name)
	}
	i := slices.Index(names, name)
	if i < 0 {
		return unknown("there is no sync "+name, name, names, "there are")
	}
	x := s.project.Syncs[i]
	e, seg := s.sentFrom(x)
	kind, value, ok := strings.Cut(who, "=")
	if !ok {
		kind, value = "id", who
	}
	id, err := s.find(ctx, e, strings.TrimSpace(kind), value)
	if err != nil {
		return err
	}
	masks, err := s.masker(ctx, s.project, audit.Of("sync", name), someone{e.Name, id})
	if err != nil {
		return err
	}
	s.masks = masks
	out := syncExplanation{Schema: "customhouse/sync-explain/v1", Sync: name, Entity: e.Name, ID: id, AsOf: s.plan.AsOf, Next: "nothing"}
	out.pass("identifier", true, fmt.Sprintf("%s is %s %d", console.Line(strings.TrimSpace(kind)+"="+s.asked(e, strings.TrimSpace(kind), value)), e.Name, id))
	opt, err := s.options(ctx)
	if err != nil {
		return err
	}
	opt.Select = map[string]bool{"sync:" + name: true}
	plan, g := s.project.checked.Plan(opt), s.project.checked.Gates(opt, x, id)
	if err := s.readable(ctx, plan.Checks); err != nil {
		return err
	}
	if err := s.steps(ctx, plan.Audiences[0].Steps); err != nil {
		return notBuilt(err)
	}
	if err := s.wanted(ctx, g, &out); err != nil {
		return err
	}
	if seg != nil {
		why, err := s.whether(ctx, seg, id)
		if err != nil {
			return err
		}
		out.Segment = &why
	}
	if err := s.delivered(ctx, g, x.From.Source != "", &out); err != nil {
		return err
	}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

// sentFrom is the entity of a sync, and the segment where it sends one.
func (s *segmenter) sentFrom(x *config.Sync) (*config.Entity, *config.Segment) {
	if x.From.Segment == "" {
		return s.entity(x.From.Entity), nil
	}
	i := slices.IndexFunc(s.project.Segments, func(seg *config.Segment) bool { return seg.Name == x.From.Segment })
	return s.entity(s.project.Segments[i].Entity), s.project.Segments[i]
}

func (o *syncExplanation) pass(name string, open bool, says string) {
	o.Gates = append(o.Gates, gate{name, &open, says})
}

func (o *syncExplanation) state(name, says string) {
	o.Gates = append(o.Gates, gate{Name: name, Says: says})
}

// either is yes or no in words.
func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// wanted says whether the entity should be at the destination.
func (s *segmenter) wanted(ctx context.Context, g audience.Gates, out *syncExplanation) error {
	one := func(q sql.Query) ([]any, error) {
		if q == nil {
			return nil, nil
		}
		rows, err := s.ask(ctx, q)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return rows[0], nil
	}
	profile, err := one(g.Profile)
	if err != nil {
		return err
	}
	out.pass("profile", profile != nil, either(profile != nil, "there is one", "there is none: customhouse run builds it"))
	member, err := one(g.Member)
	if err != nil {
		return err
	}
	out.pass("audience", member != nil, either(member != nil, "among those that the last run has", "not among those that the last run has"))
	if left, err := one(g.LeftOut); err != nil {
		return err
	} else if left != nil {
		rule, _ := left[0].(string)
		out.pass("rules", rule == "", either(rule == "", "none of from leaves them out", "left out by "+rule+": "+audience.Because(rule)))
	}
	rows, err := s.ask(ctx, g.Wanted)
	for _, row := range rows {
		if key, ok := row[0].(string); ok {
			row[0] = s.masks.String(s.masks.Key(out.Sync), key)
		}
		out.wanted(row)
	}
	return err
}

// asked is an identifier, or an id, that somebody typed, as it may be shown.
func (s *segmenter) asked(e *config.Entity, kind, value string) string {
	if !slices.ContainsFunc(e.Identifiers, func(x config.Identifier) bool { return x.Name == kind }) {
		return value
	}
	return s.masks.String(s.masks.Identifier(e.Name, kind), value)
}

// wanted says of a row that should be at the destination whether it can be sent.
func (o *syncExplanation) wanted(row []any) {
	key, hasKey := row[0].(string)
	shared, _ := row[1].(int64)
	switch {
	case !hasKey:
		o.pass("key", false, "no value")
	case shared > 1:
		o.pass("key", false, fmt.Sprintf("%s, which %d rows have: none of them is sent", console.Line(key), shared))
	default:
		o.pass("key", true, console.Line(key))
	}
	if held, _ := row[2].(bool); held {
		o.pass("hold", false, "suspicious, and held until somebody has looked: customhouse explain "+o.Entity+" says why")
	}
}

// delivered says what the destination has, and what it last answered. Events are
// sent once, whatever becomes of them.
func (s *segmenter) delivered(ctx context.Context, g audience.Gates, events bool, out *syncExplanation) error {
	rows, err := s.ask(ctx, g.Ledger)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		out.state("ledger", "the destination has acknowledged nothing of them")
	}
	for _, r := range rows {
		at, _ := r[2].(time.Time)
		now := ", which is not wanted there any more"
		if same, ok := r[4].(bool); ok {
			now = either(same, ", as it is now", ", with other values than now")
		}
		if events {
			now = ""
		}
		key, _ := r[0].(string)
		key = s.masks.String(s.masks.Key(out.Sync), key)
		out.state("ledger", fmt.Sprintf("%s acknowledged as of %s%s", console.Line(key), moment(at), now))
	}
	if rows, err = s.ask(ctx, g.Pending); err != nil {
		return err
	}
	for _, r := range rows {
		out.state("unanswered", fmt.Sprintf("was about to be sent by run %v, and nobody knows whether it arrived", r[0]))
	}
	if rows, err = s.ask(ctx, g.Rejection); err != nil {
		return err
	}
	for _, r := range rows {
		first, _ := r[4].(time.Time)
		out.pass("rejection", false, fmt.Sprintf("%v: %s: %s (attempt %v, the first as of %s)", r[0], said(r[1]), console.Line(s.masks.Words(text(r[2]))), r[3], moment(first)))
	}
	if rows, err = s.ask(ctx, g.Log); err != nil {
		return err
	}
	for _, r := range rows {
		at, _ := r[0].(time.Time)
		out.state("log", strings.TrimSpace(fmt.Sprintf("%s  %v %s  %v %s", moment(at), r[1], text(r[2]), r[3], text(r[4]))))
	}
	if rows, err = s.ask(ctx, g.Due); err != nil {
		return err
	}
	says := "nothing to send"
	for _, r := range rows {
		out.Next = text(r[0])
		says = out.Next + ", since it is " + text(r[1])
	}
	if len(rows) > 1 {
		says = fmt.Sprintf("%s %d events", out.Next, len(rows))
	}
	out.state("next", says)
	return nil
}

// text is a text of a table, empty where there is none.
func text(v any) string {
	s, _ := v.(string)
	return s
}

func (o *syncExplanation) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		line("%s for %s %d, as of %s", o.Sync, o.Entity, o.ID, moment(o.AsOf))
		for _, g := range o.Gates {
			mark := ""
			if g.Open != nil {
				mark = either(*g.Open, "passes", "STOPS")
			}
			line("%s\t%s\t%s", g.Name, mark, g.Says)
		}
		if o.Segment != nil {
			line("")
			line("the segment %s, with the sources as they are now:", o.Segment.Segment)
			o.Segment.Condition.lines(line, 0)
		}
	})
}
