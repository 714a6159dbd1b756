package clickhouse_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// TestOtherProtocol: who asks at the port of the other protocol, which answers as
// a server does, is told what to look at.
func TestOtherProtocol(t *testing.T) {
	t.Parallel()
	password, err := secret.NewRef("${env:PASSWORD}")
	if err != nil {
		t.Fatal(err)
	}
	from := secret.Resolver{Env: func(string) (string, bool) { return "secret", true }}
	for protocol, answer := range map[string]string{
		clickhouse.Native: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		clickhouse.HTTP:   "HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n",
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			_, err := clickhouse.Open(t.Context(), clickhouse.Config{Address: answering(t, answer), Protocol: protocol, Password: password}, "", from)
			known, ok := errors.AsType[*adapters.Error](err)
			if !ok || !strings.Contains(known.Help, "protocol") {
				t.Errorf("got %v, want an error whose help names protocol: %+v", err, known)
			}
		})
	}
}

// answering is the address of a server that gives each connection one answer.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if _, err := conn.Read(make([]byte, 1)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, answer)
			}()
		}
	}()
	return listener.Addr().String()
}
