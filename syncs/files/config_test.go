package files_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs/files"
)

// found are the findings of a configuration: line, column and code.
func found(text string) []string {
	list := []string{}
	report := func(d diag.Diagnostic) {
		list = append(list, fmt.Sprintf("%d:%d %s", d.Span.Start.Line, d.Span.Start.Col, d.Code))
	}
	n := strict.Parse(&diag.Source{Name: "exports.yaml", Text: []byte(text)}, report)
	c := files.Default()
	var common struct {
		Type string `yaml:"type"`
	}
	if n.DecodeKeys(report, &common, c) {
		c.Check(n, report)
	}
	return list
}

const (
	s3   = "type: files\npath: exports\ns3:\n  bucket: acme\n  region: eu-west-1\n"
	gcs  = "type: files\ngcs:\n  bucket: acme\n"
	sftp = "type: files\npath: in\nsftp:\n  host: sftp.example.com\n  user: acme\n"
	auth = "  password: ${env:P}\n"
	host = "  host_keys: ['SHA256:abc']\n"
)

func TestFindings(t *testing.T) {
	for text, want := range map[string]string{
		"type: files\npath: out\n":                                         "",
		"type: files\n":                                                    "1:7 missing-key",
		"type: files\npath: s3://acme/out\n":                               "2:7 bad-path",
		"type: files\npath: out\nformat: xml\n":                            "3:9 bad-choice",
		"type: files\npath: out\nlayout: append\n":                         "",
		"type: files\npath: out\nlayout: appended\n":                       "3:9 bad-choice",
		"type: files\npath: out\ncompress: zip\n":                          "3:11 bad-choice",
		"type: files\npath: out\nquotes: none\n":                           "3:9 bad-choice",
		"type: files\npath: out\npart_rows: 0\n":                           "3:12 out-of-range",
		"type: files\npath: out\nfile_name: '{sync}/{runs}.csv'\n":         "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '{sync}.csv'\n":                "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '{sync}.csv'\nreplace: true\n": "",
		"type: files\npath: out\nfile_name: '{sync}-{date}.csv'\n":         "",
		"type: files\npath: out\nfile_name: '../{run}.csv'\n":              "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '/{run}.csv'\n":                "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: 'a//{run}.csv'\n":              "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '{run}/.x'\n":                  "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '{run'\nreplace: true\n":       "3:12 bad-file-name",
		"type: files\npath: out\nfile_name: '{run}'\nformat: parquet\n":    "3:12 bad-file-name",
		s3:                                                         "",
		s3 + "  access_key: ${env:K}\n":                            "6:15 no-credential",
		s3 + "  secret_key: ${env:K}\n":                            "6:15 no-credential",
		s3 + "  session_token: ${env:K}\n":                         "6:18 no-credential",
		s3 + "  access_key: AKIA\n":                                "6:15 literal-secret",
		s3 + "  encryption: SSE\n":                                 "6:15 bad-choice",
		s3 + "  kms_key: k\n":                                      "6:12 bad-choice",
		s3 + "  endpoint: minio.example.com\n":                     "6:13 bad-url",
		s3 + "  endpoint: https://minio.example.com/acme\n":        "6:13 bad-url",
		s3 + "gcs: {bucket: acme}\n":                               "4:3 several-places",
		"type: files\ns3: {bucket: acme}\n":                        "2:14 missing-key",
		"type: files\ns3: {bucket: acme, region: '${env:R}'}":      "",
		"type: files\ns3: {bucket: acme/x, region: r}\n":           "2:14 bad-path",
		"type: files\npath: a/../b\n" + gcs[len("type: files\n"):]: "2:7 bad-path",
		gcs: "",
		gcs + "  account: ${file:/k.json}\n  access_key: ${env:A}\n  secret_key: ${env:B}\n": "4:12 no-credential",
		sftp + auth + host: "",
		sftp + host:        "5:9 no-credential",
		sftp + auth:        "4:9 no-host-key",
		sftp + auth + "  known_hosts: known_hosts\n":                      "",
		sftp + auth + "  host_keys: [abc]\n":                              "7:14 no-host-key",
		sftp + auth + host + "  port: 70000\n":                            "8:9 out-of-range",
		sftp + auth + host + "  passphrase: ${env:P}\n":                   "8:15 no-credential",
		strings.Replace(sftp, "sftp.example.com", "a@b", 1) + auth + host: "4:9 bad-url",
		strings.Replace(sftp, "path: in\n", "", 1) + auth + host:          "1:7 missing-key",
	} {
		got := strings.Join(found(text), ", ")
		if got != want {
			t.Errorf("found %q, want %q in\n%s", got, want, text)
		}
	}
}

// TestPrivate: what is written out and will not be dialled is found.
func TestPrivate(t *testing.T) {
	for host, private := range map[string]bool{"minio.example.com": false, "127.0.0.1": true, "10.1.2.3": true, "localhost": true} {
		bucket := s3 + "  endpoint: http://" + host + ":9000\n"
		server := strings.Replace(sftp, "sftp.example.com", host, 1) + auth + "  known_hosts: known_hosts\n"
		for text, at := range map[string]string{bucket: "6:13 bad-url", server: "4:9 bad-url"} {
			if !private {
				at = ""
			}
			if got := strings.Join(found(text), ", "); got != at {
				t.Errorf("found %q, want %q in\n%s", got, at, text)
			}
			if got := found(text + "allow_private: true\n"); len(got) > 0 {
				t.Errorf("found %q, and it is allowed:\n%s", got, text)
			}
		}
	}
	if got := found(s3 + "  endpoint: http://:9000\n"); !slices.Equal(got, []string{"6:13 bad-url"}) {
		t.Errorf("an endpoint without a host: %q", got)
	}
}

// TestFileNames fills templates in.
func TestFileNames(t *testing.T) {
	for template, want := range map[string][3]string{
		"{sync}/{run}/part-{part}.{ext}":             {"loyal_readers/run-1", "part-00001.csv.gz", "manifest.json"},
		"{object}/{year}/{month}/{day}/{sync}_{run}": {"", "contacts/2026/11/22/loyal_readers_run-1", "contacts/2026/11/22/loyal_readers-run-1.manifest.json"},
		"{sync}-{date}-{time}.{ext}":                 {"", "loyal_readers-2026-11-22-010203.csv.gz", "loyal_readers-run-1.manifest.json"},
		"{run}/{sync}/{part}":                        {"run-1/loyal_readers", "00001", "manifest.json"},
		"{run}/{part}":                               {"", "run-1/00001", "run-1/loyal_readers-run-1.manifest.json"},
	} {
		c := chunk(rows()...)
		c.AsOf = c.SentAt
		got := encode(t, destination(t, func(c *files.Config) { c.FileName, c.Compress = template, files.Gzip }), c)
		if diff := cmp.Diff(want, [3]string{got.Dir, got.Name, got.Manifest}); diff != "" {
			t.Errorf("%s: %s", template, diff)
		}
		if hasPart := strings.Contains(template, "{part}"); got.Append == hasPart || (len(got.Head) > 0) == hasPart {
			t.Errorf("%s: append %t with a head of %d bytes", template, got.Append, len(got.Head))
		}
	}
}
