//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreFileLimit makes a write beyond the limit of file sizes fail like one
// on a full disk, instead of ending the process.
func ignoreFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
