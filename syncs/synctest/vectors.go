package synctest

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// vector is one line of a file of vectors.
type vector struct {
	// Rule names the rule, Region and Policy are as in YAML.
	Rule   string `json:"rule"`
	Region string `json:"region"`
	Policy string `json:"policy"`
	Text   string `json:"text"`
	// Want is the text that is sent, or whose digest is; Digest is what is sent of
	// a text that is a digest already. Both are empty of one that is dropped.
	Want   string `json:"want"`
	Digest string `json:"digest"`
	Fate   string `json:"fate"`
	Reason string `json:"reason"`
}

// leastVectors is how many a rule needs.
const leastVectors = 30

// Vectors holds the rules of a destination against a file of values, thirty for
// each at least. Digests are computed here, by crypto/sha256 alone.
func Vectors(t *testing.T, file string, rules map[string]identify.Rule) {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // The file is the test's own.
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	count, seen := map[string]int{}, map[vector]bool{}
	for _, v := range list {
		rule, ok := rules[v.Rule]
		policy := identify.Auto
		if v.Policy != "" {
			policy = identify.Policy(slices.Index(identify.Policies, v.Policy))
		}
		input := vector{Rule: v.Rule, Region: v.Region, Policy: v.Policy, Text: v.Text}
		if !ok || policy < 0 || seen[input] {
			t.Errorf("%s: %+v has a rule or policy that is none, or is there twice", file, v)
			continue
		}
		seen[input] = true
		count[v.Rule]++
		out, fate, reason := identify.New(rule, policy, v.Region).Append(nil, v.Text)
		if string(out) != v.sent(rule.Hash) || fate.String() != v.Fate || reason != v.Reason {
			t.Errorf("%s of %q (%s %s): %q, %s %q, want %q (of %q), %s %q",
				v.Rule, v.Text, v.Policy, v.Region, out, fate, reason, v.sent(rule.Hash), v.Want, v.Fate, v.Reason)
		}
	}
	for name := range rules {
		if count[name] < leastVectors {
			t.Errorf("%s has %d values of %s, want at least %d", file, count[name], name, leastVectors)
		}
	}
}

// sent is what is to be sent.
func (v vector) sent(hash identify.Hash) string {
	if v.Digest != "" || v.Want == "" {
		return v.Digest
	}
	short, long := sha256.Sum256([]byte(v.Want)), sha512.Sum512([]byte(v.Want))
	switch hash {
	case identify.Hex:
		return hex.EncodeToString(short[:])
	case identify.Base64:
		return base64.StdEncoding.EncodeToString(short[:])
	case identify.Hex512:
		return hex.EncodeToString(long[:])
	case identify.Plain:
	}
	return v.Want
}
