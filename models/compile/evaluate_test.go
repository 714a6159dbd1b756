package compile_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/examples/shop"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestEvaluators gives the shop's customers to the evaluator, one after the
// other with the rows that are theirs, and wants the traits and memberships that
// the warehouse has computed for all at once.
func TestEvaluators(t *testing.T) {
	t.Run("all", func(t *testing.T) { testEvaluators(t, "") })
	t.Run("young", func(t *testing.T) { testEvaluators(t, "    retention: 60 days\n") })
}

func testEvaluators(t *testing.T, keys string) {
	t.Helper()
	const customers = 500
	dir := t.TempDir()
	if _, err := shop.Generate(t.Context(), shop.Options{Customers: customers, Seed: 7, Dir: dir, Day: 1}); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"customhouse.yaml": {Data: []byte("project: {name: shop}\ntargets: {local: {type: any}}\n")}}
	for _, name := range []string{"identity.yaml", "sources.yaml", "traits.yaml", "segments.yaml"} {
		text, err := shop.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(text), "    class: personal\n", "    class: personal\n"+keys))}
	}
	p := loadFiles(t, files)
	b := modeltest.New(t)
	for _, s := range p.Sources {
		path := filepath.Join(dir, strings.TrimPrefix(s.Files.Path.Text(), "${env:SHOP_DATA}"))
		b.Exec("CREATE VIEW " + s.Name + " AS SELECT * FROM '" + path + "'")
	}
	opt := compile.Options{AsOf: shop.AsOf(1), RunID: "run"}
	run(b, p, opt)
	evaluators, found := compile.Evaluators(p, opt)
	if found.HasErrors() {
		t.Fatal(found)
	}
	v, e := evaluators["customer"], p.Entities[0]

	// The rows of each customer, as the warehouse knows whose they are.
	rows := map[string]map[string][]map[string]any{}
	for _, s := range p.Sources {
		for _, r := range b.Values(rowsOf(b, e, s)) {
			id := fmt.Sprint(r["customer_id"])
			delete(r, "customer_id")
			if rows[id] == nil {
				rows[id] = map[string][]map[string]any{}
			}
			rows[id][s.Name] = append(rows[id][s.Name], r)
		}
	}
	members := map[string]bool{}
	for _, r := range b.Rows("SELECT segment, customer_id FROM public.segment_members") {
		members[r[0]+" "+r[1]] = true
	}
	compared, in := 0, 0
	for _, want := range b.Values("SELECT * FROM public.customer_profiles") {
		id := fmt.Sprint(want["customer_id"])
		profile := expr.Profile{Traits: map[string]any{}, Rows: map[string][]map[string]any{}}
		for _, s := range p.Sources {
			profile.Rows[s.Name] = rows[id][s.Name]
		}
		for _, tr := range p.Traits {
			if tr.Pick != "" {
				profile.Traits[tr.Name] = want[tr.Name]
			}
		}
		subject := v.On(profile, opt.AsOf)
		for _, tr := range p.Traits {
			got, err := subject.Trait(tr.Name)
			if at, ok := got.(time.Time); ok {
				got = at.Equal(want[tr.Name].(time.Time))
				want[tr.Name] = true
			}
			if err != nil || got != want[tr.Name] {
				t.Errorf("customer %s: %s: got %v, want %v: %v", id, tr.Name, got, want[tr.Name], err)
			}
			compared++
		}
		for _, s := range p.Segments {
			got, err := subject.Segment(s.Name)
			if want := members[s.Name+" "+id]; err != nil || got != want {
				t.Errorf("customer %s: in %s: got %v, want %v: %v", id, s.Name, got, want, err)
			}
			compared++
			if got {
				in++
			}
		}
	}
	t.Logf("%d answers compared, %d of them membership", compared, in)
	if compared < 300*(len(p.Traits)+len(p.Segments)) || in < 20 {
		t.Errorf("only %d answers were compared, %d of them membership", compared, in)
	}
}

// rowsOf are the rows of a source under the names of expressions, each with
// whose it is; a decimal is the text of all its digits.
func rowsOf(b *modeltest.Bench, e *config.Entity, s *config.Source) string {
	b.Helper()
	rows := &sql.Select{Items: identity.RowKey(e, s, "s"), From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}}
	rows.Items = append(rows.Items, sql.As(sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}, expr.TimeField))
	names := []string{expr.TimeField}
	for _, c := range s.Columns {
		value := sql.Cast{Expr: sql.Col("s", c.Key), To: models.ColumnType(c.Value.Type)}
		if value.To == sql.TypeDecimal {
			value = sql.Cast{Expr: value, To: sql.TypeString}
		}
		rows.Items = append(rows.Items, sql.As(value, c.Key))
		names = append(names, c.Key)
	}
	return b.Query(&sql.Select{
		Items: append(sql.Items("e", names...), sql.Items("m", identity.Column(e))...),
		From: sql.Joins(sql.Derived{Query: rows, As: "e"},
			sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.MapTable(s), As: "m"}, On: identity.SameRow("e", "m")}),
	})
}
