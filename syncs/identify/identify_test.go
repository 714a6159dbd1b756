package identify_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

var (
	email = identify.Rule{Hash: identify.Hex, Steps: []identify.Step{identify.Trim, identify.Lower, identify.Email}}
	gmail = identify.Rule{Steps: []identify.Step{identify.NoSpace, identify.Lower, identify.Gmail("gmail.com", "googlemail.com"), identify.Email}}
	phone = identify.Rule{Steps: []identify.Step{identify.Phone}}
)

func sha(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func TestAppend(t *testing.T) {
	jane := hex.EncodeToString(sha("jane@example.com"))
	wide := sha512.Sum512([]byte("x"))
	with := func(h identify.Hash) identify.Rule {
		return identify.Rule{Hash: h, Steps: []identify.Step{identify.Trim}}
	}
	for _, test := range []struct {
		name   string
		rule   identify.Rule
		policy identify.Policy
		text   string
		want   string
		fate   syncs.Fate
		reason string
	}{
		{"as it is", email, identify.Auto, "jane@example.com", jane, syncs.Sent, ""},
		{"normalised", email, identify.Auto, " Jane@Example.com\u00a0", jane, syncs.Normalised, ""},
		{"a digest", email, identify.Auto, strings.ToUpper(jane) + "\n", jane, syncs.Prehashed, ""},
		{"a digest is required", email, identify.AlreadyHashed, jane, jane, syncs.Prehashed, ""},
		{"no digest", email, identify.AlreadyHashed, "jane@example.com", "", syncs.Dropped, identify.IsNotDigest},
		{"a digest is not expected", email, identify.HashAll, jane, "", syncs.Dropped, identify.IsDigest},
		{"no address", email, identify.Auto, "jane", "", syncs.Dropped, identify.NoEmail},
		{"nothing", email, identify.Auto, "", "", syncs.Dropped, identify.Empty},
		{"only space", email, identify.Auto, " \t\u2003", "", syncs.Dropped, identify.Empty},
		{"nothing left", identify.Rule{Hash: identify.Hex, Steps: []identify.Step{identify.NoPunctuation}}, identify.Auto, "--", "", syncs.Dropped, identify.Empty},
		{"base64", with(identify.Base64), identify.Auto, "x", base64.StdEncoding.EncodeToString(sha("x")), syncs.Sent, ""},
		{"hex to base64", with(identify.Base64), identify.Auto, hex.EncodeToString(sha("x")), base64.StdEncoding.EncodeToString(sha("x")), syncs.Prehashed, ""},
		{"base64 as it is", with(identify.Base64), identify.Auto, base64.StdEncoding.EncodeToString(sha("x")), base64.StdEncoding.EncodeToString(sha("x")), syncs.Prehashed, ""},
		{"44 characters that are no base64", with(identify.Base64), identify.Auto, strings.Repeat("!", 44), base64.StdEncoding.EncodeToString(sha(strings.Repeat("!", 44))), syncs.Sent, ""},
		{"512", with(identify.Hex512), identify.Auto, "x", hex.EncodeToString(wide[:]), syncs.Sent, ""},
		{"a digest of 256 is none of 512", with(identify.Hex512), identify.AlreadyHashed, jane, "", syncs.Dropped, identify.IsNotDigest},
		{"plain", with(identify.Plain), identify.HashAll, jane, jane, syncs.Sent, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := identify.New(test.rule, test.policy, "")
			out, fate, reason := n.Append([]byte("before "), test.text)
			got := []any{string(out), fate, reason}
			if diff := cmp.Diff([]any{"before " + test.want, test.fate, test.reason}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSteps(t *testing.T) {
	for _, test := range []struct {
		rule identify.Rule
		text string
		want string
	}{
		{gmail, "J.a.n.e+news@Gmail.com", "jane@gmail.com"},
		{gmail, "j.ane@googlemail.com", "jane@googlemail.com"},
		{gmail, "j.ane+x@example.com", "j.ane+x@example.com"},
		{gmail, "j ane @ gmail.com", "jane@gmail.com"},
		{gmail, "+x@gmail.com", ""},
		{gmail, "jane@sub.gmail.com", "jane@sub.gmail.com"},
		{gmail, "ÉLODIE@EXEMPLE.FR", "élodie@exemple.fr"},
		{gmail, "a@b@c.d", ""},
		{gmail, "a@b.", ""},
		{gmail, "a@.b", ""},
		{gmail, "jane@пример.рф", "jane@пример.рф"},
		{identify.Rule{Steps: []identify.Step{identify.Upper}}, "fr-é", "FR-É"},
		{identify.Rule{Steps: []identify.Step{identify.Country}}, "fra", ""},
		{identify.Rule{Steps: []identify.Step{identify.Country}}, "FR", "FR"},
		{identify.Rule{Steps: []identify.Step{identify.Country}}, "é", ""},
		{identify.Rule{Steps: []identify.Step{identify.Phone, identify.NoPlus}}, "+33 (0)6 12 34 56 78", "33612345678"},
		{identify.Rule{Steps: []identify.Step{identify.NoPunctuation}}, "O'Brien-Smith é!", "OBrienSmith é"},
	} {
		out, _, _ := identify.New(test.rule, identify.Auto, "").Append(nil, test.text)
		if string(out) != test.want {
			t.Errorf("%q became %q, want %q", test.text, out, test.want)
		}
	}
}

// TestPhone: telephone numbers are those of identity resolution.
func TestPhone(t *testing.T) {
	text, err := os.ReadFile("../normalize/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Kind, Region, Text string
		Want               *string
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, v := range vectors {
		if v.Kind != "phone" {
			continue
		}
		seen++
		want := ""
		if v.Want != nil {
			want = *v.Want
		}
		if got, _, _ := identify.New(phone, identify.Auto, v.Region).Append(nil, v.Text); string(got) != want {
			t.Errorf("%q in %q became %q, want %q", v.Text, v.Region, got, want)
		}
	}
	if seen < 30 {
		t.Errorf("%d telephone numbers were compared, want at least 30", seen)
	}
}

// FuzzPhone: the two spellings of the rule agree on anything.
func FuzzPhone(f *testing.F) {
	f.Add("+33 (0)6 12 34 56 78", "FR")
	f.Add("0044 20 7946 0000", "")
	f.Add("(0)(0)61", "DE")
	f.Fuzz(func(t *testing.T, text, region string) {
		want, _ := normalize.Value("phone", region, text)
		if got, _, _ := identify.New(phone, identify.Auto, region).Append(nil, text); string(got) != want {
			t.Errorf("%q in %q became %q, want %q", text, region, got, want)
		}
	})
}

// TestAllocations: a value allocates nothing.
func TestAllocations(t *testing.T) {
	n, out := identify.New(email, identify.Auto, ""), make([]byte, 0, 64)
	if got := testing.AllocsPerRun(100, func() { out, _, _ = n.Append(out[:0], " Jane@Example.com") }); got > 0 {
		t.Errorf("%v allocations a value, want none", got)
	}
}

func TestTally(t *testing.T) {
	var tally identify.Tally
	tally.Add("email", syncs.Sent, "")
	tally.Add("email", syncs.Dropped, identify.NoEmail)
	tally.Add("email", syncs.Sent, "")
	tally.Add("phone", syncs.Sent, "")
	want := []syncs.Values{
		{Field: "email", Fate: syncs.Sent, Count: 2},
		{Field: "email", Fate: syncs.Dropped, Reason: identify.NoEmail, Count: 1},
		{Field: "phone", Fate: syncs.Sent, Count: 1},
	}
	if diff := cmp.Diff(want, tally.Values()); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkEmail is to be at most three times BenchmarkPlain: the digest of the
// same bytes, spelled in hexadecimal.
func BenchmarkEmail(b *testing.B) {
	n, out := identify.New(email, identify.Auto, ""), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		out, _, _ = n.Append(out[:0], "Jane.Doe-Smith@Example.com")
	}
}

func BenchmarkPlain(b *testing.B) {
	out := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256([]byte("jane.doe-smith@example.com"))
		out = hex.AppendEncode(out[:0], sum[:])
	}
}
