package duckdb

import (
	"path"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/profile"
)

// Profile says what the keys of dbt-duckdb are here.
var Profile = profile.Adapter{
	Own: []string{"path", "database", "external_root", "disable_transactions", "keep_open", "module_paths"},
	Fit: func(o *profile.Output) {
		switch at := o.Text("path"); {
		case at == "" || at == Memory:
			o.Set("path", "path", Memory)
		case strings.HasPrefix(at, "md:") || strings.HasPrefix(at, "motherduck:"):
			o.Refuse("path", "MotherDuck cannot be used here", "use a file")
		default:
			o.Take("path", profile.Key{To: "path", Is: profile.Path})
		}
		profiledSettings(o)
		profiledFiles(o)
	},
}

// profiledSettings takes the settings of dbt's that are keys of ours.
func profiledSettings(o *profile.Output) {
	for _, f := range o.Node("settings").Fields() {
		switch name := f.Key.Text().Value; name {
		case "memory_limit", "threads":
			o.TakeFrom("settings", f, map[string]profile.Kind{"threads": profile.Number}[name])
		case "temp_directory":
			o.TakeFrom("settings", f, profile.Path)
		default:
			o.UnreadAt(f.Key)
		}
	}
}

// profiledFiles takes the files that dbt attaches.
func profiledFiles(o *profile.Output) {
	files := map[string]string{}
	for _, n := range o.Node("attach").Items() {
		if kind := o.TextOf(n.Get("type")); !slices.Contains([]string{"", "duckdb"}, kind) {
			o.UnreadAt(n)
			continue
		}
		at, ok := o.PathOf(n.Get("path"))
		name := o.TextOf(n.Get("alias"))
		if name == "" {
			name = strings.TrimSuffix(path.Base(at), path.Ext(at))
		}
		if ok {
			files[name] = at
		}
	}
	o.SetTexts("attach", "attach", files)
}
