package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// holder says which process has a lease.
type holder struct {
	Host string `json:"host"`
	PID  int    `json:"pid"`
	// Kernel is where the PID counts: two holders of one kernel and one space
	// of PIDs can look at each other. Empty where that is not known.
	Kernel string `json:"kernel,omitempty"`
	// Started tells processes apart that had the same PID one after the other.
	Started string `json:"started,omitempty"`
}

func (h holder) String() string { return fmt.Sprintf("%s/%d", h.Host, h.PID) }

// here is this process.
func here() holder {
	h := holder{PID: os.Getpid()}
	// A host without a name is told apart by its kernel.
	h.Host, _ = os.Hostname()
	if runtime.GOOS != "linux" {
		return h
	}
	boot, err1 := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, err2 := os.Readlink("/proc/self/ns/pid")
	started, _, err3 := status(h.PID)
	if errors.Join(err1, err2, err3) == nil {
		h.Kernel, h.Started = string(bytes.TrimSpace(boot))+" "+space, started
	}
	return h
}

// dead says that the process of a holder certainly has ended. Where that cannot
// be known its lease has to run out.
func (h holder) dead(self holder) bool {
	if h.Kernel == "" || h.Kernel != self.Kernel {
		return false
	}
	started, ended, err := status(h.PID)
	return errors.Is(err, os.ErrNotExist) || err == nil && (ended || started != h.Started)
}

// status is when a process started, in ticks since the kernel did, and whether
// it has ended and only its parent has not been told yet.
func status(pid int) (started string, ended bool, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false, err
	}
	// The name, in parentheses, may hold anything; state is the field after it,
	// the third, and the start the 22nd.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return "", false, fmt.Errorf("the status of process %d has %d fields", pid, len(fields))
	}
	return string(fields[19]), bytes.ContainsAny(fields[0], "ZX"), nil
}

func (h holder) encode() string {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // text and a number
	}
	return string(text)
}

// decodeHolder is the zero holder for a text of an unknown shape: its lease has
// to run out.
func decodeHolder(text string) holder {
	var h holder
	if json.Unmarshal([]byte(text), &h) != nil {
		return holder{}
	}
	return h
}
