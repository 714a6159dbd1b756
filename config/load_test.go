package config

import (
	"os"
	"strings"
	"testing"

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
		Destinations: map[string]func() any{
			"hubspot": func() any { return &hubspot{Retries: 3} },
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
