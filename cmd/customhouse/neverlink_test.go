package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
)

const pairsProject = `project: {name: pairs}
targets:
  local: {type: duckdb, path: pairs.duckdb}
entities:
  - name: customer
    identifiers:
      - {name: user_id, limit: 1}
      - {name: email, normalize: email, limit: 3}
      - {name: phone, normalize: phone, region: FR}
      - {name: cookie}
    always_link:
      - {a: user_id=5, b: email=eve@example.com, because: she told us}
    never_link:
      - {a: email=twin1@example.com, b: email=twin2@example.com, because: twins share a phone}
      - {a: user_id=1, b: cookie=c2, because: a cookie of the library}
      - {a: phone=0611111111, b: phone=0633333333, because: two households}
sources:
  - {name: contacts, files: {path: contacts.csv}, entity: customer, identifiers: {user_id: id, email: email, phone: mobile}, time: updated_at, columns: {first_name: string}}
  - {name: visits, files: {path: visits.csv}, entity: customer, events: true, identifiers: {cookie: cookie, user_id: visitor, email: mail}, time: at}
traits:
  - {name: name, entity: customer, pick: latest, from: contacts.first_name}
  - {name: visited, entity: customer, value: visits.count()}
`

// pairsDays are what the sources have on two days: on the second a row has gone, and
// others have come that would join what is kept apart.
var pairsDays = []map[string]string{
	{
		"contacts.csv": `id,email,mobile,updated_at,first_name
1,ada@example.com,0612345678,2026-01-02,Ada
,d@example.com,0611111111,2026-01-05,Dora
,d@example.com,0633333333,2026-01-06,Dora
5,,,2026-01-06,Eve
,twin1@example.com,0622222222,2026-01-07,T
,twin2@example.com,0622222222,2026-01-08,U
9,gone@example.com,,2026-01-08,G
`,
		"visits.csv": `cookie,visitor,mail,at
c1,1,,2026-02-01 10:00:00
c2,,ada@example.com,2026-02-03 10:00:00
c3,,eve@example.com,2026-02-03 10:00:00
`,
	},
	{
		"contacts.csv": `id,email,mobile,updated_at,first_name
1,ada@example.com,0612345678,2026-01-02,Ada
,d@example.com,0611111111,2026-01-05,Dora
,d@example.com,0633333333,2026-01-06,Dora
5,,,2026-01-06,Eve
,twin1@example.com,0622222222,2026-01-07,T
,twin2@example.com,0622222222,2026-01-08,U
7,twin1@example.com,,2026-02-07,T
7,twin2@example.com,,2026-02-08,U
`,
		"visits.csv": `cookie,visitor,mail,at
c1,1,,2026-02-01 10:00:00
c2,,ada@example.com,2026-02-03 10:00:00
c2,1,,2026-02-04 10:00:00
c3,,eve@example.com,2026-02-03 10:00:00
c4,,twin1@example.com,2026-02-09 10:00:00
c4,,twin2@example.com,2026-02-09 10:00:00
`,
	},
}

// TestPairsEverywhere: what is always and never linked is the same in every warehouse,
// from the first run on.
func TestPairsEverywhere(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(t *testing.T, dir string) []string{
		"postgres":  func(t *testing.T, dir string) []string { t.Helper(); return onPostgres(t, dir, nil) },
		"snowflake": func(t *testing.T, dir string) []string { t.Helper(); return onSnowflake(t, dir, nil) },
		"bigquery": func(t *testing.T, dir string) []string {
			t.Helper()
			addTarget(t, dir, "bigquery", bqtest.NewTarget(t).YAML())
			return nil
		},
		"remote": func(t *testing.T, dir string) []string { // ClickHouse
			t.Helper()
			server := chtest.Start(t)
			remote(t, dir, server)
			return []string{"CLICKHOUSE_PASSWORD=" + server.Password}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyProject(t, fstest.MapFS{projectFile: {Data: []byte(pairsProject)}})
			env := on(t, dir)
			for i, day := range pairsDays {
				for file, text := range day {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				must(t, env, "--project-dir", dir, "parity", "local", name, "--as-of", []string{"2026-03-01", "2026-03-02"}[i], "--unmask", "--because", "test")
			}
		})
	}
}
