package compile_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/profile"
)

var update = flag.Bool("update", false, "rewrite the answers in docs/expressions.md")

const expressionsPage = "../../docs/expressions.md"

// example is one row of a table: what it is about, the expression, and the
// answer for the customers of the page.
type example struct {
	section, about, text, answer string
	name                         string
}

// page is docs/expressions.md taken apart.
type page struct {
	text string
	// yaml and csv are the blocks of code; a block of data is named after its
	// source.
	yaml     []string
	csv      map[string]string
	examples []*example
}

var (
	fence      = regexp.MustCompile("(?ms)^```(\\w+) ?(\\w*)\n(.*?)^```$")
	exampleRow = regexp.MustCompile("(?m)^\\|([^|`]*)\\| `(.*?)` \\|(?: ([^|`]*) \\|)?$")
)

func readPage(t *testing.T) *page {
	t.Helper()
	text, err := os.ReadFile(expressionsPage)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{text: string(text), csv: map[string]string{}}
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		switch m[1] {
		case "yaml":
			p.yaml = append(p.yaml, m[3])
		case "csv":
			p.csv[m[2]] = m[3]
		}
	}
	for section := range strings.SplitSeq(p.text, "\n## ") {
		title, _, _ := strings.Cut(section, "\n")
		for _, m := range exampleRow.FindAllStringSubmatch(section, -1) {
			x := &example{section: title, about: m[1], text: m[2], answer: m[3]}
			x.name = fmt.Sprintf("example_%d", len(p.examples))
			p.examples = append(p.examples, x)
		}
	}
	return p
}

// project is the YAML of the examples: those of Segments are segments, those of
// Members traits of accounts, the others traits of customers.
func (p *page) project(examples []*example) string {
	traits, segments := "traits:\n", "segments:\n"
	out := "project: {name: docs, timezone: Europe/Paris}\ntargets: {local: {type: any}}\n"
	for _, block := range p.yaml {
		out = merge(out, block)
	}
	for _, x := range examples {
		quoted := strings.ReplaceAll(x.text, "'", "''")
		switch x.section {
		case "Segments":
			segments += "  - {name: " + x.name + ", entity: customer, when: '" + quoted + "'}\n"
		case "Members":
			traits += "  - {name: " + x.name + ", entity: account, value: '" + quoted + "'}\n"
		default:
			traits += "  - {name: " + x.name + ", entity: customer, value: '" + quoted + "'}\n"
		}
	}
	return merge(merge(out, traits), segments)
}

// merge adds the lists of one text to those of another.
func merge(base, more string) string {
	key := ""
	for line := range strings.Lines(more) {
		if !strings.HasPrefix(line, " ") && strings.HasSuffix(line, ":\n") {
			key = line
			if !strings.Contains(base, "\n"+key) {
				base += key
			}
			continue
		}
		at := strings.Index(base, "\n"+key) + 1 + len(key)
		for end := at; ; {
			next := strings.IndexByte(base[end:], '\n')
			if next < 0 || !strings.HasPrefix(base[end:], " ") {
				base = base[:end] + line + base[end:]
				break
			}
			end += next + 1
		}
	}
	return base
}

// docsTime is when the examples are run, docsBefore when they were before.
var (
	docsTime   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	docsBefore = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
)

var duckTypes = map[string]string{
	"string": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "decimal": "DECIMAL(38,9)", "bool": "BOOLEAN",
	"timestamp": "TIMESTAMP", "date": "DATE",
}

// load fills the tables of the sources.
func (p *page) load(t *testing.T, b *modeltest.Bench, project *config.Project) {
	t.Helper()
	for _, s := range project.Sources {
		rows, err := csv.NewReader(strings.NewReader(p.csv[s.Name])).ReadAll()
		if err != nil || len(rows) == 0 {
			t.Fatalf("the data of %s: %v", s.Name, err)
		}
		types := map[string]string{}
		for _, c := range s.Columns {
			types[c.Value.Column] = duckTypes[c.Value.Type]
		}
		types[s.Time] = "TIMESTAMP"
		var defs []string
		for _, name := range rows[0] {
			typ := types[name]
			if typ == "" {
				typ = "VARCHAR"
			}
			defs = append(defs, strconv.Quote(name)+" "+typ)
		}
		b.Exec("CREATE TABLE " + s.Table + " (" + strings.Join(defs, ", ") + ")")
		for _, row := range rows[1:] {
			values := make([]string, len(row))
			for i, cell := range row {
				values[i] = "NULL"
				if cell != "" {
					values[i] = "'" + cell + "'"
				}
			}
			b.Exec("INSERT INTO " + s.Table + " VALUES (" + strings.Join(values, ", ") + ")")
		}
	}
}

// runAll runs the whole plan of a project.
func runAll(t *testing.T, b *modeltest.Bench, project *config.Project, asOf time.Time) {
	t.Helper()
	plan, found := compile.Compile(project, compile.Options{AsOf: asOf, RunID: "run", Target: "local"})
	if plan == nil {
		t.Fatal(found)
	}
	for _, table := range plan.System {
		b.Statements(table)
	}
	for _, m := range plan.Models {
		b.Steps(m.Steps)
		b.Statements(m.Commit...)
	}
}

// answers reads what the examples gave, as the page writes it.
func answers(b *modeltest.Bench, examples []*example) map[string]string {
	out := map[string]string{}
	for _, x := range examples {
		e, name := "customer", "split_part(email, '@', 1)"
		var rows [][]string
		if x.section == "Members" {
			e, name = "account", "split_part(domain, '.', 1)"
		}
		wide := profile.WideTable(&config.Entity{Name: e}).Name
		if x.section == "Segments" {
			rows = b.Rows("SELECT " + name + ", 'true' FROM public.segment_members JOIN work." + wide +
				" USING (customer_id) WHERE segment = '" + x.name + "' ORDER BY 1")
		} else {
			rows = b.Rows("SELECT " + name + `, CAST("` + x.name + `" AS VARCHAR) FROM work.` + wide +
				` WHERE "` + x.name + `" IS NOT NULL ORDER BY 1`)
		}
		var parts []string
		truth := false
		for _, row := range rows {
			switch row[1] {
			case "true":
				parts = append(parts, row[0])
			case "false":
				truth = true
			default:
				parts = append(parts, row[0]+" "+strings.TrimSuffix(strings.TrimSuffix(row[1], ":00"), ".0"))
			}
		}
		switch {
		case len(parts) > 0:
			out[x.name] = strings.Join(parts, ", ")
		case truth || x.section == "Segments":
			out[x.name] = "nobody"
		default:
			out[x.name] = "no value"
		}
	}
	return out
}

// TestDocs runs every expression of the page over the data that stands in it,
// and wants the answers that stand beside.
func TestDocs(t *testing.T) {
	p := readPage(t)
	got := map[string]string{}
	// An account reads its customers or they read it, not both.
	for _, members := range []bool{false, true} {
		var examples []*example
		for _, x := range p.examples {
			if (x.section == "Members") == members {
				examples = append(examples, x)
			}
		}
		project := load(t, p.project(examples))
		b := modeltest.New(t)
		p.load(t, b, project)
		runAll(t, b, project, docsBefore)
		runAll(t, b, project, docsTime)
		maps.Copy(got, answers(b, examples))
	}
	if len(p.examples) < 55 {
		t.Errorf("only %d expressions found", len(p.examples))
	}
	for _, x := range p.examples {
		if *update {
			p.text = strings.Replace(p.text, rowOf(x, x.answer), rowOf(x, got[x.name]), 1)
			continue
		}
		if got[x.name] != x.answer {
			t.Errorf("%s: %s\ngot  %s\nwant %s", x.section, x.text, got[x.name], x.answer)
		}
	}
	if *update {
		if err := os.WriteFile(expressionsPage, []byte(p.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// An answer that is that of every customer tells nothing.
	everybody := slices.IndexFunc(p.examples, func(x *example) bool { return x.answer == "" })
	if everybody >= 0 && !*update {
		t.Errorf("%s has no answer", p.examples[everybody].text)
	}
}

func rowOf(x *example, answer string) string {
	row := "|" + x.about + "| `" + x.text + "` |"
	if answer != "" {
		row += " " + answer + " |"
	}
	return row + "\n"
}
