package sftest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
)

func TestMain(m *testing.M) { os.Exit(sftest.Main(m)) }

// TestGrammar has the second parser read the SQL of the example shop, and
// refuse what it must refuse.
func TestGrammar(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../sql/golden/snowflake/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if len(texts) == 0 {
		t.Fatal("no SQL of Snowflake is in sql/golden")
	}
	sftest.CheckGrammar(t, texts)
}

func TestGrammarRefuses(t *testing.T) {
	t.Parallel()
	sftest.CheckGrammar(t, []string{"SELECT a FROM t"}) // skips without the parser
	_, findings, err := sftest.Grammar([]string{"SELECT a b c FROM t", "SELECT count(*) FILTER (WHERE a) FROM t GROUP BY"})
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) == 0 {
		t.Error("what is not Snowflake's grammar was read")
	}
}
