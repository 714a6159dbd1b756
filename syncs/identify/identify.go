// Package identify makes identifiers of people into what a platform matches
// them by: each normalised as that platform documents, and hashed where it
// wants digests.
//
// Platforms differ, so a Rule is a table of steps that each destination writes
// for itself; the steps that many share are here. A value that came as a digest
// is recognised and passed on, nothing empty is ever hashed, and every value
// has a fate that is counted. The package does no I/O and allocates per chunk,
// not per value. Start at Rule and New; values whose rules must agree with
// identity resolution in the warehouse are those of syncs/normalize.
package identify

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Rule is how a platform wants one kind of identifier.
type Rule struct {
	// Steps normalise a text, one after the other.
	Steps []Step
	Hash  Hash
}

// Step changes a text in place, or returns another. A reason says why the value
// is dropped, as in "is no e-mail address"; it holds nothing of the value.
type Step func(text []byte, region string) (out []byte, reason string)

// Hash is what becomes of a normalised text.
type Hash int

// The hashes. The zero value sends the text itself.
const (
	Plain Hash = iota
	// Hex is SHA-256 in lower-case hexadecimal.
	Hex
	// Base64 is SHA-256 in standard base64, padded.
	Base64
	// Hex512 is SHA-512 in lower-case hexadecimal.
	Hex512
)

// Policy says what the values of a field are.
type Policy int

// The policies. The zero value is Auto.
const (
	// Auto recognises digests, and hashes what is none.
	Auto Policy = iota
	// HashAll hashes everything; a digest is a mistake, and dropped.
	HashAll
	// AlreadyHashed passes digests on; what is none is a mistake, and dropped.
	AlreadyHashed
)

// Policies are their names in YAML, in the order of their values.
var Policies = []string{Auto: "auto", HashAll: "hash_all", AlreadyHashed: "already_hashed"}

// The reasons of values that New's Identifier drops by itself.
const (
	Empty       = "is empty"
	IsDigest    = "is a digest already, though hashing is hash_all"
	IsNotDigest = "is no digest, though hashing is already_hashed"
)

// Identifier applies a Rule to values. It belongs to one goroutine.
type Identifier struct {
	rule    Rule
	policy  Policy
	region  string
	scratch []byte
}

// New makes an Identifier; the region is the one that national telephone numbers
// are read in, such as "FR", and may be empty.
func New(rule Rule, policy Policy, region string) *Identifier {
	return &Identifier{rule: rule, policy: policy, region: region, scratch: make([]byte, 0, 128)}
}

// Append appends what is sent for a text to b, nothing where it is dropped.
func (n *Identifier) Append(b []byte, text string) (out []byte, fate syncs.Fate, reason string) {
	n.scratch = append(n.scratch[:0], text...)
	v := bytes.TrimSpace(n.scratch)
	if len(v) == 0 {
		return b, syncs.Dropped, Empty
	}
	if n.rule.Hash != Plain {
		digest := n.digest(v)
		switch {
		case digest != nil && n.policy == HashAll:
			return b, syncs.Dropped, IsDigest
		case digest != nil:
			return n.encode(b, digest), syncs.Prehashed, ""
		case n.policy == AlreadyHashed:
			return b, syncs.Dropped, IsNotDigest
		}
	}
	v = n.scratch
	for _, step := range n.rule.Steps {
		if v, reason = step(v, n.region); reason != "" {
			return b, syncs.Dropped, reason
		}
	}
	if len(v) == 0 {
		return b, syncs.Dropped, Empty
	}
	fate = syncs.Normalised
	if string(v) == text {
		fate = syncs.Sent
	}
	switch n.rule.Hash {
	case Plain:
		return append(b, v...), fate, ""
	case Hex512:
		sum := sha512.Sum512(v)
		return n.encode(b, sum[:]), fate, ""
	case Hex, Base64:
	}
	sum := sha256.Sum256(v)
	return n.encode(b, sum[:]), fate, ""
}

// encode spells a digest as the rule wants it.
func (n *Identifier) encode(b, digest []byte) []byte {
	if n.rule.Hash == Base64 {
		return base64.StdEncoding.AppendEncode(b, digest)
	}
	return hex.AppendEncode(b, digest)
}

// digest is what a text spells where it is a digest of the rule's kind, else nil.
// It overwrites nothing.
func (n *Identifier) digest(v []byte) []byte {
	size := sha256.Size
	if n.rule.Hash == Hex512 {
		size = sha512.Size
	}
	if len(v) == 2*size {
		out := make([]byte, size)
		if _, err := hex.Decode(out, v); err == nil {
			return out
		}
	}
	if n.rule.Hash == Base64 && len(v) == base64.StdEncoding.EncodedLen(size) {
		if out, err := base64.StdEncoding.DecodeString(string(v)); err == nil && len(out) == size {
			return out
		}
	}
	return nil
}

// Tally counts what became of the values of a request.
type Tally struct{ counts []syncs.Values }

// Add counts one value of a field.
func (t *Tally) Add(field string, fate syncs.Fate, reason string) {
	for i := range t.counts {
		if c := &t.counts[i]; c.Fate == fate && c.Reason == reason && c.Field == field {
			c.Count++
			return
		}
	}
	t.counts = append(t.counts, syncs.Values{Field: field, Fate: fate, Reason: reason, Count: 1})
}

// Values are the counts, for a syncs.Request.
func (t *Tally) Values() []syncs.Values { return t.counts }
