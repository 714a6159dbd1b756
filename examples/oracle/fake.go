package oracle

import (
	"path/filepath"
	"strings"
)

// ReadFake is what examples/fake-1000 must find: the records (unique_id) that
// share an e-mail address. The truth is the column cluster.
func ReadFake(data string) (*Matching, error) {
	joined, person := sets{}, map[string]string{}
	err := readCSV(filepath.Join(data, "fake-1000", "fake_1000.csv"), func(field row) error {
		id := field("unique_id")
		person[id] = field("cluster")
		joined.find("record:" + id)
		if address := strings.ToLower(strings.TrimSpace(field("email"))); isAddress(address) {
			joined.join("record:"+id, "email:"+address)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	group := map[string]string{}
	for id := range person {
		group[id] = joined.find("record:" + id)
	}
	return Match(group, person), nil
}

// isAddress says that a text is an e-mail address: one @, a dot inside of what
// follows, no white space.
func isAddress(s string) bool {
	name, host, found := strings.Cut(s, "@")
	return found && name != "" && len(host) > 2 && strings.Contains(host[1:len(host)-1], ".") &&
		!strings.Contains(host, "@") && len(strings.Fields(s)) == 1
}
