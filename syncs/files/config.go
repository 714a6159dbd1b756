package files

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a destination in files.
type Config struct {
	Path secret.Template `yaml:"path" doc:"Folder that receives the files; relative to the project. In a bucket, or on a server, the folder there."`
	S3   *S3             `yaml:"s3" doc:"Bucket of Amazon S3, or of a service that speaks its protocol."`
	GCS  *GCS            `yaml:"gcs" doc:"Bucket of Google Cloud Storage."`
	SFTP *SFTP           `yaml:"sftp" doc:"Server that speaks SFTP."`

	FileName string `yaml:"file_name" doc:"Name of a file below path, with {sync}, {object}, {run}, {date}, {time}, {year}, {month}, {day}, {part} and {ext}. '{sync}/{run}/part-{part}.{ext}' where none is given; without {part} a run writes one file."`
	Replace  bool   `yaml:"replace" doc:"Whether a file that is there under the same name is replaced. Otherwise the sync fails."`

	Format    string `yaml:"format" doc:"csv (the default), ndjson or parquet."`
	Layout    string `yaml:"layout" doc:"changes (the default): what is new, changed or gone; snapshot: everything, whenever anything changed; append: what is new, without further columns."`
	Compress  string `yaml:"compress" doc:"none (the default), gzip or zstd. Parquet is compressed inside, with snappy where none is given."`
	PartRows  int    `yaml:"part_rows" doc:"Most rows of a file, 50000 where none is given."`
	Delimiter string `yaml:"delimiter" doc:"What separates CSV fields, a comma where none is given."`
	Null      string `yaml:"null,blank" doc:"How CSV spells no value; nothing at all where none is given."`
	Quotes    string `yaml:"quotes" doc:"needed (the default) puts CSV cells in quotes that need them; all puts every value in quotes."`
	Formulas  string `yaml:"formulas" doc:"escape (the default) puts ' before CSV text that a spreadsheet would run; keep leaves it."`

	AllowPrivate bool `yaml:"allow_private" doc:"Whether the bucket or server may be on this machine or in a private network."`
}

// S3 is a bucket that speaks Amazon's protocol.
type S3 struct {
	Bucket       secret.Template `yaml:"bucket,required" doc:"Name of the bucket."`
	Region       secret.Template `yaml:"region" doc:"Region, such as eu-west-1. Required without endpoint."`
	Endpoint     secret.Template `yaml:"endpoint" doc:"Address of a service that is not Amazon's, such as https://minio.example.com."`
	PathStyle    bool            `yaml:"path_style" doc:"Whether the bucket stands in the path of addresses and not in their host."`
	AccessKey    secret.Ref      `yaml:"access_key" doc:"Reference to the key's id. Without it the credentials of the machine count: environment, ~/.aws/credentials, the role of the instance, container or pod."`
	SecretKey    secret.Ref      `yaml:"secret_key" doc:"Reference to the secret of access_key."`
	SessionToken secret.Ref      `yaml:"session_token" doc:"Reference to the token that belongs to a temporary key."`
	Encryption   string          `yaml:"encryption" doc:"AES256 or aws:kms, where the bucket's own setting is not what you want."`
	KMSKey       secret.Template `yaml:"kms_key" doc:"Key of aws:kms, where it is not the account's own."`
}

// GCS is a bucket of Google Cloud Storage.
type GCS struct {
	Bucket    secret.Template `yaml:"bucket,required" doc:"Name of the bucket."`
	Account   secret.Ref      `yaml:"account" doc:"Reference to the JSON key of a service account. Without it, and without access_key, the application default credentials count."`
	AccessKey secret.Ref      `yaml:"access_key" doc:"Reference to the access id of an HMAC key."`
	SecretKey secret.Ref      `yaml:"secret_key" doc:"Reference to the secret of access_key."`
	Endpoint  secret.Template `yaml:"endpoint" doc:"Address of the service, https://storage.googleapis.com where none is given."`
}

// SFTP is a server that speaks it.
type SFTP struct {
	Host       secret.Template `yaml:"host,required" doc:"Name or address of the server."`
	Port       int             `yaml:"port" doc:"Port, 22 where none is given."`
	User       secret.Template `yaml:"user,required" doc:"Who signs in."`
	Password   secret.Ref      `yaml:"password" doc:"Reference to the password."`
	PrivateKey secret.Ref      `yaml:"private_key" doc:"Reference to a private key as OpenSSH writes it, such as ${file:/run/secrets/id_ed25519}."`
	Passphrase secret.Ref      `yaml:"passphrase" doc:"Reference to the passphrase of private_key."`
	HostKeys   []string        `yaml:"host_keys" doc:"Keys that the server may have: 'ssh-ed25519 AAAA...' or 'SHA256:...'."`
	KnownHosts string          `yaml:"known_hosts" doc:"File of such keys as OpenSSH keeps it, relative to the project."`
}

// The values of Config.Format, Config.Layout and so on.
const (
	CSV     = "csv"
	NDJSON  = "ndjson"
	Parquet = "parquet"

	Changes  = "changes"
	Snapshot = "snapshot"
	Append   = "append"

	None = "none"
	Gzip = "gzip"
	Zstd = "zstd"

	Needed = "needed"
	All    = "all"

	Escape = "escape"
	Keep   = "keep"
)

// Default is a Config with everything set that has a default.
func Default() *Config {
	return &Config{
		FileName: "{sync}/{run}/part-{part}.{ext}", Format: CSV, Layout: Changes, Compress: None, PartRows: maxRows,
		Delimiter: ",", Quotes: Needed, Formulas: Escape,
	}
}

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeChoice     = "bad-choice"
	CodeDelimiter  = "bad-delimiter"
	CodeNull       = "bad-null"
	CodePath       = "bad-path"
	CodeFileName   = "bad-file-name"
	CodePlaces     = "several-places"
	CodeRange      = "out-of-range"
	CodeURL        = "bad-url"
	CodeCredential = "no-credential" //nolint:gosec // the name of a finding
	CodeHostKey    = "no-host-key"
)

// checker reports findings at the keys of a configuration.
type checker struct {
	n      strict.Node
	report func(diag.Diagnostic)
	// allowPrivate is that of the configuration.
	allowPrivate bool
}

func (c checker) fail(code, summary, help string, path ...string) {
	c.report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: c.n.At(path...), Summary: summary, Help: help})
}

// choice wants a value to be one of some.
func (c checker) choice(value string, choices []string, path ...string) {
	if slices.Contains(choices, value) {
		return
	}
	help := "write " + strings.Join(choices, " or ")
	if near := diag.Nearest(value, choices); near != "" {
		help = "did you mean " + near + "?"
	}
	c.fail(CodeChoice, fmt.Sprintf("%q is not a %s", value, path[len(path)-1]), help, path...)
}

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	k := checker{n, report, c.AllowPrivate}
	k.choice(c.Format, []string{CSV, NDJSON, Parquet}, "format")
	k.choice(c.Layout, []string{Changes, Snapshot, Append}, "layout")
	k.choice(c.Compress, []string{None, Gzip, Zstd}, "compress")
	k.choice(c.Quotes, []string{Needed, All}, "quotes")
	k.choice(c.Formulas, []string{Escape, Keep}, "formulas")
	if len(c.Delimiter) != 1 || strings.ContainsAny(c.Delimiter, "\"'\r\n\x00 =+-@.") || c.Delimiter[0] >= 0x80 || alphanumeric(c.Delimiter[0]) {
		k.fail(CodeDelimiter, "delimiter is not a character that can separate fields", `use one like "," ";" "|" or "\t"`, "delimiter")
	}
	if strings.ContainsAny(c.Null, "\"\r\n\x00"+c.Delimiter) {
		k.fail(CodeNull, "null holds a character that CSV would have to quote", `use a word such as NULL or \N`, "null")
	}
	if c.PartRows < 1 || c.PartRows > 1_000_000 {
		k.fail(CodeRange, "part_rows is out of range", "use a number from 1 to 1000000", "part_rows")
	}
	c.checkName(k)
	c.checkPlace(k)
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// plain says that a text has nothing but letters, digits and some marks.
func plain(text, marks string) bool {
	for _, c := range []byte(text) {
		if !alphanumeric(c) && !strings.ContainsRune(marks, rune(c)) {
			return false
		}
	}
	return true
}

// checkPlace looks at where the files go.
func (c *Config) checkPlace(k checker) {
	var given []string
	for name, there := range map[string]bool{"s3": c.S3 != nil, "gcs": c.GCS != nil, "sftp": c.SFTP != nil} {
		if there {
			given = append(given, name)
		}
	}
	slices.Sort(given)
	path := c.Path.Text()
	switch {
	case len(given) > 1:
		k.fail(CodePlaces, "files go to one place, and these are "+strings.Join(given, " and "), "make a destination for each", given[1])
	case c.Path.IsZero() && (len(given) == 0 || c.SFTP != nil):
		k.fail(strict.CodeMissingKey, `the key "path" is missing`, "add path: the folder that receives the files", "type")
	case strings.ContainsRune(path, 0):
		k.fail(CodePath, "path holds a NUL character", "remove it", "path")
	case len(given) > 0 && (strings.Contains(path, `\`) || slices.Contains(strings.Split(path, "/"), "..")):
		k.fail(CodePath, "path leads outside of itself", "write the folder with forward slashes and without ..", "path")
	case len(given) == 0 && strings.Contains(path, "://"):
		k.fail(CodePath, "path is an address, and not a folder", "name the bucket or server under s3, gcs or sftp, and its folder here", "path")
	}
	if c.S3 != nil {
		c.S3.check(k)
	}
	if c.GCS != nil {
		c.GCS.check(k)
	}
	if c.SFTP != nil {
		c.SFTP.check(k)
	}
}

func (c *S3) check(k checker) {
	bucket(k, c.Bucket, "s3")
	if c.Region.IsLiteral() && !plain(c.Region.Text(), "-_") {
		k.fail(CodeChoice, "region is not the name of a region", "write it like eu-west-3", "s3", "region")
	}
	if c.Endpoint.IsZero() && c.Region.IsZero() {
		k.fail(strict.CodeMissingKey, `the key "region" is missing`, "add region: that of the bucket; or endpoint, of a service that is not Amazon's", "s3", "bucket")
	}
	endpoint(k, c.Endpoint, "s3")
	pair(k, c.AccessKey, c.SecretKey, "s3")
	if !c.SessionToken.IsZero() && c.AccessKey.IsZero() {
		k.fail(CodeCredential, "session_token has no key that it belongs to", "add access_key and secret_key", "s3", "session_token")
	}
	if c.Encryption != "" {
		k.choice(c.Encryption, []string{"AES256", "aws:kms"}, "s3", "encryption")
	}
	if !c.KMSKey.IsZero() && c.Encryption != "aws:kms" {
		k.fail(CodeChoice, "kms_key is for encryption: aws:kms only", "set encryption: aws:kms, or remove it", "s3", "kms_key")
	}
}

func (c *GCS) check(k checker) {
	bucket(k, c.Bucket, "gcs")
	endpoint(k, c.Endpoint, "gcs")
	pair(k, c.AccessKey, c.SecretKey, "gcs")
	if !c.Account.IsZero() && !c.AccessKey.IsZero() {
		k.fail(CodeCredential, "account and access_key are two ways to sign in", "keep one of them", "gcs", "account")
	}
}

func (c *SFTP) check(k checker) {
	if c.Host.IsLiteral() && !plain(c.Host.Text(), ".-_:[]") {
		k.fail(CodeURL, "host is not the name of a server", "write sftp.example.com, and what else there is under user, port and path", "sftp", "host")
	} else if c.Host.IsLiteral() {
		syncs.CheckHost(strings.Trim(c.Host.Text(), "[]"), k.allowPrivate, k.n.At("sftp", "host"), k.report)
	}
	if c.Port < 0 || c.Port > 65535 {
		k.fail(CodeRange, "port is out of range", "use a number from 1 to 65535", "sftp", "port")
	}
	if c.Password.IsZero() && c.PrivateKey.IsZero() {
		k.fail(CodeCredential, "there is nothing to sign in with", "add password or private_key", "sftp", "user")
	}
	if !c.Passphrase.IsZero() && c.PrivateKey.IsZero() {
		k.fail(CodeCredential, "passphrase has no key that it opens", "add private_key", "sftp", "passphrase")
	}
	if len(c.HostKeys) == 0 && c.KnownHosts == "" {
		k.fail(CodeHostKey, "the server's key is not given, so that anybody could pass for it",
			"add host_keys, as ssh-keyscan prints them and the server's administrator confirms, or known_hosts", "sftp", "host")
	}
	for _, key := range c.HostKeys {
		if !strings.HasPrefix(key, "SHA256:") && len(strings.Fields(key)) < 2 {
			k.fail(CodeHostKey, "this is no key of a server", "write it like 'ssh-ed25519 AAAA...' or 'SHA256:...'", "sftp", "host_keys")
		}
	}
}

// bucket checks a bucket's name.
func bucket(k checker, name secret.Template, place string) {
	if name.IsLiteral() && !plain(name.Text(), ".-_") {
		k.fail(CodePath, "bucket is not the name of a bucket", "write its name alone, and the folder in it under path", place, "bucket")
	}
}

// endpoint checks the address of a service.
func endpoint(k checker, at secret.Template, place string) {
	if at.IsZero() || !at.IsLiteral() {
		return
	}
	u, err := url.Parse(at.Text())
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" || u.User != nil {
		k.fail(CodeURL, "endpoint is not the address of a service", "write it like https://minio.example.com:9000", place, "endpoint")
		return
	}
	syncs.CheckHost(u.Hostname(), k.allowPrivate, k.n.At(place, "endpoint"), k.report)
}

// pair wants both halves of a key, or none.
func pair(k checker, id, key secret.Ref, place string) {
	switch {
	case id.IsZero() && !key.IsZero():
		k.fail(CodeCredential, "secret_key has no access_key", "add access_key", place, "secret_key")
	case !id.IsZero() && key.IsZero():
		k.fail(CodeCredential, "access_key has no secret_key", "add secret_key", place, "access_key")
	}
}

// place says where the files go.
func (c *Config) place() *syncs.Place {
	p := &syncs.Place{Folder: c.Path}
	switch {
	case c.S3 != nil:
		p.Bucket = &syncs.Bucket{
			Name: c.S3.Bucket, Region: c.S3.Region, Endpoint: c.S3.Endpoint, PathStyle: c.S3.PathStyle,
			AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey, Session: c.S3.SessionToken,
			Encryption: c.S3.Encryption, Key: c.S3.KMSKey,
		}
	case c.GCS != nil:
		p.Bucket = &syncs.Bucket{
			Google: true, Name: c.GCS.Bucket, Endpoint: c.GCS.Endpoint,
			AccessKey: c.GCS.AccessKey, SecretKey: c.GCS.SecretKey, Account: c.GCS.Account,
		}
	case c.SFTP != nil:
		port := c.SFTP.Port
		if port == 0 {
			port = 22
		}
		p.Server = &syncs.Server{
			Host: c.SFTP.Host, Port: port, User: c.SFTP.User,
			Password: c.SFTP.Password, PrivateKey: c.SFTP.PrivateKey, Passphrase: c.SFTP.Passphrase,
			HostKeys: c.SFTP.HostKeys, KnownHosts: c.SFTP.KnownHosts,
		}
	}
	return p
}
