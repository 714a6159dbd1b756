// Package privacy holds what a warehouse must remember of the rights of people:
// who is not to be used (Restrictions), what was corrected (Corrections), and
// whose identifiers must never come back (Suppressions).
//
// The first two name people in clear, since those stay stored. A suppression has
// nothing but a keyed digest, of which nobody can tell whose it is without the
// key; and the key is in no statement.
//
// The package knows no other model, so that all of them can ask it; what is done
// to the tables of all models together is in models/privacy/person. It never runs
// SQL. Start with tables.go, then restraint.go for what audiences ask.
package privacy
