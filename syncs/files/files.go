// Package files delivers to a folder: each run adds a folder of its own with
// CSV, newline-delimited JSON or Parquet parts, complete or not there at all.
//
// It only spells the parts; the engine writes them aside, adds a manifest and
// renames. Start at Config and New; docs/destinations/files.md is what the
// reader of the files needs.
package files

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a destination in files.
type Config struct {
	Path      secret.Template `yaml:"path,required" doc:"Folder that receives <sync>/<run>; relative to the project."`
	Format    string          `yaml:"format" doc:"csv (the default), ndjson or parquet."`
	Layout    string          `yaml:"layout" doc:"changes (the default): what is new, changed or gone; snapshot: everything, whenever anything changed."`
	Delimiter string          `yaml:"delimiter" doc:"What separates CSV fields, a comma where none is given."`
	Null      string          `yaml:"null,blank" doc:"How CSV spells no value; nothing at all where none is given."`
	Formulas  string          `yaml:"formulas" doc:"escape (the default) puts ' before CSV text that a spreadsheet would run; keep leaves it."`
}

// The values of Config.Format, Config.Layout and Config.Formulas.
const (
	CSV     = "csv"
	NDJSON  = "ndjson"
	Parquet = "parquet"

	Changes  = "changes"
	Snapshot = "snapshot"

	Escape = "escape"
	Keep   = "keep"
)

// Default is a Config with everything set that has a default.
func Default() *Config {
	return &Config{Format: CSV, Layout: Changes, Delimiter: ",", Formulas: Escape}
}

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeChoice    = "bad-choice"
	CodeDelimiter = "bad-delimiter"
	CodeNull      = "bad-null"
	CodePath      = "bad-path"
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	fail := func(code, summary, help, key string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: n.At(key), Summary: summary, Help: help})
	}
	choice := func(value, key string, choices ...string) {
		if slices.Contains(choices, value) {
			return
		}
		help := "write " + strings.Join(choices, " or ")
		if near := diag.Nearest(value, choices); near != "" {
			help = "did you mean " + near + "?"
		}
		fail(CodeChoice, fmt.Sprintf("%q is not a %s", value, key), help, key)
	}
	choice(c.Format, "format", CSV, NDJSON, Parquet)
	choice(c.Layout, "layout", Changes, Snapshot)
	choice(c.Formulas, "formulas", Escape, Keep)
	if len(c.Delimiter) != 1 || strings.ContainsAny(c.Delimiter, "\"'\r\n\x00 =+-@.") || c.Delimiter[0] >= 0x80 || alphanumeric(c.Delimiter[0]) {
		fail(CodeDelimiter, "delimiter is not a character that can separate fields", `use one like "," ";" "|" or "\t"`, "delimiter")
	}
	if strings.ContainsAny(c.Null, "\"\r\n\x00"+c.Delimiter) {
		fail(CodeNull, "null holds a character that CSV would have to quote", `use a word such as NULL or \N`, "null")
	}
	if strings.ContainsRune(c.Path.Text(), 0) {
		fail(CodePath, "path holds a NUL character", "remove it", "path")
	}
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// maxRows is how many rows a part holds.
const maxRows = 50_000

// The columns that layout changes adds before the fields.
const (
	// OpColumn says what became of the row: the name of a syncs.Kind.
	OpColumn = "_op"
	// KeyColumn is the row's key as text; what takes a row away has nothing else.
	KeyColumn = "_key"
)

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	// Nobody answers, so that nothing can be said to be there, or not.
	kinds := []syncs.Kind{
		syncs.Upsert, syncs.Insert, syncs.Add, syncs.Append, syncs.Remove, syncs.Delete, syncs.Archive, syncs.Clear,
	}
	if d.config.Layout == Snapshot {
		kinds = []syncs.Kind{syncs.Upsert, syncs.Remove}
	}
	return syncs.Spec{
		Batch:   syncs.Batch{MaxRows: maxRows},
		Kinds:   kinds,
		Keyed:   true, // The reader knows an event by its key.
		Replace: d.config.Layout == Snapshot,
		Staged:  true,
		Secrets: d.config.Path.Refs(),
	}
}

// encoder writes rows of one format.
type encoder interface {
	// row adds a row; it fails, and adds nothing, where a value cannot be
	// spelled.
	row(op *syncs.Op) error
	// bytes ends the part.
	bytes() ([]byte, error)
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
	var rejections []syncs.Rejection
	sent := make([]int, 0, len(chunk.Ops))
	rows := 0
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if op.Kind.Leaves() && d.config.Layout == Snapshot {
			sent = append(sent, i)
			continue
		}
		if err := e.row(op); err != nil {
			rejections = append(rejections, syncs.Rejection{Op: i, Code: "bad-value", Message: err.Error()})
			continue
		}
		sent = append(sent, i)
		rows++
	}
	if len(sent) == 0 {
		return nil, rejections
	}
	body, err := e.bytes()
	if err != nil {
		return nil, rejectAll(chunk, "bad-value", err.Error())
	}
	return []syncs.Request{{
		File: &syncs.FileRequest{
			Root: d.config.Path.Expand(chunk.Secrets),
			Dir:  path.Join(chunk.Schema.Sync, chunk.RunID),
			Name: fmt.Sprintf("part-%05d.%s", chunk.Number, d.config.Format),
			Body: body,
			Rows: rows,
		},
		Ops: sent,
	}}, rejections
}

// Decode implements syncs.Destination: a part is staged whole or not at all.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if resp.Status != 200 {
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "not-staged", Message: fmt.Sprintf("the part was not staged (status %d)", resp.Status)}
	}
	rows := make([]syncs.RowResult, len(req.Ops))
	for i, op := range req.Ops {
		rows[i] = syncs.RowResult{Op: op, Accepted: true}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
}

func (d *destination) encoder(chunk syncs.Chunk) (encoder, error) {
	changes := d.config.Layout == Changes
	switch d.config.Format {
	case NDJSON:
		return newNDJSON(chunk.Schema, changes), nil
	case Parquet:
		return newParquet(chunk.Schema, changes)
	default:
		return newCSV(d.config, chunk.Schema, changes), nil
	}
}

// clash is the field that has the name of one of our columns.
func (d *destination) clash(schema syncs.Schema) string {
	if d.config.Layout == Snapshot {
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
