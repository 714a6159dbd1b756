package normalize_test

import (
	"slices"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

func TestFreeMailIsSortedAndNormal(t *testing.T) {
	if n := len(normalize.FreeMail); n < 150 {
		t.Errorf("%d domains, want at least 150", n)
	}
	for i, domain := range normalize.FreeMail {
		if got, ok := normalize.Value("domain", "", domain); !ok || got != domain {
			t.Errorf("Value(domain, %q) = %q, %t, want it unchanged", domain, got, ok)
		}
		if i > 0 && normalize.FreeMail[i-1] >= domain {
			t.Errorf("%s comes after %s", domain, normalize.FreeMail[i-1])
		}
	}
}

func TestFreeMailKnowsTheGreatProviders(t *testing.T) {
	for _, domain := range []string{"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "yahoo.co.jp", "icloud.com", "gmx.de", "web.de", "orange.fr", "qq.com", "mail.ru", "proton.me"} {
		if _, found := slices.BinarySearch(normalize.FreeMail, domain); !found {
			t.Errorf("%s is not listed", domain)
		}
	}
}
