package sftest

import (
	"strings"
	"testing"
)

// TestParse: what is wrong with the variable is told with what to write, and
// without a secret.
func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		secrets []string
		want    string
	}{
		"well":        {text: "me@org-acct/DB?warehouse=WH&role=R&port=444", secrets: []string{"TOKEN"}},
		"no user":     {text: "org-acct/DB", secrets: []string{"TOKEN"}, want: "user@account/database"},
		"no database": {text: "me@org-acct", secrets: []string{"TOKEN"}, want: "user@account/database"},
		"a password":  {text: "me:hush@org-acct/DB", secrets: []string{"TOKEN"}, want: "has a password in it"},
		"another key": {text: "me@org-acct/DB?schema=x", secrets: []string{"TOKEN"}, want: "has schema, which is none of its keys"},
		"port":        {text: "me@org-acct/DB?port=x", secrets: []string{"TOKEN"}, want: "says port=x"},
		"no secret":   {text: "me@org-acct/DB", want: "no secret to sign in with"},
		"two secrets": {text: "me@org-acct/DB", secrets: []string{"TOKEN", "PASSWORD"}, want: "two secrets"},
		"no address":  {text: "me@org acct/DB:hush", want: "is no address"},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := parse(c.text, func(variable string) string {
				for _, s := range c.secrets {
					if variable == live+"_"+s {
						return "hush"
					}
				}
				return ""
			})
			switch {
			case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "write "+live+" as") || strings.Contains(err.Error(), "hush")):
				t.Errorf("got %v, want %q", err, c.want)
			case err == nil && (c.want != "" || !target.Live || !strings.Contains(target.YAML(), "token: '${env:"+live+"_TOKEN}', account: 'org-acct', user: 'me', database: 'DB', warehouse: 'WH', role: 'R', port: 444")):
				t.Errorf("got %s, want %q", target.YAML(), c.want)
			}
		})
	}
}
