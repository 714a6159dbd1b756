package clickhouse

import (
	"net"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Profile says what the keys of dbt-clickhouse are here.
var Profile = profile.Adapter{
	Keys: map[string]profile.Key{
		"user": {To: "user"}, "password": {To: "password", Is: profile.Secret}, "schema": {To: "database"},
		"secure": {To: "secure", Is: profile.Bool}, "client_cert": {To: "certificate", Is: profile.Path}, "client_cert_key": {To: "key", Is: profile.Path},
	},
	Own: []string{
		"host", "port", "driver", "verify", "database", "send_receive_timeout", "sync_request_timeout", "compress_block_size", "compression", "check_exchange", "use_lw_deletes",
		"allow_automatic_deduplication", "tcp_keepalive", "reuse_connections", "local_suffix", "local_db_prefix", "database_engine",
	},
	Fit: func(o *profile.Output) {
		host, port, protocol := o.Text("host"), o.Text("port"), o.Text("driver")
		if host == "" {
			host = "localhost"
		}
		// dbt goes by the port where nothing says which protocol it is.
		if protocol == "" {
			protocol = HTTP
			if port == "9000" || port == "9440" {
				protocol = Native
			}
		}
		if port == "" {
			secure := strings.EqualFold(o.Text("secure"), "true")
			port = map[string]map[bool]string{HTTP: {false: "8123", true: "8443"}, Native: {false: "9000", true: "9440"}}[protocol][secure]
		}
		o.Set("address", "host", net.JoinHostPort(host, port))
		o.Set("protocol", "driver", protocol)
		if verify := o.Text("verify"); verify != "" && !strings.EqualFold(verify, "true") {
			o.Unread("verify")
		}
		if n := o.Node("custom_settings"); n.Kind() == strict.Mapping {
			texts := map[string]string{}
			for _, f := range n.Fields() {
				texts[f.Key.Text().Value] = o.TextOf(f.Value)
			}
			o.SetTexts("settings", "custom_settings", texts)
		}
	},
}
