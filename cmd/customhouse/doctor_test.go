package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestDoctorOn has the doctor look at each warehouse, well and ill, by scripts in
// testdata/doctor. TARGET in their projects is the target, SCHEMA is its
// schema, in which there is a table contacts.
func TestDoctorOn(t *testing.T) {
	t.Parallel()
	contacts := func(t *testing.T, open func(testing.TB) *adapters.Warehouse) {
		t.Helper()
		table := sql.Table{Space: sql.Public, Name: "contacts"}
		columns := []sql.ColumnDef{{Name: "email", Type: sql.TypeString}, {Name: "amount", Type: sql.TypeInt}}
		if err := open(t).Exec(t.Context(), sql.CreateTable{Table: table, Columns: columns}); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]func(*testing.T) (yaml, schema string, env []string){
		"postgres": func(t *testing.T) (string, string, []string) {
			t.Helper()
			target := postgrestest.NewTarget(t)
			contacts(t, target.Open)
			return target.YAML(), target.Schema, target.Env
		},
		"clickhouse": func(t *testing.T) (string, string, []string) {
			t.Helper()
			server := chtest.Start(t)
			yaml, schema := clickhouseTarget(t, server)
			if out, err := server.QueryIn(schema, "CREATE TABLE contacts (email Nullable(String), amount Nullable(Int64)) ENGINE = MergeTree ORDER BY tuple()"); err != nil {
				t.Fatal(out, err)
			}
			return yaml, schema, []string{"CLICKHOUSE_PASSWORD=" + server.Password}
		},
		"bigquery": func(t *testing.T) (string, string, []string) {
			t.Helper()
			target := bqtest.NewTarget(t)
			contacts(t, target.Open)
			return target.YAML(), target.Schema, nil
		},
		"snowflake": func(t *testing.T) (string, string, []string) {
			t.Helper()
			target := sftest.NewTarget(t)
			contacts(t, target.Open)
			return target.YAML(), target.Schema, target.Env
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			yaml, schema, env := target(t)
			testscript.Run(t, testscript.Params{
				Files: []string{filepath.Join("testdata", "doctor", name+".txtar")},
				Setup: func(e *testscript.Env) error {
					e.Vars = append(e.Vars, append(env, "HOME="+e.WorkDir, "NO_COLOR=1", "SCHEMA="+schema)...)
					for _, name := range []string{filepath.Join("well", projectFile), filepath.Join("missing", projectFile)} {
						file := filepath.Join(e.WorkDir, name)
						text, err := os.ReadFile(file)
						if err != nil {
							return err
						}
						if err := os.WriteFile(file, []byte(strings.NewReplacer("TARGET", yaml, "SCHEMA", schema).Replace(string(text))), 0o600); err != nil {
							return err
						}
					}
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
			})
		})
	}
}
