package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
)

// onSnowflake gives a project the target snowflake, which is the local server.
func onSnowflake(t *testing.T, dir string, env []string) []string {
	t.Helper()
	line, more := snowflakeTarget(t)
	file := filepath.Join(dir, projectFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "targets:\n", "targets:\n  snowflake: "+line+"\n", 1)
	if changed == string(text) {
		t.Fatal("the project has no targets")
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(env, more...)
}

// snowflakeTarget is a target at the local server.
func snowflakeTarget(t *testing.T) (line string, env []string) {
	t.Helper()
	s := sftest.Start(t)
	return fmt.Sprintf("{type: snowflake, account: %s, user: %s, password: '${env:SNOWFLAKE_PASSWORD}', database: %s, host: %s, port: %d, protocol: http, deliver: true}",
		s.Account, s.User, s.Database, s.Host, s.Port), []string{"SNOWFLAKE_PASSWORD=" + s.Password}
}

// TestShopOnSnowflake: the shop's two days are the same there as in DuckDB, the
// second upon the first, and the same files leave.
func TestShopOnSnowflake(t *testing.T) {
	t.Parallel()
	const customers = 200
	dir, env := shopProject(t, customers)
	env = onSnowflake(t, dir, env)
	for number := 1; number <= 2; number++ {
		day(t, dir, customers, number)
		must(t, env, "--project-dir", dir, "parity", "local", "snowflake", "--as-of", asOf(number), "--show-values")
		sent := map[string]map[string]string{}
		for _, target := range []string{"local", "snowflake"} {
			if err := os.RemoveAll(filepath.Join(dir, "exports")); err != nil {
				t.Fatal(err)
			}
			must(t, env, "--project-dir", dir, "--target", target, "run", "--as-of", asOf(number), "--exclude", toFiles)
			sent[target] = written(t, dir)
		}
		if len(sent["local"]) == 0 {
			t.Errorf("day %d: nothing was delivered", number)
		}
		if d := cmp.Diff(sent["local"], sent["snowflake"]); d != "" {
			t.Errorf("day %d: what was delivered (-DuckDB +Snowflake):\n%s", number, d)
		}
	}
}
