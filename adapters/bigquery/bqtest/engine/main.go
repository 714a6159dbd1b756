// Command bqengine is BigQuery for tests: its REST API over GoogleSQL's own
// analyzer, and DuckDB, to which analyzed statements are translated. README.md in
// the folder above says what that proves and what it does not.
//
// Start with Server.handler (server.go) for the API, execution.run for what
// happens to a statement, and translator.scan for how it is translated.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	only := flag.Bool("check-only", false, "check statements and execute none")
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	flag.Parse()
	if err := serve(*address, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bqengine:", err)
		os.Exit(1)
	}
}

// serve prints the address and serves until its standard input ends.
func serve(address string, only bool) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s, err := newServer(ctx, only)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	return server.Serve(l)
}
