package console

import (
	"fmt"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
)

// TestResult is an expectation of a test in JSON.
type TestResult struct {
	Test        string `json:"test"`
	Expectation string `json:"expectation"`
	Severity    string `json:"severity"`
	// Status is pass, warn, error, skipped or failed.
	Status   string `json:"status"`
	Failures int64  `json:"failures"`
	// Rows is absent where it is not known.
	Rows    *int64 `json:"rows,omitempty"`
	Message string `json:"message,omitempty"`
}

// NewTestResult is the JSON of a result. It holds no people's data.
func NewTestResult(t run.TestResult) TestResult {
	out := TestResult{
		Test: t.Name(), Expectation: t.Expectation.Name, Severity: t.Expectation.Test.Severity, Status: t.Status(),
		Failures: t.Verdict.Failures, Message: t.Verdict.Said,
	}
	if t.Err != nil {
		out.Message = t.Err.Error()
		return out
	}
	if t.Verdict.Rows >= 0 {
		out.Rows = &t.Verdict.Rows
	}
	return out
}

// testLine says in a line what a test has found.
func testLine(t run.TestResult) string {
	text := "test:" + t.Name() + " " + t.Expectation.Name
	switch {
	case t.Err != nil:
		return text + ": " + t.Err.Error()
	case t.Verdict.Said != "":
		return text + ": " + t.Verdict.Said
	}
	return text
}

// tests lists what did not pass, and counts the rest.
func (b *report) tests(list []run.TestResult) {
	if len(list) == 0 {
		return
	}
	var rows [][]string
	passed := int64(0)
	for _, t := range list {
		if t.Err == nil && t.Verdict.Outcome == models.Passed {
			passed++
			continue
		}
		said := t.Verdict.Said
		if t.Err != nil {
			said = t.Err.Error()
		}
		rows = append(rows, []string{t.Name(), t.Expectation.Name, t.Status(), said})
	}
	b.table(fmt.Sprintf("Tests: %s of %s passed", Number(passed), Number(int64(len(list)))), rows)
	if len(rows) == 0 {
		b.line("")
		b.line("Tests: all %s passed", Number(passed))
	}
}
