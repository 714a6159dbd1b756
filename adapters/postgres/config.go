package postgres

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Config is a target of type postgres.
type Config struct {
	// URL is the whole address; the other keys of it are then absent.
	URL      secret.Template `yaml:"url" doc:"Address of the database, such as postgres://host:5432/shop?sslmode=verify-full, or a reference to it. A password belongs in a reference."`
	Host     string          `yaml:"host" doc:"Host, or the folder of the socket; instead of url."`
	Port     int             `yaml:"port" doc:"Port, 5432 where none is given."`
	Database string          `yaml:"database" doc:"Name of the database."`
	User     string          `yaml:"user" doc:"User to connect as."`
	Password secret.Ref      `yaml:"password" doc:"Reference to the password, such as ${env:PGPASSWORD}."`
	// SSLMode is libpq's.
	SSLMode     string `yaml:"sslmode" doc:"disable, require, verify-ca or verify-full; verify-full where none is given and host is not this machine."`
	SSLRootCert string `yaml:"sslrootcert" doc:"File of the certificate authority, relative to the project."`
	SSLCert     string `yaml:"sslcert" doc:"File of the client's certificate, relative to the project."`
	SSLKey      string `yaml:"sslkey" doc:"File of the client's key, relative to the project."`
	// StatementTimeout is 0 for none.
	StatementTimeout time.Duration `yaml:"statement_timeout" doc:"Longest that one statement may take, such as 30m; no limit where none is given."`
}

var sslModes = []string{"", "disable", "require", "verify-ca", "verify-full"}

// Check reports what is wrong with the settings, at their place in the file.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	bad := func(code, summary, help string, path ...string) {
		at := n.Span()
		if len(path) > 0 {
			at = n.At(path...)
		}
		report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: at, Summary: summary, Help: help})
	}
	const invalid = "invalid-target"
	parts := map[string]bool{
		"host": c.Host != "", "port": c.Port != 0, "database": c.Database != "", "user": c.User != "", "password": !c.Password.IsZero(),
		"sslmode": c.SSLMode != "", "sslrootcert": c.SSLRootCert != "", "sslcert": c.SSLCert != "", "sslkey": c.SSLKey != "",
	}
	switch {
	case c.URL.IsZero() && c.Host == "":
		bad(invalid, "a postgres target needs a url or a host", "write url: '${env:DATABASE_URL}', or host, database and user")
	case c.URL.IsZero():
		for _, key := range []string{"database", "user"} {
			if !parts[key] {
				bad(invalid, "a postgres target with a host needs a "+key, "add "+key+", or write url: '${env:DATABASE_URL}'")
			}
		}
	default:
		for _, key := range []string{"host", "port", "database", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey"} {
			if parts[key] {
				bad(invalid, key+" is given beside url", "write it in the url, or leave url out", key)
			}
		}
		c.checkURL(bad)
	}
	if !slices.Contains(sslModes, c.SSLMode) {
		bad(invalid, "sslmode is none of PostgreSQL's", "write "+strings.Join(sslModes[1:len(sslModes)-1], ", ")+" or verify-full", "sslmode")
	}
	if (c.SSLCert == "") != (c.SSLKey == "") {
		bad(invalid, "a client's certificate and its key go together", "give both sslcert and sslkey")
	}
	if c.Port < 0 || c.Port > 65535 {
		bad(invalid, "port is out of range", "use a number from 1 to 65535", "port")
	}
	if c.StatementTimeout < 0 {
		bad(invalid, "statement_timeout is negative", "leave it out for no limit", "statement_timeout")
	}
}

// checkURL looks at an address that is written out.
func (c *Config) checkURL(bad func(code, summary, help string, path ...string)) {
	if !c.URL.IsLiteral() {
		return
	}
	u, err := url.Parse(c.URL.Text())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		bad("invalid-target", "url is no address of a PostgreSQL", "write it like postgres://host:5432/database, or refer to it: '${env:DATABASE_URL}'", "url")
		return
	}
	if _, written := u.User.Password(); written || u.Query().Has("password") {
		bad(secret.CodeLiteral, "url holds a password", "use a reference, such as ${env:DATABASE_URL}, or host, user and password", "url")
	}
}
