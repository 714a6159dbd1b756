package dossier

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"html/template"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/register"
	"github.com/customhouse-cdp/customhouse/cmd/internal/sheet"
	"github.com/customhouse-cdp/customhouse/sql"
)

// part is what is known in one respect.
type part struct {
	// name tells it from others, title is for people.
	name, title string
	// about says what the rows are, and where they are from.
	about   string
	columns []column
	// papers are what it is used for, who receives it and how long it is kept.
	papers register.About
}

// column is a column of a part; what it is about may be empty.
type column struct {
	name, about string
	typ         sql.Type
}

func columns(names ...string) []column {
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{name: n}
	}
	return out
}

// The page shows so many rows of a part, and so much of a value.
const (
	pageRows  = 100
	pageRunes = 300
)

// archive writes parts one after the other: their tables at once, and what goes
// into the document and the page aside, until all are there.
type archive struct {
	zip   *zip.Writer
	opt   Options
	aside *os.File
	json  *bufio.Writer
	pages []pagePart
	files []manifestFile
	sum   Summary
	parts int
}

type manifestFile struct {
	Name   string `json:"name"`
	Sha256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   *int64 `json:"rows,omitempty"`
}

// pagePart is a part as the page shows it.
type pagePart struct {
	Name, Title, About, File string
	// Purposes, Recipients and Kept are its papers.
	Purposes, Recipients string
	Kept                 []string
	Columns              []pageColumn
	Rows                 [][]pageCell
	Count                int64
	More                 bool
}

type pageColumn struct{ Name, About string }

// pageCell is a value: no value, one that is somebody else's, or a text that may
// be cut short.
type pageCell struct {
	Text                 string
	None, Withheld, Long bool
}

func newArchive(w io.Writer, folder string, opt Options) (*archive, error) {
	f, err := os.CreateTemp(folder, ".dossier-*")
	if err != nil {
		return nil, fmt.Errorf("making a file for what is gathered: %w", err)
	}
	// Without a name nobody finds it, whatever becomes of this process; where a
	// file that is open cannot lose its name, discard removes it.
	_ = os.Remove(f.Name())
	return &archive{zip: zip.NewWriter(w), opt: opt, aside: f, json: bufio.NewWriter(f)}, nil
}

// discard gives up what was put aside.
func (a *archive) discard() error {
	err := a.aside.Close()
	if gone := os.Remove(a.aside.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// entry is a file of the archive that is being written.
type entry struct {
	io.Writer
	name string
	sum  hash.Hash
	n    *counter
}

func (a *archive) entry(name string) (entry, error) {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.opt.Made.UTC().Truncate(time.Second)}
	h.SetMode(0o600)
	w, err := a.zip.CreateHeader(h)
	if err != nil {
		return entry{}, fmt.Errorf("writing %s: %w", name, err)
	}
	sum := sha256.New()
	n := &counter{to: io.MultiWriter(w, sum)}
	return entry{n, name, sum, n}, nil
}

// done notes the digest of a file.
func (a *archive) done(e entry, rows *int64) {
	a.files = append(a.files, manifestFile{Name: e.name, Sha256: hex.EncodeToString(e.sum.Sum(nil)), Bytes: e.n.n, Rows: rows})
}

// add writes a part. Its rows call back with the columns, which may be known only
// then, before the first row, and with each row.
func (a *archive) add(p part, rows func(put func([]any) error) error) error {
	a.parts++
	e, err := a.entry(fmt.Sprintf("csv/%02d-%s.csv", a.parts, slug(p.name)))
	if err != nil {
		return err
	}
	t := sheet.New(e)
	names, none, anybody := make([]string, len(p.columns)), make([]bool, len(p.columns)), make([]bool, len(p.columns))
	page := pagePart{Name: p.name, Title: p.title, About: p.about, File: e.name}
	if !a.opt.Portable {
		page.Purposes = sheet.Visible(strings.Join(p.papers.Purposes, ", "), "")
		page.Recipients = sheet.Visible(strings.Join(p.papers.Recipients, ", "), "")
		for _, kept := range p.papers.Kept {
			page.Kept = append(page.Kept, sheet.Visible(kept, ""))
		}
	}
	keys := make([][]byte, len(p.columns))
	for i, c := range p.columns {
		names[i], anybody[i] = c.name, true
		keys[i] = append(appendString(nil, c.name), ':')
		page.Columns = append(page.Columns, pageColumn{sheet.Visible(c.name, ""), sheet.Visible(c.about, "")})
	}
	t.Row(names, none, anybody)
	a.head(p)

	var count int64
	var line []byte
	cells := make([]string, len(p.columns))
	err = rows(func(values []any) error {
		line = line[:0]
		if count > 0 {
			line = append(line, ',')
		}
		line = append(line, "\n      {"...)
		left := false
		for i, v := range values {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendJSON(append(line, keys[i]...), v)
			cells[i], none[i] = text(v), v == nil
			_, isText := v.(string)
			_, isList := v.([]any)
			anybody[i] = isText && p.columns[i].typ != sql.TypeDecimal || isList
			_, hidden := v.(withheld)
			left = left || hidden
		}
		line = append(line, '}')
		if _, err := a.json.Write(line); err != nil {
			return err
		}
		t.Row(cells, none, anybody)
		if count < pageRows {
			page.Rows = append(page.Rows, pageRow(values))
		}
		count++
		if left {
			a.sum.Withheld++
		}
		return t.Err()
	})
	if err = errors.Join(err, t.End()); err != nil {
		return err
	}
	if _, err := a.json.WriteString("\n    ]}"); err != nil {
		return err
	}
	page.Count, page.More = count, count > pageRows
	a.pages = append(a.pages, page)
	a.sum.Rows += count
	a.sum.Parts = append(a.sum.Parts, Counted{p.name, count})
	a.done(e, &count)
	return nil
}

// head begins a part in the document.
func (a *archive) head(p part) {
	var b []byte
	if a.parts > 1 {
		b = append(b, ',')
	}
	b = append(b, "\n    {\"name\":"...)
	b = append(appendString(b, p.name), ",\"title\":"...)
	b = append(appendString(b, p.title), ",\"about\":"...)
	b = appendString(b, p.about)
	if !a.opt.Portable {
		b = appendList(append(b, ",\"purposes\":"...), p.papers.Purposes)
		b = appendList(append(b, ",\"recipients\":"...), p.papers.Recipients)
		b = appendList(append(b, ",\"kept\":"...), p.papers.Kept)
	}
	b = append(b, ",\"columns\":["...)
	for i, c := range p.columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, "{\"name\":"...), c.name), ",\"about\":"...)
		b = append(appendString(b, c.about), '}')
	}
	b = append(b, "],\"rows\":["...)
	_, _ = a.json.Write(b) // a bufio.Writer says at the end what went wrong
}

// appendList writes texts as a list.
func appendList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, x)
	}
	return append(b, ']')
}

func pageRow(values []any) []pageCell {
	row := make([]pageCell, len(values))
	for i, v := range values {
		if _, hidden := v.(withheld); hidden || v == nil {
			row[i] = pageCell{None: v == nil, Withheld: hidden}
			continue
		}
		s := text(v)
		if at, ok := v.(time.Time); ok {
			s = at.UTC().Format("2006-01-02 15:04:05")
		}
		// Most values are short: runes are counted where they may be too many.
		if len(s) > pageRunes {
			if runes := []rune(s[:min(len(s), 4*pageRunes+4)]); len(runes) > pageRunes {
				s, row[i].Long = string(runes[:pageRunes]), true
			}
		}
		row[i].Text = sheet.Visible(s, "\n")
	}
	return row
}

// slug is a name as part of the name of a file: small letters, digits and _.
func slug(name string) string {
	const most = 40
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return out[:min(len(out), most)]
}

// document is what person.json and the page say beside the parts.
type document struct {
	Schema     string    `json:"schema"`
	Kind       string    `json:"kind"`
	Request    string    `json:"request,omitempty"`
	Project    string    `json:"project"`
	Controller string    `json:"controller,omitempty"`
	Made       time.Time `json:"made_at"`
	Entity     string    `json:"entity"`
	IDs        []int64   `json:"ids"`
	LeftOut    []string  `json:"left_out"`
	// Purposes are what the data of such an entity is used for, and Recipients whom it
	// is given to; the parts name them. A file to take along has none.
	Purposes   []purpose   `json:"purposes,omitempty"`
	Recipients []recipient `json:"recipients,omitempty"`
}

// purpose and recipient are those of the register, as the person is told of them.
type purpose struct {
	Purpose     string `json:"purpose"`
	Description string `json:"description"`
	Basis       string `json:"basis"`
	Retention   string `json:"retention"`
}

type recipient struct {
	Recipient   string `json:"recipient"`
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
	Location    string `json:"location,omitempty"`
}

func (a *archive) document() document {
	d := document{
		Schema: Schema, Kind: "access", Request: a.opt.Request, Project: a.opt.Project.Name, Controller: a.opt.Project.Owner,
		Made: a.opt.Made.UTC().Truncate(time.Second), Entity: a.opt.Person.Entity.Name, IDs: append([]int64{}, a.opt.Person.IDs...),
		LeftOut: []string{"Values that belong to other people, in rows that they share with this person: they are marked as withheld."},
	}
	if a.opt.Portable {
		d.Kind = "portability"
		d.LeftOut = append(d.LeftOut,
			"What was derived from what the person provided: computed traits, segments, relations and what was found out about identifiers. The right to data portability (GDPR, Article 20) does not extend to it; the right of access (Article 15) does.",
			"The record of deliveries to other systems, for the same reason.")
		return d
	}
	purposes, destinations := sent(a.opt.Project, d.Entity)
	for _, x := range a.opt.Register.Activities {
		if slices.Contains(purposes, x.Purpose) {
			d.Purposes = append(d.Purposes, purpose{x.Purpose, x.Description, strings.ReplaceAll(x.Basis, "_", " "), x.Retention})
		}
	}
	for _, x := range a.opt.Register.Recipients {
		if slices.Contains(destinations, x.Destination) {
			d.Recipients = append(d.Recipients, recipient{x.Destination, x.Type, x.Description, x.Location})
		}
	}
	return d
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"number": console.Number, "visible": func(s string) string { return sheet.Visible(s, "") }}).Parse(pageText))

// finish writes the document, the page and the manifest.
func (a *archive) finish() error {
	d := a.document()
	if err := a.writeJSON(d); err != nil {
		return err
	}
	e, err := a.entry("index.html")
	if err != nil {
		return err
	}
	err = page.Execute(e, struct {
		document
		Parts    []pagePart
		Rows     int64
		Withheld int64
	}{d, a.pages, a.sum.Rows, a.sum.Withheld})
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	a.done(e, nil)
	text, err := json.MarshalIndent(struct {
		Schema  string         `json:"schema"`
		Kind    string         `json:"kind"`
		Request string         `json:"request,omitempty"`
		Made    time.Time      `json:"made_at"`
		Files   []manifestFile `json:"files"`
	}{ManifestSchema, d.Kind, d.Request, d.Made, a.files}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	m, err := a.entry("manifest.json")
	if err != nil {
		return err
	}
	if _, err := m.Write(append(text, '\n')); err != nil {
		return err
	}
	return a.zip.Close()
}

// writeJSON writes the document, with the parts that were put aside.
func (a *archive) writeJSON(d document) error {
	err := a.json.Flush()
	if err == nil {
		_, err = a.aside.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("reading what was gathered: %w", err)
	}
	e, err := a.entry("person.json")
	if err != nil {
		return err
	}
	head, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	head = append(bytes.TrimSuffix(head, []byte("\n}")), ",\n  \"parts\": ["...)
	if _, err = e.Write(head); err == nil {
		_, err = io.Copy(e, a.aside)
	}
	if err == nil {
		_, err = e.Write([]byte("\n  ]\n}\n"))
	}
	if err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	a.done(e, nil)
	return nil
}
