package oracle

// Matching is which records of a data set are one customer, beside who they
// are about in truth.
type Matching struct {
	// Records counts the records, Customers the groups of them.
	Records, Customers int
	// Pairs counts the pairs of records in one group, RightPairs those of one
	// person, TruePairs the pairs that should have been found.
	Pairs, RightPairs, TruePairs int64
	// Group says which records are one customer: equal values are.
	Group map[string]string
	// Person is who a record is about, in truth.
	Person map[string]string
}

// Match compares the groups of records with their persons. Both maps have the
// same keys.
func Match(group, person map[string]string) *Matching {
	m := &Matching{Records: len(person), Group: group, Person: person}
	groups, people, cells := map[string]int64{}, map[string]int64{}, map[[2]string]int64{}
	for record, p := range person {
		g := group[record]
		groups[g]++
		people[p]++
		cells[[2]string{g, p}]++
	}
	m.Customers = len(groups)
	m.Pairs, m.TruePairs, m.RightPairs = pairs(groups), pairs(people), pairs(cells)
	return m
}

// Precision is the share of the found pairs that are right.
func (m *Matching) Precision() float64 { return float64(m.RightPairs) / float64(m.Pairs) }

// Recall is the share of the true pairs that were found.
func (m *Matching) Recall() float64 { return float64(m.RightPairs) / float64(m.TruePairs) }

// pairs counts the pairs inside groups of the given sizes.
func pairs[K comparable](sizes map[K]int64) int64 {
	var total int64
	for _, n := range sizes {
		total += n * (n - 1) / 2
	}
	return total
}
