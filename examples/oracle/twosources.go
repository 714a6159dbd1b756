package oracle

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// TwoSources is what examples/two-sources must find.
type TwoSources struct {
	// Records counts both files, Customers the groups of records that share a
	// social-security number or a telephone number, directly or over others.
	Records, Customers int
	// Pairs counts the pairs of records in one group, RightPairs those of one
	// person, TruePairs the pairs that should have been found.
	Pairs, RightPairs, TruePairs int64
	// Group says which records (rec_id) are one customer: equal values are.
	Group map[string]string
	// Person is who a record is about, in truth.
	Person map[string]string
}

// Precision is the share of the found pairs that are right.
func (s *TwoSources) Precision() float64 { return float64(s.RightPairs) / float64(s.Pairs) }

// Recall is the share of the true pairs that were found.
func (s *TwoSources) Recall() float64 { return float64(s.RightPairs) / float64(s.TruePairs) }

// ReadTwoSources reads the originals (the CRM) and duplicates (loyalty) of the
// data folder. The truth is theirs: the integer part of rec_id / 10.
func ReadTwoSources(data string) (*TwoSources, error) {
	joined := sets{}
	out := &TwoSources{Group: map[string]string{}, Person: map[string]string{}}
	for _, name := range []string{"dataset_D_org_10000.csv", "dataset_D_dup_10000.csv"} {
		err := readCSV(filepath.Join(data, "febrl", name), func(field row) error {
			id := field("rec_id")
			n, err := strconv.Atoi(id)
			if err != nil {
				return fmt.Errorf("reading rec_id: %w", err)
			}
			out.Records++
			out.Person[id] = strconv.Itoa(n / 10)
			record := "record:" + id
			joined.find(record)
			if ssn := digits(field("soc_sec_id")); ssn != "" {
				joined.join(record, "ssn:"+ssn)
			}
			if phone := digits(field("phone_number")); phone != "" {
				joined.join(record, "phone:"+phone)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	groups, people, cells := map[string]int64{}, map[string]int64{}, map[[2]string]int64{}
	for id, person := range out.Person {
		group := joined.find("record:" + id)
		out.Group[id] = group
		groups[group]++
		people[person]++
		cells[[2]string{group, person}]++
	}
	out.Customers = len(groups)
	out.Pairs, out.TruePairs, out.RightPairs = pairs(groups), pairs(people), pairs(cells)
	return out, nil
}

// pairs counts the pairs inside groups of the given sizes.
func pairs[K comparable](sizes map[K]int64) int64 {
	var total int64
	for _, n := range sizes {
		total += n * (n - 1) / 2
	}
	return total
}
