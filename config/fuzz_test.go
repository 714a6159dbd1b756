package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzLoad reads any file beside a sound project: it ends, soon and without a
// panic; it gives a project or errors, never both or neither; and every
// finding is inside the file.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/design/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := fstest.MapFS{"base.yaml": {Data: base}, "f.yaml": {Data: text}}
		p, list := Load(fsys, ".", testKinds())
		if (p == nil) == (list == nil) || list != nil && !list.HasErrors() {
			t.Fatalf("got project %v and findings %v", p != nil, list)
		}
		for _, d := range list {
			sp := d.Span
			if sp.Source == nil || sp.Start.Line == 0 {
				continue
			}
			if sp.Source.Line(sp.Start.Line) == nil && len(sp.Source.Text) > 0 || sp.End.Before(sp.Start) {
				t.Errorf("got %v-%v outside the file: %s", sp.Start, sp.End, d)
			}
		}
		_ = render(list)
	})
}

// large is a project of n times ten segments, four traits and a source.
func large(n int) fstest.MapFS {
	var sources, traits, segments, syncs strings.Builder
	sources.WriteString("sources:\n")
	traits.WriteString("traits:\n")
	segments.WriteString("segments:\n")
	syncs.WriteString("syncs:\n")
	for i := range n {
		fmt.Fprintf(&sources, `  - name: source_%d
    table: raw.table_%d
    entity: customer
    events: true
    identifiers: {user_id: id, email: email_address}
    time: updated_at
    columns: {amount: decimal, sku: string, country: {type: string, column: Country Code}, opted_in: bool}
`, i, i)
		for j := range 4 {
			if j%2 == 0 {
				fmt.Fprintf(&traits, "  - {name: trait_%d_%d, entity: customer, pick: latest, from: source_%d.country}\n", i, j, i)
			} else {
				fmt.Fprintf(&traits, "  - {name: trait_%d_%d, entity: customer, value: 'source_%d.sum(o, o.amount)'}\n", i, j, i)
			}
		}
		for j := range 10 {
			fmt.Fprintf(&segments, `  - name: segment_%d_%d
    entity: customer
    tags: [daily]
    when: |
      trait_%d_0 == "FR" && trait_%d_1 > 100.0
        && source_%d.exists(v, v.sku == "sport" && v.time > now - days(30))
`, i, j, i, i, i)
		}
		fmt.Fprintf(&syncs, `  - name: sync_%d
    from: {segment: segment_%d_0}
    to: {destination: crm, object: contacts, mode: mirror, key: email}
    fields: {email: email, country: trait_%d_0}
    purpose: marketing
    schedule: '15 * * * *'
`, i, i, i)
	}
	return fstest.MapFS{
		"sources.yaml": {Data: []byte(sources.String())}, "traits.yaml": {Data: []byte(traits.String())},
		"segments.yaml": {Data: []byte(segments.String())}, "syncs.yaml": {Data: []byte(syncs.String())},
	}
}

// BenchmarkLoad loads 500 segments, 200 traits and 50 sources, and ten times
// as many: the second should take ten times as long.
func BenchmarkLoad(b *testing.B) {
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{50, 500} {
		b.Run(fmt.Sprintf("segments=%d", n*10), func(b *testing.B) {
			fsys := large(n)
			fsys["base.yaml"] = &fstest.MapFile{Data: base}
			for b.Loop() {
				if _, list := Load(fsys, ".", testKinds()); list != nil {
					b.Fatal(list)
				}
			}
		})
	}
}
