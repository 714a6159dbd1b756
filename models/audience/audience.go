// Package audience compiles what a sync wants at its destination and how it
// differs from what the ledger knows to be there, all inside the warehouse:
// only the rows that changed ever leave it.
//
// A row is compared by a fingerprint of its mapped fields, so that no
// "updated at" column is needed and a changed mapping sends the rows again.
// The ledger holds what the destination acknowledged and nothing else: a row
// that was refused differs from the ledger until it passes. What was about to
// be sent is noted first (Pending), and the note stays until it was accepted:
// after a lost answer or a killed run the destination may hold either value,
// so that even a row that meanwhile equals the ledger again is sent again.
//
// It never runs SQL and never talks to a destination. Start with Build.
package audience

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Why a row is sent.
const (
	// reasonNew is a row that the ledger does not know.
	reasonNew = "new"
	// reasonMapping is one that was sent with other fields than the sync has now.
	reasonMapping = "mapping"
	// reasonChanged is one whose values differ from those that were sent.
	reasonChanged = "changed"
	// reasonUnsettled is one that equals the ledger, though an earlier sending of
	// another value may have arrived.
	reasonUnsettled = "unsettled"
	// reasonResync is one that is sent again because somebody asked for it.
	reasonResync = "resync"
	// reasonLeft is one that is not wanted any more.
	reasonLeft = "left"
)

// The codes of rows that are refused before anything is sent.
const (
	// MissingKey is a row without a value in its key field.
	MissingKey = "missing-key"
	// DuplicateKey is a key that several entities share: sending either would
	// let chance decide whose values win.
	DuplicateKey = "duplicate-key"
	// Held is a suspicious entity, where the project wants those looked at
	// before anything is sent of them.
	Held = "held"
	// Unconvertible is a row with a value that cannot be of the type that its
	// field wants.
	Unconvertible = "unconvertible"
)

// What the engine says of rows that it did not send since whom they are about has
// withdrawn what permitted it, and the code of those that it never sent.
const (
	keptBack  = "withheld"
	neverSent = "withdrawn"
)

// Input is what the audience of one sync depends on.
type Input struct {
	Sync        *config.Sync
	Destination *config.Destination
	Entity      *config.Entity
	// Purpose is that of the sync. Nil leaves out nobody by the law, which is for those
	// who measure what that costs.
	Purpose *config.Purpose
	// Source is the one whose events are sent, nil for a sync of anything else.
	Source *config.Source
	// Priority is the list that the sync names, and Pressure the cap, nil where
	// it names none. Pressing are all syncs that name that cap.
	Priority *config.Priority
	Pressure *config.Pressure
	Pressing []string
	// Retry narrows what is sent to rows that were rejected; nil sends all that
	// is due.
	Retry *Retry
	// Resync sends every row of values, whatever the ledger knows.
	Resync bool
	// Traits are those of the entity, and Computed the expressions of fields, by
	// FieldName.
	Traits   []expr.Compiled
	Computed []expr.Compiled
	// Consents and Sources are those of the project.
	Consents []*config.Consent
	Sources  []*config.Source
	AsOf     time.Time
	RunID    string
}

// Retry chooses among the rejected rows of a sync: those of a code, those of a
// key, or all where both are empty.
type Retry struct{ Code, Key string }

// outcomeColumns are those of what became of operations.
var outcomeColumns = []sql.ColumnDef{
	{Name: "operation", Type: sql.TypeString},
	{Name: "key", Type: sql.TypeString},
	{Name: "entity_id", Type: sql.TypeInt},
	{Name: "fingerprint", Type: sql.TypeString},
	{Name: "accepted", Type: sql.TypeBool},
	{Name: "origin", Type: sql.TypeString},
	{Name: "code", Type: sql.TypeString},
	{Name: "message", Type: sql.TypeString},
}

// builder holds the names that the parts of an audience share.
type builder struct {
	Input
	wanted, changes, outcomes sql.Table
	// recovered has what the journal kept of runs before, settled what of that
	// the warehouse does not know.
	recovered, settled sql.Table
	// without has who is left out of what the sync sends from, and why; only where
	// the sync has such rules.
	without sql.Table
	// held lists the suspicious entities, by every id that led to them.
	held   sql.Table
	fields []field
}

func newBuilder(in Input) *builder {
	work := func(name string) sql.Table { return sql.Table{Space: sql.Work, Name: name + "_" + in.Sync.Name} }
	b := &builder{
		Input: in, wanted: work("wanted"), changes: work("changes"), outcomes: work("outcomes"), held: work("held"), without: work("left_out"),
		recovered: work("recovered"), settled: work("settled"),
	}
	b.fields = b.fill(func(d diag.Diagnostic) {
		panic("audience: " + d.Summary) // Check has found it
	})
	return b
}

// Build compiles the audience of a sync.
func Build(in Input) *models.Audience {
	b := newBuilder(in)
	outcomes := sql.CreateTable{Table: b.outcomes, Columns: outcomeColumns}
	fields := make([]models.Field, len(b.fields))
	for i, f := range b.fields {
		fields[i] = f.Field
	}
	return &models.Audience{
		Sync:        in.Sync,
		Entity:      in.Entity.Name,
		Destination: in.Destination,
		Place:       b.place(),
		Fields:      fields,
		Consents:    b.consents(),
		Profiles:    profile.Table(in.Entity),
		Traits:      b.traits(),
		Steps: append(slices.Concat(b.permit(), b.hold(), b.choose(), b.find()),
			&models.Exec{Title: "select what is wanted", Statements: []sql.Statement{sql.CreateTableAs{Table: b.wanted, Query: b.wantedQuery()}}},
			&models.Exec{Title: "compare with the ledger", Statements: append(
				[]sql.Statement{sql.CreateTableAs{Table: b.changes, Query: b.changesQuery()}}, b.retry()...,
			)},
		),
		Refuse:   b.refuse(),
		Note:     b.note(),
		Counts:   b.counts(),
		Changes:  b.stream(sql.TableRef{Table: b.changes, As: "c"}, "c"),
		Due:      b.due(),
		LeftOut:  b.leftOut(),
		Preview:  b.preview(),
		Snapshot: b.snapshot(),
		Outcomes: outcomes,
		Apply:    b.apply(b.live()),
		Recover:  b.recover(),
		Release:  b.release(),
		Settle:   b.settle(),

		Withdrawn: b.withdrawn(),
	}
}

// hold lists whom the sync must leave as they are, in a project that holds
// suspicious entities back.
func (b *builder) hold() []models.Step {
	if !b.Entity.Hold {
		return nil
	}
	id := sql.Col("i", b.id())
	where := sql.And{sql.Fn(sql.Eq, sql.Col("i", "reason"), sql.String("suspect")), sql.Fn(sql.IsNotNull, id)}
	if b.Purpose != nil {
		// Whoever may not be sent is taken away, suspicious or not.
		where = append(where, sql.Fn(sql.Not, b.forbidden(id)))
	}
	suspects := &sql.Select{
		Distinct: true, Items: []sql.Item{sql.As(id, "id")}, From: sql.TableRef{Table: identity.IncidentsTable(b.Entity), As: "i"}, Where: where,
	}
	return append(identity.Redirect(b.Entity).Steps, &models.Exec{Title: "look for suspicious entities", Statements: []sql.Statement{
		sql.CreateTableAs{Table: b.held, Query: sql.Union{suspects, &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("r", "old_id"), "id")}, From: sql.TableRef{Table: identity.RedirectTable(b.Entity), As: "r"},
			Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("r", "new_id")}, Query: suspects},
		}}},
	}})
}

// isHeld says that an id is on that list.
func (b *builder) isHeld(id sql.Expr) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{id}, Query: &sql.Select{Items: sql.Items("h", "id"), From: sql.TableRef{Table: b.held, As: "h"}}}
}

func (b *builder) id() string { return identity.Column(b.Entity) }

// declared is a trait of the entity, zero where it has no such.
func (b *builder) declared(trait string) expr.Compiled {
	i := slices.IndexFunc(b.Traits, func(t expr.Compiled) bool { return t.Name == trait })
	if i < 0 {
		return expr.Compiled{}
	}
	return b.Traits[i]
}

func (b *builder) fieldType(trait string) sql.Type {
	if trait == b.id() {
		return sql.TypeInt
	}
	return b.declared(trait).Type
}

// traits are the columns of the profile that the sync maps.
func (b *builder) traits() []string {
	var out []string
	for _, name := range FieldTraits(b.Sync, b.Computed) {
		if name != b.id() {
			out = append(out, name)
		}
	}
	if top := b.Sync.From.Top; top != nil && !slices.Contains(out, top.By) {
		out = append(out, top.By)
	}
	return out
}

// column names a field in Work tables, where it cannot meet our own names.
func column(field string) string { return "field." + field }

// wantedQuery selects every row that should be at the destination, with its
// key as text, how many rows share that key, and its fingerprint.
func (b *builder) wantedQuery() sql.Query {
	var key sql.Expr
	rows := &sql.Select{From: b.members(), Where: b.eligible(), Items: sql.Items("p", b.id())}
	fields := []sql.Item{}
	for _, f := range b.fields {
		fields = append(fields, sql.As(f.value, column(f.Name)))
		if f.Name == b.Sync.To.Key {
			key = sql.Fn(sql.NullIfEmpty, text(f.value, f.Type))
		}
	}
	rows.Items = append(rows.Items, sql.As(key, "key"))
	rows.Items = append(rows.Items, fields...)
	unfit := b.unfit()
	if unfit != nil {
		rows.Items = append(rows.Items, sql.As(unfit, "unfit"))
	}
	b.happened(rows)

	items := []sql.Item{
		sql.As(sql.Col("w", b.id()), "entity_id"),
		sql.As(sql.Col("w", "key"), "key"),
		sql.As(sql.Window{Call: sql.Fn(sql.CountAll), PartitionBy: []sql.Expr{sql.Col("w", "key")}}, "same_key"),
		sql.As(b.fingerprint("w"), "fingerprint"),
	}
	if b.mode(config.Remove) {
		items[3] = sql.As(sql.String(takenOff), "fingerprint")
	}
	if b.Entity.Hold {
		items = append(items, sql.As(b.isHeld(sql.Col("w", b.id())), "held"))
	}
	if unfit != nil {
		items = append(items, sql.Items("w", "unfit")...)
	}
	if b.events() {
		items = append(items, sql.Items("w", "undated")...)
	}
	for _, f := range b.fields {
		items = append(items, sql.Items("w", column(f.Name))...)
	}
	from := b.once(rows)
	if !b.events() {
		// Keys that are there twice are few: a window would sort all rows for them.
		keys := sql.Derived{As: "k", Query: &sql.Select{From: b.members(), Where: b.eligible(), Items: []sql.Item{sql.As(key, "key")}}}
		shared := sql.Derived{As: "d", Query: &sql.Select{
			Items: append(sql.Items("k", "key"), sql.As(sql.Fn(sql.CountAll), "n")), From: keys,
			GroupBy: []sql.Expr{sql.Col("k", "key")}, Having: sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)),
		}}
		items[2] = sql.As(sql.Fn(sql.Coalesce, sql.Col("d", "n"), sql.Int(1)), "same_key")
		from = sql.Joins(from, sql.Join{Kind: sql.LeftJoin, Right: shared, On: sql.Fn(sql.Eq, sql.Col("d", "key"), sql.Col("w", "key"))})
	}
	return &sql.Select{Items: items, From: from}
}

// fingerprint digests the mapped fields, after the mark of the mapping. A text
// is preceded by its length and any other value followed by a semicolon, of
// NULL there is only the mark between, so that no two rows share a text. It
// keeps no secret and is compared with fingerprints of the same row only, for
// which MD5 is as good as SHA-256, and costs a third.
func (b *builder) fingerprint(alias string) sql.Expr {
	all := []sql.Expr{sql.String("v4")}
	or := func(value sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, value, sql.String("")) }
	for _, f := range b.fields {
		value := text(sql.Col(alias, column(f.Name)), f.Type)
		if f.Type == sql.TypeTimestamp {
			value = sql.Fn(sql.IntToString, sql.Fn(sql.EpochMicros, sql.Col(alias, column(f.Name))))
		}
		if free(f.Type) {
			all = append(all, or(sql.Fn(sql.IntToString, sql.Fn(sql.Length, value))), sql.String(":"), or(value))
		} else {
			all = append(all, or(value), sql.String(";"))
		}
	}
	return sql.Fn(sql.Concat, sql.String(b.mapping()), sql.Fn(sql.MD5, sql.Fn(sql.ConcatAll, all...)))
}

// free says that anything may be in the text of a value; that of other types
// is never empty, and has no semicolon in it.
func free(t sql.Type) bool {
	switch t {
	case sql.TypeInt, sql.TypeFloat, sql.TypeDecimal, sql.TypeBool, sql.TypeTimestamp, sql.TypeDate:
		return false
	case sql.TypeString, sql.TypeStrings, sql.TypeInts, sql.TypeFloats, sql.TypeTimestamps,
		sql.TypeUint, sql.TypeBytes, sql.TypeBools, sql.TypeUints, sql.TypeBlobs:
	}
	return true
}

// mapping marks what the fields of the sync are called and how they are sent,
// so that a renamed field is sent again, and is told from a changed value. What
// computes a field is no part of it: that shows in the values. What the platform is
// told of everybody's consent is, since no field has it.
func (b *builder) mapping() string {
	var all strings.Builder
	for _, f := range b.fields {
		fmt.Fprintf(&all, "%q %v %v\n", f.Path, f.SkipNull, f.SetIfEmpty)
	}
	if platform, ok := b.platform(); ok {
		for _, consent := range config.GoogleConsents {
			fmt.Fprintf(&all, "%s %v\n", consent, b.Purpose.Unsaid(platform, consent))
		}
	}
	sum := sha256.Sum256([]byte(all.String()))
	return hex.EncodeToString(sum[:4]) + "-"
}

// platform is the destination, where it is told what people have consented to there.
func (b *builder) platform() (config.Consenter, bool) {
	platform, ok := b.Destination.Config.(config.Consenter)
	return platform, ok && b.Purpose != nil
}

// consents are what the purpose includes of the consents of a platform.
func (b *builder) consents() []string {
	if b.Purpose == nil {
		return nil
	}
	return b.Purpose.Google
}

// remapped says of a row of the ledger, under an alias, that it was sent with
// another mapping.
func (b *builder) remapped(alias string) sql.Expr {
	return sql.Fn(sql.Not, sql.Fn(sql.StartsWith, sql.Col(alias, "fingerprint"), sql.String(b.mapping())))
}

// text is a value as text, the same for the same value.
func text(value sql.Expr, t sql.Type) sql.Expr {
	switch t {
	case sql.TypeString:
		return value
	case sql.TypeInt:
		return sql.Fn(sql.IntToString, value)
	case sql.TypeBool:
		return sql.Fn(sql.BoolToString, value)
	case sql.TypeTimestamp:
		return sql.Fn(sql.TimeText, value)
	case sql.TypeStrings:
		// The texts have to be told apart, whatever is in them.
		return sql.Fn(sql.JoinText, sql.Fn(sql.ListMap, value, sql.Lambda{Param: "x", Of: sql.TypeString, Body: framed(sql.Col("", "x"))}), sql.String(""))
	case sql.TypeInts:
		return listed(value, sql.TypeInt)
	case sql.TypeFloats:
		return listed(value, sql.TypeFloat)
	case sql.TypeTimestamps:
		return listed(value, sql.TypeTimestamp)
	case sql.TypeFloat:
		return sql.Fn(sql.FloatToString, value)
	case sql.TypeDecimal:
		return sql.Fn(sql.DecimalToString, value)
	case sql.TypeDate:
		return sql.Cast{Expr: value, To: sql.TypeString}
	case sql.TypeUint, sql.TypeBytes, sql.TypeBools, sql.TypeUints, sql.TypeBlobs:
		// Expressions calculate with them; no trait has such a value.
	}
	panic(fmt.Sprintf("audience: unknown type %d", t))
}

// listed is the text of a list whose elements have no comma in theirs.
func listed(value sql.Expr, of sql.Type) sql.Expr {
	parts := sql.Fn(sql.JoinText, sql.Fn(sql.ListMap, value, sql.Lambda{Param: "x", Of: of, Body: text(sql.Col("", "x"), of)}), sql.String(", "))
	return sql.Fn(sql.Concat, sql.Fn(sql.Concat, sql.String("["), parts), sql.String("]"))
}

// valid is true for a row of wanted, under the alias w, with a key of its own
// and values as they have to be.
func (b *builder) valid() sql.And {
	all := sql.And{sql.Fn(sql.IsNotNull, sql.Col("w", "key")), sql.Fn(sql.Eq, sql.Col("w", "same_key"), sql.Int(1))}
	if b.unfit() != nil {
		all = append(all, sql.Fn(sql.IsNull, sql.Col("w", "unfit")))
	}
	if b.events() {
		all = append(all, sql.Fn(sql.Not, sql.Col("w", "undated")))
	}
	return all
}

// sendable is true for a valid row that nothing holds back.
func (b *builder) sendable() sql.And {
	if b.Entity.Hold {
		return append(b.valid(), sql.Fn(sql.Not, sql.Col("w", "held")))
	}
	return b.valid()
}

// known is the ledger of this sync under the alias l.
func (b *builder) known() sql.From {
	return sql.Derived{As: "l", Query: &sql.Select{
		Items: sql.Items("k", "key", "entity_id", "fingerprint"),
		From:  sql.TableRef{Table: Ledger, As: "k"},
		Where: b.isKnown("k"),
	}}
}

// noted is the pending notes of this sync under the alias n.
func (b *builder) noted() sql.From {
	return sql.Derived{As: "n", Query: &sql.Select{
		Items: sql.Items("k", "key", "entity_id"),
		From:  sql.TableRef{Table: Pending, As: "k"},
		Where: b.isThere("k"),
	}}
}

// changesQuery compares wanted with known and noted, each side read once. A row
// of which l and n alone know is one that left. unknown says that the ledger
// lacks the key, though an earlier sending of it may have arrived.
func (b *builder) changesQuery() sql.Query {
	isNoted := sql.Fn(sql.IsNotNull, sql.Col("n", "key"))
	reason := sql.Case{
		Whens: append(b.reasons(sql.Fn(sql.Differ, sql.Col("l", "fingerprint"), sql.Col("w", "fingerprint"))),
			sql.When{If: isNoted, Then: sql.String(reasonUnsettled)}),
		Else: sql.String(reasonResync),
	}
	operation, key, id, fingerprint := sql.Expr(sql.String(b.wantedOp())), sql.Expr(sql.Col("w", "key")), sql.Expr(sql.Col("w", "entity_id")), sql.Expr(sql.Col("w", "fingerprint"))
	due, kind := sql.Expr(append(b.sendable(), b.isDue())), sql.LeftJoin
	known := sql.Expr(sql.Col("w", "key"))
	if b.leftOp() != "" {
		// A key that is wanted but cannot be sent now stays as it is over there.
		isHere := sql.Fn(sql.IsNotNull, sql.Col("w", "fingerprint"))
		left := sql.And{sql.Fn(sql.IsNull, sql.Col("w", "fingerprint")), b.putThere()}
		theirs := sql.Fn(sql.Coalesce, sql.Col("l", "entity_id"), sql.Col("n", "entity_id"))
		if b.Entity.Hold {
			left = append(left, sql.Fn(sql.Not, b.isHeld(theirs)))
		}
		known = sql.Fn(sql.Coalesce, sql.Col("w", "key"), sql.Col("l", "key"))
		operation = sql.If(isHere, operation, sql.String(b.leftOp()))
		key = sql.Fn(sql.Coalesce, sql.Col("w", "key"), sql.Col("l", "key"), sql.Col("n", "key"))
		id = sql.If(isHere, id, theirs)
		fingerprint = sql.Fn(sql.Coalesce, fingerprint, sql.String(""))
		reason.Whens = append([]sql.When{{If: sql.Fn(sql.IsNull, sql.Col("w", "fingerprint")), Then: sql.String(reasonLeft)}}, reason.Whens...)
		due, kind = sql.Or{append(sql.And{isHere}, due), left}, sql.FullJoin
	}
	q := &sql.Select{
		Items: []sql.Item{
			sql.As(operation, "operation"), sql.As(key, "key"), sql.As(id, "entity_id"), sql.As(fingerprint, "fingerprint"), sql.As(reason, "reason"),
			sql.As(sql.And{sql.Fn(sql.IsNull, sql.Col("l", "key")), isNoted}, "unknown"),
		},
		From: sql.Joins(sql.TableRef{Table: b.wanted, As: "w"},
			sql.Join{Kind: kind, Right: b.known(), On: sql.Fn(sql.Eq, sql.Col("l", "key"), sql.Col("w", "key"))},
			sql.Join{Kind: kind, Right: b.noted(), On: sql.Fn(sql.Eq, sql.Col("n", "key"), known)}),
		Where: due,
	}
	for _, f := range b.fields {
		q.Items = append(q.Items, sql.Items("w", column(f.Name))...)
	}
	return q
}

// reasons are why a row that is wanted is sent; l is what the ledger knows of it,
// and differs says that it is another now.
func (b *builder) reasons(differs sql.Expr) []sql.When {
	return []sql.When{
		{If: sql.Fn(sql.IsNull, sql.Col("l", "key")), Then: sql.String(reasonNew)},
		{If: b.remapped("l"), Then: sql.String(reasonMapping)},
		{If: differs, Then: sql.String(reasonChanged)},
	}
}

// stream reads rows for delivery in the order of their keys, so that the same
// changes make the same batches.
func (b *builder) stream(rows sql.From, alias string) *sql.Select {
	q := &sql.Select{
		Items:   sql.Items(alias, "operation", "key", "entity_id", "fingerprint"),
		From:    rows,
		OrderBy: []sql.Order{sql.Asc(sql.Col(alias, "key"))},
	}
	for _, f := range b.fields {
		q.Items = append(q.Items, sql.As(sql.Col(alias, column(f.Name)), f.Name))
	}
	return q
}

// snapshot is everything that can be sent. What is known and not among it is
// gone from a destination that replaces all by it, though nobody left: a row
// whose key another has now, or that an upsert leaves where it is. It is a
// removal too, so that the row is sent again when it returns.
func (b *builder) snapshot() sql.Query {
	if !b.mode(config.Upsert) && !b.mode(config.Mirror) {
		return nil // No destination that replaces all does anything else.
	}
	here := &sql.Select{
		Items: append([]sql.Item{sql.As(sql.String(b.wantedOp()), "operation")}, sql.Items("w", "key", "entity_id", "fingerprint")...),
		From:  sql.TableRef{Table: b.wanted, As: "w"},
		Where: b.sendable(),
	}
	if b.Entity.Hold {
		// All there is to send of a row that stays is what it is now.
		here.Where = append(b.valid(), sql.Or{sql.Fn(sql.Not, sql.Col("w", "held")), sql.InQuery{
			Exprs: []sql.Expr{sql.Col("w", "key")}, Query: &sql.Select{Items: sql.Items("l", "key"), From: b.known()},
		}})
	}
	absent := func(table sql.Table, alias string, where sql.Expr) sql.Expr {
		return sql.Exists{Not: true, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Int(1), "one")},
			From:  sql.TableRef{Table: table, As: alias},
			Where: sql.And{sql.Fn(sql.Eq, sql.Col(alias, "key"), sql.Col("l", "key")), where},
		}}
	}
	away := cmp.Or(b.leftOp(), config.Remove)
	gone := &sql.Select{
		Items: append([]sql.Item{sql.As(sql.String(away), "operation")}, sql.Items("l", "key", "entity_id", "fingerprint")...),
		From:  b.known(),
		Where: sql.And{
			absent(b.wanted, "w", here.Where),
			absent(b.changes, "c", sql.Fn(sql.Eq, sql.Col("c", "operation"), sql.String(away))), // streamed from there
		},
	}
	for _, f := range b.fields {
		here.Items = append(here.Items, sql.Items("w", column(f.Name))...)
		gone.Items = append(gone.Items, sql.As(sql.Null{Type: f.Type}, column(f.Name)))
	}
	return b.stream(sql.Derived{Query: sql.Union{here, gone}, As: "s"}, "s")
}

// place is where the rows of the sync are: keys of one place say nothing of
// another. What the ledger knows of an earlier place stays there, and is left
// alone.
func (b *builder) place() string {
	return strings.Join([]string{b.Sync.To.Destination, b.Sync.To.Object, b.Sync.To.Key}, "/")
}

// isThere is what the ledger knows of this sync at its place, under an alias.
func (b *builder) isThere(alias string) sql.Expr {
	return sql.And{b.isOurs(alias), sql.Fn(sql.Eq, sql.Col(alias, "place"), sql.String(b.place()))}
}

// isOurs says that a row under an alias is of this sync, at whichever place.
func (b *builder) isOurs(alias string) sql.Expr {
	return sql.Fn(sql.Eq, sql.Col(alias, "sync"), sql.String(b.Sync.Name))
}

func (b *builder) counts() sql.Query {
	count := func(from sql.From, where sql.Expr) sql.Expr {
		return sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: from, Where: where}}
	}
	wanted := sql.TableRef{Table: b.wanted, As: "w"}
	changes := sql.TableRef{Table: b.changes, As: "c"}
	because := func(reason string) sql.Expr {
		return count(changes, sql.Fn(sql.Eq, sql.Col("c", "reason"), sql.String(reason)))
	}
	added, removed := because(reasonNew), because(reasonLeft)
	if b.mode(config.Remove) {
		added, removed = sql.Int(0), added
	}
	out := &sql.Select{Items: []sql.Item{
		sql.As(count(wanted, nil), "wanted"),
		// What may have arrived counts, or the removal of the first of it would
		// be one of none, more than any guard allows.
		sql.As(sql.Fn(sql.AddFast, count(b.known(), nil), count(changes, sql.Col("c", "unknown"))), "known"),
		sql.As(added, "added"),
		sql.As(because(reasonMapping), "mapping"),
		sql.As(because(reasonChanged), "changed"),
		sql.As(because(reasonUnsettled), "unsettled"),
		sql.As(because(reasonResync), "resync"),
		sql.As(removed, "removed"),
		sql.As(sql.Fn(sql.AddFast,
			count(changes, sql.InQuery{Exprs: []sql.Expr{sql.Col("c", "key")}, Query: b.rejectedKeys()}),
			// Those of this run are among them already, by Refuse.
			count(sql.TableRef{Table: Rejections, As: "r"}, sql.And{
				b.isOurs("r"), sql.Fn(sql.Eq, sql.Col("r", "run_id"), sql.String(b.RunID)),
				sql.Fn(sql.Eq, sql.Col("r", "origin"), sql.String("invalid")), sql.Fn(sql.Gt, sql.Col("r", "attempts"), sql.Int(1)),
			})), "retried"),
		sql.As(count(wanted, sql.Fn(sql.Not, b.sendable())), "invalid"),
	}}
	if b.waits() {
		out.Items = append(out.Items, sql.As(count(b.waiting(), append(isWaiting(), b.sendable()...)), "waiting"))
	}
	for _, rule := range b.rules() {
		out.Items = append(out.Items, sql.As(count(sql.TableRef{Table: b.without, As: "m"}, sql.Fn(sql.Eq, sql.Col("m", "left_out"), sql.String(rule))), rule))
	}
	return out
}

// retry leaves only rejected rows due.
func (b *builder) retry() []sql.Statement {
	r := b.Retry
	if r == nil {
		return nil
	}
	which := sql.And{b.isOurs("r")}
	if r.Code != "" {
		which = append(which, sql.Fn(sql.Eq, sql.Col("r", "code"), sql.String(r.Code)))
	}
	if r.Key != "" {
		which = append(which, sql.Fn(sql.Eq, sql.Col("r", "key"), sql.String(r.Key)))
	}
	return []sql.Statement{sql.Delete{Table: b.changes, Where: sql.InQuery{
		Exprs: []sql.Expr{sql.Col("", "key")}, Not: true,
		Query: &sql.Select{Items: sql.Items("r", "key"), From: sql.TableRef{Table: Rejections, As: "r"}, Where: which},
	}}}
}

func (b *builder) rejectedKeys() sql.Query {
	return &sql.Select{Items: sql.Items("r", "key"), From: sql.TableRef{Table: Rejections, As: "r"}, Where: b.isOurs("r")}
}

// reject appends rows to Rejections, each an attempt more than the row of an
// earlier run that it stands for.
func (b *builder) reject(of batch, rows sql.From, alias string, where, origin, code, message, key sql.Expr) sql.Statement {
	earlier := sql.Derived{As: "r", Query: &sql.Select{
		Items: sql.Items("e", "key", "attempts", "first_at"),
		From:  sql.TableRef{Table: Rejections, As: "e"},
		Where: sql.And{b.isOurs("e"), of.others(sql.Col("e", "run_id"))},
	}}
	return sql.InsertSelect{Table: Rejections, Columns: sql.ColumnNames(rejectionsColumns), Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.String(b.Sync.Name), "sync"), sql.As(key, "key"), sql.As(sql.Col(alias, "entity_id"), "entity_id"),
			sql.As(origin, "origin"), sql.As(code, "code"), sql.As(message, "message"),
			sql.As(sql.Fn(sql.AddFast, sql.Fn(sql.Coalesce, sql.Col("r", "attempts"), sql.Int(0)), sql.Int(1)), "attempts"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("r", "first_at"), of.at), "first_at"),
			sql.As(of.at, "last_at"), sql.As(of.run, "run_id"),
		},
		From:  sql.Joins(rows, sql.Join{Kind: sql.LeftJoin, Right: earlier, On: sql.Fn(sql.Eq, sql.Col("r", "key"), key)}),
		Where: where,
	}}
}

// forget removes the rejections of earlier runs that a condition names.
func (b *builder) forget(of batch, more sql.Expr) sql.Statement {
	return sql.Delete{Table: Rejections, Where: sql.And{b.isOurs(""), of.others(sql.Col("", "run_id")), more}}
}

// invalidKey names a row that cannot be sent: by its key and, where the key is
// missing or not its own, by the entity.
func invalidKey(alias string) sql.Expr {
	id := sql.Fn(sql.Concat, sql.String("#"), sql.Fn(sql.IntToString, sql.Col(alias, "entity_id")))
	return sql.Fn(sql.Concat, sql.Fn(sql.Coalesce, sql.Col(alias, "key"), sql.String("")), id)
}

func (b *builder) refuse() []sql.Statement {
	var code, message sql.Case
	because := func(when sql.Expr, c string, m sql.Expr) {
		code.Whens = append(code.Whens, sql.When{If: when, Then: sql.String(c)})
		message.Whens = append(message.Whens, sql.When{If: when, Then: m})
	}
	because(sql.Fn(sql.IsNull, sql.Col("w", "key")), MissingKey, sql.String("the row has no value for the key field "+b.Sync.To.Key))
	if b.Entity.Hold {
		because(sql.Col("w", "held"), Held, sql.String("suspicious, and held until somebody has looked: see "+identity.IncidentsTable(b.Entity).Name))
	}
	if b.unfit() != nil {
		because(sql.Fn(sql.IsNotNull, sql.Col("w", "unfit")), Unconvertible, sql.Col("w", "unfit"))
	}
	if b.events() {
		because(sql.Col("w", "undated"), Undated, sql.String("the event has no time, so that nobody knows whether it is too old"))
	}
	code.Else = sql.String(DuplicateKey)
	message.Else = sql.Fn(sql.Concat, sql.Fn(sql.IntToString, sql.Col("w", "same_key")), sql.String(" rows have the same "+b.Sync.To.Key+"; none of them is sent"))
	rows, where, ofCode, ofMessage, key := b.refused(code, message)
	return append([]sql.Statement{
		b.reject(b.live(), rows, "w", where, sql.String("invalid"), ofCode, ofMessage, key),
		// The codes are the ones above: what a destination found unfit is invalid
		// too, and due until it passes.
		b.forget(b.live(), sql.In{Expr: sql.Col("", "code"), List: []sql.Expr{
			sql.String(MissingKey), sql.String(DuplicateKey), sql.String(Held), sql.String(Unconvertible), sql.String(Undated),
		}}),
	}, b.admit()...)
}

// note writes down every key that is about to be sent.
func (b *builder) note() []sql.Statement {
	due := &sql.Select{Items: sql.Items("c", "key"), From: sql.TableRef{Table: b.changes, As: "c"}}
	return []sql.Statement{
		sql.Delete{Table: Pending, Where: sql.And{b.isThere(""), sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: due}}},
		sql.InsertSelect{Table: Pending, Columns: sql.ColumnNames(pendingColumns), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.String(b.Sync.Name), "sync"), sql.As(sql.String(b.place()), "place"), sql.As(sql.Col("c", "key"), "key"), sql.As(sql.Col("c", "entity_id"), "entity_id"),
				sql.As(sql.String(b.RunID), "run_id"),
			},
			From: sql.TableRef{Table: b.changes, As: "c"},
		}},
	}
}

// batch is outcomes that apply takes over.
type batch struct {
	// rows are under the alias o, and whole the same with what reason and sent
	// read.
	rows, whole sql.From
	// run and at are those of the run that they are of; sent is what was sent, NULL
	// where that is not known any more.
	run, at, reason, sent sql.Expr
	// neverSent is true of an outcome that was kept back where the row was never sent,
	// by this run or another: nobody has to take it away. It is nil where that is not
	// known any more.
	neverSent sql.Expr
	// others is true of a run, by its column, that they are not of.
	others func(run sql.Expr) sql.Expr
}

// live is a batch of this run.
func (b *builder) live() batch {
	rows := sql.TableRef{Table: b.outcomes, As: "o"}
	sent := sql.Expr(sql.Null{Type: sql.TypeString})
	if b.keepsSent() {
		// Nothing was sent of a row that was there before.
		sent = sql.If(sql.Fn(sql.Eq, sql.Col("c", "fingerprint"), b.acknowledged("o")), b.sent("c"), nil)
	}
	return batch{
		rows: rows,
		whole: sql.Joins(rows, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: b.changes, As: "c"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("c", "key"), sql.Col("o", "key")), sql.Fn(sql.Eq, sql.Col("c", "operation"), sql.Col("o", "operation")),
			},
		}),
		run: sql.String(b.RunID), at: sql.Timestamp(b.AsOf), reason: sql.Col("c", "reason"), sent: sent,
		neverSent: sql.And{
			sql.Fn(sql.Eq, sql.Col("o", "code"), sql.String(neverSent)), sql.Fn(sql.Eq, sql.Col("c", "reason"), sql.String(reasonNew)),
			sql.Fn(sql.Not, sql.Col("c", "unknown")),
		},
		others: func(run sql.Expr) sql.Expr { return sql.Fn(sql.Ne, run, sql.String(b.RunID)) },
	}
}

// apply takes over the outcomes of one batch: what was accepted is in the
// ledger, what was rejected is due again with its reason, all is in the log. For
// a run that has lost its lease it does nothing: what another did meanwhile is
// newer.
func (b *builder) apply(of batch) []sql.Statement {
	accepted := sql.Col("o", "accepted")
	held := func(also ...sql.Expr) sql.And { return append(also, b.holds()) }
	keys := func(also ...sql.Expr) sql.Query {
		return &sql.Select{Items: sql.Items("o", "key"), From: of.rows, Where: held(also...)}
	}
	outcome := sql.Fn(sql.Coalesce, sql.Fn(sql.NullIfEmpty, sql.Col("o", "origin")), sql.If(accepted, sql.String("accepted"), sql.String("rejected")))
	// What the destination said leaves no doubt about an earlier sending.
	known := sql.Or{accepted, isAbsent("o")}
	certain := sql.Expr(known)
	if b.waits() {
		certain = isClear("o")
	}
	// What was kept back is neither there nor refused.
	kept := sql.Fn(sql.Eq, sql.Col("o", "origin"), sql.String(keptBack))
	settled := sql.Union{keys(certain)}
	if of.neverSent != nil {
		settled = append(settled, &sql.Select{Items: sql.Items("o", "key"), From: of.whole, Where: held(kept, of.neverSent)})
	}
	return []sql.Statement{
		b.touch(),
		sql.Delete{Table: Ledger, Where: sql.And{
			b.isThere(""), sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: keys(known)},
		}},
		sql.Delete{Table: Pending, Where: sql.And{
			b.isThere(""), sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: settled},
		}},
		sql.InsertSelect{Table: Ledger, Columns: sql.ColumnNames(ledgerColumns), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.String(b.Sync.Name), "sync"), sql.As(sql.String(b.place()), "place"), sql.As(sql.Col("o", "key"), "key"), sql.As(sql.Col("o", "entity_id"), "entity_id"),
				sql.As(b.acknowledged("o"), "fingerprint"), sql.As(of.sent, "sent"), sql.As(of.at, "acknowledged_at"), sql.As(of.run, "run_id"),
			},
			From:  of.whole,
			Where: held(accepted, sql.Fn(sql.Eq, sql.Col("o", "operation"), sql.String(b.wantedOp()))),
		}},
		b.reject(of, of.rows, "o", held(sql.Fn(sql.Not, known), sql.Fn(sql.Not, kept)),
			sql.Col("o", "origin"), sql.Col("o", "code"), sql.Col("o", "message"), sql.Col("o", "key")),
		b.forget(of, sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: keys()}),
		sql.InsertSelect{Table: Log, Columns: sql.ColumnNames(logColumns), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.String(b.Sync.Name), "sync"), sql.As(of.run, "run_id"), sql.As(sql.Col("o", "key"), "key"), sql.As(sql.Col("o", "entity_id"), "entity_id"),
				sql.As(sql.Col("o", "operation"), "operation"), sql.As(of.reason, "reason"),
				sql.As(outcome, "outcome"), sql.As(sql.Col("o", "code"), "code"), sql.As(of.at, "at"),
			},
			From:  of.whole,
			Where: held(),
		}},
	}
}

// settle forgets the rejections of rows that are no longer due: neither among
// the changes nor refused in this run.
func (b *builder) settle() []sql.Statement {
	list := b.forgetLeft()
	if b.keepsSent() {
		list = append(list, b.makeUp())
	}
	if b.Retry != nil {
		return list // rows that were left alone are due as before
	}
	return append(list, b.forget(b.live(), b.isOver()))
}

// keepsSent says that the ledger has what was sent of a row: the next run may
// send it with other values.
func (b *builder) keepsSent() bool { return !b.mode(config.Append) && !b.mode(config.Remove) }

// makeUp writes down what was sent of the rows of which only the journal was
// left to tell.
func (b *builder) makeUp() sql.Statement {
	return sql.UpdateFrom{
		Table: Ledger, As: "l",
		Set:  []sql.Assignment{{Column: "sent", Value: b.sent("w")}},
		From: sql.TableRef{Table: b.wanted, As: "w"},
		On: sql.And{
			b.isThere("l"), sql.Fn(sql.IsNull, sql.Col("l", "sent")),
			sql.Fn(sql.Eq, sql.Col("l", "key"), sql.Col("w", "key")), sql.Fn(sql.Eq, sql.Col("l", "fingerprint"), sql.Col("w", "fingerprint")),
		},
	}
}
