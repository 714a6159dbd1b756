package lineage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Where says where the tables of a target are.
type Where struct {
	// Namespace is the warehouse, such as bigquery or postgres://host:5432.
	Namespace string
	// Default are the parts of a name that a table has which is named without
	// them: a database, and a schema.
	Default []string
	// Names are the parts of a table's name, outermost first.
	Names func(sql.Table) []string
	// Files are the paths of the sources that are files, by their names.
	Files map[string]string
}

// dataset is a table as others know it.
func (w Where) dataset(t sql.Table) Dataset {
	if t.Space == sql.Source {
		if path, ok := w.Files[t.Name]; ok {
			return Dataset{Namespace: "file", Name: path}
		}
	}
	t.Space = cmp.Or(map[sql.Space]sql.Space{sql.Beside: sql.Public}[t.Space], t.Space)
	parts := w.Names(t)
	if missing := len(w.Default) + 1 - len(parts); missing > 0 {
		parts = append(slices.Clone(w.Default[:missing]), parts...)
	}
	return Dataset{Namespace: w.Namespace, Name: strings.Join(parts, ".")}
}

// graph knows what each model and sync of a plan reads and writes.
type graph struct {
	opt     Options
	in, out map[string][]sql.Table
	columns map[sql.Table][]sql.ColumnDef
	nodes   map[string]models.Node
}

func newGraph(opt Options) *graph {
	g := &graph{opt: opt, in: map[string][]sql.Table{}, out: map[string][]sql.Table{}, columns: map[sql.Table][]sql.ColumnDef{}, nodes: map[string]models.Node{}}
	for _, t := range opt.Plan.System {
		g.columns[t.Table] = t.Columns
	}
	for _, n := range opt.Plan.Nodes {
		g.nodes[n.Key] = n
	}
	// Work tables are nobody's datasets: what they were made of is read instead.
	madeOf := map[sql.Table]map[sql.Table]bool{}
	resolve := func(reads map[sql.Table]bool, own map[sql.Table]models.Effect) map[sql.Table]bool {
		out := map[sql.Table]bool{}
		for t := range reads {
			switch {
			case t.Space == sql.Work || t.Space == sql.Beside:
				for x := range madeOf[t] {
					out[x] = true
				}
			case own[t] == 0:
				out[t] = true
			}
		}
		return out
	}
	for _, m := range opt.Plan.Models {
		use := models.ModelUse(m)
		in := resolve(use.Reads, use.Writes)
		for t := range use.Writes {
			if t.Space == sql.Work || t.Space == sql.Beside {
				if madeOf[t] == nil {
					madeOf[t] = map[sql.Table]bool{}
				}
				for x := range in {
					madeOf[t][x] = true
				}
			}
		}
		g.in[m.Name], g.out[m.Name] = sorted(in), sorted(written(use.Writes))
	}
	for _, a := range opt.Plan.Audiences {
		use := models.AudienceUse(a)
		in := resolve(use.Reads, use.Writes)
		in[a.Profiles] = true
		g.in["sync:"+a.Sync.Name] = sorted(in)
	}
	return g
}

// written are the public tables that are written, under their own names.
func written(effects map[sql.Table]models.Effect) map[sql.Table]bool {
	out := map[sql.Table]bool{}
	for t := range effects {
		if t.Space == sql.Public || t.Space == sql.Beside {
			out[sql.Table{Space: sql.Public, Name: t.Name}] = true
		}
	}
	return out
}

func sorted(set map[sql.Table]bool) []sql.Table {
	var list []sql.Table
	for t := range set {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b sql.Table) int {
		return cmp.Or(cmp.Compare(a.Space, b.Space), strings.Compare(a.Name, b.Name))
	})
	return list
}

// typeNames are the types of columns, as schemas have them.
var typeNames = map[sql.Type]string{
	sql.TypeBool: "BOOLEAN", sql.TypeInt: "BIGINT", sql.TypeFloat: "DOUBLE", sql.TypeDecimal: "DECIMAL",
	sql.TypeString: "VARCHAR", sql.TypeTimestamp: "TIMESTAMP", sql.TypeDate: "DATE",
}

func (g *graph) datasets(list []sql.Table) []Dataset {
	var out []Dataset
	for _, t := range list {
		d := g.opt.Where.dataset(t)
		if columns := g.columns[t]; len(columns) > 0 {
			s := schemaOf{base: of(schemaFacet)}
			for _, c := range columns {
				s.Fields = append(s.Fields, field{Name: c.Name, Type: typeNames[c.Type]})
			}
			d.Facets = map[string]any{"schema": s}
		}
		out = append(out, d)
	}
	return out
}

// model is what a model reads and writes.
func (g *graph) model(name string) (in, out []Dataset) {
	in, out = g.datasets(g.in[name]), g.datasets(g.out[name])
	for i, t := range g.out[name] {
		for _, e := range g.opt.Plan.Project.Entities {
			if t == profile.Table(e) {
				g.profileColumns(&out[i], e)
			}
		}
	}
	return in, out
}

// profileColumns says of each trait which columns of sources it comes from.
func (g *graph) profileColumns(d *Dataset, e *config.Entity) {
	facet := columnsOf{of(columnsFacet), map[string]inputFields{}}
	s := schemaOf{base: of(schemaFacet)}
	for _, t := range g.opt.Plan.Project.Traits {
		if t.Entity != e.Name {
			continue
		}
		s.Fields = append(s.Fields, field{Name: t.Name})
		if from := g.comesFrom("trait:"+e.Name+"."+t.Name, map[string]bool{}); len(from) > 0 {
			facet.Fields[t.Name] = inputFields{g.inputs(from)}
		}
	}
	if d.Facets == nil {
		d.Facets = map[string]any{}
		if len(s.Fields) > 0 {
			d.Facets["schema"] = s
		}
	}
	if len(facet.Fields) > 0 {
		d.Facets["columnLineage"] = facet
	}
}

// comesFrom are the columns of sources that a node reads, through other nodes
// too: "contacts.country".
func (g *graph) comesFrom(key string, seen map[string]bool) []string {
	if seen[key] {
		return nil
	}
	seen[key] = true
	n := g.nodes[key]
	out := slices.Clone(n.Columns)
	for _, r := range n.Reads {
		if strings.HasPrefix(r, "trait:") || strings.HasPrefix(r, "segment:") {
			out = append(out, g.comesFrom(r, seen)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inputs are the columns of tables that columns of sources stand for.
func (g *graph) inputs(columns []string) []inputField {
	var out []inputField
	for _, c := range columns {
		name, column, _ := strings.Cut(c, ".")
		for _, s := range g.opt.Plan.Project.Sources {
			if s.Name != name {
				continue
			}
			if f, ok := s.Field(column); ok {
				column = f.Column
			} else if column == config.EventTime && s.Time != "" {
				column = s.Time
			}
			d := g.opt.Where.dataset(tableOf(s))
			out = append(out, inputField{d.Namespace, d.Name, column})
		}
	}
	return out
}

// tableOf is the table of a source, as statements name it.
func tableOf(s *config.Source) sql.Table {
	if s.Files != nil {
		return sql.Table{Space: sql.Source, Name: s.Name}
	}
	return sql.Table{Space: sql.Source, Name: s.Table}
}

// sync is what a sync reads, and the object of its destination.
func (g *graph) sync(name string) (in, out []Dataset) {
	for _, a := range g.opt.Plan.Audiences {
		if a.Sync.Name != name {
			continue
		}
		in = g.datasets(g.in["sync:"+name])
		object := a.Sync.To.Object
		if object == "" {
			object = "rows"
		}
		d := Dataset{Namespace: a.Destination.Type + "://" + a.Destination.Name, Name: object, Facets: map[string]any{}}
		s := schemaOf{base: of(schemaFacet)}
		for _, f := range a.Fields {
			s.Fields = append(s.Fields, field{Name: f.Name})
		}
		if len(s.Fields) > 0 {
			d.Facets["schema"] = s
		}
		profiles := g.opt.Where.dataset(a.Profiles)
		facet := columnsOf{of(columnsFacet), map[string]inputFields{}}
		for _, f := range a.Sync.Fields {
			if slices.Contains(a.Traits, f.Value.Trait) {
				facet.Fields[f.Key] = inputFields{[]inputField{{profiles.Namespace, profiles.Name, f.Value.Trait}}}
			}
		}
		if len(facet.Fields) > 0 {
			d.Facets["columnLineage"] = facet
		}
		return in, []Dataset{d}
	}
	return nil, nil
}
