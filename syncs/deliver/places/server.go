package places

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

const (
	// connectTimeout bounds the time until somebody is signed in, and stepTimeout
	// each step after it; a step of a transfer is stepSize bytes.
	connectTimeout = 30 * time.Second
	stepTimeout    = time.Minute
	stepSize       = 4 << 20
)

// server is a deliver.FileSystem over SFTP. It connects when it is first used,
// and again after the connection was lost; a transfer goes on where the server
// confirmed it last.
type server struct {
	spec    *syncs.Server
	private bool
	dir     string
	secrets func(secret.Ref) secret.Value
	folder  string
	title   string
	hider   hider

	client *sftp.Client
	conn   *ssh.Client
	// sent is how much of a file the server has for certain.
	sent map[string]int64
}

func openServer(spec syncs.Spec, dir string, secrets func(secret.Ref) secret.Value) deliver.Place {
	s := &server{
		spec: spec.Place.Server, private: spec.AllowPrivate, dir: dir, secrets: secrets,
		folder: spec.Place.Folder.Expand(secrets), sent: map[string]int64{},
	}
	s.title = fmt.Sprintf("sftp://%s/%s", s.spec.Host.Expand(secrets), strings.TrimPrefix(path.Clean(s.folder), "/"))
	return deliver.NewTree(s)
}

func (s *server) String() string { return s.title }

func (s *server) Close() error {
	if s.client != nil {
		_ = s.client.Close() // Nothing depends on it any more.
		_ = s.conn.Close()
		s.client, s.conn = nil, nil
	}
	return nil
}

// connect signs in, unless somebody is.
func (s *server) connect(ctx context.Context) error {
	if s.client != nil {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, connectTimeout)
	defer done()
	config, err := s.config()
	if err != nil {
		return err
	}
	address := net.JoinHostPort(s.spec.Host.Expand(s.secrets), strconv.Itoa(s.spec.Port))
	conn, err := deliver.Dialer(s.private).DialContext(ctx, "tcp", address)
	if err != nil {
		return s.unreachable("connect to", err)
	}
	unlink := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unlink()
	known, keys := s.trusted()
	config.HostKeyCallback = known
	config.HostKeyAlgorithms = keys(address, conn.RemoteAddr())
	link, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		_ = conn.Close()
		return s.denied(err)
	}
	s.conn = ssh.NewClient(link, channels, requests)
	s.client, err = sftp.NewClient(s.conn, sftp.UseConcurrentWrites(true))
	if err != nil {
		_ = s.conn.Close()
		s.client, s.conn = nil, nil
		return s.unreachable("begin SFTP with", err)
	}
	return nil
}

// config is who signs in, and with what.
func (s *server) config() (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{User: s.spec.User.Expand(s.secrets), Timeout: connectTimeout}
	if !s.spec.PrivateKey.IsZero() {
		text := []byte(s.hider.learn(s.secrets(s.spec.PrivateKey)) + "\n") // The end of the file may have been cut.
		var signer ssh.Signer
		var err error
		if s.spec.Passphrase.IsZero() {
			signer, err = ssh.ParsePrivateKey(text)
		} else {
			signer, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(s.hider.learn(s.secrets(s.spec.Passphrase))))
		}
		if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
			return nil, stop("unauthorized", "private_key of the destination is locked: name its passphrase under passphrase")
		}
		if err != nil {
			return nil, stop("unauthorized", "private_key of the destination cannot be read as a private key, or passphrase does not open it")
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if !s.spec.Password.IsZero() {
		password := s.hider.learn(s.secrets(s.spec.Password))
		config.Auth = append(config.Auth, ssh.Password(password),
			// Some servers ask for it as a question.
			ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
				return slices.Repeat([]string{password}, len(questions)), nil
			}))
	}
	return config, nil
}

// trusted says which keys the server may have. The second function names the
// kinds of keys to ask for, so that the server shows one that is known.
func (s *server) trusted() (ssh.HostKeyCallback, func(address string, remote net.Addr) []string) {
	var pinned []ssh.PublicKey
	var prints []string
	var kinds []string
	for _, text := range s.spec.HostKeys {
		if strings.HasPrefix(text, "SHA256:") {
			prints = append(prints, strings.TrimRight(strings.TrimSpace(text), "="))
			continue
		}
		// As ssh-keyscan prints it, the name of the host comes first.
		if fields := strings.Fields(text); len(fields) > 2 && !strings.HasPrefix(fields[1], "AAAA") {
			text = strings.Join(fields[1:], " ")
		}
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text)); err == nil {
			pinned, kinds = append(pinned, key), append(kinds, algorithms(key.Type())...)
		}
	}
	var known ssh.HostKeyCallback
	if s.spec.KnownHosts != "" {
		name := filepath.FromSlash(s.spec.KnownHosts)
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.dir, name)
		}
		var err error
		if known, err = knownhosts.New(name); err != nil {
			known = func(string, net.Addr, ssh.PublicKey) error {
				return stop("no-host-key", "the file of known_hosts cannot be read: "+err.Error())
			}
		}
	}
	trust := func(host string, remote net.Addr, key ssh.PublicKey) error {
		shown := ssh.FingerprintSHA256(key)
		if slices.Contains(prints, shown) || slices.ContainsFunc(pinned, func(p ssh.PublicKey) bool {
			return string(p.Marshal()) == string(key.Marshal())
		}) {
			return nil
		}
		if known != nil {
			err := known(host, remote, key)
			if _, unknown := errors.AsType[*knownhosts.KeyError](err); !unknown {
				return err
			}
		}
		return stop("unknown-host-key", fmt.Sprintf(
			"%s shows the %s key %s, which is none that the destination trusts: if its administrator confirms it, add it to host_keys; otherwise somebody is between you and the server", host, key.Type(), shown,
		))
	}
	return trust, func(address string, remote net.Addr) []string {
		if len(prints) > 0 {
			return nil // Of any kind.
		}
		all := slices.Clone(kinds)
		if known != nil {
			// What the file knows of the host is told by its refusal of a key that it
			// cannot know.
			if wanted, ok := errors.AsType[*knownhosts.KeyError](known(address, remote, nobody{})); ok {
				for _, w := range wanted.Want {
					all = append(all, algorithms(w.Key.Type())...)
				}
			}
		}
		return all
	}
}

// nobody is a key that no server has.
type nobody struct{}

func (nobody) Type() string                        { return "none" }
func (nobody) Marshal() []byte                     { return []byte("none") }
func (nobody) Verify([]byte, *ssh.Signature) error { return errors.New("this key signs nothing") }

// algorithms are those that a kind of key signs with.
func algorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}

// denied is the error of a handshake.
func (s *server) denied(err error) error {
	if stopped, ok := errors.AsType[*deliver.StopError](err); ok {
		return stopped
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "unable to authenticate"):
		return stop("unauthorized", s.title+" does not let the user in: check user, password and private_key of the destination")
	case strings.Contains(text, "no common algorithm for host key"):
		return stop("unknown-host-key", s.title+" has no key of a kind that the destination trusts: add the one that it has to host_keys, once its administrator has confirmed it")
	}
	return s.unreachable("sign in to", err)
}

// unreachable is the error of a lost connection.
func (s *server) unreachable(what string, err error) error {
	if stopped, ok := errors.AsType[*deliver.StopError](err); ok {
		return stopped
	}
	message := fmt.Sprintf("could not %s %s: %s", what, s.title, s.hider.hide(err.Error()))
	var name *net.DNSError
	if errors.As(err, &name) && name.IsNotFound {
		return stop("not-found", message+"; check host")
	}
	return &deliver.PassingError{Err: errors.New(message)}
}

// at is a name on the server.
func (s *server) at(name string) string { return path.Join(s.folder, name) }

// do takes a step, with a connection.
func (s *server) do(ctx context.Context, what, name string, step func(*sftp.Client) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	conn := s.conn
	limited, done := context.WithTimeout(ctx, stepTimeout)
	defer done()
	unlink := context.AfterFunc(limited, func() { _ = conn.Close() })
	defer unlink()
	err := step(s.client)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		_ = s.Close()
		return cause
	}
	return s.explain(what, name, err)
}

// explain sorts the errors of a server.
func (s *server) explain(what, name string, err error) error {
	message := fmt.Sprintf("%s: could not %s %s", s.title, what, name)
	status, answered := errors.AsType[*sftp.StatusError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", message, err)
	case errors.Is(err, fs.ErrPermission):
		return stop("forbidden", message+": permission denied; the user needs to write, rename and remove in the folder")
	case answered && nospace(status.Error()):
		return stop("no-space", message+": there is no space left")
	case answered:
		return stop("refused", message+": "+s.hider.hide(status.Error()))
	}
	if stopped, ok := errors.AsType[*deliver.StopError](err); ok {
		return stopped
	}
	_ = s.Close() // Whatever it was, the next step connects anew.
	return &deliver.PassingError{Err: errors.New(message + ": the connection was lost")}
}

// nospace guesses from what a server says, which has no code for it.
func nospace(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "no space") || strings.Contains(text, "quota")
}

func (s *server) MkdirAll(ctx context.Context, name string) error {
	return s.do(ctx, "make the folder", name, func(c *sftp.Client) error { return c.MkdirAll(s.at(name)) })
}

// Put sends a file step by step, from where the server has it.
func (s *server) Put(ctx context.Context, name string, size int64, body io.ReaderAt) error {
	flags := os.O_WRONLY | os.O_CREATE
	if s.sent[name] == 0 {
		flags |= os.O_TRUNC
	}
	for first := true; first || s.sent[name] < size; first = false {
		err := s.do(ctx, "write", name, func(c *sftp.Client) error {
			file, err := c.OpenFile(s.at(name), flags)
			if err != nil {
				return err
			}
			from := s.sent[name]
			step := io.NewSectionReader(body, from, min(stepSize, size-from))
			if _, err = file.Seek(from, io.SeekStart); err == nil {
				_, err = file.ReadFrom(step)
			}
			if _, durable := c.HasExtension("fsync@openssh.com"); err == nil && durable {
				err = file.Sync()
			}
			if err = errors.Join(err, file.Close()); err == nil {
				s.sent[name] = from + step.Size()
			}
			return err
		})
		if err != nil {
			return err
		}
		flags = os.O_WRONLY
	}
	delete(s.sent, name)
	return s.do(ctx, "look at", name, func(c *sftp.Client) error {
		info, err := c.Stat(s.at(name))
		if err == nil && info.Size() != size {
			err = stop("not-stored", fmt.Sprintf("%s has %d bytes of %s, and was sent %d", s.title, info.Size(), name, size))
		}
		return err
	})
}

func (s *server) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	var file *sftp.File
	err := s.do(ctx, "read", name, func(c *sftp.Client) (err error) {
		file, err = c.Open(s.at(name))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reader{file, s, name}, nil
}

// reader is a file of a server, whose errors are sorted as those of a step.
type reader struct {
	*sftp.File
	server *server
	name   string
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.File.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.server.explain("read", r.name, err)
	}
	return n, err
}

// WriteTo hides that of the file, whose errors would come as they are.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

func (s *server) Exists(ctx context.Context, name string) (bool, error) {
	err := s.do(ctx, "look at", name, func(c *sftp.Client) error {
		_, err := c.Lstat(s.at(name))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *server) List(ctx context.Context, name string) ([]string, error) {
	var names []string
	err := s.do(ctx, "list", name, func(c *sftp.Client) error {
		entries, err := c.ReadDir(s.at(name))
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return err
	})
	return names, err
}

// Move renames. The protocol's own rename replaces nothing; OpenSSH's extension
// replaces files, and where there is none the file is removed first.
func (s *server) Move(ctx context.Context, from, to string, replace bool) error {
	return s.do(ctx, "publish", to, func(c *sftp.Client) error {
		if replace {
			if _, can := c.HasExtension("posix-rename@openssh.com"); can {
				return c.PosixRename(s.at(from), s.at(to))
			}
			if err := c.Remove(s.at(to)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return c.Rename(s.at(from), s.at(to))
		}
		if _, err := c.Lstat(s.at(to)); err == nil {
			return fs.ErrExist
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return c.Rename(s.at(from), s.at(to))
	})
}

func (s *server) RemoveAll(ctx context.Context, name string) error {
	delete(s.sent, name)
	err := s.do(ctx, "remove", name, func(c *sftp.Client) error { return c.RemoveAll(s.at(name)) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
