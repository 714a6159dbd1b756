//go:build linux && amd64

// Command chserver is ClickHouse behind its HTTP interface, for tests: the
// engine itself, which package @chdb/lib-linux-x64-gnu of npm carries as a
// library, in a process of its own. See README.md in the folder above for what
// it is faithful in and what not.
//
// It is started by package chtest, prints its address as the only line of its
// standard output, and ends, without a word to the engine, when its standard
// input does: so it never outlives the tests.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	library := flag.String("library", "", "path of libchdb.so")
	data := flag.String("data", "", "empty directory for the tables; removed at the end")
	password := flag.String("password", "", "password of the user default")
	flag.Parse()
	if err := serve(*library, *data, *password); err != nil {
		fmt.Fprintln(os.Stderr, "chserver:", err)
		os.Exit(1) //nolint:forbidigo // a program
	}
}

// headerTimeout is how long a client may take for the head of a request.
const headerTimeout = 10 * time.Second

func serve(path, data, password string) error {
	engine, err := open(path, data)
	if err != nil {
		return err
	}
	// The first session starts the engine. It stays: where the last one ends, the
	// engine does, and the next would start another whose threads are added.
	if _, err := engine.session(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lives as long as the process
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = os.RemoveAll(data)
		os.Exit(0) //nolint:forbidigo // the engine is not shut down: that may wait for ever
	}()
	fmt.Fprintln(os.Stdout, listener.Addr())
	server := &http.Server{Handler: newFront(engine, password), ReadHeaderTimeout: headerTimeout}
	return server.Serve(listener)
}
