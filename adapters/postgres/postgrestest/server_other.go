//go:build !unix

package postgrestest

import "testing"

// Server is none: servers are started on Unix only.
type Server struct{}

// Start says that it starts none here.
func Start() (*Server, error) { return nil, &MissingError{Programs: []string{"Unix and the programs"}} }

// Database is not reached.
func (s *Server) Database(tb testing.TB, _ ...string) string {
	tb.Helper()
	tb.Fatal("there is no server")
	return ""
}

// Folder is none.
func (s *Server) Folder() string { return "" }

// Stop does nothing.
func (s *Server) Stop() {}
