package oracle

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// TwoSources is what examples/two-sources must find.
type TwoSources struct {
	// Both joins the records (rec_id) that share a social-security number or a
	// telephone number, directly or over others; ByPhone those that share a
	// telephone number.
	Both, ByPhone *Matching
}

// ReadTwoSources reads the originals (the CRM) and duplicates (loyalty) of the
// data folder. The truth is theirs: the integer part of rec_id / 10.
func ReadTwoSources(data string) (*TwoSources, error) {
	both, byPhone, person := sets{}, sets{}, map[string]string{}
	for _, name := range []string{"dataset_D_org_10000.csv", "dataset_D_dup_10000.csv"} {
		err := readCSV(filepath.Join(data, "febrl", name), func(field row) error {
			id := field("rec_id")
			n, err := strconv.Atoi(id)
			if err != nil {
				return fmt.Errorf("reading rec_id: %w", err)
			}
			person[id] = strconv.Itoa(n / 10)
			if ssn := digits(field("soc_sec_id")); ssn != "" {
				both.join("record:"+id, "ssn:"+ssn)
			}
			if phone := digits(field("phone_number")); phone != "" {
				both.join("record:"+id, "phone:"+phone)
				byPhone.join("record:"+id, "phone:"+phone)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	group := func(joined sets) map[string]string {
		out := map[string]string{}
		for id := range person {
			out[id] = joined.find("record:" + id)
		}
		return out
	}
	return &TwoSources{Both: Match(group(both), person), ByPhone: Match(group(byPhone), person)}, nil
}
