// Package files delivers to a folder, of this machine, a bucket or a server:
// each run adds CSV, newline-delimited JSON or Parquet files and a manifest, all
// of them or none.
//
// It only spells the files; the engine writes them aside, adds the manifest and
// publishes. Start at Config and New; docs/destinations/files.md is what the
// reader of the files needs.
package files

import (
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// maxRows is how many rows a file holds where the project does not say.
const maxRows = 50_000

// The columns that layout changes adds before the fields.
const (
	// OpColumn says what became of the row: the name of a syncs.Kind.
	OpColumn = "_op"
	// KeyColumn is the row's key as text; what takes a row away has nothing else.
	KeyColumn = "_key"
)

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c, c.place()} }

type destination struct {
	config Config
	place  *syncs.Place
}

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	// Nobody answers, so that nothing can be said to be there, or not.
	kinds := []syncs.Kind{
		syncs.Upsert, syncs.Insert, syncs.Add, syncs.Append, syncs.Remove, syncs.Delete, syncs.Archive, syncs.Clear,
	}
	switch d.config.Layout {
	case Snapshot:
		kinds = []syncs.Kind{syncs.Upsert, syncs.Remove}
	case Append:
		kinds = []syncs.Kind{syncs.Append, syncs.Insert, syncs.Add}
	}
	return syncs.Spec{
		Batch:        syncs.Batch{MaxRows: d.config.PartRows},
		Kinds:        kinds,
		Keyed:        true, // The reader knows an event by its key.
		Replace:      d.config.Layout == Snapshot,
		Manual:       manual,
		Place:        d.place,
		Secrets:      d.place.Refs(),
		AllowPrivate: d.config.AllowPrivate,
	}
}

// encoder writes rows of one format.
type encoder interface {
	// row adds a row; it fails, and adds nothing, where a value cannot be
	// spelled.
	row(op *syncs.Op) error
	// bytes ends the part: what begins a file, and the rows.
	bytes() (head, body []byte, err error)
}

// Encode implements syncs.Destination: one part for the whole chunk. In a
// snapshot a removal is fulfilled by the absence of its row.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	if clash := d.clash(chunk.Schema); clash != "" {
		return nil, rejectAll(chunk, "reserved-name", fmt.Sprintf("field %s has the name of a column that layout changes adds: rename the field, or use layout snapshot", clash))
	}
	e, err := d.encoder(chunk)
	if err != nil {
		return nil, rejectAll(chunk, "bad-schema", err.Error())
	}
	var draft syncs.Draft
	sent := make([]int, 0, len(chunk.Ops))
	rows := 0
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if op.Kind.Leaves() && d.config.Layout == Snapshot {
			sent = append(sent, i)
			continue
		}
		if err := e.row(op); err != nil {
			draft.Refuse(i, err)
			continue
		}
		sent = append(sent, i)
		rows++
	}
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	head, body, err := e.bytes()
	if err != nil {
		return nil, rejectAll(chunk, syncs.BadValue, err.Error())
	}
	dir, name, manifest := d.config.names(chunk)
	file := &syncs.FileRequest{
		Dir: dir, Name: name, Manifest: manifest, Replace: d.config.Replace,
		Append: !d.config.has("part"), Head: head, Body: body, Rows: rows,
	}
	if !file.Append {
		file.Head, file.Body = nil, slices.Concat(head, body)
	}
	if d.config.Format != Parquet {
		for _, b := range []*[]byte{&file.Head, &file.Body} {
			if *b, err = packed(d.config.Compress, *b); err != nil {
				return nil, rejectAll(chunk, syncs.BadValue, err.Error())
			}
		}
	}
	return []syncs.Request{{File: file, Ops: sent}}, draft.Rejections
}

// Decode implements syncs.Destination: a part is staged whole or not at all.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if resp.Status != 200 {
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "not-staged", Message: fmt.Sprintf("the part was not staged (status %d)", resp.Status)}
	}
	return syncs.AllAccepted(req, nil)
}

func (d *destination) encoder(chunk syncs.Chunk) (encoder, error) {
	changes := d.config.Layout == Changes
	switch d.config.Format {
	case NDJSON:
		return newNDJSON(chunk.Schema, changes), nil
	case Parquet:
		return newParquet(d.config.Compress, chunk.Schema, changes)
	default:
		return newCSV(d.config, chunk.Schema, changes), nil
	}
}

// clash is the field that has the name of one of our columns.
func (d *destination) clash(schema syncs.Schema) string {
	if d.config.Layout != Changes {
		return ""
	}
	for _, f := range schema.Fields {
		if f.Name == OpColumn || f.Name == KeyColumn {
			return f.Name
		}
	}
	return ""
}

func rejectAll(chunk syncs.Chunk, code, message string) []syncs.Rejection {
	list := make([]syncs.Rejection, len(chunk.Ops))
	for i := range list {
		list[i] = syncs.Rejection{Op: i, Code: code, Message: message}
	}
	return list
}
