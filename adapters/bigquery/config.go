package bigquery

import (
	"net/url"
	"regexp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Config is a target of type bigquery.
type Config struct {
	Project     string     `yaml:"project,required" doc:"Project of our datasets, and of sources that are named without one."`
	Billing     string     `yaml:"billing_project" doc:"Project that jobs run in and that pays for them; project where none is given."`
	Location    string     `yaml:"location" doc:"Where the datasets are, such as EU; BigQuery's own choice, US, where none is given."`
	Credentials secret.Ref `yaml:"credentials" doc:"Reference to the key of a service account, such as ${file:key.json}; the application default credentials where none is given."`
	Impersonate string     `yaml:"impersonate" doc:"Email of a service account to act as; the credentials need the role Service Account Token Creator on it."`
	Endpoint    string     `yaml:"endpoint" doc:"Address of the API, where it is reached in another way than over the internet."`
	// Anonymous is for emulators.
	Anonymous      bool  `yaml:"anonymous" doc:"Send no credentials: for an emulator at endpoint."`
	MaxBytesBilled int64 `yaml:"max_bytes_billed" doc:"Most bytes that one job may bill; one that would bill more fails and costs nothing. No limit where none is given."`
	// StorageRead is on where it is nil.
	StorageRead *bool `yaml:"storage_read" doc:"Read large results through the Storage Read API; true unless it is false. Without the permission they are read as the others are."`
}

var (
	projectID = regexp.MustCompile(`^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	account   = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
)

// Check reports what is wrong with the settings, at their place in the file.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	bad := func(key, summary, help string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: "invalid-target", Span: n.At(key), Summary: summary, Help: help})
	}
	for _, p := range []struct{ key, id string }{{"project", c.Project}, {"billing_project", c.Billing}} {
		if p.id != "" && !projectID.MatchString(p.id) {
			bad(p.key, p.id+" is not the id of a project", "write its id, such as my-project-123456, and not its name or number")
		}
	}
	if c.Impersonate != "" && !account.MatchString(c.Impersonate) {
		bad("impersonate", "impersonate is not the email of a service account", "write it as in cdp@my-project.iam.gserviceaccount.com")
	}
	if c.Endpoint != "" {
		if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			bad("endpoint", "endpoint is not an address", `write it as in "https://bigquery.example.com/bigquery/v2/"`)
		}
	}
	if c.Anonymous && (!c.Credentials.IsZero() || c.Impersonate != "") {
		bad("anonymous", "credentials are given, and none are to be sent", `leave out "anonymous", or the credentials`)
	}
	if c.Anonymous && c.Endpoint == "" {
		bad("anonymous", "BigQuery itself takes nobody without credentials", `leave out "anonymous", or give the endpoint of an emulator`)
	}
	if c.MaxBytesBilled < 0 {
		bad("max_bytes_billed", "max_bytes_billed is negative", "write a number of bytes, such as 1000000000000")
	}
}

// Parts are those of a name in a project, without it where there is none.
func Parts(project string, more ...string) []string {
	if project == "" {
		return more
	}
	return append([]string{project}, more...)
}

// billing is the project that jobs run in.
func (c *Config) billing() string {
	if c.Billing != "" {
		return c.Billing
	}
	return c.Project
}
