package main

import (
	"testing"
	"time"
)

// notice is how long before a platform stops to answer to a version of its
// interface the tests fail.
const notice = 90 * 24 * time.Hour

// TestVersionsLast: whoever builds this has three months to move to another.
func TestVersionsLast(t *testing.T) {
	dated := 0
	for _, k := range destinationKinds {
		d, err := k.open(k.config())
		if err != nil {
			t.Fatal(err)
		}
		v := d.Spec().Version
		if v.Until.IsZero() {
			continue
		}
		dated++
		if left := time.Until(v.Until); left < notice {
			t.Errorf("%s answers to version %s until %s, in %d days: move the constant Version of syncs/%s to the next, and read what it changes",
				k.name, v.Name, v.Until.Format(time.DateOnly), int(left.Hours()/24), k.name)
		}
	}
	if dated == 0 {
		t.Error("no destination says how long its version lasts")
	}
}
