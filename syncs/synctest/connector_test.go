package synctest_test

import (
	"fmt"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

func harness(style synctest.Style, object synctest.Object) synctest.Harness {
	h := synctest.Harness{
		Destination: synctest.Connector{URL: "http://platform.invalid", Style: style, Object: object, Tokens: true}.New(),
	}
	if d, ok := h.Destination.(synctest.JobConnector); ok {
		h.Handles = d.Handles()
	}
	return h
}

func TestConnectorKeepsTheContract(t *testing.T) {
	for _, style := range synctest.Styles() {
		for _, object := range synctest.Objects() {
			if object != synctest.Records && style != synctest.SparseIndex && style != synctest.ResultFile {
				continue // The objects differ in what is sent, and not in how answers are read.
			}
			t.Run(fmt.Sprintf("%s of %s", style, object), func(t *testing.T) {
				synctest.Run(t, harness(style, object))
			})
		}
	}
}

func FuzzConnector(f *testing.F) {
	synctest.FuzzDecode(f, harness(synctest.SparseTrace, synctest.Records))
}

// The suite finds a destination that takes a handle for one it is not.
func TestStylesAreDifferent(t *testing.T) {
	for _, style := range synctest.Styles() {
		if _, ok := harness(style, synctest.Records).Destination.(syncs.Poller); ok != style.Jobs() {
			t.Errorf("%s: a Poller is %t, want %t", style, ok, style.Jobs())
		}
	}
}
