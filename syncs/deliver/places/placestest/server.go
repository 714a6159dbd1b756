package placestest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// User is who may sign in at a Server.
const User = "uploader"

// Server is an SFTP server on a port of this machine. Folders are those of a
// folder of this machine.
type Server struct {
	// Address is host and port, Key the server's key as in authorized_keys and
	// Fingerprint what it is known by.
	Address, Key, Fingerprint string

	listener net.Listener
	config   *ssh.ServerConfig
	dir      string
	// command serves a session by its standard input and output, in place of the
	// library's server.
	command string

	mu    sync.Mutex
	conns map[net.Conn]bool
	// left is how many bytes are read before connections are cut, as long as rounds
	// are left; cuts is how often that was.
	left, every  int64
	rounds, cuts int
	done         sync.WaitGroup
}

// NewServer starts a server over a folder. Who signs in has the password, or the
// key where that is not nil. With a command that serves SFTP, such as OpenSSH's
// sftp-server, that does.
func NewServer(dir, password string, key ssh.PublicKey, command string) (*Server, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			if c.User() == User && password != "" && string(given) == password {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, given ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() == User && key != nil && string(given.Marshal()) == string(key.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	config.AddHostKey(signer)
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	s := &Server{
		Address: listener.Addr().String(), Key: string(ssh.MarshalAuthorizedKey(signer.PublicKey())),
		Fingerprint: ssh.FingerprintSHA256(signer.PublicKey()),
		listener:    listener, config: config, dir: dir, command: command, conns: map[net.Conn]bool{},
	}
	s.done.Go(s.accept)
	return s, nil
}

// Close stops the server.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.Cut()
	s.done.Wait()
}

// Cut closes all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Fail cuts all connections after so many bytes from clients, so often; with no
// rounds it answers nobody from then on. Zero bytes heal it. It returns how often connections were cut since the last call.
func (s *Server) Fail(bytes int64, rounds int) (cuts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cuts, s.cuts = s.cuts, 0
	s.left, s.every, s.rounds = bytes, bytes, rounds
	return cuts
}

// metered is a connection that counts what it reads.
type metered struct {
	net.Conn
	server *Server
}

func (m metered) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if m.server.spent(int64(n)) {
		m.server.Cut()
		return 0, io.ErrClosedPipe
	}
	return n, err
}

// spent counts bytes, and says that it is time to cut connections.
func (s *Server) spent(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.every == 0 {
		return false
	}
	if s.left -= n; s.left > 0 {
		return false
	}
	s.cuts++
	switch s.rounds {
	case 0: // It stays like that.
	case 1:
		s.every = 0
	default:
		s.left = s.every
		s.rounds--
	}
	return true
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.done.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// serve serves one connection until it ends.
func (s *Server) serve(conn net.Conn) {
	link, channels, requests, err := ssh.NewServerConn(metered{conn, s}, s.config)
	if err != nil {
		return
	}
	var sessions sync.WaitGroup
	sessions.Go(func() { ssh.DiscardRequests(requests) })
	for asked := range channels {
		if asked.ChannelType() != "session" {
			_ = asked.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := asked.Accept()
		if err != nil {
			break
		}
		sessions.Go(func() { s.session(channel, requests) })
	}
	_ = link.Close()
	sessions.Wait()
}

func (s *Server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer func() { _ = channel.Close() }()
	for r := range requests {
		ok := r.Type == "subsystem" && len(r.Payload) > 4 && string(r.Payload[4:]) == "sftp"
		_ = r.Reply(ok, nil)
		if !ok {
			continue
		}
		if s.command != "" {
			c := exec.CommandContext(context.Background(), s.command) //nolint:gosec // the test names it
			c.Dir = s.dir
			c.Stdin, c.Stdout = channel, channel
			_ = c.Run()
			return
		}
		server, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(s.dir))
		if err != nil {
			return
		}
		if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
			return
		}
		return
	}
}
