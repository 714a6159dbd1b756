package syncs

import "slices"

// Kind is what an operation wants.
type Kind int

// The kinds. The zero value is invalid on purpose.
const (
	// Upsert makes a record be there with these values, whatever was there.
	Upsert Kind = iota + 1
	// Remove takes a member off an audience. One who is not on it is fine.
	Remove
	// Update sets the values of a record that is there, and creates none: of
	// one that is not, the answer says Absent.
	Update
	// Insert creates a record. It changes none: of one that is there, the answer
	// says Exists.
	Insert
	// Add puts a member on an audience.
	Add
	// Clear empties the fields of the schema, but for the key, in a record that
	// stays. Values are nil.
	Clear
	// Archive puts a record away, as the platform understands it.
	Archive
	// Delete removes a record for good.
	Delete
	// Append adds an event. Key is its own; see Spec.Keyed.
	Append
	// Erase makes the platform forget a person, by whatever Schema.Key says that
	// Key is; see Spec.Erasure. No sync does that: somebody asks for it.
	Erase
)

var kinds = []string{
	Upsert: "upsert", Remove: "remove", Update: "update", Insert: "insert", Add: "add",
	Clear: "clear", Archive: "archive", Delete: "delete", Append: "append",
	Erase: "erase",
}

// Kinds are all of them.
func Kinds() []Kind {
	list := make([]Kind, 0, len(kinds)-1)
	for k := range kinds[1:] {
		list = append(list, Kind(k+1))
	}
	return list
}

// KindOf is the kind of a name, 0 where there is none.
func KindOf(name string) Kind { return Kind(max(slices.Index(kinds[1:], name)+1, 0)) }

// String is the name of a kind: in tables, envelopes and files.
func (k Kind) String() string {
	if k < 1 || int(k) >= len(kinds) {
		return "none"
	}
	return kinds[k]
}

// Leaves says that the operation takes something away; it has no values.
func (k Kind) Leaves() bool {
	return k == Remove || k == Clear || k == Archive || k == Delete || k == Erase
}

// MayExist says that an answer may be Exists: there was nothing to do.
func (k Kind) MayExist() bool { return k == Insert || k == Add || k == Append }

// MayBeAbsent says that an answer may be Absent. For an operation that takes
// something away there was nothing to do.
func (k Kind) MayBeAbsent() bool { return k == Update || k.Leaves() }
