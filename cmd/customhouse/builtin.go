package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/braze"
	"github.com/customhouse-cdp/customhouse/syncs/braze/brazetest"
	"github.com/customhouse-cdp/customhouse/syncs/customerio"
	"github.com/customhouse-cdp/customhouse/syncs/customerio/customeriotest"
	"github.com/customhouse-cdp/customhouse/syncs/files"
	"github.com/customhouse-cdp/customhouse/syncs/googledatamanager"
	"github.com/customhouse-cdp/customhouse/syncs/googledatamanager/googledatamanagertest"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot/hubspottest"
	"github.com/customhouse-cdp/customhouse/syncs/iterable"
	"github.com/customhouse-cdp/customhouse/syncs/iterable/iterabletest"
	"github.com/customhouse-cdp/customhouse/syncs/klaviyo"
	"github.com/customhouse-cdp/customhouse/syncs/klaviyo/klaviyotest"
	"github.com/customhouse-cdp/customhouse/syncs/linkedin"
	"github.com/customhouse-cdp/customhouse/syncs/linkedin/linkedintest"
	"github.com/customhouse-cdp/customhouse/syncs/mailchimp"
	"github.com/customhouse-cdp/customhouse/syncs/mailchimp/mailchimptest"
	"github.com/customhouse-cdp/customhouse/syncs/meta"
	"github.com/customhouse-cdp/customhouse/syncs/meta/metatest"
	"github.com/customhouse-cdp/customhouse/syncs/salesforce"
	"github.com/customhouse-cdp/customhouse/syncs/salesforce/salesforcetest"
	"github.com/customhouse-cdp/customhouse/syncs/slack"
	"github.com/customhouse-cdp/customhouse/syncs/slack/slacktest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/tiktok"
	"github.com/customhouse-cdp/customhouse/syncs/tiktok/tiktoktest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
	"github.com/customhouse-cdp/customhouse/syncs/webhook/webhooktest"
)

// targetKinds are the warehouses that are compiled in. A new one is a folder
// below adapters and an entry here.
var targetKinds = []targetKind{
	{
		name:    "duckdb",
		config:  func() any { return new(duckdb.Config) },
		profile: duckdb.Profile,
		place:   duckdbPlace,
		layout: func(t *config.Target) adapters.Options {
			return adapters.Options{
				Dialect: sql.DuckDB, Schema: t.Schema, Catalog: []string{duckdb.FileCatalog},
				Work: duckdb.WorkParts(), Files: duckdb.FileParts(), Parallel: 4, Exclusive: true,
			}
		},
		connect: func(ctx context.Context, t *config.Target, dir string, _ secret.Resolver) (adapters.Driver, error) {
			return duckdb.Open(ctx, *t.Config.(*duckdb.Config), dir) //nolint:errcheck,forcetypeassert // config above makes it
		},
	},
	{
		name:    "postgres",
		keeps:   "PostgreSQL keeps deleted rows until VACUUM has written over them, and in its log and backups: VACUUM FULL, and see how long you keep backups",
		config:  func() any { return new(postgres.Config) },
		profile: postgres.Profile,

		longestSchema: postgres.LongestSchema,
		place:         postgresPlace,
		grants: func(t *config.Target, f adapters.GrantsFor) []string {
			return postgres.Grants(*t.Config.(*postgres.Config), f) //nolint:errcheck,forcetypeassert // config above makes it
		},
		layout: func(t *config.Target) adapters.Options {
			return adapters.Options{Dialect: sql.PostgreSQL, Schema: t.Schema, Work: postgres.WorkParts(t.Schema), Parallel: 4}
		},
		connect: func(ctx context.Context, t *config.Target, dir string, from secret.Resolver) (adapters.Driver, error) {
			return postgres.Open(ctx, *t.Config.(*postgres.Config), dir, from) //nolint:errcheck,forcetypeassert // config above makes it
		},
	},
	{
		name:    "snowflake",
		keeps:   "Snowflake keeps what was deleted for the time travel of its tables (DATA_RETENTION_TIME_IN_DAYS, one day where none is set) and seven days of Fail-safe after that",
		config:  func() any { return new(snowflake.Config) },
		profile: snowflake.Profile,
		place:   snowflakePlace,
		grants: func(t *config.Target, f adapters.GrantsFor) []string {
			return snowflake.Grants(*t.Config.(*snowflake.Config), f) //nolint:errcheck,forcetypeassert // config above makes it
		},
		layout: func(t *config.Target) adapters.Options {
			// A session is in the target's database.
			return adapters.Options{Dialect: sql.Snowflake, Schema: t.Schema, Work: []string{t.Schema + "_work"}, Parallel: 8}
		},
		connect: func(ctx context.Context, t *config.Target, _ string, from secret.Resolver) (adapters.Driver, error) {
			return snowflake.Open(ctx, *t.Config.(*snowflake.Config), from) //nolint:errcheck,forcetypeassert // config above makes it
		},
	},
	{
		name:    "clickhouse",
		keeps:   "ClickHouse removes the files of deleted parts some eight minutes after they were replaced (old_parts_lifetime); see how long you keep backups",
		config:  func() any { return new(clickhouse.Config) },
		profile: clickhouse.Profile,
		place:   clickhousePlace,
		grants: func(t *config.Target, f adapters.GrantsFor) []string {
			return clickhouse.Grants(*t.Config.(*clickhouse.Config), f) //nolint:errcheck,forcetypeassert // config above makes it
		},
		layout: func(t *config.Target) adapters.Options {
			return adapters.Options{Dialect: sql.ClickHouse, Schema: t.Schema, Work: []string{t.Schema + "_work"}, Parallel: 4}
		},
		connect: func(ctx context.Context, t *config.Target, dir string, from secret.Resolver) (adapters.Driver, error) {
			return clickhouse.Open(ctx, *t.Config.(*clickhouse.Config), dir, from) //nolint:errcheck,forcetypeassert // config above makes it
		},
	},
	{
		name:    "bigquery",
		keeps:   "BigQuery keeps what was deleted for the time travel of the dataset (seven days where none is set) and seven days of fail-safe after that",
		config:  func() any { return new(bigquery.Config) },
		profile: bigquery.Profile,
		place:   bigqueryPlace,
		grants: func(t *config.Target, f adapters.GrantsFor) []string {
			return bigquery.Grants(*t.Config.(*bigquery.Config), f) //nolint:errcheck,forcetypeassert // config above makes it
		},
		layout: func(t *config.Target) adapters.Options {
			project := t.Config.(*bigquery.Config).Project //nolint:errcheck,forcetypeassert // config above makes it
			return adapters.Options{Dialect: sql.BigQuery, Schema: t.Schema, Catalog: bigquery.Parts(project), Work: bigquery.Parts(project, t.Schema+"_work"), Parallel: 8}
		},
		connect: func(ctx context.Context, t *config.Target, _ string, from secret.Resolver) (adapters.Driver, error) {
			return bigquery.Open(ctx, *t.Config.(*bigquery.Config), from) //nolint:errcheck,forcetypeassert // config above makes it
		},
	},
}

// destinationKinds are the destinations that are compiled in. A new one is a
// folder below syncs and an entry here.
var destinationKinds = []destinationKind{
	destination("braze", braze.Default, braze.New),
	destination("customerio", customerio.Default, customerio.New),
	destination("files", files.Default, files.New),
	destination("google_data_manager", googledatamanager.Default, googledatamanager.New),
	destination("hubspot", hubspot.Default, hubspot.New),
	destination("iterable", iterable.Default, iterable.New),
	destination("klaviyo", klaviyo.Default, klaviyo.New),
	destination("linkedin", linkedin.Default, linkedin.New),
	destination("mailchimp", mailchimp.Default, mailchimp.New),
	destination("meta", meta.Default, meta.New),
	destination("salesforce", salesforce.Default, salesforce.New),
	destination("slack", slack.Default, slack.New),
	destination("tiktok", tiktok.Default, tiktok.New),
	destination("webhook", webhook.Default, webhook.New),
}

// fakes are the fakes of their platforms, which customhouse fake serves.
var fakes = map[string]func() synctest.Fake{
	"braze":               func() synctest.Fake { return brazetest.New() },
	"customerio":          func() synctest.Fake { return customeriotest.New() },
	"google_data_manager": func() synctest.Fake { return googledatamanagertest.New() },
	"hubspot":             func() synctest.Fake { return hubspottest.New() },
	"iterable":            func() synctest.Fake { return iterabletest.New() },
	"klaviyo":             func() synctest.Fake { return klaviyotest.New() },
	"linkedin":            func() synctest.Fake { return linkedintest.New() },
	"mailchimp":           func() synctest.Fake { return mailchimptest.New() },
	"meta":                func() synctest.Fake { return metatest.New() },
	"salesforce":          func() synctest.Fake { return salesforcetest.New() },
	"slack":               func() synctest.Fake { return slacktest.New() },
	"tiktok":              func() synctest.Fake { return tiktoktest.New() },
	"webhook":             func() synctest.Fake { return webhooktest.New() },
}

// targetKind is how the composition root knows a warehouse.
type targetKind struct {
	// name is the target's type in YAML.
	name string
	// config makes the value that a target's keys are decoded into.
	config func() any
	// profile says what the keys of dbt's adapter are among those of config.
	profile profile.Adapter
	// layout says how SQL is spelled for a target and where its tables live.
	layout func(*config.Target) adapters.Options
	// grants are statements for the administrator; nil where there are no users.
	grants func(t *config.Target, f adapters.GrantsFor) []string
	// place is the warehouse as OpenLineage names it, and the parts of a table's
	// name that are left out in the target: a database, and a schema.
	place func(ctx context.Context, t *config.Target, dir string, from secret.Resolver) (namespace string, within []string)
	// longestSchema is how many characters the name of a schema may have, 0 for as
	// many as any name.
	longestSchema int
	// keeps says how long the warehouse keeps what was deleted; empty where Compact
	// leaves nothing.
	keeps string
	// connect opens a target; relative paths start at dir.
	connect func(ctx context.Context, t *config.Target, dir string, from secret.Resolver) (adapters.Driver, error)
}

// printer spells SQL for a target that is not opened.
func (k targetKind) printer(t *config.Target, sources []string) *sql.Printer {
	return adapters.New(k.options(t, sources)).Printer()
}

// options are those of a target of which sources are files.
func (k targetKind) options(t *config.Target, sources []string) adapters.Options {
	out := k.layout(t)
	out.FileSources = sources
	if out.Files == nil {
		out.FileEngine = fileEngine
	}
	return out
}

// fileEngine reads the files of a source for a warehouse that cannot.
func fileEngine(ctx context.Context, source string) (*adapters.Warehouse, error) {
	driver, err := duckdb.Open(ctx, duckdb.Config{Path: duckdb.Memory}, "")
	if err != nil {
		return nil, err
	}
	return adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: "main", Work: duckdb.WorkParts(),
		Files: duckdb.FileParts(), FileSources: []string{source},
	}), nil
}

// open opens a target.
func (k targetKind) open(ctx context.Context, t *config.Target, sources []string, dir string, from secret.Resolver) (*adapters.Warehouse, error) {
	options := k.options(t, sources)
	driver, err := k.connect(ctx, t, dir, from)
	if err != nil {
		return nil, err
	}
	options.Driver = driver
	return adapters.New(options), nil
}

// destinationKind is how the composition root knows a destination.
type destinationKind struct {
	name   string
	config func() any
	open   func(config any) (syncs.Destination, error)
}

// destination makes a kind of the functions of its package.
func destination[C any](name string, config func() *C, open func(*C) syncs.Destination) destinationKind {
	return destinationKind{
		name:   name,
		config: func() any { return config() },
		open: func(config any) (syncs.Destination, error) {
			c, ok := config.(*C)
			if !ok {
				return nil, fmt.Errorf("the configuration of a %s destination is %T", name, config)
			}
			return open(c), nil
		},
	}
}

// kinds are what package config must know of the lists above.
func kinds() config.Kinds {
	k := config.Kinds{Targets: map[string]func() any{}, Destinations: map[string]func() any{}, Profiles: map[string]profile.Adapter{}, LongestSchema: map[string]int{}}
	for _, t := range targetKinds {
		k.Targets[t.name], k.Profiles[t.name] = t.config, t.profile
		if t.longestSchema != 0 {
			k.LongestSchema[t.name] = t.longestSchema
		}
	}
	for _, d := range destinationKinds {
		k.Destinations[d.name] = d.config
	}
	k.Ability = ability
	return k
}

// ability says what a destination can do with an object.
func ability(d *config.Destination, object string) *config.Ability {
	opened, err := openDestination(d)
	if err != nil {
		return nil // Its type is unknown, and reported.
	}
	spec := opened.Spec()
	out := &config.Ability{Replaces: spec.Replace, Keyed: spec.Keyed, SetIfEmpty: spec.SetIfEmpty}
	o, known := spec.Object(object)
	if out.Unknown = !known; out.Unknown {
		for _, o := range spec.Objects {
			out.Objects = append(out.Objects, o.Name)
		}
	}
	for _, kind := range o.Kinds {
		out.Operations = append(out.Operations, kind.String())
	}
	return out
}

// openDestination opens a destination of the project.
func openDestination(d *config.Destination) (syncs.Destination, error) {
	i := slices.IndexFunc(destinationKinds, func(k destinationKind) bool { return k.name == d.Type })
	if i < 0 {
		return nil, fmt.Errorf("destinations of type %s are not compiled in", d.Type)
	}
	return destinationKinds[i].open(d.Config)
}
