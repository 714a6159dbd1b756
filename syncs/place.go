package syncs

import "github.com/customhouse-cdp/customhouse/config/secret"

// Place is where a destination in files publishes them: a folder of this
// machine, of a bucket or of a server. The references that it holds are among
// Spec.Secrets.
type Place struct {
	// Folder is the folder. A relative one of this machine starts at the project;
	// of a bucket it is what all names begin with, and may be empty.
	Folder secret.Template
	// At most one of Bucket and Server is set.
	Bucket *Bucket
	Server *Server
}

// Bucket is a bucket of S3, of what speaks its protocol, or of Google Cloud
// Storage.
type Bucket struct {
	Name secret.Template
	// Google says that it is one of Google Cloud Storage.
	Google bool
	// Endpoint is the address of what is neither Amazon's nor Google's; http or
	// https.
	Endpoint secret.Template
	Region   secret.Template
	// PathStyle says that the bucket is named in the path and not in the host.
	PathStyle bool
	// AccessKey and SecretKey sign requests, with Session where they are
	// temporary; Google calls them HMAC keys. Without them Account counts, the key
	// file of a service account of Google's, and without that what the machine
	// offers: environment, files, metadata service.
	AccessKey, SecretKey, Session, Account secret.Ref
	// Encryption is what the service is asked to encrypt with: nothing, AES256 or
	// aws:kms, the latter with Key where it is not the bucket's own.
	Encryption string
	Key        secret.Template
}

// Server is a server that speaks SFTP.
type Server struct {
	Host secret.Template
	Port int
	User secret.Template
	// Password and PrivateKey are tried as far as they are given; Passphrase
	// opens the private key.
	Password, PrivateKey, Passphrase secret.Ref
	// HostKeys are those that the server may have: public keys as in
	// authorized_keys, or fingerprints such as SHA256:...
	HostKeys []string
	// KnownHosts is a file of such keys as OpenSSH keeps it; a relative path
	// starts at the project. A server that neither knows is refused.
	KnownHosts string
}

// Refs are the references that a place holds.
func (p *Place) Refs() []secret.Ref {
	refs := p.Folder.Refs()
	text := func(t secret.Template) { refs = append(refs, t.Refs()...) }
	one := func(r secret.Ref) {
		if !r.IsZero() {
			refs = append(refs, r)
		}
	}
	if b := p.Bucket; b != nil {
		for _, t := range []secret.Template{b.Name, b.Endpoint, b.Region, b.Key} {
			text(t)
		}
		for _, r := range []secret.Ref{b.AccessKey, b.SecretKey, b.Session, b.Account} {
			one(r)
		}
	}
	if s := p.Server; s != nil {
		text(s.Host)
		text(s.User)
		for _, r := range []secret.Ref{s.Password, s.PrivateKey, s.Passphrase} {
			one(r)
		}
	}
	return refs
}
