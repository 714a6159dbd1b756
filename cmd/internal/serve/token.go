package serve

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Scope is something that a token may.
type Scope string

// The scopes.
const (
	RunsRead       Scope = "runs:read"
	RunsWrite      Scope = "runs:write"
	SchedulesRead  Scope = "schedules:read"
	SchedulesWrite Scope = "schedules:write"
	SyncsRead      Scope = "syncs:read"
	RejectionsRead Scope = "rejections:read"
	SegmentsRead   Scope = "segments:read"
	ProfilesRead   Scope = "profiles:read"
	Unmask         Scope = "unmask"
	PrivacyRead    Scope = "privacy:read"
	PrivacyWrite   Scope = "privacy:write"
	MetricsRead    Scope = "metrics:read"
)

// Scopes are all scopes, and what each is for.
var Scopes = []struct {
	Scope Scope
	Doc   string
}{
	{RunsRead, "list runs and wait for them"},
	{RunsWrite, "ask for runs and cancel them"},
	{SchedulesRead, "list schedules and their slots"},
	{SchedulesWrite, "pause and resume schedules, and have them run"},
	{SyncsRead, "list syncs and their last results"},
	{RejectionsRead, "list rows that were refused, their keys masked"},
	{SegmentsRead, "list segments and their sizes"},
	{ProfilesRead, "look a profile up, what is personal or sensitive masked"},
	{Unmask, "see personal and sensitive values as they are, with a reason that is written down"},
	{PrivacyRead, "list requests of people and the audit log, and count where somebody is"},
	{PrivacyWrite, "write requests of people down, have them done and decide about them"},
	{MetricsRead, "read /metrics"},
}

// personal are the scopes that show people's data or what they asked for, and that
// decide about them: nobody has them without a token.
var personal = []Scope{Unmask, PrivacyRead, PrivacyWrite}

// tokenShape is cht_, eight digits that name the token, and 64 of its secret: what
// begins like that is known to scanners for secrets.
var tokenShape = regexp.MustCompile(`^cht_([0-9a-f]{8})_[0-9a-f]{64}$`)

// NewToken makes a token of 256 random bits, and what is to be kept of it. The
// hash needs neither salt nor slowness: those are against guessing what people
// make up, and this cannot be guessed.
func NewToken() (token, id, hash string) {
	random := make([]byte, 4+32)
	rand.Read(random) // never fails: see its documentation
	id = hex.EncodeToString(random[:4])
	token = "cht_" + id + "_" + hex.EncodeToString(random[4:])
	return token, id, hashOf(token)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// tokenID is the part of a token that names it; false for what is none.
func tokenID(token string) (string, bool) {
	found := tokenShape.FindStringSubmatch(token)
	if found == nil {
		return "", false
	}
	return found[1], true
}

// valid says that a token is the one that was written down, and still counts.
func valid(token string, x state.APIToken, now time.Time) bool {
	same := subtle.ConstantTimeCompare([]byte(hashOf(token)), []byte(x.Hash)) == 1
	return same && x.Revoked.IsZero() && (x.Expires.IsZero() || now.Before(x.Expires))
}

// Caller is who sent a request.
type Caller struct {
	// Name is the token's, or that of nobody in particular on this machine.
	Name string
	// ID is the token's, empty where there is none.
	ID     string
	scopes []Scope
}

// may says that the caller has a scope.
func (c Caller) may(s Scope) bool { return s == "" || slices.Contains(c.scopes, s) }

// local is whoever is on this machine, where no token was ever made.
func local() Caller {
	c := Caller{Name: "this machine"}
	for _, x := range Scopes {
		if !slices.Contains(personal, x.Scope) {
			c.scopes = append(c.scopes, x.Scope)
		}
	}
	return c
}
