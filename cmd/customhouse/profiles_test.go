package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// machine is a project on a machine with variables.
type machine struct {
	fstest.MapFS
	env map[string]string
}

func (m machine) LookupEnv(name string) (string, bool) {
	v, ok := m.env[name]
	return v, ok
}

// fromProfile loads a project whose target is the output of a profile.
func fromProfile(t *testing.T, output string, env map[string]string) (*config.Target, string) {
	t.Helper()
	profiles := "shop:\n  target: prod\n  outputs:\n    prod:\n      " + strings.ReplaceAll(strings.TrimSpace(output), "\n", "\n      ") + "\n"
	m := machine{MapFS: fstest.MapFS{
		"dbt/dbt_project.yml": {Data: []byte("name: shop\n")},
		"dbt/profiles.yml":    {Data: []byte(profiles)},
		"customhouse.yaml":    {Data: []byte("project: {name: shop}\ntargets:\n  production: {type: dbt, profiles: dbt/profiles.yml, deliver: true}\n")},
	}, env: env}
	p, found := config.Load(m, "/project", kinds())
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	diag.Render(&b, p.Targets[0].Found)
	if !p.Targets[0].Deliver {
		t.Error("deliver is not ours to say any more")
	}
	return p.Targets[0], b.String()
}

func ref(t *testing.T, text string) secret.Ref {
	t.Helper()
	r, err := secret.NewRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var sameText = cmp.Options{
	cmp.Comparer(func(a, b secret.Ref) bool { return a.Text() == b.Text() }),
	cmp.Comparer(func(a, b secret.Template) bool { return a.Text() == b.Text() }),
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		output string
		env    map[string]string
		want   any
		// found are parts of what is found, in their order; none is nothing.
		found []string
	}{
		"postgres": {
			output: `
type: postgres
host: "{{ env_var('PGHOST') }}"
port: "{{ env_var('PGPORT', '5432') | int }}"
user: customhouse
pass: "{{ env_var('PGPASSWORD') }}"
dbname: "shop_{{ env_var(\"STAGE\", \"dev\") }}"
schema: analytics
threads: 8
sslmode: verify-ca
sslrootcert: certs/ca.pem
role: transformer`,
			env: map[string]string{"PGHOST": "db.shop.example", "STAGE": "prod"},
			want: &postgres.Config{
				Host: "db.shop.example", Port: 5432, User: "customhouse", Password: ref(t, "${env:PGPASSWORD}"), Database: "shop_prod",
				SSLMode: "verify-ca", SSLRootCert: "dbt/certs/ca.pem",
			},
			found: []string{"dbt/profiles.yml:15:7: warning[unread-key]: role of dbt means nothing here"},
		},
		"snowflake with a key": {
			output: `
type: snowflake
account: myorg-shop
user: cdp
role: customhouse
private_key_path: /run/secrets/snowflake.p8
private_key_passphrase: "{{ env_var('PASSPHRASE', '') }}"
database: analytics
warehouse: transforming
schema: dbt
query_tag: dbt
threads: 4`,
			want: &snowflake.Config{
				Account: "myorg-shop", User: "cdp", Role: "customhouse", PrivateKey: ref(t, "${file:/run/secrets/snowflake.p8}"),
				Database: "analytics", Warehouse: "transforming",
			},
		},
		"snowflake with a token": {
			output: `
type: snowflake
account: myorg-shop
authenticator: oauth
token: "{{ env_var('DBT_ENV_SECRET_TOKEN') }}"
database: analytics`,
			want: &snowflake.Config{Account: "myorg-shop", Token: ref(t, "${env:DBT_ENV_SECRET_TOKEN}"), Database: "analytics"},
		},
		"bigquery with a key": {
			output: `
type: bigquery
method: service-account
keyfile: "{{ env_var('KEYFILE') }}"
project: shop-123456
dataset: dbt
execution_project: shop-jobs-1
location: EU
maximum_bytes_billed: 1000000
impersonate_service_account: cdp@shop-123456.iam.gserviceaccount.com
priority: batch`,
			env: map[string]string{"KEYFILE": "key.json"},
			want: &bigquery.Config{
				Project: "shop-123456", Billing: "shop-jobs-1", Location: "EU", Credentials: ref(t, "${file:/project/dbt/key.json}"),
				Impersonate: "cdp@shop-123456.iam.gserviceaccount.com", MaxBytesBilled: 1000000,
			},
			found: []string{"unread-key]: priority of dbt"},
		},
		"bigquery of a person": {
			output: "type: bigquery\nmethod: oauth\ndatabase: shop-123456\nkeyfile: left/over.json",
			want:   &bigquery.Config{Project: "shop-123456"},
		},
		"clickhouse by its port": {
			output: `
type: clickhouse
host: ch.shop.example
port: 9440
user: "{{ env_var('CH_USER') }}"
password: "{{ env_var('CH_PASSWORD') }}"
schema: dbt
secure: "{{ env_var('CH_SECURE', 'True') | as_bool }}"
verify: False
cluster: main
custom_settings: {max_memory_usage: 8000000000}`,
			env: map[string]string{"CH_USER": "cdp"},
			want: &clickhouse.Config{
				Address: "ch.shop.example:9440", Protocol: "native", User: "cdp", Password: ref(t, "${env:CH_PASSWORD}"), Database: "dbt",
				Secure: true, Settings: map[string]string{"max_memory_usage": "8000000000"},
			},
			found: []string{"unread-key]: verify of dbt", "unread-key]: cluster of dbt"},
		},
		"clickhouse with what dbt assumes": {
			output: "type: clickhouse\npassword: ''",
			want:   &clickhouse.Config{Address: "localhost:8123", Protocol: "http"},
		},
		"duckdb": {
			output: `
type: duckdb
path: shop.duckdb
threads: 4
extensions: [httpfs]
settings: {memory_limit: 2GB, threads: 3, s3_region: eu-west-1}
attach:
  - {path: crm.duckdb}
  - {path: /data/old.duckdb, alias: archive, type: duckdb}
  - {path: app.sqlite, type: sqlite}`,
			want: &duckdb.Config{
				Path: "dbt/shop.duckdb", MemoryLimit: "2GB", Threads: 3, Attach: map[string]string{"crm": "dbt/crm.duckdb", "archive": "/data/old.duckdb"},
			},
			found: []string{"unread-key]: s3_region of dbt", "unread-key]: this of dbt", "unread-key]: extensions of dbt"},
		},
		"duckdb in memory": {output: "type: duckdb", want: &duckdb.Config{Path: ":memory:"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, found := fromProfile(t, test.output, test.env)
			if diff := cmp.Diff(test.want, got.Config, sameText); diff != "" {
				t.Errorf("config (-want +got):\n%s\n%s", diff, found)
			}
			if n := strings.Count(found, "["); len(test.found) == 0 && n > 0 {
				t.Errorf("found, and nothing is wrong:\n%s", found)
			}
			at := 0
			for _, part := range test.found {
				i := strings.Index(found[at:], part)
				if i < 0 {
					t.Fatalf("%q is not found where it should:\n%s", part, found)
				}
				at += i
			}
			if n := strings.Count(found, "warning["); n != len(test.found) {
				t.Errorf("%d findings, want %d:\n%s", n, len(test.found), found)
			}
		})
	}
}

// TestProfilesRefuse: what cannot be honoured is told at its place, and nothing of
// what may be a secret is shown.
func TestProfilesRefuse(t *testing.T) {
	t.Parallel()
	const canary = "hunter2-do-not-print"
	const base = "type: postgres\nhost: h\nuser: u\ndbname: d\n"
	for output, want := range map[string]string{
		base + "password: " + canary:                                                 "9:17: error[literal-secret]",
		base + `password: "{{ env_var('PW', '` + canary + `') }}"`:                   "9:17: error[literal-secret]: a secret is written out here, as the default",
		base + `password: "{{ env_var('PW') }}` + canary + `"`:                       "9:17: error[literal-secret]",
		base + "pass: [" + canary + "]":                                              "9:13: error[bad-profile]: one value",
		base + "password: \"{{ env_var('A') }}\"\npass: " + canary:                   "10:13: error[bad-profile]: pass and password are one",
		base + "password: \"{{ var('x') }}\"":                                        "9:18: error[bad-profile]: of Jinja",
		base + "sslmode: \"{% if x %}require{% endif %}\"":                           "9:17: error[bad-profile]: of Jinja",
		base + "sslmode: \"{{ env_var('MODE') | upper }}\"":                          "9:17: error[bad-profile]: of Jinja",
		base + "sslmode: \"{{ env_var('MODE' }}\"":                                   "9:17: error[bad-profile]: of Jinja",
		base + "sslmode: \"a {{ env_var('MODE')\"":                                   "9:19: error[bad-profile]: of Jinja",
		base + "sslmode: \"{{ env_var('MODE') }}\"":                                  "9:17: error[unresolved-reference]: the environment variable MODE is not set",
		base + "sslmode: \"{{ env_var('DBT_ENV_SECRET_MODE') }}\"":                   "9:17: error[bad-profile]: DBT_ENV_SECRET_MODE is the name of a secret",
		base + "sslmode: prefer":                                                     "9:16: error[invalid-target]: sslmode is none",
		base + "port: \"{{ env_var('PORT', 'x') }}\"":                                "9:13: error[wrong-type]: a whole number",
		base + "dbname: e":                                                           `9:7: error[duplicate-key]: the key "dbname" is given twice`,
		base + "keepalives_idle: &a 1":                                               "9:24: error[yaml-alias]",
		"type: postgres\nuser: u\ndbname: d":                                         "5:7: error[bad-profile]: the target of dbt has no host",
		"type: redshift\npassword: " + canary:                                        "5:13: error[bad-profile]: there is no warehouse of type redshift",
		"host: h":                                                                    "5:7: error[bad-profile]: the target of dbt has no type",
		"type: bigquery\nmethod: oauth-secrets\nproject: shop-123\ntoken: " + canary: "6:15: error[bad-profile]: the method oauth-secrets cannot be used",
		"type: bigquery\nmethod: service-account\nproject: shop-123":                 "6:15: error[bad-profile]: the method service-account needs a keyfile",
		"type: bigquery\nmethod: service-account-json\nproject: shop-123\nkeyfile_json: {private_key: " + canary + "}":                              "8:21: error[bad-profile]: one value",
		"type: snowflake\naccount: a\nuser: u\ndatabase: d\nauthenticator: externalbrowser\npassword: " + canary:                                    "error[literal-secret]",
		"type: snowflake\naccount: a\nuser: u\ndatabase: d\nauthenticator: externalbrowser":                                                         "9:22: error[bad-profile]: the authenticator externalbrowser needs a person",
		"type: snowflake\naccount: a\ndatabase: d\nauthenticator: oauth\noauth_client_id: x\noauth_client_secret: " + canary + "\ntoken: " + canary: "8:22: error[bad-profile]: dbt has a refresh token",
		"type: duckdb\npath: md:shop":     "6:13: error[bad-profile]: MotherDuck",
		"type: clickhouse\ndriver: chdb":  "6:15: error[invalid-target]: there is no protocol chdb",
		"type: duckdb\n\tpath: " + canary: "error[yaml-syntax]",
	} {
		got, found := fromProfile(t, output, nil)
		if !strings.Contains(found, want) {
			t.Errorf("%s:\nfound: %s\nwant:  %s", output, found, want)
		}
		if got.Config != nil && !got.Found.HasErrors() {
			t.Errorf("%s: it can be used", output)
		}
		if strings.Contains(found, canary) {
			t.Errorf("%s: shown:\n%s", output, found)
		}
	}
}
