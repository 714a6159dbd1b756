package deliver_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// toxics are what a proxy does to a connection.
var toxics = map[string]string{
	"latency":    `{"latency": 30, "jitter": 30}`,
	"down":       `{"timeout": 1}`,
	"bandwidth":  `{"rate": 200}`,
	"slow close": `{"delay": 30}`,
	"timeout":    `{"timeout": 50}`,
	"reset":      `{"timeout": 5}`,
	"slicer":     `{"average_size": 64, "size_variation": 32, "delay": 10}`,
	"limit data": `{"bytes": 3000}`,
}

// kinds are the proxy's names of those that are called otherwise.
var kinds = map[string]string{"down": "reset_peer", "slow close": "slow_close", "reset": "reset_peer", "limit data": "limit_data"}

// A network between the engine and the platform that delays, cuts and limits
// connections, either way: with the next run over a good one all is as wanted,
// and nothing is left open.
func TestFaultsOfTheNetwork(t *testing.T) {
	before := descriptors(t)
	runs := 0
	for name, attributes := range toxics {
		for _, toxicity := range []float64{0.1, 0.5, 1} {
			for _, way := range []string{"upstream", "downstream"} {
				for _, seed := range seeds(1, 3) {
					runs++
					t.Run(fmt.Sprintf("%s %v %s %d", name, toxicity, way, seed), func(t *testing.T) {
						p := synctest.NewPlatform(options())
						server := httptest.NewServer(p.Handler())
						defer server.Close()
						proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
							"platform", "127.0.0.1:0", strings.TrimPrefix(server.URL, "http://"))
						if err := proxy.Start(); err != nil {
							t.Fatal(err)
						}
						defer proxy.Stop()
						kind := name
						if k, ok := kinds[name]; ok {
							kind = k
						}
						if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
							`{"name": "fault", "type": %q, "stream": %q, "toxicity": %v, "attributes": %s}`, kind, way, toxicity, attributes,
						))); err != nil {
							t.Fatal(err)
						}
						ops := upserts(200)
						job, l := setup(t, p, ops, func(c *webhook.Config) {
							c.BatchSize, c.Timeout = 20, 300*time.Millisecond
							c.URL = template(t, "http://"+proxy.Listen)
						})
						job.Settings.Attempts = 4
						got, err := deliver.Run(t.Context(), job)
						if got.Attempted != got.Accepted+got.Invalid+got.Rejected+got.Unknown+got.Unanswered || err == nil && got.Accepted != 200 {
							t.Errorf("report %+v, error %v", got, err)
						}
						if err := proxy.Toxics.RemoveToxic(t.Context(), "fault"); err != nil {
							t.Fatal(err)
						}
						left := due(l, ops)
						job.RunID, job.Changes = "run-2", stream(left)
						if got, err := deliver.Run(t.Context(), job); err != nil || int(got.Accepted) != len(left) {
							t.Errorf("next run: report %+v, error %v", got, err)
						}
						checkTruth(t, p, ops)
					})
				}
			}
		}
	}
	if after := descriptors(t); after > before+5 {
		t.Errorf("%d descriptors are open after %d runs, %d before", after, runs, before)
	}
}

// descriptors counts open files; 0 where the system does not say.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
