package oracle

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Truthset is what examples/truthset must find. Records are named
// DATA_SOURCE:RECORD_ID.
type Truthset struct {
	// ByEmail joins who shares an address, Guarded who shares one that no more
	// than ten records carry, Customers by documents, address and telephone.
	ByEmail, Guarded, Customers *Resolved
}

// Resolved is a Matching, and what was not believed on the way.
type Resolved struct {
	*Matching
	// Quarantined are the values that more than ten records carry, with those
	// records, sorted. Refused are the values that would have joined customers
	// who have too many of something together, with what that is.
	Quarantined map[Value][]string
	Refused     map[Value]string
}

// Value is a value of one kind of identifier.
type Value struct{ Kind, Text string }

// crowd is how many records may carry a value that identifies somebody.
const crowd = 10

// kind is one way to tell who a record is about.
type kind struct {
	name string
	// of is the value of a record, in a form that compares; "" is none.
	of func(record map[string]string) string
	// limit is how many of them one customer may have; 0 is any number.
	limit int
}

// ReadTruthset reads the three files of records and the key of the data
// folder.
func ReadTruthset(data string) (*Truthset, error) {
	dir := filepath.Join(data, "senzing-truthset")
	records := map[string]map[string]string{}
	for _, file := range []string{"customers.csv", "reference.csv", "watchlist.csv"} {
		list, err := readRecords(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			records[recordName(r)] = r
		}
	}
	person := map[string]string{}
	key, err := readRecords(filepath.Join(dir, "actual_truthset_key.csv"))
	if err != nil {
		return nil, err
	}
	for _, r := range key {
		person[recordName(r)] = r["CLUSTER_ID"]
	}
	if !slices.Equal(slices.Sorted(maps.Keys(person)), slices.Sorted(maps.Keys(records))) {
		return nil, errors.New("reading the truth set: the key and the files name different records")
	}

	raw := kind{name: "email", of: func(r map[string]string) string { return address(r["EMAIL_ADDRESS"]) }}
	documents := []kind{
		{name: "ssn", limit: 1, of: func(r map[string]string) string {
			if n := digits(r["SSN_NUMBER"]); len(n) == 9 {
				return n
			}
			return ""
		}},
		{name: "lei", limit: 1, of: func(r map[string]string) string { return strings.TrimSpace(r["LEI_NUMBER"]) }},
		{name: "national_id", limit: 1, of: issued("NATIONAL_ID_COUNTRY", "NATIONAL_ID_NUMBER")},
		{name: "tax_id", limit: 1, of: issued("TAX_ID_COUNTRY", "TAX_ID_NUMBER")},
		{name: "passport", limit: 3, of: issued("PASSPORT_COUNTRY", "PASSPORT_NUMBER")},
		{name: "licence", limit: 3, of: issued("DRIVERS_LICENSE_STATE", "DRIVERS_LICENSE_NUMBER")},
		{name: "email", limit: 1, of: func(r map[string]string) string {
			if named, err := mail.ParseAddress(r["EMAIL_ADDRESS"]); err == nil {
				return address(named.Address)
			}
			return ""
		}},
		{name: "national_number", of: func(r map[string]string) string { return letters(r["NATIONAL_ID_NUMBER"]) }},
		{name: "phone", of: telephone},
	}
	out := &Truthset{}
	for _, way := range []struct {
		to    **Resolved
		kinds []kind
		crowd int
	}{
		{&out.ByEmail, []kind{raw}, len(records)},
		{&out.Guarded, []kind{raw}, crowd},
		{&out.Customers, documents, crowd},
	} {
		found, err := resolve(records, way.kinds, way.crowd)
		if err != nil {
			return nil, err
		}
		found.Matching = Match(found.Group, person)
		*way.to = found
	}
	return out, nil
}

// resolve joins the records that share a value, kind by kind, unless too many
// share it or the customers that it would join have too many of something
// together.
func resolve(records map[string]map[string]string, kinds []kind, crowd int) (*Resolved, error) {
	out := &Resolved{Matching: &Matching{Group: map[string]string{}}, Quarantined: map[Value][]string{}, Refused: map[Value]string{}}
	joined := sets{}
	carried := map[string]map[Value]bool{} // what a record was found to carry, by kinds judged so far
	for name := range records {
		joined.find(name)
		carried[name] = map[Value]bool{}
	}
	// together are the values that the customers of some records have.
	together := func(names []string) map[string]int {
		among, values, count := map[string]bool{}, map[Value]bool{}, map[string]int{}
		for _, name := range names {
			among[joined.find(name)] = true
		}
		for name, has := range carried {
			if among[joined.find(name)] {
				maps.Copy(values, has)
			}
		}
		for v := range values {
			count[v.Kind]++
		}
		return count
	}
	// over names a kind that customers have too many of together.
	over := func(names []string) string {
		count := together(names)
		for _, k := range kinds {
			if k.limit > 0 && count[k.name] > k.limit {
				return fmt.Sprintf("%d %s", count[k.name], k.name)
			}
		}
		return ""
	}
	for _, k := range kinds {
		who := map[Value][]string{}
		for _, name := range slices.Sorted(maps.Keys(records)) {
			if text := k.of(records[name]); text != "" {
				who[Value{k.name, text}] = append(who[Value{k.name, text}], name)
			}
		}
		for v, names := range who {
			if len(names) > crowd {
				out.Quarantined[v] = names
				delete(who, v)
			} else if why := over(names); why != "" {
				out.Refused[v] = why
				delete(who, v)
			}
		}
		for v, names := range who {
			for _, name := range names {
				joined.join(names[0], name)
				carried[name][v] = true
			}
		}
		for name := range records {
			if why := over([]string{name}); why != "" {
				return nil, fmt.Errorf("resolving the truth set: %s has %s, and this oracle does not know which to refuse", name, why)
			}
		}
	}
	for name := range records {
		out.Group[name] = joined.find(name)
	}
	return out, nil
}

// readRecords reads a CSV file with a header. The files have different columns:
// a column that a file does not have is empty.
func readRecords(path string) (records []map[string]string, err error) {
	file, err := os.Open(path) //nolint:gosec // test support: the path is the test's
	if err != nil {
		return nil, fmt.Errorf("opening the data: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	for _, fields := range rows[1:] {
		r := map[string]string{}
		for i, column := range rows[0] {
			r[column] = fields[i]
		}
		if recordName(r) == ":" {
			return nil, fmt.Errorf("reading %s: it has no records of a source", path)
		}
		records = append(records, r)
	}
	return records, nil
}

func recordName(r map[string]string) string { return r["DATA_SOURCE"] + ":" + r["RECORD_ID"] }

// address is an e-mail address as it compares, or "".
func address(s string) string {
	if s = strings.ToLower(strings.TrimSpace(s)); isAddress(s) {
		return s
	}
	return ""
}

// codes are the places that the files spell in several ways, callings the
// calling codes of the countries that addresses are in.
var (
	codes = map[string]string{
		"CAN": "CA", "CANADA": "CA", "CHINA": "CN", "GERMANY": "DE", "HONG KONG": "HK", "USA": "US", "TEXAS": "TX",
	}
	callings = map[string]string{
		"CAMBODIA": "855", "CAN": "1", "GERMANY": "49", "LICHTENSTEIN": "423", "PAKISTAN": "92", "RUS": "7", "SINGAPORE": "65",
	}
)

// issued is the number of a document with who issued it, "" where either is
// missing.
func issued(place, number string) func(map[string]string) string {
	return func(r map[string]string) string {
		by, n := strings.ToUpper(strings.TrimSpace(r[place])), letters(r[number])
		if by == "" || n == "" {
			return ""
		}
		if code, ok := codes[by]; ok {
			by = code
		}
		return by + ":" + n
	}
}

// letters are the letters and digits of a number, in upper case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(s))
}

// telephone is a record's number with the code of its country: the one of the
// address beside it, or else the United States.
func telephone(r map[string]string) string {
	text, n := strings.TrimSpace(r["PHONE_NUMBER"]), digits(r["PHONE_NUMBER"])
	calling, known := callings[strings.ToUpper(strings.TrimSpace(r["ADDR_COUNTRY"]))]
	switch {
	case strings.HasPrefix(text, "+"):
		return "+" + n
	case len(n) < 10: // no area code
		return ""
	case known && strings.HasPrefix(n, calling):
		return "+" + n
	case known:
		return "+" + calling + strings.TrimLeft(n, "0")
	case len(n) == 11 && n[0] == '1' && n[1] > '1':
		return "+" + n
	case len(n) == 10 && n[0] > '1':
		return "+1" + n
	default: // no number of the North American plan
		return ""
	}
}
