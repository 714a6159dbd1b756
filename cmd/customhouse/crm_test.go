package main

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// crms are the platforms of the command crm, by the script's folder.
var crms sync.Map

// holder is a platform with a truth of its own.
type holder struct {
	*synctest.Platform
	loses atomic.Bool
}

// crm is the command of scripts.
func crm(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		h := &holder{}
		h.Platform = synctest.NewPlatform(synctest.Options{Indexed: true, Faults: func(int) synctest.Fault {
			if h.loses.Load() {
				return synctest.ErrorAfter
			}
			return synctest.None
		}})
		server := httptest.NewServer(h.Handler())
		ts.Defer(server.Close)
		ts.Setenv("PLATFORM_URL", server.URL)
		crms.Store(ts.Getenv("WORK"), h)
		return
	}
	found, ok := crms.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("there is no crm")
	}
	h := found.(*holder)
	switch args[0] {
	case "hold":
		h.Hold(map[string]string{args[1]: `{"name":"theirs"}`})
	case "lose", "keep":
		h.loses.Store(args[0] == "lose")
	case "dump":
		var b strings.Builder
		for what, records := range map[string]map[string]string{"record": h.Records(), "archived": h.Archived()} {
			for _, key := range slices.Sorted(maps.Keys(records)) {
				fmt.Fprintf(&b, "%s %s %s\n", what, key, records[key])
			}
		}
		for _, e := range h.Events() {
			fmt.Fprintf(&b, "event %s %s\n", e.Key, e.Fields)
		}
		lines := strings.SplitAfter(b.String(), "\n")
		slices.Sort(lines)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o600))
	default:
		ts.Fatalf("crm does not know %s", args[0])
	}
	if v := h.Stats().Violations; len(v) > 0 {
		ts.Fatalf("the platform was misused: %v", v)
	}
}
