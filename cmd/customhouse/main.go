// Command customhouse turns a folder of YAML into customers, profiles,
// segments and delivered audiences, inside the warehouse that its user has.
//
// This package is the composition root: it reads flags, environment, clock and
// signals, knows every vendor (builtin.go) and decides the exit code. What the
// commands do is in the packages that they call.
//
// Start with newRoot in root.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // handled: invalid project, failed model, broken guard
	exitUsage   = 2 // wrong flags, a crash, an interrupt
	exitChanges = 2 // of plan --detailed-exitcode alone, which has no other 2
	// exitDegraded is that of run and sync with --detailed-exitcode alone.
	exitDegraded = 3 // rows were rejected or not answered for, below every guard
)

func main() {
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Main runs the command line args and returns the exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now, env: os.LookupEnv}
	return a.main(args)
}

// main runs the command line of a process.
func (a *app) main(args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(a.stderr, "customhouse crashed, which is our fault: %v\nPlease report it with these lines:\n%s", r, debug.Stack())
			code = exitUsage
		}
	}()
	ignoreFileLimit()
	collectSeldom()
	ctx, stop := withSignals()
	defer stop()
	return a.execute(ctx, args)
}

// collectSeldom lets garbage be: what is alive is a few batches of rows, and to
// collect it each time as much was made again costs more than to read the rows.
// Whoever sets GOGC or GOMEMLIMIT knows better.
func collectSeldom() {
	const percent, limit = 400, 512 << 20
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit) // From here on it is collected more often.
	}
}

// withSignals cancels the context at the first signal, so that work in
// progress ends cleanly, and leaves at the second.
func withSignals() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		cancel(run.ErrInterrupted)
		if _, ok := <-signals; ok {
			os.Exit(exitUsage)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}
