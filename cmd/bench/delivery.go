package main

import (
	"bytes"
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	engine "github.com/duckdb/duckdb-go-bindings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// delivered is what a child tells of a delivery, a reading or a comparison.
type delivered struct {
	// CPU is what was measured; Steps are where it went.
	CPU   time.Duration
	Steps []step
	// Rows were read or delivered.
	Rows int64
}

// audienceProject delivers profiles with seven traits to an address.
func audienceProject(url string) string {
	return fmt.Sprintf(`project: {name: bench}
targets:
  local: {type: duckdb, path: out.duckdb, memory_limit: 4GB, deliver: true}
entities:
  - {name: customer, identifiers: [{name: user_id}]}
sources:
  - name: contacts
    class: personal
    table: main.contacts
    entity: customer
    identifiers: {user_id: user_id}
    time: seen
    columns: {email: string, first_name: string, country: string, orders: int, spent: float, opted_in: bool, seen: timestamp}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: first_name, entity: customer, pick: latest, from: contacts.first_name}
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: orders, entity: customer, pick: latest, from: contacts.orders}
  - {name: spent, entity: customer, pick: latest, from: contacts.spent}
  - {name: opted_in, entity: customer, pick: latest, from: contacts.opted_in}
  - {name: seen, entity: customer, pick: latest, from: contacts.seen}
segments:
  - {name: readers, entity: customer, when: 'orders >= 0'}
destinations:
  - {name: sink, type: webhook, url: '%s', allow_private: true, batch_size: 1000, allow: [public, internal, personal]}
purposes:
  - {name: marketing, basis: legitimate_interests, description: offers}
syncs:
  - name: all
    from: {segment: readers}
    to: {destination: sink, object: contacts, mode: mirror, key: email}
    fields: {email: email, first_name: first_name, country: country, orders: orders, spent: spent, opted_in: opted_in, seen: seen}
    purpose: marketing
`, url)
}

// people7 are rows with seven columns, some 150 bytes as JSON; version changes
// one row in a hundred.
func people7(rows int64, version int) string {
	return fmt.Sprintf(`SELECT 'u' || i AS user_id, i::BIGINT AS id, 'user' || i || '@example.com' AS email, 'Jane' AS first_name,
		['FR', 'DE', 'US'][1 + i %% 3] AS country, (i %% 50)::BIGINT AS orders,
		(i / 8 + CASE WHEN i %% 100 = 7 THEN %d ELSE 0 END)::DOUBLE AS spent, i %% 2 = 0 AS opted_in,
		TIMESTAMP '2025-06-01' + to_seconds(i) AS seen FROM range(%d) t(i)`, version, rows)
}

// profiles writes the tables that a run would have built into the warehouse of
// a folder, so that a child measures nothing but the delivery.
func profiles(dir string, rows int64, version int) error {
	return within(filepath.Join(dir, "out.duckdb"), func(db *dbsql.DB) error {
		return script(db, "CREATE SCHEMA IF NOT EXISTS customhouse",
			"CREATE OR REPLACE TABLE customhouse.customer_profiles AS SELECT id AS customer_id, * EXCLUDE (id, user_id) FROM ("+people7(rows, version)+")",
			"CREATE OR REPLACE TABLE customhouse.segment_members AS SELECT 'readers' AS segment, customer_id, TIMESTAMP '2025-06-01' AS entered_at FROM customhouse.customer_profiles")
	})
}

// loadAudience compiles the project in the current folder.
func loadAudience() (*models.Plan, *config.Project, error) {
	kinds := config.Kinds{
		Targets:      map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }},
		Destinations: map[string]func() any{"webhook": func() any { return webhook.Default() }},
		Ability: func(d *config.Destination, object string) *config.Ability {
			c, ok := d.Config.(*webhook.Config)
			if !ok {
				return nil
			}
			out := &config.Ability{}
			can, _ := webhook.New(c).Spec().Object(object)
			for _, k := range can.Kinds {
				out.Operations = append(out.Operations, k.String())
			}
			return out
		},
	}
	p, found := config.Load(os.DirFS("."), ".", kinds)
	if err := found.Err(); err != nil {
		return nil, nil, err
	}
	options := compile.Options{AsOf: lastDay, RunID: strconv.FormatInt(time.Now().UnixNano(), 36)}
	checked, found := compile.Check(p, options)
	if err := found.Err(); err != nil {
		return nil, nil, err
	}
	return checked.Plan(options), p, nil
}

// openWarehouse opens the warehouse of the project in the current folder.
func openWarehouse(p *config.Project) (*adapters.Warehouse, error) {
	settings, ok := p.Targets[0].Config.(*duckdb.Config)
	if !ok {
		return nil, fmt.Errorf("the target is %T", p.Targets[0].Config)
	}
	driver, err := duckdb.Open(context.Background(), *settings, ".")
	if err != nil {
		return nil, err
	}
	return adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: p.Targets[0].Schema, Catalog: []string{duckdb.FileCatalog}, Work: duckdb.WorkParts(),
	}), nil
}

// deliverProfiles delivers what differs, as `customhouse sync` does, and
// measures all of it: comparing, sending and writing down.
func deliverProfiles() (out delivered, err error) {
	ctx := context.Background()
	plan, p, err := loadAudience()
	if err != nil {
		return out, err
	}
	plan.Models, plan.Checks = nil, nil
	wh, err := openWarehouse(p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	c, ok := p.Destinations[0].Config.(*webhook.Config)
	if !ok {
		return out, fmt.Errorf("the destination is %T", p.Destinations[0].Config)
	}
	store, err := state.Open(ctx, state.Options{Place: "state.db", Scope: "bench", Now: time.Now})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var before, last time.Duration
	note := func(name string) {
		out.Steps = append(out.Steps, step{name, cpuTime() - last})
		last = cpuTime()
	}
	summary, err := run.Run(ctx, run.Options{
		Plan: plan, Warehouse: wh, Target: "local", Clock: deliver.Timer(time.Now), Deliver: true, State: store,
		Destinations: map[string]syncs.Destination{"sink": webhook.New(c)},
		Secrets:      func(secret.Ref) secret.Value { return secret.Value{} },
		Reached: func(point string) {
			if os.Getenv("POINTS") != "" {
				fmt.Fprintf(os.Stderr, "%8.3f %s\n", cpuTime().Seconds(), point)
			}
		},
		Events: func(e run.Event) {
			switch e := e.(type) {
			case run.SyncStarted:
				before = cpuTime()
				last = before
			case run.StepDone:
				note(e.Title)
			case run.SyncDone:
				note("send and write down")
				out.CPU = cpuTime() - before
			}
		},
	})
	if err != nil {
		return out, err
	}
	for _, s := range summary.Syncs {
		if s.Err != nil || s.Status != run.OK {
			return out, fmt.Errorf("the sync is %s: %w", s.Status, s.Err)
		}
		out.Rows += s.Report.Accepted
	}
	return out, nil
}

// comparing builds what is wanted and finds what differs from the ledger, as
// the sync does.
func comparing() (out delivered, err error) {
	ctx := context.Background()
	plan, p, err := loadAudience()
	if err != nil {
		return out, err
	}
	wh, err := openWarehouse(p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	if err := wh.Init(ctx); err != nil {
		return out, err
	}
	for _, s := range plan.Audiences[0].Steps {
		exec, ok := s.(*models.Exec)
		if !ok {
			return out, fmt.Errorf("a step is %T", s)
		}
		start := cpuTime()
		if err := wh.Exec(ctx, exec.Statements...); err != nil {
			return out, err
		}
		cost := cpuTime() - start
		out.Steps = append(out.Steps, step{exec.Title, cost})
		out.CPU = cost // The last one compares.
	}
	out.Rows, err = wh.Int(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "changes_all"}, As: "c"},
	})
	return out, err
}

// byHandFingerprint is a fingerprint that somebody would write by hand.
const byHandFingerprint = "sha256(concat_ws('|', email, first_name, country, orders, spent, opted_in, seen))"

// seedLedger writes down everything that is wanted as if it had been delivered.
func seedLedger() (out delivered, err error) {
	ctx := context.Background()
	plan, p, err := loadAudience()
	if err != nil {
		return out, err
	}
	wh, err := openWarehouse(p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	if err := wh.Init(ctx); err != nil {
		return out, err
	}
	for _, t := range plan.System {
		if err := wh.Exec(ctx, t); err != nil {
			return out, err
		}
	}
	a := plan.Audiences[0]
	for _, s := range a.Steps {
		exec, ok := s.(*models.Exec)
		if !ok {
			return out, fmt.Errorf("a step is %T", s)
		}
		if err := wh.Exec(ctx, exec.Statements...); err != nil {
			return out, err
		}
	}
	wanted := sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "wanted_all"}, As: "w"}
	return out, wh.Exec(ctx, sql.InsertSelect{
		Table: audience.Ledger, Columns: []string{"sync", "place", "key", "entity_id", "fingerprint", "run_id"},
		Query: &sql.Select{From: wanted, Items: append([]sql.Item{sql.As(sql.String(a.Sync.Name), "sync"), sql.As(sql.String(a.Place), "place")},
			append(sql.Items("w", "key", "entity_id", "fingerprint"), sql.As(sql.String("earlier"), "run_id"))...)},
	})
}

// antiJoin is the difference as somebody would write it by hand, with both
// sides given.
func antiJoin() (out delivered, err error) {
	s, err := openSession()
	if err != nil {
		return out, err
	}
	defer s.close()
	// The same tables as ours: wanted was made by our first step.
	for _, q := range []string{
		"SET memory_limit = '4GB'", "ATTACH 'out.duckdb' AS file (READ_ONLY)",
		`CREATE TABLE wanted AS SELECT customer_id AS entity_id, email AS key, ` + byHandFingerprint + ` AS fingerprint,
			email, first_name, country, orders, spent, opted_in, seen FROM file.customhouse.customer_profiles`,
	} {
		if err := s.exec(q); err != nil {
			return out, err
		}
	}
	start := cpuTime()
	if err := s.exec(`CREATE TABLE changes AS
		SELECT 'upsert' AS operation, w.* FROM wanted w ANTI JOIN file.hand.ledger l ON l.key = w.key AND l.fingerprint = w.fingerprint
		UNION ALL SELECT 'remove', entity_id, key, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM file.hand.ledger l ANTI JOIN wanted w ON l.key = w.key`); err != nil {
		return out, err
	}
	out.CPU = cpuTime() - start
	err = s.read("SELECT count(*)::BIGINT, 0::BIGINT FROM changes", func(a, _ []int64) { out.Rows = a[0] })
	return out, err
}

// readRows reads all profiles through the warehouse, as a sync does.
func readRows() (out delivered, err error) {
	ctx := context.Background()
	plan, p, err := loadAudience()
	if err != nil {
		return out, err
	}
	wh, err := openWarehouse(p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	q := &sql.Select{From: sql.TableRef{Table: plan.Audiences[0].Profiles, As: "p"}}
	for _, name := range profileColumns {
		q.Items = append(q.Items, sql.Items("p", name)...)
	}
	start := cpuTime()
	rows, err := wh.Query(ctx, q)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]any, len(rows.Columns()))
	var sum int64
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return out, err
		}
		for _, v := range row {
			sum += touch(v)
		}
		out.Rows++
	}
	out.CPU = cpuTime() - start
	return out, sane(sum)
}

var profileColumns = []string{"customer_id", "email", "first_name", "country", "orders", "spent", "opted_in", "seen"}

func sane(sum int64) error {
	if sum == 0 {
		return errors.New("nothing was read")
	}
	return nil
}

func touch(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v)) + int64(v[0])
	case int64:
		return v
	case float64:
		return int64(v)
	case bool:
		if v {
			return 1
		}
	case time.Time:
		return int64(v.Nanosecond())
	}
	return 0
}

// readChunks reads the same through the engine's streaming chunks, and makes a
// Go value of each.
func readChunks() (out delivered, err error) {
	s, err := openSession()
	if err != nil {
		return out, err
	}
	defer s.close()
	if err := s.exec("ATTACH 'out.duckdb' AS file (READ_ONLY)"); err != nil {
		return out, err
	}
	start := cpuTime()
	var sum int64
	// The values are kept until the next chunk, as whoever sends them needs it.
	var kept [3][]string
	err = s.chunks("SELECT "+strings.Join(profileColumns, ", ")+" FROM file.customhouse.customer_profiles", func(p *person7) {
		for c := range kept {
			kept[c] = kept[c][:0]
		}
		for i := range p.size {
			for c := range kept {
				kept[c] = append(kept[c], p.text(c, i))
				sum += touch(kept[c][i])
			}
			sum += p.id[i] + p.orders[i] + int64(p.spent[i]) + int64(time.UnixMicro(p.seen[i]).UTC().Nanosecond())
			if p.opted[i] {
				sum++
			}
		}
		out.Rows += int64(p.size)
	})
	out.CPU = cpuTime() - start
	return out, errors.Join(err, sane(sum))
}

// person7 is a chunk of profiles in the engine's own memory.
type person7 struct {
	size         int
	id, orders   []int64
	seen         []int64
	spent        []float64
	opted        []bool
	email, first []engineString
	country      []engineString
}

// engineString is the engine's layout of a text: its length, and up to twelve
// bytes or the first four and where all of them are.
type engineString struct {
	length uint32
	prefix [4]byte
	at     *byte
}

func (p *person7) text(column, i int) string {
	s := &[]([]engineString){p.email, p.first, p.country}[column][i]
	if s.length <= 12 {
		return string(unsafe.Slice(&s.prefix[0], s.length)) //nolint:gosec // the engine's layout
	}
	return string(unsafe.Slice(s.at, s.length)) //nolint:gosec // the engine's layout
}

// chunks streams profiles, in the order of profileColumns.
func (s *session) chunks(query string, each func(*person7)) error {
	var stmt engine.PreparedStatement
	defer engine.DestroyPrepare(&stmt)
	if engine.Prepare(s.conn, query, &stmt) == engine.StateError {
		return errors.New(engine.PrepareError(stmt))
	}
	var result engine.Result
	defer engine.DestroyResult(&result)
	if engine.ExecutePreparedStreaming(stmt, &result) == engine.StateError {
		return errors.New(engine.ResultError(&result))
	}
	for {
		chunk := engine.FetchChunk(result)
		if chunk.Ptr == nil {
			if message := engine.ResultError(&result); message != "" {
				return errors.New(message)
			}
			return nil
		}
		n := engine.DataChunkGetSize(chunk)
		each(&person7{
			size: int(n), //nolint:gosec // at most the size of a vector
			id:   column(chunk, 0, n), email: vector[engineString](chunk, 1, n), first: vector[engineString](chunk, 2, n), country: vector[engineString](chunk, 3, n),
			orders: column(chunk, 4, n), spent: vector[float64](chunk, 5, n), opted: vector[bool](chunk, 6, n), seen: column(chunk, 7, n),
		})
		engine.DestroyDataChunk(&chunk)
	}
}

// vector is the memory of a column of a chunk.
func vector[T any](chunk engine.DataChunk, i, rows engine.IdxT) []T {
	return unsafe.Slice((*T)(engine.VectorGetData(engine.DataChunkGetVector(chunk, i))), rows) //nolint:gosec // the engine keeps as many values there while it keeps the chunk
}

// plainLoop reads chunks, encodes rows and posts them, two requests in flight,
// and does nothing else.
func plainLoop(url string) (out delivered, err error) {
	s, err := openSession()
	if err != nil {
		return out, err
	}
	defer s.close()
	if err := s.exec("ATTACH 'out.duckdb' AS file (READ_ONLY)"); err != nil {
		return out, err
	}
	start := cpuTime()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	defer client.CloseIdleConnections()
	bodies, done := make(chan []byte), make(chan error, 2)
	free := make(chan []byte, 4)
	for range 2 {
		go func() {
			var failed error
			for body := range bodies {
				resp, err := client.Post(url, "application/json", bytes.NewReader(body)) //nolint:noctx // a child that is killed as a whole
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					err = errors.Join(err, resp.Body.Close())
				}
				failed = errors.Join(failed, err)
				free <- body[:0]
			}
			done <- failed
		}()
	}
	for range 4 {
		free <- make([]byte, 0, 256<<10)
	}
	body, rows := append(<-free, '['), 0
	err = s.chunks("SELECT "+strings.Join(profileColumns, ", ")+" FROM file.customhouse.customer_profiles", func(p *person7) {
		for i := range p.size {
			if rows > 0 {
				body = append(body, ',')
			}
			body = append(body, `{"op":"upsert","email":`...)
			body = syncs.AppendJSONString(body, p.text(0, i))
			body = append(body, `,"first_name":`...)
			body = syncs.AppendJSONString(body, p.text(1, i))
			body = append(body, `,"country":`...)
			body = syncs.AppendJSONString(body, p.text(2, i))
			body = append(body, `,"orders":`...)
			body = strconv.AppendInt(body, p.orders[i], 10)
			body = append(body, `,"spent":`...)
			body = strconv.AppendFloat(body, p.spent[i], 'f', -1, 64)
			body = append(body, `,"opted_in":`...)
			body = strconv.AppendBool(body, p.opted[i])
			body = append(body, `,"seen":"`...)
			body = time.UnixMicro(p.seen[i]).UTC().AppendFormat(body, time.RFC3339Nano)
			body = append(body, `"}`...)
			if rows++; rows == 1000 {
				bodies <- append(body, ']')
				body, rows = append(<-free, '['), 0
			}
		}
		out.Rows += int64(p.size)
	})
	if rows > 0 {
		bodies <- append(body, ']')
	}
	close(bodies)
	err = errors.Join(err, <-done, <-done)
	out.CPU = cpuTime() - start
	return out, err
}
