package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/volume"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Volume is how large a segment ("segment:vip"), or the profiles of an entity
// ("profile:customer"), is beside what is usual.
type Volume struct {
	Subject string
	// Node is the resource that it is of, for selection.
	Node  string
	Size  int64
	Usual volume.Range
	// Unusual says that the size is not within the range.
	Unusual bool
}

// volumes holds the sizes that were measured against those of earlier runs.
// Where there are too few of them nothing is said. It is one query for all: a row
// for each segment and run that counts.
func (r *runner) volumes(ctx context.Context) {
	if b := r.built["segments"]; b == nil || b.Status != OK {
		return
	}
	sizes := map[string]int64{}
	for _, m := range r.summary.Measures {
		if n, ok := m.Get("members"); ok && strings.HasPrefix(m.Subject, "segment:") {
			sizes[m.Subject] = n
		}
		if n, ok := m.Get("profiles"); ok && strings.HasPrefix(m.Subject, "profile:") {
			sizes[m.Subject] = n
		}
	}
	most := 0
	for _, s := range r.Plan.Project.Segments {
		if _, measured := sizes["segment:"+s.Name]; measured && !s.Volume.Off {
			most = max(most, s.Volume.Runs)
		}
	}
	if most == 0 {
		return
	}
	before, err := r.sizesBefore(ctx, most)
	if err != nil {
		if ctx.Err() == nil {
			r.warn("the sizes of segments could not be compared with those of earlier runs: " + err.Error())
		}
		return
	}
	profiles := map[string]bool{}
	for _, s := range r.Plan.Project.Segments {
		h := before[s.Name]
		if size, measured := sizes["segment:"+s.Name]; measured {
			r.compareVolume("segment:"+s.Name, "segment:"+s.Name, size, h.members, s.Volume)
		}
		// Each segment has the number of profiles beside its own.
		if size, measured := sizes["profile:"+s.Entity]; measured && !profiles[s.Entity] && len(h.profiles) > 0 {
			profiles[s.Entity] = true
			r.compareVolume("profile:"+s.Entity, "entity:"+s.Entity, size, h.profiles, r.Plan.Project.Volume)
		}
	}
}

func (r *runner) compareVolume(subject, node string, size int64, before []int64, v config.Volume) {
	if v.Off || v.Change == nil {
		return
	}
	usual, known := volume.Rule{Share: v.Change.Percent / 100, Floor: v.Members, Runs: v.Runs, After: v.After}.Usual(before)
	if !known {
		return
	}
	out := Volume{Subject: subject, Node: node, Size: size, Usual: usual, Unusual: !usual.Holds(size)}
	r.summary.Volumes = append(r.summary.Volumes, out)
	r.emit(VolumeDone{Volume: out})
}

// history is what segment_sizes has of a segment, the last run first.
type history struct{ members, profiles []int64 }

// sizesBefore reads the sizes of segments after the last runs before this one.
func (r *runner) sizesBefore(ctx context.Context, runs int) (map[string]history, error) {
	columns := []string{"segment", "members", "profiles"}
	q := &sql.Select{
		Items: sql.Items("x", columns...),
		From: sql.Derived{As: "x", Query: &sql.Select{
			Items: append(sql.Items("s", columns...), sql.As(sql.Window{
				Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("s", "segment")},
				OrderBy: []sql.Order{{Expr: sql.Col("s", "at"), Desc: true}, {Expr: sql.Col("s", "run_id"), Desc: true}},
			}, "back")),
			From: sql.TableRef{Table: segment.SizesTable, As: "s"},
			Where: sql.And{
				sql.Fn(sql.Le, sql.Col("s", "at"), sql.Timestamp(r.Plan.AsOf)),
				sql.Fn(sql.Ne, sql.Col("s", "run_id"), sql.String(r.Plan.RunID)),
			},
		}},
		Where:   sql.Fn(sql.Le, sql.Col("x", "back"), sql.Int(int64(runs))),
		OrderBy: []sql.Order{sql.Asc(sql.Col("x", "segment")), sql.Asc(sql.Col("x", "back"))},
	}
	out := map[string]history{}
	err := each(ctx, r.wh, q, func(row []any) error {
		name, ok := row[0].(string)
		members, counted := row[1].(int64)
		if !ok || !counted {
			return fmt.Errorf("a size is %T and %T, not a text and an integer", row[0], row[1])
		}
		h := out[name]
		h.members = append(h.members, members)
		if n, known := row[2].(int64); known {
			h.profiles = append(h.profiles, n)
		}
		out[name] = h
		return nil
	})
	return out, err
}
