package bigquery

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// Grants are the least roles that an account needs, for an administrator to run:
// the first with gcloud, the others in BigQuery.
func Grants(c Config, f adapters.GrantsFor) []string {
	user := f.User
	if user == "" {
		user = c.Impersonate
	}
	if user == "" {
		user = "customhouse@" + c.Project + ".iam.gserviceaccount.com"
	}
	who := user
	if !strings.Contains(who, ":") {
		kind := "user"
		if strings.HasSuffix(user, ".gserviceaccount.com") {
			kind = "serviceAccount"
		}
		who = kind + ":" + user
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(who) + `"`
	out := []string{
		"-- To run jobs, with gcloud:",
		"--   gcloud projects add-iam-policy-binding " + c.billing() + " --member='" + strings.ReplaceAll(who, "'", "") + "' --role=roles/bigquery.jobUser",
	}
	if c.StorageRead == nil || *c.StorageRead {
		out = append(out, "-- To read large results faster (optional; see storage_read):",
			"--   gcloud projects add-iam-policy-binding "+c.billing()+" --member='"+strings.ReplaceAll(who, "'", "")+"' --role=roles/bigquery.readSessionUser")
	}
	out = append(out, "-- As an administrator, in BigQuery:")
	schema := func(project, dataset string) string { return quote(project) + "." + quote(dataset) }
	if !f.ReadOnly {
		options := ""
		if c.Location != "" {
			options = "location = '" + strings.ReplaceAll(c.Location, "'", "") + "'"
		}
		for _, d := range []struct{ name, options string }{{f.Schema, options}, {f.Work, strings.TrimPrefix(options+", default_table_expiration_days = 7", ", ")}} {
			create := "CREATE SCHEMA IF NOT EXISTS " + schema(c.Project, d.name)
			if d.options != "" {
				create += " OPTIONS (" + d.options + ")"
			}
			out = append(out, create+";",
				"GRANT `roles/bigquery.dataEditor` ON SCHEMA "+schema(c.Project, d.name)+" TO "+quoted+";")
		}
	}
	var sources []string
	for _, table := range f.Tables {
		parts, err := adapters.SplitName(table)
		if err != nil || len(parts) < 2 {
			continue // No such table can be there, which a run says at its line.
		}
		if len(parts) == 2 {
			parts = append([]string{c.Project}, parts...)
		}
		sources = append(sources, "GRANT `roles/bigquery.dataViewer` ON SCHEMA "+schema(parts[0], parts[1])+" TO "+quoted+";")
	}
	slices.Sort(sources)
	return append(out, slices.Compact(sources)...)
}

func quote(name string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`"
}
