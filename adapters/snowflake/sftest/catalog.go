package sftest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// catalog is what objects there are. Names live here alone, exactly as
// Snowflake knows them; in DuckDB tables are t1, t2 and columns c0, c1, so that
// its rules about names can change nothing.
type catalog struct {
	mu        sync.Mutex
	databases map[string]*database
	tables    int
	// dropped tables go when no statement runs that may still read them.
	running int
	dropped []string
}

type database struct {
	name    string
	schemas map[string]*schema
}

type schema struct {
	name      string
	transient bool
	objects   map[string]*object
}

// object is a table, view or stage.
type object struct {
	database, schema, name string
	kind                   string // TABLE, VIEW, STAGE
	columns                []*columnDef
	physical               string
	transient, temporary   bool
	cluster, comment       string
	created                string
	definition             *query // of a view
	text                   string
	folder                 string // of a stage
	format                 map[string]string
	lock                   chan struct{}
}

type columnDef struct {
	name     string
	t        kindOf
	physical string
	notNull  bool
	fallback string // DuckDB's SQL of the default
	dflt     string // as DESCRIBE shows it
	comment  string
	key      bool
}

func newCatalog() *catalog { return &catalog{databases: map[string]*database{}} }

func (c *catalog) physical() string {
	c.tables++
	return fmt.Sprintf("t%d", c.tables)
}

func (c *catalog) makeDatabase(name string) {
	d := &database{name: name, schemas: map[string]*schema{}}
	d.schemas["PUBLIC"] = &schema{name: "PUBLIC", objects: map[string]*object{}}
	c.databases[name] = d
}

func newObject(database, schema, name, kind string) *object {
	return &object{database: database, schema: schema, name: name, kind: kind, lock: make(chan struct{}, 1)}
}

func (o *object) column(name string) *columnDef {
	if i := slices.IndexFunc(o.columns, func(c *columnDef) bool { return c.name == name }); i >= 0 {
		return o.columns[i]
	}
	return nil
}

func (o *object) full() string { return o.database + "." + o.schema + "." + o.name }

// addColumn gives a column its name in DuckDB.
func (o *object) addColumn(c *columnDef) {
	n := 0
	for _, have := range o.columns {
		var i int
		if _, err := fmt.Sscanf(have.physical, "c%d", &i); err == nil && i >= n {
			n = i + 1
		}
	}
	c.physical = fmt.Sprintf("c%d", n)
	o.columns = append(o.columns, c)
}

// create is the statement that makes the table in DuckDB.
func (o *object) create() string {
	var parts []string
	for _, c := range o.columns {
		part := c.physical + " " + c.t.duck()
		if c.notNull {
			part += " NOT NULL"
		}
		parts = append(parts, part)
	}
	return "CREATE TABLE " + o.physical + " (" + strings.Join(parts, ", ") + ")"
}
