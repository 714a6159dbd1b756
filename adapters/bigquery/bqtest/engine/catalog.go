package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Name is the whole name of a table. Names are case-sensitive, as in BigQuery.
type Name struct{ Project, Dataset, Table string }

func (n Name) String() string { return n.Project + "." + n.Dataset + "." + n.Table }

// colon is the name as BigQuery's messages write it.
func (n Name) colon() string { return n.Project + ":" + n.Dataset + "." + n.Table }

// A Table is a table as it is at one time: a change makes another.
type Table struct {
	Name

	Columns []Column
	// Engine is the table of the engine that holds the rows. It is empty where
	// the table was made by a statement that was only analyzed.
	Engine string
	// View is the query of a view.
	View        string
	Partition   *wirePartition
	RangePart   map[string]any
	Cluster     []string
	Labels      map[string]string
	Description string
	Friendly    string
	Expires     time.Time
	Created     time.Time
	Modified    time.Time
	Key         []string
}

// column finds a column by its name, whose case does not matter.
func (t *Table) column(name string) *Column {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

// A Dataset holds tables.
type Dataset struct {
	Project, Name string
	Location      string
	Labels        map[string]string
	Description   string
	Expiration    int64
	Created       time.Time
	Tables        map[string]*Table
}

// A Catalog is what there is.
type Catalog struct {
	mu       sync.RWMutex
	datasets map[[2]string]*Dataset
	// drop takes away the rows of tables that are gone.
	drop func(engine string)
}

func newCatalog(drop func(engine string)) *Catalog {
	return &Catalog{datasets: map[[2]string]*Dataset{}, drop: drop}
}

func (c *Catalog) dataset(project, name string) (*Dataset, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.datasetLocked(project, name)
}

func (c *Catalog) datasetLocked(project, name string) (*Dataset, error) {
	d, ok := c.datasets[[2]string{project, name}]
	if !ok {
		return nil, &Error{Reason: "notFound", Message: fmt.Sprintf("Not found: Dataset %s:%s", project, name)}
	}
	return d, nil
}

func (c *Catalog) list(project string) []*Dataset {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*Dataset
	for key, d := range c.datasets {
		if key[0] == project {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *Dataset) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (c *Catalog) create(d *Dataset) error {
	if len(d.Name) > 1024 || !regexp.MustCompile(`^[A-Za-z0-9_]+$`).MatchString(d.Name) {
		return &Error{Reason: "invalid", Message: fmt.Sprintf("Invalid dataset ID %q. Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 characters long.", d.Name)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{d.Project, d.Name}
	if c.datasets[key] != nil {
		return &Error{Reason: "duplicate", Message: fmt.Sprintf("Already Exists: Dataset %s:%s", d.Project, d.Name)}
	}
	d.Created, d.Tables = time.Now(), map[string]*Table{}
	c.datasets[key] = d
	return nil
}

func (c *Catalog) remove(project, name string, contents bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.datasetLocked(project, name)
	if err != nil {
		return err
	}
	if len(d.Tables) > 0 && !contents {
		return &Error{Reason: "resourceInUse", Message: fmt.Sprintf("Dataset %s:%s is still in use", project, name)}
	}
	for _, t := range d.Tables {
		c.drop(t.Engine)
	}
	delete(c.datasets, [2]string{project, name})
	return nil
}

func missing(n Name) error {
	return &Error{Reason: "notFound", Message: fmt.Sprintf("Not found: Table %s was not found in location US", n.colon())}
}

func (c *Catalog) table(n Name) (*Table, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d, err := c.datasetLocked(n.Project, n.Dataset)
	if err != nil {
		return nil, &Error{Reason: "notFound", Message: fmt.Sprintf("Not found: Dataset %s:%s was not found in location US", n.Project, n.Dataset)}
	}
	if t := d.Tables[n.Table]; t != nil && (t.Expires.IsZero() || t.Expires.After(time.Now())) {
		return t, nil
	}
	return nil, missing(n)
}

func (c *Catalog) tables(project, name string) ([]*Table, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d, err := c.datasetLocked(project, name)
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(d.Tables), func(a, b *Table) int { return cmp.Compare(a.Table, b.Table) }), nil
}

// put makes a table or replaces the one of its name.
func (c *Catalog) put(t *Table, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.datasetLocked(t.Project, t.Dataset)
	if err != nil {
		return err
	}
	was := d.Tables[t.Table]
	switch {
	case was != nil && !replace:
		return &Error{Reason: "duplicate", Message: "Already Exists: Table " + t.colon()}
	case was != nil && was.Engine != t.Engine:
		c.drop(was.Engine)
	}
	if t.Created.IsZero() {
		t.Created = time.Now()
	}
	t.Modified = time.Now()
	d.Tables[t.Table] = t
	return nil
}

// rename gives a table another name in its dataset.
func (c *Catalog) rename(n Name, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.datasetLocked(n.Project, n.Dataset)
	if err != nil {
		return err
	}
	t := d.Tables[n.Table]
	if t == nil {
		return missing(n)
	}
	if d.Tables[to] != nil {
		return &Error{Reason: "duplicate", Message: "Already Exists: Table " + Name{n.Project, n.Dataset, to}.colon()}
	}
	renamed := *t
	renamed.Table = to
	delete(d.Tables, n.Table)
	d.Tables[to] = &renamed
	return nil
}

func (c *Catalog) delete(n Name) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.datasetLocked(n.Project, n.Dataset)
	if err != nil {
		return err
	}
	t := d.Tables[n.Table]
	if t == nil {
		return &Error{Reason: "notFound", Message: "Not found: Table " + n.colon()}
	}
	c.drop(t.Engine)
	delete(d.Tables, n.Table)
	return nil
}

// name completes the path of a table in a statement.
func name(path []string, project, dataset string) (Name, error) {
	parts := strings.Split(strings.Join(path, "."), ".")
	switch len(parts) {
	case 1:
		if dataset == "" {
			return Name{}, invalid(fmt.Sprintf("Table %q must be qualified with a dataset (e.g. dataset.table).", parts[0]))
		}
		return Name{project, dataset, parts[0]}, nil
	case 2:
		return Name{project, parts[0], parts[1]}, nil
	case 3:
		return Name{parts[0], parts[1], parts[2]}, nil
	}
	return Name{}, invalid("Invalid table name: " + strings.Join(parts, "."))
}
