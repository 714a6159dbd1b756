// Package reach says which addresses may be dialled: the platforms of the world, a
// private network where the operator says so, and never what is the machine's own
// or means nothing.
//
// It resolves no name and dials nothing: whoever dials asks Of of the address that
// a name has led to, and whoever reads settings asks Refusal of what is written
// there.
package reach

import (
	"fmt"
	"net/netip"
	"strings"
)

// Verdict is what is thought of an address.
type Verdict int

// The verdicts, the worst last.
const (
	// Public is anywhere in the world.
	Public Verdict = iota
	// Private is this machine or a private network.
	Private
	// Never is the machine's own network: link-local, metadata or reserved.
	Never
)

// never are networks that no destination is in: they mean this host, or the
// cloud's metadata service, or nothing at all.
var never = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32",
)

// private are networks that only an operator who says so can mean.
var private = prefixes(
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15",
	"::1/128", "fc00::/7",
)

// embedding are IPv6 networks that carry an IPv4 address from a byte on.
var embedding = map[netip.Prefix]int{
	netip.MustParsePrefix("::/96"):          12, // IPv4-compatible
	netip.MustParsePrefix("64:ff9b::/96"):   12, // NAT64
	netip.MustParsePrefix("64:ff9b:1::/48"): 12, // local NAT64
	netip.MustParsePrefix("2002::/16"):      2,  // 6to4
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// Plain is an address without a zone, and as IPv4 where it is one.
func Plain(ip netip.Addr) netip.Addr { return ip.WithZone("").Unmap() }

// Of judges an address, and what it carries in itself.
func Of(ip netip.Addr) Verdict {
	ip = Plain(ip)
	candidates := []netip.Addr{ip}
	for prefix, at := range embedding {
		if prefix.Contains(ip) && !ip.IsLoopback() && !ip.IsUnspecified() {
			bytes := ip.As16()
			candidates = append(candidates, netip.AddrFrom4([4]byte(bytes[at:at+4])))
		}
	}
	worst := Public
	for _, candidate := range candidates {
		switch {
		case within(never, candidate):
			worst = Never
		case within(private, candidate):
			worst = max(worst, Private)
		}
	}
	return worst
}

func within(list []netip.Prefix, ip netip.Addr) bool {
	for _, prefix := range list {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// Refusal says why a host that is written out cannot be dialled, and what to do
// about it; nothing where it can, as far as one can tell who does not look names
// up.
func Refusal(host string, allowPrivate bool) (summary, help string) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	verdict := Public
	if ip, err := netip.ParseAddr(name); err == nil {
		verdict = Of(ip)
	} else if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		verdict = Private
	}
	switch {
	case verdict == Never:
		return fmt.Sprintf("this leads to %s, an address of the machine's own network (link-local, metadata or reserved), which is never dialled", host),
			"write the address of the service"
	case verdict == Private && !allowPrivate:
		return fmt.Sprintf("this leads to the private address %s", host), "add allow_private: true if that is meant"
	}
	return "", ""
}
