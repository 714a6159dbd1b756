package config

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Relation says which entities of one kind belong to which of another, many to
// many: which customers work for which accounts. One of them is primary, whose
// traits the expressions of From read by the relation's name.
type Relation struct {
	Name        string `yaml:"name,required" doc:"Name of the relation. Expressions of from call the primary one by it."`
	Description string `yaml:"description,blank" doc:"What the relation is, for readers."`
	Owner       string `yaml:"owner" doc:"Who answers for the relation: a person or a team, a name or an e-mail address; the project's where none is given."`
	// From and To are two different entities.
	From string `yaml:"from,required" doc:"Entity that the relation starts at, such as customer. Its expressions read the traits of the other."`
	To   string `yaml:"to,required" doc:"Entity that the relation leads to, such as account."`
	Via  []Via  `yaml:"via,required" doc:"What says who belongs to whom. Among equals the first counts."`
	// Primary is one of Primaries. Load fills in "latest" where none is given.
	Primary string `yaml:"primary" doc:"Which of several is the primary one: that seen latest or earliest, or that of most rows. latest where none is given."`
	// Reverse is what the expressions of To call the collection of those who
	// belong to it; "" is nothing.
	Reverse string      `yaml:"reverse" doc:"Name of the collection of members in expressions of to, such as employees."`
	Tags    []string    `yaml:"tags" doc:"Words to select by."`
	Pos     strict.Node `yaml:"-"`
}

// Via is one way in which a Relation is known: either rows of a source of From
// name identifiers of To, or an identifier of From is one of To.
type Via struct {
	Source string `yaml:"source" doc:"Source of from whose rows name the other entity. Either source or identifier is given."`
	// Identifiers maps identifier types of To to columns of Source.
	Identifiers strict.Ordered[string] `yaml:"identifiers" doc:"Identifier types of to, each with the column of the source that holds it. The strongest that is known counts."`
	Identifier  string                 `yaml:"identifier" doc:"Identifier type of from whose values identify the other entity, such as email. Either source or identifier is given."`
	// As is the identifier type of To that a value of Identifier is read as.
	As  string      `yaml:"as" doc:"Identifier type of to that the values are read as, such as domain."`
	Pos strict.Node `yaml:"-"`
}

// Primaries are the values of Relation.Primary. A row without a time counts as
// the oldest.
var Primaries = []string{"latest", "earliest", "most_rows"}

// IsPrimary is the column of members that says for whom the entity is the
// primary one.
const IsPrimary = "is_primary"

// TableName is the name of the public table of a relation.
func (r *Relation) TableName() string { return r.From + "_" + r.Name }

// entityTables end the names of the tables that every entity has; fixedTables
// are those of the project, of which the last has many.
var (
	entityTables = []string{"identities", "id_history", "identity_incidents", "profiles", "profile_history"}
	fixedTables  = []string{
		"segment_members", "segment_changes", "segment_sizes", "sync_ledger", "sync_pending", "sync_rejections", "sync_log", "sync_leases", "identity_state",
	}
	identityRows = "identity_rows_"
)

// taken says that a table of this name is another's.
func (l *loader) taken(table string) bool {
	return slices.Contains(fixedTables, table) || strings.HasPrefix(table, identityRows) ||
		slices.ContainsFunc(l.project.Entities, func(e *Entity) bool {
			rest, ours := strings.CutPrefix(table, e.Name+"_")
			return ours && slices.Contains(entityTables, rest)
		})
}

func (l *loader) relation(ix *index, r *Relation) {
	from, fromKnown := l.knownEntity(ix, r.From, r.Pos.At("from"))
	to, toKnown := l.knownEntity(ix, r.To, r.Pos.At("to"))
	if fromKnown && from == to {
		l.report(diag.Errorf(r.Pos.At("to"), codeConflict, "a relation leads from one entity to another").
			WithHelp("name two different entities, such as customer and account"))
		toKnown = false
	}
	l.oneOf(r.Primary, r.Pos.At("primary"), "choice of the primary one", Primaries)
	if r.Primary == "" {
		r.Primary = Primaries[0]
	}
	at := r.Pos.At("name")
	l.spoken(ix, r.Name, at, "relation", r.From)
	if l.taken(r.TableName()) {
		l.report(diag.Errorf(at, codeReserved, "the relation %q would have the table %s, which is another's", r.Name, r.TableName()).
			WithHelp("choose another name"))
	}
	if r.Reverse != "" {
		at := r.Pos.At("reverse")
		if l.name(r.Reverse, at, "collection") {
			l.spoken(ix, r.Reverse, at, "collection", r.To)
		}
		for _, name := range []string{IsPrimary, "time"} {
			if t, taken := ix.traits[[2]string{r.From, name}]; taken {
				l.report(diag.Errorf(at, codeReserved, "members have a column %s, and a trait of that name", name).
					WithHelp("rename the trait").WithRelated(t.Pos.At("name"), "the trait is here"))
			}
		}
	}
	if k := r.Pos.Get("via").Kind(); len(r.Via) == 0 && (k == strict.List || k == strict.Null) {
		l.report(diag.Errorf(r.Pos.Key("via"), strict.CodeEmpty, "nothing says who belongs to whom").
			WithHelp("name a source, or an identifier: - {identifier: email, as: domain}"))
	}
	for i := range r.Via {
		l.via(ix, r, &r.Via[i], from, to, fromKnown && from != nil, toKnown)
	}
}

// spoken checks a name that the expressions of an entity use beside those of
// its traits and sources.
func (l *loader) spoken(ix *index, name string, at diag.Span, what, entity string) {
	l.expressible(name, at, what, false)
	trait, isTrait := ix.traits[[2]string{entity, name}]
	source, isSource := ix.sources[name]
	switch {
	case isTrait:
		l.report(diag.Errorf(at, codeReserved, "the %s %q has the name of a trait", what, name).
			WithHelp("rename one of them: expressions know both by name").
			WithRelated(trait.Pos.At("name"), "the trait is here"))
	case isSource && source.Entity == entity:
		l.report(diag.Errorf(at, codeReserved, "the %s %q has the name of a source", what, name).
			WithHelp("rename one of them: expressions know both by name").
			WithRelated(source.Pos.At("name"), "the source is here"))
	case name == "now":
		l.report(diag.Errorf(at, codeReserved, "%q is the time of the run in expressions", name).
			WithHelp("choose another name"))
	}
}

// via checks one way in which a relation is known.
func (l *loader) via(ix *index, r *Relation, v *Via, from, to *Entity, fromKnown, toKnown bool) {
	has := func(key string) bool { return v.Pos.Get(key).Kind() != strict.Absent }
	refuse := func(key, with, help string) {
		if has(key) {
			l.report(diag.Errorf(v.Pos.Key(key), codeConflict, "%s does not go with %s", key, with).WithHelp("%s", help))
		}
	}
	need := func(key, of, help string) {
		if !has(key) {
			l.report(diag.Errorf(v.Pos.Key(of), codeMissing, "%s needs %s", of, key).WithHelp("%s", help))
		}
	}
	switch {
	case v.Pos.Kind() != strict.Mapping:
		// of the wrong type, and reported
	case has("source") && has("identifier"):
		l.report(diag.Errorf(v.Pos.Key("identifier"), codeConflict, "either a source or an identifier says who belongs to whom, not both").
			WithHelp("make it an entry of its own under via").WithRelated(v.Pos.Key("source"), "the source is here"))
	case has("source"):
		refuse("as", "source", "remove it: identifiers says what the columns hold")
		need("identifiers", "source", "map an identifier type of "+r.To+" to a column: identifiers: {domain: website}")
		l.viaSource(ix, r, v, to, toKnown)
	case has("identifier"):
		refuse("identifiers", "identifier", "remove it: as says what the value is")
		need("as", "identifier", "add as: with the identifier type of "+r.To+" that the values are read as")
		if fromKnown && v.Identifier != "" {
			l.identifierOf(from, v.Identifier, v.Pos.At("identifier"))
		}
		if toKnown && v.As != "" {
			l.identifierOf(to, v.As, v.Pos.At("as"))
		}
	default:
		l.report(diag.Errorf(v.Pos.Span(), codeMissing, "this says neither source nor identifier").
			WithHelp("write {source: contacts, identifiers: {domain: website}}, or {identifier: email, as: domain}"))
	}
}

func (l *loader) viaSource(ix *index, r *Relation, v *Via, to *Entity, toKnown bool) {
	at := v.Pos.At("source")
	s, known := find(l, ix.sources, ix.sourceNames, v.Source, at, codeUnknownSource, "source")
	if known && s.Entity != r.From {
		l.report(diag.Errorf(at, codeOtherEntity, "the source %q is about %s, the relation starts at %s", v.Source, s.Entity, r.From).
			WithHelp("name a source about %s", r.From).
			WithRelated(s.Pos.At("entity"), "the source says so here"))
	}
	if k := v.Pos.Get("identifiers").Kind(); len(v.Identifiers) == 0 && (k == strict.Mapping || k == strict.Null) {
		l.report(diag.Errorf(v.Pos.Key("identifiers"), strict.CodeEmpty, "no column says to whom a row belongs").
			WithHelp("map an identifier type of %s to a column: {domain: website}", r.To))
	}
	for _, id := range v.Identifiers {
		if toKnown {
			l.identifierOf(to, id.Key, v.Pos.Key("identifiers", id.Key))
		}
		l.notBlank(id.Value, v.Pos.At("identifiers", id.Key), "column name")
	}
}

// relations checks names that only meet among relations.
func (l *loader) relations(ix *index) {
	tables := map[string]*Relation{}
	collections := map[[2]string]*Relation{}
	spoken := map[[2]string]*Relation{}
	for _, r := range l.project.Relations {
		l.relation(ix, r)
		if first, taken := tables[r.TableName()]; taken && first.Name != r.Name {
			l.report(diag.Errorf(r.Pos.At("name"), codeReserved, "two relations would have the table %s", r.TableName()).
				WithHelp("rename one of them").WithRelated(first.Pos.At("name"), "the other is here"))
		}
		tables[r.TableName()] = r
		spoken[[2]string{r.From, r.Name}] = r
	}
	for _, r := range l.project.Relations {
		if r.Reverse == "" {
			continue
		}
		key := [2]string{r.To, r.Reverse}
		first, taken := collections[key]
		if !taken {
			first, taken = spoken[key]
		}
		if taken {
			l.report(diag.Errorf(r.Pos.At("reverse"), codeReserved, "expressions of %s know another relation as %q", r.To, r.Reverse).
				WithHelp("choose another name").WithRelated(first.Pos.At("name"), "that relation is here"))
			continue
		}
		collections[key] = r
	}
}
