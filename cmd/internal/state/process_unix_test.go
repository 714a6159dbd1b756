//go:build unix

package state_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// actor is the variable that makes this binary take turns with a lease; its
// value is the place.
const actor = "CUSTOMHOUSE_TEST_ACTOR"

// ttl is that of the actors' leases.
const ttl = 300 * time.Millisecond

// act takes the lease again and again, and writes to the journal while it can,
// until it is killed.
func act() {
	ctx := context.Background()
	s, err := state.Open(ctx, state.Options{Place: os.Getenv(actor), Scope: "s", Now: time.Now, TTL: ttl})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	for {
		l, err := s.Acquire(ctx, "vip", 0)
		if _, held := errors.AsType[*state.HeldError](err); held {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		for i := 0; err == nil && i < 20; i++ {
			if err = l.Held(); err == nil {
				_, err = l.Append(ctx, entry(fmt.Sprint(l.Fence(), " ", os.Getpid())))
			}
		}
		_, lost := errors.AsType[*state.LostError](err)
		switch {
		case lost:
			fmt.Println("lost")
		case err != nil:
			fmt.Println("error:", err)
			return
		default:
			fmt.Println("turn")
			if err := l.Release(ctx); err != nil {
				fmt.Println("error:", err)
				return
			}
		}
	}
}

// TestProcesses: processes race for a lease while they are stopped beyond its
// end, woken and killed at random. The journal is the history: an entry is
// written in the transaction that finds its writer to be the holder, so that
// its order is that of the holders. No entry may come after one of a later
// holder, and no fence may have two writers.
func TestProcesses(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		opt.Scope = "s"
		open(t, opt)
		said := map[string]int{}
		lines := make(chan string, 100)
		ended := make(chan struct{})
		start := func() *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), actor+"="+opt.Place)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				for scan := bufio.NewScanner(out); scan.Scan(); {
					lines <- scan.Text()
				}
				ended <- struct{}{}
			}()
			return cmd
		}
		actors := []*exec.Cmd{start(), start(), start()}
		started := len(actors)
		next := func() {
			select {
			case line := <-lines:
				word, _, _ := strings.Cut(line, ":")
				if said[word]++; word == "error" {
					t.Error(line)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("nobody takes the lease")
			}
		}
		signal := func(cmd *exec.Cmd, sig syscall.Signal) {
			if err := cmd.Process.Signal(sig); err != nil {
				t.Error(err)
			}
		}
		r := rand.New(rand.NewPCG(1, 2))
		pauses := 12
		if os.Getenv("CUSTOMHOUSE_LONG") != "" {
			pauses = 100
		}
		for i := range pauses {
			next()
			at := r.IntN(len(actors))
			signal(actors[at], syscall.SIGSTOP)
			time.Sleep(ttl + time.Duration(r.IntN(200))*time.Millisecond)
			signal(actors[at], syscall.SIGCONT)
			if i%5 == 4 { // Its lease is free at once, or when it has run out.
				signal(actors[at], syscall.SIGKILL)
				_ = actors[at].Wait()
				actors[at] = start()
				started++
			}
			next()
		}
		for _, cmd := range actors {
			signal(cmd, syscall.SIGKILL)
			_ = cmd.Wait()
		}
		for gone := 0; gone < started; {
			select {
			case line := <-lines:
				word, _, _ := strings.Cut(line, ":")
				said[word]++
			case <-ended:
				gone++
			}
		}
		time.Sleep(2 * ttl)
		entries, err := all(acquire(t, open(t, opt), "vip").Entries(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		writers := map[int64]int{}
		var last int64
		for _, e := range entries {
			var fence int64
			var pid int
			if _, err := fmt.Sscan(string(e.Body), &fence, &pid); err != nil {
				t.Fatal(err)
			}
			if fence < last {
				t.Fatalf("entry %d was written under fence %d after one under %d", e.Seq, fence, last)
			}
			if known, ok := writers[fence]; ok && known != pid {
				t.Fatalf("fence %d has two writers", fence)
			}
			writers[fence], last = pid, fence
		}
		if said["turn"] == 0 || len(writers) < said["turn"] {
			t.Errorf("%d fences in %d entries, and the actors said %v", len(writers), len(entries), said)
		}
		t.Logf("%d entries of %d holders, actors said %v", len(entries), len(writers), said)
	})
}
