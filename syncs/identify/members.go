package identify

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Column is one thing that a platform knows people by.
type Column struct {
	// Field is what a sync calls it, and Name what the platform does.
	Field, Name string
	Rule        Rule
	// Detail says that nobody is found by it alone: a row that has nothing else is
	// of no use.
	Detail bool
}

// Members reads the rows of an audience: what a sync maps, as the platform wants
// it. All that differs between the audiences of advertising platforms after that
// is how they spell it. It belongs to one goroutine; see NewMembers.
type Members struct {
	columns []Column
	// at are the places of the columns among the values of a row.
	at    []int
	types []syncs.Type
	rules []*Identifier
	cells [][]byte
	// key is the place of the key's column, -1 where that is no column.
	key     int
	scratch []byte
	tally   Tally
}

// NewMembers prepares the reading of rows of a schema. The columns stay in the
// order of all, those that the schema does not map left out.
func NewMembers(schema syncs.Schema, all []Column, policy Policy, region string) *Members {
	m := &Members{key: -1}
	for _, c := range all {
		at := schema.At(c.Field)
		if at < 0 {
			continue
		}
		if c.Field == schema.Key {
			m.key = len(m.columns)
		}
		m.columns, m.at = append(m.columns, c), append(m.at, at)
		m.types = append(m.types, schema.Fields[at].Type)
		m.rules = append(m.rules, New(c.Rule, policy, region))
		m.cells = append(m.cells, make([]byte, 0, 64))
	}
	return m
}

// Columns are those that the schema maps.
func (m *Members) Columns() []Column { return m.columns }

// Key is the place of the key among Columns: what those who leave are known by.
func (m *Members) Key() int { return m.key }

// Cell is what the last row that was read has for a column, empty where it has
// nothing. It is good until the next is read.
func (m *Members) Cell(i int) []byte { return m.cells[i] }

// AppendCell appends Cell as a JSON string. A digest needs no escapes, and most
// other values need none.
func (m *Members) AppendCell(b []byte, i int) []byte {
	cell := m.cells[i]
	for _, c := range cell {
		if m.columns[i].Rule.Hash != Plain {
			break
		}
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return syncs.AppendJSONString(b, string(cell))
		}
	}
	return append(append(append(b, '"'), cell...), '"')
}

// Values count what was done to the values that were read since it was asked.
func (m *Members) Values() []syncs.Values {
	values := m.tally.Values()
	m.tally = Tally{}
	return values
}

// Read reads a row: of one who leaves the key alone. It is false where nothing in
// it tells the platform who is meant.
func (m *Members) Read(op *syncs.Op) bool {
	found := false
	for i := range m.columns {
		m.cells[i] = m.cells[i][:0]
		var text string
		if op.Kind.Leaves() {
			if i != m.key {
				continue
			}
			text = op.Key
		} else {
			text = m.text(op.Values[m.at[i]], m.types[i])
		}
		var fate syncs.Fate
		var reason string
		m.cells[i], fate, reason = m.rules[i].Append(m.cells[i], text)
		m.tally.Add(m.columns[i].Field, fate, reason)
		if fate != syncs.Dropped && (!m.columns[i].Detail || op.Kind.Leaves()) {
			found = true
		}
	}
	return found
}

// text is a value as text, empty where it is none or cannot be spelled.
func (m *Members) text(v any, t syncs.Type) string {
	if text, ok := v.(string); ok {
		return text
	}
	var err error
	if m.scratch, err = syncs.AppendText(m.scratch[:0], t, v); err != nil {
		return ""
	}
	return string(m.scratch)
}

// Nobody is why a row in which nothing tells who is meant is not sent.
func (m *Members) Nobody() error {
	names := make([]string, len(m.columns))
	for i, c := range m.columns {
		names[i] = c.Field
	}
	return &syncs.Refusal{
		Code:    syncs.NoIdentifier,
		Message: "the row has nothing that tells the platform who is meant: each of " + strings.Join(names, ", ") + " is empty or unfit",
	}
}
