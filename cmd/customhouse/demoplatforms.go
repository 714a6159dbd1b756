package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot/hubspottest"
	"github.com/customhouse-cdp/customhouse/syncs/meta/metatest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// vendorsFile is what the demo's project delivers to fakes of vendors.
//
//go:embed demo/platforms.yaml
var vendorsFile []byte

// vendors are fakes of platforms that the demo delivers to, beside the one that
// takes webhooks.
type vendors struct {
	crm *hubspottest.Platform
	ads *metatest.Platform
	// env is what the project refers to.
	env map[string]string
}

// startVendors serves the fakes on this machine, until stop.
func startVendors(ctx context.Context) (_ *vendors, stop func() error, err error) {
	v := &vendors{crm: hubspottest.New(), ads: metatest.New(), env: map[string]string{
		"SHOP_HUBSPOT_TOKEN": synctest.Canary, "SHOP_META_TOKEN": synctest.Canary,
	}}
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}
	for name, handler := range map[string]http.Handler{"SHOP_HUBSPOT_URL": v.crm, "SHOP_META_URL": v.ads} {
		url, s, err := serveHere(ctx, handler)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		v.env[name], stops = url, append(stops, s)
	}
	return v, stop, nil
}

// held are the members that a vendor has of what a sync fills, and how it writes
// the key of one; nil where the sync goes elsewhere.
func (v *vendors) held(s *config.Sync) (members map[string]bool, written func(key string) string) {
	members = map[string]bool{}
	switch s.To.Destination {
	case "crm":
		for _, address := range v.crm.Members(strings.TrimPrefix(s.To.Object, "list/")) {
			members[address] = true
		}
		return members, strings.ToLower
	case "ads":
		for _, m := range v.ads.Members(strings.TrimPrefix(s.To.Object, "audience/")) {
			members[m["EMAIL"]] = true
		}
		return members, func(key string) string {
			sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(key))))
			return hex.EncodeToString(sum[:])
		}
	}
	return nil, nil
}

// violations are requests that no correct destination sends.
func (v *vendors) violations() []string { return append(v.crm.Violations(), v.ads.Violations()...) }
