package deliver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// names is a name server of a test: it answers from a script, in which a name
// has other addresses each time that it is asked.
type names struct {
	mu      sync.Mutex
	answers map[string][]string
}

// resolver asks the server, through a pipe.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers the questions of one connection, each behind its length (RFC
// 1035, section 4.2.2).
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	for {
		size := make([]byte, 2)
		if _, err := io.ReadFull(conn, size); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer := n.answer(question)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// answer spells an answer: the header, the question, and a record for each
// address of the kind that is asked for.
func (n *names) answer(question []byte) []byte {
	var labels []string
	at := 12
	for question[at] != 0 {
		size := int(question[at])
		labels = append(labels, string(question[at+1:at+1+size]))
		at += size + 1
	}
	end := at + 5
	kind := binary.BigEndian.Uint16(question[at+1:])
	var records []byte
	count := uint16(0)
	for _, text := range n.next(strings.ToLower(strings.Join(labels, ".")), kind) {
		ip := netip.MustParseAddr(text)
		if (kind == 1) != ip.Is4() {
			continue
		}
		records = append(records, 0xc0, 12) // the name of the question
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 0) // of the internet, not to be kept
		records = binary.BigEndian.AppendUint16(records, uint16(ip.BitLen()/8))
		records = append(records, ip.AsSlice()...)
		count++
	}
	out := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1}, byte(count>>8), byte(count), 0, 0, 0, 0)
	return append(append(out, question[12:end]...), records...)
}

// next are the addresses of a name: a line of the script, used up by the
// question for IPv4, and the last for ever.
func (n *names) next(name string, kind uint16) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := n.answers[name]
	if len(lines) == 0 {
		return nil
	}
	if len(lines) > 1 && kind == 1 {
		n.answers[name] = lines[1:]
	}
	return strings.Fields(lines[0])
}

// TestInnerNetwork: no spelling of an address leads to this machine, its network
// or a metadata service, and nothing is sent there.
func TestInnerNetwork(t *testing.T) {
	reached := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.Host }))
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	dns := &names{answers: map[string][]string{
		"inner.example":     {"127.0.0.1"},
		"six.example":       {"::1"},
		"mapped.example":    {"::ffff:127.0.0.1"},
		"meta.example":      {"169.254.169.254"},
		"several.example":   {"10.0.0.1 127.0.0.1 192.168.0.1"},
		"nat64.example":     {"64:ff9b::7f00:1"},
		"local.example":     {"fe80::1"},
		"unique.example":    {"fd00:ec2::254"},
		"nothing.example":   {"0.0.0.0"},
		"carrier.example":   {"100.64.0.1"},
		"benchmark.invalid": {"198.18.0.1"},
	}}
	refusing := func(allow bool) *Client {
		c := NewClient(syncs.Spec{AllowPrivate: allow, Timeout: 5 * time.Second})
		t.Cleanup(c.Close)
		dialer := Dialer(allow)
		dialer.Resolver = dns.resolver()
		c.http.Transport.(*http.Transport).DialContext = dialer.DialContext //nolint:forcetypeassert // NewClient makes it
		return c
	}
	send := func(c *Client, url string) error {
		_, err := c.Send(t.Context(), &syncs.HTTPRequest{Method: http.MethodPost, URL: url, Header: http.Header{}, Body: []byte("{}")})
		return err
	}
	// Forms that are addresses, and names that lead to some, are refused as such;
	// others are no addresses here, and are asked for as names that nobody has.
	refused := []string{
		"127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]",
		"[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
		"192.168.0.1", "192.168.255.255", "100.64.0.1", "198.18.0.1", "[fc00::1]", "[fdff::1]", "169.254.169.254", "169.254.0.1",
		"[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]", "0.0.0.0", "[::]", "0.1.2.3",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192", "[ff02::1]", "user:pw@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1:80@127.0.0.1",
		"inner.example", "six.example", "mapped.example", "meta.example", "several.example", "nat64.example", "local.example", "unique.example",
		"nothing.example", "carrier.example", "benchmark.invalid", "INNER.example", "inner.example.",
	}
	unknown := []string{
		"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x7f.1", "127.0.0.1.", "00000177.0.0.1",
		"①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "[::1%25lo]", "127.0.0.1%2f@example.com",
	}
	t.Logf("%d addresses", len(refused)+len(unknown))
	for _, host := range refused {
		err := send(refusing(false), "http://"+host+port+"/latest/meta-data")
		if stop, ok := errors.AsType[*StopError](err); !ok || stop.Code != "address-refused" {
			t.Errorf("%s: %v, want that it is refused", host, err)
		}
	}
	for _, host := range unknown {
		if err := send(refusing(false), "http://"+host+port+"/"); err == nil {
			t.Errorf("%s was dialled", host)
		}
	}
	for _, address := range []string{
		"file:///etc/passwd", "gopher://127.0.0.1/x", "ftp://127.0.0.1", "dict://127.0.0.1:11211/", "unix:///run/docker.sock",
		"//127.0.0.1", "http:127.0.0.1", "http:///127.0.0.1", "http://", "jar:http://127.0.0.1!/", "http://[::1", "http://127.0.0.1\r\n/", " http://127.0.0.1",
	} {
		if stop, ok := errors.AsType[*StopError](send(refusing(true), address)); !ok || stop.Code != "bad-url" {
			t.Errorf("%q was dialled", address)
		}
	}
	select {
	case host := <-reached:
		t.Errorf("the server was reached as %s", host)
	default:
	}
	// With allow_private they are dialled, but for those that nobody means.
	if err := send(refusing(true), "http://inner.example"+port); err != nil {
		t.Errorf("allow_private does not permit: %v", err)
	}
	<-reached
	for _, host := range []string{"meta.example", "169.254.169.254", "[fd00:ec2::254]", "nothing.example"} {
		if stop, ok := errors.AsType[*StopError](send(refusing(true), "http://"+host+port)); !ok || stop.Code != "address-refused" {
			t.Errorf("%s was dialled, since allow_private is set", host)
		}
	}
}

// TestNameThatChanges: a name that had a good address when somebody looked is
// judged by the one that is dialled.
func TestNameThatChanges(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	// 192.0.2.1 is for documentation (RFC 5737), and leads nowhere.
	dns := &names{answers: map[string][]string{"rebound.example": {"192.0.2.1", "127.0.0.1"}}}
	look, err := dns.resolver().LookupHost(t.Context(), "rebound.example")
	if err != nil || len(look) != 1 || look[0] != "192.0.2.1" {
		t.Fatalf("the first look finds %v, %v", look, err)
	}
	c := NewClient(syncs.Spec{Timeout: 5 * time.Second})
	defer c.Close()
	dialer := Dialer(false)
	dialer.Resolver = dns.resolver()
	c.http.Transport.(*http.Transport).DialContext = dialer.DialContext //nolint:forcetypeassert // NewClient makes it
	for range 3 {
		_, err = c.Send(t.Context(), &syncs.HTTPRequest{Method: http.MethodPost, URL: "http://rebound.example" + port, Header: http.Header{}})
		if stop, ok := errors.AsType[*StopError](err); !ok || stop.Code != "address-refused" {
			t.Errorf("%v, want that it is refused", err)
		}
	}
	if reached {
		t.Error("the server was reached")
	}
}

// TestRedirectInside: an answer that leads inside is an answer, and is not
// followed, whatever its status; with allow_private neither.
func TestRedirectInside(t *testing.T) {
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inner.Close()
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, to := range []string{inner.URL, "http://169.254.169.254/latest/meta-data", "//127.0.0.1/", "file:///etc/passwd", "/again"} {
			asked := 0
			outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			}))
			c := NewClient(syncs.Spec{AllowPrivate: true})
			resp, err := c.Send(t.Context(), &syncs.HTTPRequest{Method: http.MethodPost, URL: outer.URL, Header: http.Header{}, Body: []byte("{}")})
			if err != nil || resp.Status != status || asked != 1 {
				t.Errorf("%d to %s: %+v, %v, asked %d times", status, to, resp, err, asked)
			}
			c.Close()
			outer.Close()
		}
	}
	if reached {
		t.Error("a redirect was followed")
	}
}
