package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// testFlags are what test is told.
type testFlags struct {
	rows int
}

// tested is customhouse/test-results/v1.
type tested struct {
	Schema string       `json:"schema"`
	Target string       `json:"target"`
	AsOf   string       `json:"as_of"`
	Status run.Status   `json:"status"`
	Tests  []testedLine `json:"tests"`
}

// testedLine is an expectation.
type testedLine struct {
	console.TestResult
	// SQL is the file with the query that selects the rows that fail.
	SQL string `json:"sql,omitempty"`
	// Columns and Sample are the first of those rows, with --unmask.
	Columns []string `json:"columns,omitempty"`
	Sample  [][]any  `json:"sample,omitempty"`
}

func (a *app) testCommand() *cobra.Command {
	f := testFlags{rows: 5}
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Test the data, and build and send nothing",
		Long: `Run the tests of the project on the sources as they are now and on the profiles
and segments of the last run. A run does so too, before anything is built of a
source and before anything is sent of a profile; this is to look. Nothing is
built, sent or written down.

The query that selects the rows which fail is written to target/compiled/tests.
With --unmask the first of those rows are printed.

The exit code is 1 where a test of severity error fails.`,
		Example: `  customhouse test
  customhouse test --select source:orders+ --unmask --because 'ticket 4711'`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			if f.rows < 1 || f.rows > 1000 {
				return usageError{errors.New("--rows is from 1 to 1000")}
			}
			return a.test(ctx, f)
		}),
	}
	a.unmaskFlags(cmd)
	cmd.Flags().IntVar(&f.rows, "rows", f.rows, "how many rows to print of each")
	return cmd
}

func (a *app) test(ctx context.Context, f testFlags) error {
	p, whole, err := a.planned()
	if err != nil {
		return err
	}
	selected, err := a.selected(p, whole)
	if err != nil {
		return err
	}
	// Who selects a source means the tests of it.
	for _, n := range whole.Nodes {
		for _, t := range p.Tests {
			if n.Key == "test:"+t.Name && selected != nil && len(a.include) > 0 {
				for _, read := range t.Reads() {
					selected[n.Key] = selected[n.Key] || selected[read]
				}
			}
		}
	}
	plan := p.checked.Tests(compile.Options{AsOf: whole.AsOf, Target: p.target.Name, RunID: whole.RunID}, selected)
	if len(plan.Tests) == 0 {
		return usageError{errors.New("no test is selected: docs/tests.md says how to write one")}
	}
	options, err := a.options(ctx, p, plan, false)
	if err != nil {
		return err
	}
	if _, err := a.masker(ctx, p, audit.Of("test", "rows"), someone{}); err != nil {
		return err
	}
	ctx, leave, err := a.equip(ctx, p, &options)
	if err != nil {
		return err
	}
	summary, err := run.Test(ctx, options)
	out := tested{Schema: "customhouse/test-results/v1", Target: p.target.Name, AsOf: moment(plan.AsOf), Status: summary.Status, Tests: []testedLine{}}
	for i := range summary.Tests {
		line, wrong := p.testedLine(ctx, options.Warehouse, summary.Tests[i], a.unmask, f.rows)
		err = errors.Join(err, wrong)
		out.Tests = append(out.Tests, line)
	}
	if err = errors.Join(err, leave()); err != nil {
		return err
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, out)
	} else {
		err = out.print(a.stdout)
	}
	if err != nil {
		return err
	}
	return a.exit(summary.Status)
}

// testedLine tells of one expectation, and writes down how to find what fails it.
func (p *project) testedLine(ctx context.Context, wh *adapters.Warehouse, t run.TestResult, show bool, rows int) (testedLine, error) {
	line := testedLine{TestResult: console.NewTestResult(t)}
	if t.Status() == "skipped" || t.Status() == "failed" || t.Verdict.Outcome == models.Passed || t.Expectation.Failing == nil {
		return line, nil
	}
	text, err := wh.Printer().Query(t.Expectation.Failing)
	if err != nil {
		return line, err
	}
	name := failingFile(t.Expectation)
	if err := p.writeArtifact(filepath.Join("compiled", filepath.FromSlash(name)), []byte(text+";\n")); err != nil {
		return line, err
	}
	line.SQL = "target/compiled/" + name
	if show {
		line.Columns, line.Sample, err = run.Sample(ctx, wh, t.Expectation, rows)
	}
	return line, err
}

// failingFile is where the query of the rows that fail is written, below
// target/compiled.
func failingFile(x *models.Expectation) string {
	return "tests/failing/" + x.Test.Name + "/" + slug(x.Name) + ".sql"
}

func (t tested) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		passed := 0
		for _, x := range t.Tests {
			said := x.Message
			if said == "" && x.Rows != nil {
				said = counted(*x.Rows, "row")
			}
			line("%s\t%s\t%s\t%s", x.Status, x.Test, x.Expectation, said)
			if x.Status == string(models.Passed) {
				passed++
			}
			if x.SQL != "" {
				line("\t\t\tsee %s", x.SQL)
			}
			if len(x.Sample) > 0 {
				line("\t\t\t%s", strings.Join(x.Columns, " | "))
			}
			for _, row := range x.Sample {
				var cells []string
				for _, v := range row {
					cells = append(cells, console.Line(v))
				}
				line("\t\t\t%s", strings.Join(cells, " | "))
			}
		}
		line("")
		line("%s", fmt.Sprintf("%d of %d passed", passed, len(t.Tests)))
	})
}
