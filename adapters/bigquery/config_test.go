package bigquery_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"all keys":    {"project: shop-123456\nbilling_project: example.com:billing\nlocation: EU\ncredentials: '${file:key.json}'\nimpersonate: cdp@shop-123456.iam.gserviceaccount.com\nendpoint: https://bigquery.example.com/bigquery/v2/\nmax_bytes_billed: 1000\nstorage_read: false\n", nil},
		"project":     {"project: My Shop\n", []string{"1:10 My Shop is not the id of a project"}},
		"billing":     {"project: shop-123456\nbilling_project: '1'\n", []string{"2:18 1 is not the id of a project"}},
		"impersonate": {"project: shop-123456\nimpersonate: cdp\n", []string{"2:14 impersonate is not the email of a service account"}},
		"endpoint":    {"project: shop-123456\nendpoint: localhost:9050\n", []string{"2:11 endpoint is not an address"}},
		"anonymous":   {"project: shop-123456\nanonymous: true\n", []string{"2:12 BigQuery itself takes nobody without credentials"}},
		"both":        {"project: shop-123456\nendpoint: http://localhost:1\nanonymous: true\ncredentials: '${env:X}'\n", []string{"3:12 credentials are given, and none are to be sent"}},
		"limit":       {"project: shop-123456\nmax_bytes_billed: -1\n", []string{"2:19 max_bytes_billed is negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			report := func(d diag.Diagnostic) {
				if d.Severity != diag.Error || d.Code != "invalid-target" || d.Help == "" {
					t.Errorf("a finding without its code or help: %+v", d)
				}
				got = append(got, fmt.Sprintf("%d:%d %s", d.Span.Start.Line, d.Span.Start.Col, d.Summary))
			}
			n := strict.Parse(&diag.Source{Name: "customhouse.yaml", Text: []byte(c.text)}, report)
			var config bigquery.Config
			if !n.Decode(report, &config) {
				t.Fatal(got)
			}
			config.Check(n, report)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

// TestConfigIsDescribed finds a key that editors would show without a word.
func TestConfigIsDescribed(t *testing.T) {
	for f := range reflect.TypeFor[bigquery.Config]().Fields() {
		if f.Tag.Get("doc") == "" {
			t.Errorf("%s has no doc tag", f.Name)
		}
	}
}

func TestGrants(t *testing.T) {
	config := bigquery.Config{Project: "shop-123456", Location: "EU"}
	for _, c := range []struct {
		name string
		f    adapters.GrantsFor
		want []string
	}{
		{
			"all",
			adapters.GrantsFor{Schema: "customhouse", Work: "customhouse_work", Tables: []string{"raw.orders", "raw.people", "other-123.web.events", "nowhere"}},
			[]string{
				"-- To run jobs, with gcloud:",
				"--   gcloud projects add-iam-policy-binding shop-123456 --member='serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com' --role=roles/bigquery.jobUser",
				"-- To read large results faster (optional; see storage_read):",
				"--   gcloud projects add-iam-policy-binding shop-123456 --member='serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com' --role=roles/bigquery.readSessionUser",
				"-- As an administrator, in BigQuery:",
				"CREATE SCHEMA IF NOT EXISTS `shop-123456`.`customhouse` OPTIONS (location = 'EU');",
				"GRANT `roles/bigquery.dataEditor` ON SCHEMA `shop-123456`.`customhouse` TO \"serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com\";",
				"CREATE SCHEMA IF NOT EXISTS `shop-123456`.`customhouse_work` OPTIONS (location = 'EU', default_table_expiration_days = 7);",
				"GRANT `roles/bigquery.dataEditor` ON SCHEMA `shop-123456`.`customhouse_work` TO \"serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com\";",
				"GRANT `roles/bigquery.dataViewer` ON SCHEMA `other-123`.`web` TO \"serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com\";",
				"GRANT `roles/bigquery.dataViewer` ON SCHEMA `shop-123456`.`raw` TO \"serviceAccount:customhouse@shop-123456.iam.gserviceaccount.com\";",
			},
		},
		{
			"somebody who looks",
			adapters.GrantsFor{User: "jane@example.com", Schema: "customhouse", Work: "customhouse_work", Tables: []string{"raw.orders"}, ReadOnly: true},
			[]string{
				"-- To run jobs, with gcloud:",
				"--   gcloud projects add-iam-policy-binding shop-123456 --member='user:jane@example.com' --role=roles/bigquery.jobUser",
				"-- To read large results faster (optional; see storage_read):",
				"--   gcloud projects add-iam-policy-binding shop-123456 --member='user:jane@example.com' --role=roles/bigquery.readSessionUser",
				"-- As an administrator, in BigQuery:",
				"GRANT `roles/bigquery.dataViewer` ON SCHEMA `shop-123456`.`raw` TO \"user:jane@example.com\";",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, bigquery.Grants(config, c.f)); d != "" {
				t.Errorf("grants (-want +got):\n%s", d)
			}
			if text := strings.Join(bigquery.Grants(bigquery.Config{Project: "shop-123456", StorageRead: new(bool)}, c.f), "\n"); strings.Contains(text, "readSessionUser") {
				t.Error("a target without the Storage Read API asks for its role")
			}
		})
	}
}
