package bigquery

import "github.com/customhouse-cdp/customhouse/config/profile"

// Profile says what the keys of dbt-bigquery are here.
var Profile = profile.Adapter{
	Keys: map[string]profile.Key{
		"project": {To: "project"}, "database": {To: "project"}, "execution_project": {To: "billing_project"}, "location": {To: "location"},
		"impersonate_service_account": {To: "impersonate"}, "api_endpoint": {To: "endpoint"},
		"maximum_bytes_billed": {To: "max_bytes_billed", Is: profile.Number},
	},
	Required: []string{"project"},
	Own: []string{
		"method", "priority", "dataset", "job_retries", "job_retry_deadline_seconds", "job_creation_timeout_seconds", "gcs_bucket",
		"dataproc_region", "dataproc_cluster_name", "dataproc_batch", "submission_method", "compute_region", "notebook_template_id",
	},
	Fit: func(o *profile.Output) {
		// dbt looks at a key where the method says so, and not otherwise.
		switch method := o.Text("method"); method {
		case "oauth":
			o.Node("keyfile")
			o.Node("keyfile_json")
		case "service-account":
			if !o.Has("keyfile") {
				o.Refuse("method", "the method service-account needs a keyfile", "add keyfile with the path of the key")
			}
			o.Take("keyfile", profile.Key{To: "credentials", Is: profile.SecretFile})
			o.Node("keyfile_json")
		case "service-account-json":
			if !o.Has("keyfile_json") {
				o.Refuse("method", "the method service-account-json needs keyfile_json", "add it, as a variable that holds the key")
			}
			o.Take("keyfile_json", profile.Key{To: "credentials", Is: profile.Secret})
			o.Node("keyfile")
		default:
			o.Refuse("method", "the method "+method+" cannot be used here", "use oauth, service-account or service-account-json")
			for _, key := range []string{"keyfile", "keyfile_json", "token", "refresh_token", "client_id", "client_secret", "token_uri"} {
				o.Node(key)
			}
		}
		if o.Text("priority") == "batch" {
			o.Unread("priority")
		}
	},
}
