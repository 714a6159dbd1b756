package snowflake

import (
	"regexp"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Config is a target of type snowflake.
type Config struct {
	Account   string `yaml:"account,required" doc:"The account's identifier, such as myorg-myaccount."`
	Database  string `yaml:"database,required" doc:"The database that holds the tables of ours; sources that are named without a database are there too."`
	Warehouse string `yaml:"warehouse" doc:"The virtual warehouse that computes; the user's own where none is given."`
	Role      string `yaml:"role" doc:"The role to work as; the user's own where none is given."`
	User      string `yaml:"user" doc:"Who connects; not needed with a token."`

	PrivateKey           secret.Ref `yaml:"private_key" doc:"Reference to the user's private key in PEM format, such as ${file:snowflake.p8}."`
	PrivateKeyPassphrase secret.Ref `yaml:"private_key_passphrase" doc:"Reference to the passphrase of the private key, where it has one."`
	Token                secret.Ref `yaml:"token" doc:"Reference to an OAuth access token, instead of a key."`
	Password             secret.Ref `yaml:"password" doc:"Reference to the password, instead of a key. Snowflake retires passwords without a second factor."`

	Host     string `yaml:"host" doc:"Host to connect to, such as that of a private link; it follows from the account where none is given."`
	Port     int    `yaml:"port" doc:"Port, 443 where none is given."`
	Protocol string `yaml:"protocol" doc:"https, or http for a server on this machine."`

	// StatementTimeout is 0 for none of ours.
	StatementTimeout time.Duration `yaml:"statement_timeout" doc:"Longest that one statement may take, such as 30m; that of the account where none is given."`
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// codePassword warns of a way to sign in that ends.
const codePassword = "password-alone"

// Check reports what is wrong with the settings, at their place in the file.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	bad := func(span diag.Span, summary, help string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: "invalid-target", Span: span, Summary: summary, Help: help})
	}
	if c.Account != "" && !accountName.MatchString(c.Account) {
		bad(n.At("account"), "account is not the identifier of an account", `write it as in "myorg-myaccount"; a host goes under host`)
	}
	var given []string
	for _, way := range []struct {
		key string
		ref secret.Ref
	}{{"private_key", c.PrivateKey}, {"token", c.Token}, {"password", c.Password}} {
		if !way.ref.IsZero() {
			given = append(given, way.key)
		}
	}
	switch len(given) {
	case 0:
		bad(n.Span(), "nothing says how to sign in", "write private_key: '${file:snowflake.p8}', or a token")
	case 1:
	default:
		bad(n.At(given[1]), given[1]+" is given beside "+given[0], "keep one of them; private_key is the best")
	}
	if !c.PrivateKeyPassphrase.IsZero() && c.PrivateKey.IsZero() {
		bad(n.At("private_key_passphrase"), "private_key_passphrase is given, and private_key is not", "add private_key")
	}
	if c.User == "" && c.Token.IsZero() {
		bad(n.Span(), "there is no user", "add user")
	}
	if !c.Password.IsZero() {
		report(diag.Warningf(n.At("password"), codePassword, "Snowflake retires signing in with a password alone").
			WithHelp("give the user a key (ALTER USER ... SET RSA_PUBLIC_KEY) and write private_key"))
	}
	if strings.Contains(c.Host, "/") {
		bad(n.At("host"), "host is an address", "write the host alone, without https://")
	}
	if c.Port < 0 || c.Port > 65535 {
		bad(n.At("port"), "port is out of range", "use a number from 1 to 65535")
	}
	local := c.Host == "localhost" || c.Host == "127.0.0.1" || c.Host == "::1"
	switch {
	case c.Protocol != "" && c.Protocol != "https" && c.Protocol != "http":
		bad(n.At("protocol"), "there is no protocol "+c.Protocol, "leave it out for https")
	case c.Protocol == "http" && !local:
		bad(n.At("protocol"), "http would send secrets in the clear", "leave protocol out; http is for a server on this machine")
	}
	if c.StatementTimeout < 0 || c.StatementTimeout%time.Second != 0 {
		bad(n.At("statement_timeout"), "statement_timeout is no number of seconds", "write it as in 30m, or leave it out")
	}
}
