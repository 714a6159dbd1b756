package main

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// What follows names warehouses as the naming conventions of OpenLineage do. It
// has none for DuckDB and ClickHouse, which are named alike.

func duckdbPlace(_ context.Context, t *config.Target, dir string, _ secret.Resolver) (namespace string, within []string) {
	path := t.Config.(*duckdb.Config).Path //nolint:errcheck,forcetypeassert // see targetKinds
	if path != duckdb.Memory && !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return "duckdb://" + filepath.ToSlash(path), []string{"main"}
}

func postgresPlace(ctx context.Context, t *config.Target, _ string, from secret.Resolver) (namespace string, within []string) {
	c := t.Config.(*postgres.Config) //nolint:errcheck,forcetypeassert // see targetKinds
	host, port, database := c.Host, strconv.Itoa(cmp.Or(c.Port, 5432)), c.Database
	if text, err := c.URL.Resolve(ctx, from); err == nil && text != "" {
		u, err := url.Parse(text)
		if err != nil {
			return "postgres", nil
		}
		host, port, database = u.Hostname(), cmp.Or(u.Port(), "5432"), strings.Trim(u.Path, "/")
	}
	return "postgres://" + net.JoinHostPort(host, port), []string{database, "public"}
}

func snowflakePlace(_ context.Context, t *config.Target, _ string, _ secret.Resolver) (namespace string, within []string) {
	c := t.Config.(*snowflake.Config) //nolint:errcheck,forcetypeassert // see targetKinds
	return "snowflake://" + c.Account, []string{c.Database, "PUBLIC"}
}

func clickhousePlace(_ context.Context, t *config.Target, _ string, _ secret.Resolver) (namespace string, within []string) {
	c := t.Config.(*clickhouse.Config) //nolint:errcheck,forcetypeassert // see targetKinds
	first, _, _ := strings.Cut(c.Address, ",")
	return "clickhouse://" + strings.TrimSpace(first), []string{cmp.Or(c.Database, "default")}
}

func bigqueryPlace(_ context.Context, t *config.Target, _ string, _ secret.Resolver) (namespace string, within []string) {
	c := t.Config.(*bigquery.Config) //nolint:errcheck,forcetypeassert // see targetKinds
	return "bigquery", []string{c.Project, t.Schema}
}
