//go:build linux && amd64

package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is ClickHouse in this process: libchdb.so. The engine starts with
// the first connection, keeps its data in one directory, and is not shut down:
// the process just ends.
type library struct {
	arguments []string

	connect    func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn  func(conn unsafe.Pointer)
	query      func(conn unsafe.Pointer, query string, queryLength uintptr, format string, formatLength uintptr, names, nameLengths, values, valueLengths unsafe.Pointer, count uintptr) unsafe.Pointer
	destroy    func(result unsafe.Pointer)
	buffer     func(result unsafe.Pointer) unsafe.Pointer
	length     func(result unsafe.Pointer) uintptr
	failure    func(result unsafe.Pointer) string
	rowsRead   func(result unsafe.Pointer) uint64
	bytesRead  func(result unsafe.Pointer) uint64
	written    func(result unsafe.Pointer) uint64
	insert     func(conn unsafe.Pointer, query string, queryLength uintptr, format string, formatLength uintptr) unsafe.Pointer
	insertMore func(stream, data unsafe.Pointer, length uintptr) int32
	insertDone func(stream unsafe.Pointer) unsafe.Pointer
	insertFail func(stream unsafe.Pointer) string
	insertStop func(stream unsafe.Pointer)
	insertEnd  func(stream unsafe.Pointer)

	// starting guards the handlers of signals, which each connect resets.
	starting sync.Mutex
}

// open loads the library; data is where the engine keeps its tables.
func open(path, data string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("loading the engine: %w", err)
	}
	l := &library{arguments: []string{"clickhouse", "--path=" + data}}
	for name, f := range map[string]any{
		"chdb_connect": &l.connect, "chdb_close_conn": &l.closeConn,
		"chdb_query_with_params_n": &l.query, "chdb_destroy_query_result": &l.destroy,
		"chdb_result_buffer": &l.buffer, "chdb_result_length": &l.length, "chdb_result_error": &l.failure,
		"chdb_result_rows_read": &l.rowsRead, "chdb_result_bytes_read": &l.bytesRead, "chdb_result_rows_written": &l.written,
		"chdb_stream_insert_n": &l.insert, "chdb_stream_append": &l.insertMore, "chdb_stream_done": &l.insertDone,
		"chdb_stream_insert_error": &l.insertFail, "chdb_stream_cancel_insert": &l.insertStop, "chdb_destroy_insert_stream": &l.insertEnd,
	} {
		purego.RegisterLibFunc(f, handle, name)
	}
	var handlers func(enabled int32)
	purego.RegisterLibFunc(&handlers, handle, "chdb_set_signal_handlers_enabled")
	keepSignals(func() { handlers(0) })
	return l, nil
}

// conn is one session of the engine: its own settings, current database and
// temporary tables. It is used by one goroutine at a time.
type conn struct {
	library *library
	handle  unsafe.Pointer // what chdb_connect gave; the session is behind it
}

func (l *library) session() (*conn, error) {
	l.starting.Lock()
	defer l.starting.Unlock()
	argv := make([]*byte, len(l.arguments)+1)
	for i, a := range l.arguments {
		p, err := syscall.BytePtrFromString(a)
		if err != nil {
			return nil, fmt.Errorf("an argument of the engine: %w", err)
		}
		argv[i] = p
	}
	c := &conn{library: l}
	keepSignals(func() { c.handle = l.connect(int32(len(l.arguments)), unsafe.Pointer(&argv[0])) }) //nolint:gosec // two
	runtime.KeepAlive(argv)
	if c.handle == nil {
		return nil, errors.New("the engine refused a connection")
	}
	return c, nil
}

func (c *conn) close() { c.library.closeConn(c.handle) }

func (c *conn) session() unsafe.Pointer { return *(*unsafe.Pointer)(c.handle) }

// result is what a statement gave.
type result struct {
	data                        []byte
	rowsRead, bytesRead, stored uint64
}

// exception is an error of the engine, in its own words.
type exception string

func (e exception) Error() string { return string(e) }

// take copies a result of the engine and releases it.
func (l *library) take(p unsafe.Pointer) (result, error) {
	if p == nil {
		return result{}, errors.New("the engine gave no result")
	}
	defer l.destroy(p)
	if message := l.failure(p); message != "" {
		return result{}, exception(message)
	}
	r := result{rowsRead: l.rowsRead(p), bytesRead: l.bytesRead(p), stored: l.written(p)}
	if n := l.length(p); n > 0 {
		r.data = append(r.data, unsafe.Slice((*byte)(l.buffer(p)), n)...) //nolint:gosec // the engine keeps that many until destroy
	}
	return r, nil
}

// run executes one statement with named parameters, whose values are escaped
// as in tab-separated text.
func (c *conn) run(statement, format string, parameters map[string]string) (result, error) {
	count := len(parameters)
	texts := make([]*byte, 0, 2*count)
	lengths := make([]uintptr, 0, 2*count)
	var names, values []string
	for name, value := range parameters {
		names, values = append(names, name), append(values, value)
	}
	for _, s := range append(names, values...) {
		p, err := syscall.BytePtrFromString(s)
		if err != nil {
			return result{}, fmt.Errorf("a parameter: %w", err)
		}
		texts, lengths = append(texts, p), append(lengths, uintptr(len(s)))
	}
	var at [4]unsafe.Pointer
	if count > 0 {
		at = [4]unsafe.Pointer{unsafe.Pointer(&texts[0]), unsafe.Pointer(&lengths[0]), unsafe.Pointer(&texts[count]), unsafe.Pointer(&lengths[count])} //nolint:gosec // kept alive below
	}
	p := c.library.query(c.session(), statement, uintptr(len(statement)), format, uintptr(len(format)), at[0], at[1], at[2], at[3], uintptr(count))
	runtime.KeepAlive(texts)
	runtime.KeepAlive(lengths)
	return c.library.take(p)
}

// load executes an INSERT without data, and feeds it with data in a format.
func (c *conn) load(statement, format string, data []byte) (result, error) {
	// The engine keeps what it knows of a stream with the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l := c.library
	stream := l.insert(c.session(), statement, uintptr(len(statement)), format, uintptr(len(format)))
	defer l.insertEnd(stream)
	if message := l.insertFail(stream); message != "" {
		return result{}, exception(message)
	}
	if len(data) > 0 && l.insertMore(stream, unsafe.Pointer(&data[0]), uintptr(len(data))) != 0 { //nolint:gosec // read before the call returns
		message := l.insertFail(stream)
		l.insertStop(stream)
		return result{}, exception(message)
	}
	return l.take(l.insertDone(stream))
}

// handler is the kernel's struct sigaction.
type handler struct {
	function, flags, restorer uintptr
	mask                      uint64
}

// keepSignals runs f and puts back the handlers of signals that it replaced:
// the engine takes those away that Go's runtime stops goroutines and sees
// faults with.
func keepSignals(f func()) {
	const last = 64
	var kept [last + 1]handler
	action := func(signal int, set, get *handler) {
		_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), unsafe.Sizeof(set.mask), 0, 0) //nolint:gosec // as the kernel has it
	}
	for s := 1; s <= last; s++ {
		action(s, nil, &kept[s])
	}
	f()
	for s := 1; s <= last; s++ {
		if s != int(syscall.SIGKILL) && s != int(syscall.SIGSTOP) {
			action(s, &kept[s], nil)
		}
	}
}
