package reach

import "testing"

// TestRefusal: what is written out is refused where dialling it would be.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]Verdict{
		"example.com": Public, "8.8.8.8": Public, "2001:db8::1": Public, "172.32.0.1": Public, "localhost.example.com": Public, "": Public,
		"localhost": Private, "LOCALHOST.": Private, "app.localhost": Private, "127.0.0.1": Private, "10.1.2.3": Private, "192.168.0.1": Private,
		"100.64.0.1": Private, "::1": Private, "fd00::1": Private, "::ffff:10.0.0.1": Private, "64:ff9b::7f00:1": Private, "2002:7f00:1::": Private,
		"0.0.0.0": Never, "169.254.169.254": Never, "::": Never, "fe80::1%eth0": Never, "fd00:ec2::254": Never, "::ffff:169.254.169.254": Never,
		"64:ff9b::a9fe:a9fe": Never,
	} {
		for _, allowed := range []bool{false, true} {
			summary, help := Refusal(host, allowed)
			if refused := want == Never || want == Private && !allowed; refused != (summary != "") || refused != (help != "") {
				t.Errorf("%q, private allowed: %t: %q %q", host, allowed, summary, help)
			}
		}
	}
}
