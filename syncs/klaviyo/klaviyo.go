// Package klaviyo delivers to Klaviyo: profiles by its bulk import jobs, members
// of lists, and events.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/klaviyo.md is what users read, and
// klaviyotest a fake of the platform. What Klaviyo documents is that of
// https://developers.klaviyo.com, of the revision in Version.
package klaviyo

import (
	"net/http"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Version is the revision of Klaviyo's interface that requests name. Klaviyo
// answers to each for two years.
var Version = syncs.Version{Name: "2026-07-15", Until: syncs.Day(2028, time.July, 15)}

// Config is what a project says of an account of Klaviyo.
type Config struct {
	syncs.Endpoint

	APIKey secret.Ref `yaml:"api_key,required" doc:"Reference to a private API key of the account."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) { c.CheckEndpoint(n, report) }

// What Klaviyo permits: profiles of a job (it takes 10,000; the fewer there are,
// the fewer wait for the slowest), events of a request, profiles that are looked
// for at once, bytes of a request and of a profile in it.
const (
	maxProfiles = 5000
	maxEvents   = 1000
	maxLookup   = 100
	maxBody     = 5_000_000
	maxProfile  = 100_000
)

// The objects.
const (
	profiles = "profiles"
	list     = "list"
	event    = "event"
)

// The fields that a profile is known by, and those of an event beside its
// properties.
const (
	profileID  = "id"
	externalID = "external_id"
	email      = "email"
	phone      = "phone_number"
	uniqueID   = "unique_id"
	eventTime  = "time"
	eventValue = "value"
	currency   = "value_currency"
)

// identifiers are those of events, the best first.
var identifiers = []string{profileID, externalID, email, phone}

// The buckets of requests that have limits of their own.
const (
	importing = "profile-bulk-import-jobs"
	tracking  = "event-bulk-create-jobs"
	looking   = "profiles"
	listing   = "lists"
	erasing   = "data-privacy-deletion-jobs"
)

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var (
	_ syncs.Poller = (*destination)(nil)
	_ syncs.Prober = (*destination)(nil)
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	text := []syncs.Type{syncs.String}
	id := []syncs.Type{syncs.String, syncs.Int}
	who := func(key bool) []syncs.PlatformField {
		return []syncs.PlatformField{
			{Name: profileID, Types: text, Unique: key},
			{Name: externalID, Types: id, Unique: key},
			{Name: email, Types: text, Unique: key},
			{Name: phone, Types: text, Unique: key},
		}
	}
	fields := who(true)
	for _, name := range []string{"first_name", "last_name", "organization", "locale", "title", "image"} {
		fields = append(fields, syncs.PlatformField{Name: name, Types: text})
	}
	fields = append(fields, syncs.PlatformField{Name: "location.*"}, syncs.PlatformField{Name: "properties.*"})
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxProfiles, MaxBytes: maxBody},
		Objects: []syncs.Object{
			{Name: profiles, Doc: "profiles with their properties", Kinds: []syncs.Kind{syncs.Upsert, syncs.Clear}, Fields: fields},
			{
				Name: list + "/*", Doc: "profiles on the list of the id behind the slash; those that are not there are made",
				Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Fields: who(true),
			},
			{
				Name: event + "/*", Doc: "events of the metric of the name behind the slash", Kinds: []syncs.Kind{syncs.Append},
				Batch: syncs.Batch{MaxRows: maxEvents, MaxBytes: maxBody},
				Fields: append(who(false),
					syncs.PlatformField{Name: uniqueID, Types: id, Unique: true, Required: true},
					syncs.PlatformField{Name: eventTime, Types: []syncs.Type{syncs.Timestamp}, Required: true},
					syncs.PlatformField{Name: eventValue, Types: []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}},
					syncs.PlatformField{Name: currency, Types: text, MaxLength: 3},
					syncs.PlatformField{Name: "properties.*"}),
			},
		},
		// Of the events of a profile and metric with the same unique_id it keeps one.
		Keyed:       true,
		Result:      syncs.ByJob,
		Erasure:     erasure,
		Manual:      manual,
		Version:     Version,
		Concurrency: 2,
		Limits: []syncs.Limit{
			{Bucket: importing, Rate: 2.5, Burst: 10},
			{Bucket: tracking, Rate: 2.5, Burst: 10},
			{Bucket: looking, Rate: 700.0 / 60, Burst: 75},
			{Bucket: listing, Rate: 2.5, Burst: 10},
			{Bucket: erasing, Rate: 1, Burst: 3},
		},
		Timeout:      time.Minute,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.APIKey),
		AllowPrivate: d.config.AllowPrivate,
	}
}

// request spells a request with the key of the account.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{
		"Authorization": {"Klaviyo-API-Key " + secrets(d.config.APIKey).Reveal()},
		"Revision":      {Version.Name},
		"Accept":        {"application/vnd.api+json"},
	}
	if body != nil {
		header.Set("Content-Type", "application/vnd.api+json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At("https://a.klaviyo.com", secrets, path), Header: header, Body: body}
}
