// Package meta delivers to Meta: members of custom audiences, added, removed or
// replaced as a whole, and events of the Conversions API.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; people.go is how identifiers are normalised and hashed,
// docs/destinations/meta.md what users read.
package meta

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// Version is that of the Graph API, in the paths of requests. Meta supports a
// version of its marketing interface for about a year after the next has come.
var Version = syncs.Version{Name: "v25.0", Until: syncs.Day(2027, time.June, 1)}

// Config is what a project says of Meta.
type Config struct {
	AccessToken   secret.Ref `yaml:"access_token,required" doc:"Access token of a system user, with ads_management."`
	AppSecret     secret.Ref `yaml:"app_secret" doc:"Secret of the app that the token is of: each request is signed with it."`
	Replace       string     `yaml:"replace" doc:"When a mirror replaces the whole audience: never (the default), first (when all of it is sent anyway) or always."`
	ActionSource  string     `yaml:"action_source" doc:"Where events happened, such as website, of syncs that do not map action_source."`
	TestEventCode string     `yaml:"test_event_code" doc:"Code of the events manager, so that events are shown there and not counted."`

	identify.Settings
	syncs.Endpoint
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// The values of Config.Replace.
const (
	Never  = "never"
	First  = "first"
	Always = "always"
)

// CodeChoice is the code of a finding of Check; docs/errors.md explains it.
const CodeChoice = "bad-choice"

// actionSources are where an event may have happened.
var actionSources = []string{
	"website", "app", "email", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other",
}

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	c.CheckSettings(n, report)
	oneOf := func(value, key string, of []string) {
		if value != "" && !slices.Contains(of, value) {
			report(diag.Errorf(n.At(key), CodeChoice, "%s is none of the values there are", key).WithHelp("write %s", strings.Join(of, ", ")))
		}
	}
	oneOf(c.Replace, "replace", []string{Never, First, Always})
	oneOf(c.ActionSource, "action_source", actionSources)
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var (
	_ syncs.Finisher = (*destination)(nil)
	_ syncs.Prober   = (*destination)(nil)
)

// The kinds of objects.
const (
	audience = "audience"
	dataset  = "events"
)

// maxMembers and maxEvents are how many a request may have. The second is what
// Meta's pages are quoted with.
const (
	maxMembers = 10_000
	maxEvents  = 1_000
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	secrets := append(d.config.BaseURL.Refs(), d.config.AccessToken)
	if !d.config.AppSecret.IsZero() {
		secrets = append(secrets, d.config.AppSecret)
	}
	objects := []syncs.Object{{
		Name: audience + "/*", Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Fields: memberFields,
		Doc: "members of a custom audience, by its id",
	}}
	if d.config.Replace == Always {
		objects[0].Fields = syncs.Replaced(memberFields)
	} else {
		objects = append(objects, syncs.Object{
			Name: dataset + "/*", Kinds: []syncs.Kind{syncs.Append}, Batch: syncs.Batch{MaxRows: maxEvents}, Fields: eventFields(d.config.ActionSource == ""),
			Doc: "events of the Conversions API, by the id of the dataset (the pixel)",
		})
	}
	return syncs.Spec{
		Batch:        syncs.Batch{MaxRows: maxMembers},
		Objects:      objects,
		Replace:      d.config.Replace == Always,
		ReplaceFirst: d.config.Replace == First,
		Manual:       manual,
		Result:       syncs.CountsOnly,
		Version:      Version,
		Concurrency:  1, // The requests of a replacement are numbered.
		Timeout:      time.Minute,
		Secrets:      secrets,
		AllowPrivate: d.config.AllowPrivate,
	}
}

// request makes a request to a path below the version.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + secrets(d.config.AccessToken).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{
		Method: method, Header: header, Body: body,
		URL: d.config.At("https://graph.facebook.com", secrets, "/"+Version.Name+path),
	}
}

// Proof is the value of appsecret_proof: the HMAC-SHA256 in hexadecimal of the
// token, a bar and the time in seconds since 1970, with the app's secret.
func Proof(appSecret, token string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	// A hash never returns an error.
	_, _ = mac.Write([]byte(token + "|" + strconv.FormatInt(at.Unix(), 10)))
	return hex.EncodeToString(mac.Sum(nil))
}

// signed is the proof, and the time that it is of, empty without an app's secret.
func (d *destination) signed(secrets func(secret.Ref) secret.Value, at time.Time) (proof, seconds string) {
	if d.config.AppSecret.IsZero() {
		return "", ""
	}
	return Proof(secrets(d.config.AppSecret).Reveal(), secrets(d.config.AccessToken).Reveal(), at), strconv.FormatInt(at.Unix(), 10)
}

// appendProof appends the members of a JSON object that sign it.
func (d *destination) appendProof(b []byte, chunk *syncs.Chunk) []byte {
	if proof, seconds := d.signed(chunk.Secrets, chunk.SentAt); proof != "" {
		b = append(b, `,"appsecret_proof":"`+proof+`","appsecret_time":`+seconds...)
	}
	return b
}

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	if kind, id := syncs.Which(chunk.Schema.Object); kind == dataset {
		return d.encodeEvents(&chunk, id)
	}
	return d.encodeMembers(&chunk)
}
