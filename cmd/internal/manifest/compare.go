package manifest

import (
	"slices"
	"strings"
)

// Change is a resource that two manifests do not have alike.
type Change struct {
	Key  string
	Kind ChangeKind
	// Settings are those of a modified resource that differ, by their paths; of
	// an added or removed one all of them.
	Settings []SettingChange
	// Before and After are the SQL of a modified resource where it differs, and
	// can be compared.
	Before, After string
}

// ChangeKind says what became of a resource.
type ChangeKind string

// What may become of a resource.
const (
	Added    ChangeKind = "added"
	Modified ChangeKind = "modified"
	Removed  ChangeKind = "removed"
)

// SettingChange is a setting that differs; nil is one that is not there.
type SettingChange struct {
	Path          string
	Before, After *string
}

// Compare lists the resources that were added, modified and removed between two
// manifests, in the order of their keys. SQL counts where the same version spelled
// both for the same warehouse: it then tells what the text does not, such as
// another time zone of the project.
func Compare(before, after *Manifest) []Change {
	alike := before.Version == after.Version && before.Dialect == after.Dialect && before.Target == after.Target
	old := byKey(before)
	var out []Change
	for _, n := range after.Nodes {
		was, known := old[n.Key]
		delete(old, n.Key)
		switch {
		case !known:
			out = append(out, Change{Key: n.Key, Kind: Added, Settings: differences(nil, n.Definition)})
		case was.Hash != n.Hash || alike && was.SQL != n.SQL:
			c := Change{Key: n.Key, Kind: Modified, Settings: differences(was.Definition, n.Definition)}
			if alike && was.SQL != n.SQL {
				c.Before, c.After = was.SQL, n.SQL
			}
			out = append(out, c)
		}
	}
	for _, n := range old {
		out = append(out, Change{Key: n.Key, Kind: Removed, Settings: differences(n.Definition, nil)})
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func byKey(m *Manifest) map[string]Node {
	out := map[string]Node{}
	for _, n := range m.Nodes {
		out[n.Key] = n
	}
	return out
}

// differences lists the settings that two definitions do not share.
func differences(before, after []Setting) []SettingChange {
	old, now := map[string]*string{}, map[string]*string{}
	var paths []string
	for _, s := range before {
		old[s.Path] = &s.Value
		paths = append(paths, s.Path)
	}
	for _, s := range after {
		now[s.Path] = &s.Value
		paths = append(paths, s.Path)
	}
	slices.Sort(paths)
	var out []SettingChange
	for _, path := range slices.Compact(paths) {
		a, b := old[path], now[path]
		if a == nil || b == nil || *a != *b {
			out = append(out, SettingChange{path, a, b})
		}
	}
	return out
}
