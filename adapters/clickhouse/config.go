package clickhouse

import (
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The protocols.
const (
	HTTP   = "http"
	Native = "native"
)

// Config is a target of type clickhouse.
type Config struct {
	Address     string            `yaml:"address,required" doc:"Host and port, such as localhost:8123; several replicas are separated by commas."`
	Protocol    string            `yaml:"protocol" doc:"http (the default; ports 8123 and 8443) or native (ports 9000 and 9440)."`
	Database    string            `yaml:"database" doc:"Where a source is that is named without its database; default where none is given."`
	User        string            `yaml:"user" doc:"Who connects; default where none is given."`
	Password    secret.Ref        `yaml:"password" doc:"Reference to the password, such as ${env:CLICKHOUSE_PASSWORD}."`
	Secure      bool              `yaml:"secure" doc:"Use TLS, which ClickHouse Cloud wants."`
	CA          string            `yaml:"ca" doc:"File of the certificates that the server's is checked against, where the machine's own do not do; relative to the project."`
	Certificate string            `yaml:"certificate" doc:"File of the client certificate, relative to the project."`
	Key         string            `yaml:"key" doc:"File of the client certificate's key, relative to the project."`
	Settings    map[string]string `yaml:"settings" doc:"Further settings of each statement, such as max_memory_usage."`
}

var settingName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Check reports what is wrong with the settings, at their place in the file.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	bad := func(span diag.Span, summary, help string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: "invalid-target", Span: span, Summary: summary, Help: help})
	}
	if c.Address != "" {
		for _, address := range c.addresses() {
			if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
				bad(n.At("address"), "address is not host:port", `write it as in "localhost:8123"; there is no scheme before it`)
				break
			}
		}
	}
	if c.Protocol != "" && c.Protocol != HTTP && c.Protocol != Native {
		bad(n.At("protocol"), "there is no protocol "+c.Protocol, "write http or native")
	}
	switch {
	case (c.Certificate == "") != (c.Key == ""):
		bad(n.Span(), "a client certificate needs both certificate and key", "give the files of both")
	case !c.Secure && (c.CA != "" || c.Certificate != ""):
		bad(n.Span(), "certificates are given, and TLS is off", `add "secure: true"`)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		switch _, ours := settings[name]; {
		case !settingName.MatchString(name):
			bad(n.Key("settings", name), name+" is not the name of a setting", "see system.settings of the server")
		case ours:
			bad(n.Key("settings", name), "the setting "+name+" is not yours to change", "results depend on it: leave it out")
		}
	}
}

func (c *Config) addresses() []string {
	var out []string
	for a := range strings.SplitSeq(c.Address, ",") {
		out = append(out, strings.TrimSpace(a))
	}
	return out
}
