package config

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// duckdb, bigquery and hubspot stand in for the kinds of the composition root.
type duckdb struct {
	Path secret.Template `yaml:"path,required" doc:"Database file."`
}

type bigquery struct {
	Project  secret.Template `yaml:"project,required" doc:"Project that is billed."`
	Dataset  string          `yaml:"dataset" doc:"Dataset of the tables."`
	Location string          `yaml:"location" doc:"Region of the dataset."`
}

type hubspot struct {
	Token   secret.Ref `yaml:"token,required" doc:"Access token."`
	Retries int        `yaml:"retries" doc:"How often to try again."`
}

// ads is told what people have consented to.
type ads struct {
	AdUserData        string `yaml:"ad_user_data" doc:"Consent of all whose row does not say."`
	AdPersonalization string `yaml:"ad_personalization" doc:"Consent of all whose row does not say."`
}

func (a *ads) Unsaid(consent string) (given, said bool) {
	word := map[string]string{"ad_user_data": a.AdUserData, "ad_personalization": a.AdPersonalization}[consent]
	return word == "granted", word != ""
}

func (h *hubspot) Check(n strict.Node, report func(diag.Diagnostic)) {
	if h.Retries > 10 {
		report(diag.Errorf(n.At("retries"), "out-of-range", "at most 10 retries").WithHelp("write 10 or less"))
	}
}

func testKinds() Kinds {
	return Kinds{
		Targets: map[string]func() any{
			"duckdb":   func() any { return &duckdb{} },
			"bigquery": func() any { return &bigquery{} },
		},
		LongestSchema: map[string]int{"bigquery": 58},
		Destinations: map[string]func() any{
			"hubspot": func() any { return &hubspot{Retries: 3} },
			"ads":     func() any { return &ads{} },
		},
	}
}

func render(l diag.List) string {
	var b strings.Builder
	diag.Render(&b, l)
	return b.String()
}

func TestLoadDesign(t *testing.T) {
	dir := "testdata/design"
	p, list := Load(os.DirFS(dir), dir, testKinds())
	if list != nil {
		t.Fatalf("got findings:\n%s", render(list))
	}
	if diff := cmp.Diff(render(p.Warnings), "identity.yaml:9:26: warning[unreachable-identifier]: "+
		"no source has the identifier \"domain\"\n"+
		"  |     identifiers: [{name: domain, normalize: domain}]\n"+
		"  |                          ^^^^^^\n"+
		"  help: map it to a column under identifiers of a source, or remove it\n"); diff != "" {
		t.Errorf("warnings (-got +want):\n%s", diff)
	}
}

// TestExpressionPlaces finds words of expressions in the file, with accents,
// wide characters and emoji before them.
func TestExpressionPlaces(t *testing.T) {
	text := `segments:
  - name: block
    entity: customer
    description: 'Élèves, 読者 😀'
    when: |
      // é 読者 😀
      city == "Orléans 😀" && wrong > 1
  - {name: wide, entity: customer, when: '"読者" == city && wrong'}
  - name: folded
    entity: customer
    when: >-
      "é" == city

      && wrong
  - name: escaped
    entity: customer
    when: "\"\u8aad\" == city\t&& wrong"
  - name: plain
    entity: customer
    when: city == "é"
      || wrong
`
	p, list := Load(withBase(t, map[string]string{"s.yaml": text}), ".", testKinds())
	if list != nil {
		t.Fatalf("got findings:\n%s", render(list))
	}
	want := map[string]int{"block": 7, "wide": 8, "folded": 14, "escaped": 17, "plain": 21}
	for _, s := range p.Segments {
		if s.Name == "everyone" {
			continue
		}
		at := strings.Index(s.When, "wrong")
		sp := s.Pos.Text("when").Span(at, at+len("wrong"))
		if sp.Start.Line != want[s.Name] {
			t.Errorf("%s: got line %d, want %d", s.Name, sp.Start.Line, want[s.Name])
		}
		lines := strings.Split(text, "\n")
		if got := string([]rune(lines[sp.Start.Line-1])[sp.Start.Col-1 : sp.End.Col-1]); got != "wrong" {
			t.Errorf("%s: got %q in the file", s.Name, got)
		}
	}
}

// TestLoadFillsIn holds the project to what the types promise.
func TestLoadFillsIn(t *testing.T) {
	p, list := Load(withBase(t, map[string]string{"more.yaml": `
sources:
  - name: files
    entity: customer
    files: {path: '${env:DATA}/x*.csv.gz'}
    identifiers: {email: mail}
    columns: {a: string, b: {type: int, column: B b}}
syncs:
  - name: out
    from: {entity: customer}
    to: {destination: crm, key: id}
    fields: {id: customer_id, mail: email}
    purpose: service
    guards: {max_removed: 2.5%, max_rejected: 7}
`}), "shop", testKinds())
	if list != nil {
		t.Fatalf("got findings:\n%s", render(list))
	}
	if p.Dir != "shop" || p.Name != "shop" || p.Timezone.String() != "UTC" {
		t.Errorf("got %q, %q, %v", p.Dir, p.Name, p.Timezone)
	}
	target := p.Targets[0]
	if cfg, ok := target.Config.(*duckdb); !ok || cfg.Path.Text() != "shop.duckdb" || target.Schema != "customhouse" || target.Deliver {
		t.Errorf("got target %+v", target)
	}
	if cfg, ok := p.Destinations[0].Config.(*hubspot); !ok || cfg.Retries != 3 || cfg.Token.Text() != "${env:HUBSPOT_TOKEN}" {
		t.Errorf("got destination %+v", p.Destinations[0])
	}
	source := p.Sources[2]
	if source.Files.Format != "csv" || source.Files.Delimiter != "," {
		t.Errorf("got files %+v", source.Files)
	}
	got := map[string]string{}
	for _, name := range []string{"a", "b", "email"} {
		c, ok := source.Field(name)
		if !ok {
			t.Errorf("got no field %s", name)
		}
		got[name] = c.Type + " " + c.Column
	}
	if diff := cmp.Diff(got, map[string]string{"a": "string a", "b": "int B b", "email": "string mail"}); diff != "" {
		t.Errorf("fields (-got +want):\n%s", diff)
	}
	sync := p.Syncs[0]
	if sync.To.Mode != "upsert" || *sync.Guards.MaxRemoved != (Bound{Percent: 2.5, IsPercent: true}) ||
		*sync.Guards.MaxRejected != (Bound{Rows: 7}) {
		t.Errorf("got sync %+v", sync)
	}
}

// TestLoadIdentity holds the keys of identity to what the types promise, given
// and not given.
func TestLoadIdentity(t *testing.T) {
	p, list := Load(withBase(t, map[string]string{"more.yaml": `
entities:
  - name: person
    identifiers:
      - {name: user_id, suspect: 2}
      - {name: email, normalize: email, shared_by: 3, suspect: 4}
      - {name: cookie}
    always_link:
      - {a: email=jo@example.com, b: 'cookie=a=b c', because: they called}
    never_link:
      - {a: user_id=1, b: user_id=2, because: twins}
    suspect_size: 7
    hold: true
    expire: {known_only_by: [cookie], after: 2 weeks}
  - name: device
    identifiers: [{name: serial}]
    expire: {known_only_by: [serial], after: 1 day}
sources:
  - name: visits
    table: visits
    entity: person
    identifiers: {user_id: id, cookie: anonymous}
    time: at
    changes: append
    look_back: 90 minutes
  - name: people
    table: people
    entity: person
    identifiers: {user_id: id, email: mail}
    time: at
    changes: update
    look_back: 12 hours
    key: Row Id
  - {name: devices, table: devices, entity: device, identifiers: {serial: s}}
`}), "shop", testKinds())
	if list != nil {
		t.Fatalf("got findings:\n%s", render(list))
	}
	person, device := p.Entities[2], p.Entities[3]
	pairs := func(list []Pair) (out []string) {
		for _, p := range list {
			out = append(out, p.A.Type+"|"+p.A.Value+"|"+p.B.Type+"|"+p.B.Value+"|"+p.Because)
		}
		return out
	}
	if diff := cmp.Diff(append(pairs(person.AlwaysLink), pairs(person.NeverLink)...),
		[]string{"email|jo@example.com|cookie|a=b c|they called", "user_id|1|user_id|2|twins"}); diff != "" {
		t.Errorf("pairs (-got +want):\n%s", diff)
	}
	if ids := person.Identifiers; ids[0].Suspect != 2 || ids[1].SharedBy != 3 || ids[1].Suspect != 4 || ids[2].SharedBy != 0 {
		t.Errorf("got identifiers %+v", ids)
	}
	if person.SuspectSize != 7 || !person.Hold || device.SuspectSize != 50 || device.Hold || p.Entities[0].Expire != nil {
		t.Errorf("got person %+v, device %+v", person, device)
	}
	if diff := cmp.Diff(person.Expire, &Expire{KnownOnlyBy: []string{"cookie"}, After: Duration(14 * 24 * time.Hour)}); diff != "" {
		t.Errorf("expire (-got +want):\n%s", diff)
	}
	type reading struct {
		Changes, Key string
		LookBack     time.Duration
	}
	var got []reading
	for _, s := range p.Sources[2:] {
		got = append(got, reading{s.Changes, s.Key, time.Duration(s.LookBack)})
	}
	want := []reading{{"append", "", 90 * time.Minute}, {"update", "Row Id", 12 * time.Hour}, {"compare", "", 0}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("sources (-got +want):\n%s", diff)
	}
}

// TestLoadNormalizers reads both forms, and SQL that any of the dialects may
// have.
func TestLoadNormalizers(t *testing.T) {
	p, list := Load(withBase(t, map[string]string{"more.yaml": `
entities:
  - name: car
    identifiers:
      - {name: vin, normalize: lower}
      - name: plate
        normalize:
          duckdb: "replace(lower({value}), 'it''s (', 'its')"
          bigquery: |
            REGEXP_REPLACE(LOWER({value}), '[^a-z\'(]', "\"(")
      - {name: site, normalize: domain, ignore: [free_mail, example.com]}
sources:
  - {name: cars, table: cars, entity: car, identifiers: {vin: v, plate: p, site: s}}
`}), "shop", testKinds())
	if list != nil {
		t.Fatalf("got findings:\n%s", render(list))
	}
	ids := p.Entities[2].Identifiers
	if ids[0].Normalize != "lower" || ids[0].Custom != nil || ids[1].Normalize != CustomNormalizer {
		t.Errorf("got %+v", ids)
	}
	want := strict.Ordered[string]{
		{Key: "duckdb", Value: "replace(lower({value}), 'it''s (', 'its')"},
		{Key: "bigquery", Value: `REGEXP_REPLACE(LOWER({value}), '[^a-z\'(]', "\"(")` + "\n"},
	}
	if diff := cmp.Diff(ids[1].Custom, want); diff != "" {
		t.Errorf("custom (-got +want):\n%s", diff)
	}
}
