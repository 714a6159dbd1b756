package snowflake_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestMain(m *testing.M) { os.Exit(adaptertest.Main(m.Run, sftest.Inherited)) }

// resolver gives the password of the server for tests.
func resolver(s *sftest.Server) secret.Resolver {
	return secret.Resolver{Env: func(string) (string, bool) { return s.Password, true }}
}

// target is a target at the server for tests.
func target(tb testing.TB, s *sftest.Server) snowflake.Config {
	tb.Helper()
	password, err := secret.NewRef("${env:PASSWORD}")
	if err != nil {
		tb.Fatal(err)
	}
	return snowflake.Config{Account: s.Account, User: s.User, Password: password, Database: s.Database, Host: s.Host, Port: s.Port, Protocol: "http"}
}

// open opens empty schemas and closes the warehouse with the test.
func open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	return sftest.NewTarget(tb).Open(tb)
}

// notExecuted are the cases that the local server cannot execute, or that
// Snowflake answers in another way. What of them is generated is parsed.
var notExecuted = map[string]string{
	"code points":             "a million rows take the local server minutes; TestLetters asks for those that matter",
	"loads floats":            "the client cannot read infinities and NULL in lists that come as JSON; the service sends Arrow",
	"float_to_string(5e-324)": "numbers below 2^-1022 have more digits than they need",
}

func TestConformance(t *testing.T) {
	without := notExecuted
	if sftest.NewTarget(t).Live {
		without = map[string]string{"float_to_string(5e-324)": notExecuted["float_to_string(5e-324)"]}
	}
	adaptertest.Run(t, adaptertest.Harness{Open: open, Without: without})
}

// TestLive runs a part of the suite as on an account that the variable names, which
// is the local server here.
func TestLive(t *testing.T) {
	s := sftest.Start(t)
	t.Setenv("CUSTOMHOUSE_TEST_SNOWFLAKE", fmt.Sprintf("%s@%s/%s?host=%s&port=%d&protocol=http", s.User, s.Account, s.Database, s.Host, s.Port))
	t.Setenv("CUSTOMHOUSE_TEST_SNOWFLAKE_PASSWORD", s.Password)
	if !sftest.NewTarget(t).Live {
		t.Error("the variable is not followed")
	}
	adaptertest.Run(t, adaptertest.Harness{Open: open, Only: adaptertest.Brief})
	var dropped int
	for _, statement := range s.Statements() {
		if strings.HasPrefix(statement.Text, "DROP SCHEMA IF EXISTS TEST_") || strings.HasPrefix(statement.Text, "DROP SCHEMA IF EXISTS test_") {
			dropped++
		}
	}
	if want := 2 * len(adaptertest.Brief); dropped != want {
		t.Errorf("%d schemas were dropped, want %d", dropped, want)
	}
}

// TestNotExecuted: the page on warehouses says what is only parsed.
func TestNotExecuted(t *testing.T) {
	adaptertest.Documented(t, "../../docs/warehouses.md", "Snowflake", notExecuted)
}

// TestLetters compares white space, and the letters that have a lower case, with
// package unicode.
func TestLetters(t *testing.T) {
	w := open(t)
	var letters []rune
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r < 0x100 || unicode.IsSpace(r) || unicode.ToLower(r) != r {
			letters = append(letters, r)
		}
	}
	if len(letters) < 1000 {
		t.Fatalf("found only %d letters", len(letters))
	}
	table := sql.Table{Space: sql.Work, Name: "letters"}
	err := w.Exec(t.Context(), sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "c", Type: sql.TypeString}}})
	if err == nil {
		err = w.Load(t.Context(), table, []string{"c"}, func(yield func([]any, error) bool) {
			for _, r := range letters {
				if !yield([]any{string(r)}, nil) {
					return
				}
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	c := sql.Col("t", "c")
	rows, err := w.Query(t.Context(), &sql.Select{
		Items: []sql.Item{sql.As(c, "c"), sql.As(sql.Fn(sql.Eq, sql.Fn(sql.TrimSpace, c), sql.String("")), "space"), sql.As(sql.Fn(sql.Lower, c), "lower")},
		From:  sql.TableRef{Table: table, As: "t"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	row := make([]any, 3)
	seen := 0
	for ; rows.Next(row) == nil; seen++ {
		text, _ := row[0].(string)
		r := []rune(text)[0]
		if row[1] != unicode.IsSpace(r) || row[2] != string(unicode.ToLower(r)) {
			t.Errorf("%U: white space is %v, lower case %q", r, row[1], row[2])
		}
	}
	if seen != len(letters) {
		t.Errorf("got %d of %d letters", seen, len(letters))
	}
}

func TestStopOthers(t *testing.T) {
	target := sftest.NewTarget(t)
	other := *target
	other.Schema += "_other"
	adaptertest.Stops(t, target.Connect, other.Connect)
}

func TestKilledScript(t *testing.T) {
	rounds := 4
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 60
	}
	target := sftest.NewTarget(t)
	adaptertest.Killed(t, adaptertest.Killing{Connect: target.Connect, Env: target.Inheritance(), Tables: target.Tables, Rounds: rounds})
}
