package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
)

// selectable finds schedules and alerts that select what is not there.
func (p *project) selectable(nodes []models.Node) error {
	var found diag.List
	for _, s := range p.Schedules {
		found = append(found, badSelectors(nodes, s.Pos.At, s.Select, s.Exclude)...)
	}
	for _, x := range p.Alerts {
		found = append(found, badSelectors(nodes, x.Pos.At, x.Select, x.Exclude)...)
	}
	return found.Sort().Err()
}

// together selects what one of some schedules does.
func together(list []schedule.Schedule) func(*project, *models.Plan) (map[string]bool, error) {
	return func(_ *project, plan *models.Plan) (map[string]bool, error) {
		out := map[string]bool{}
		for _, s := range list {
			selected, err := selection.Select(plan.Nodes, s.Select, s.Exclude, nil)
			if err != nil || selected == nil {
				return nil, err
			}
			maps.Copy(out, selected)
		}
		return out, nil
	}
}

// refreshed says that one of some schedules builds from all rows.
func refreshed(list []schedule.Schedule) bool {
	return slices.ContainsFunc(list, func(s schedule.Schedule) bool { return s.Refresh })
}

// timetable is what the scheduler knows of the project's schedules.
func (p *project) timetable() ([]schedule.Schedule, error) {
	var list []schedule.Schedule
	for _, s := range p.Timetable() {
		x := schedule.Schedule{
			Name: s.Name, Jitter: s.Jitter, CatchUp: schedule.CatchUp(s.CatchUp), Queue: s.Overlap == "queue",
			Deadline: s.Deadline, Paused: s.Paused, Select: s.Select, Exclude: s.Exclude,
		}
		switch on := s.On; {
		case on == nil:
			line, err := schedule.Parse(s.Cron, s.Zone)
			if err != nil {
				return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
			}
			x.Clock, x.Line = &line, s.Cron+" in "+s.Zone.String()
		case on.Run != "":
			x.After, x.Line = on.Run, "after "+on.Run
		case on.DBT != "":
			x.Watch, x.Line = &schedule.Watch{Every: on.Every, Local: true}, "dbt "+on.DBT
		default:
			x.Watch, x.Line = &schedule.Watch{Every: on.Every}, "freshness of "+on.Freshness
		}
		list = append(list, x)
	}
	return list, nil
}

// look is what a schedule watches, as a text that differs where it does; empty
// where it is not there.
func (p *project) look(ctx context.Context, a *app, name string) (string, error) {
	for _, s := range p.Schedules {
		switch {
		case s.Name != name || s.On == nil:
		case s.On.DBT != "":
			return p.artifact(s.On.DBT)
		case s.On.Freshness != "":
			return p.freshness(ctx, a, s)
		}
	}
	return "", nil
}

// artifact is a digest of a file that dbt writes. A manifest counts without its
// metadata, which are others each time dbt looks at its project.
func (p *project) artifact(name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.dir, name)
	}
	text, err := os.ReadFile(name) //nolint:gosec // the path that the project names
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading what dbt wrote: %w", err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return "", nil //nolint:nilerr // It is being written.
	}
	if filepath.Base(name) == "manifest.json" {
		delete(parts, "metadata")
		if text, err = json.Marshal(parts); err != nil {
			return "", fmt.Errorf("reading what dbt wrote: %w", err)
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// freshness is what the warehouse says of a source or to a query; empty while
// another process has it.
func (p *project) freshness(ctx context.Context, a *app, s *config.Schedule) (text string, err error) {
	i := slices.IndexFunc(p.Sources, func(x *config.Source) bool { return x.Name == s.On.Freshness })
	if i >= 0 && p.Sources[i].Files != nil {
		files, err := a.filesOf(ctx, p, p.Sources[i:i+1])
		if err != nil {
			return "", err
		}
		return run.FreshFiles(files[s.On.Freshness])
	}
	in, err := a.enter(ctx, p)
	if err != nil {
		if inUse(err) != "" {
			return "", nil
		}
		return "", err
	}
	defer func() { err = errors.Join(err, in.leave()) }()
	if i >= 0 {
		return run.FreshTable(ctx, in.wh, p.Sources[i])
	}
	return run.FreshQuery(ctx, in.wh, s.On.Freshness)
}
