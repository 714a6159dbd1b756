// Package compile turns a project into a plan: the one place that knows which
// models a project needs and how they hang together.
//
// It is pure. Start with Compile.
package compile

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
)

// Options are the inputs of Compile beside the project.
type Options struct {
	// AsOf is what now means.
	AsOf time.Time
	// RunID goes into the rows that the run appends.
	RunID string
	// Select are the keys of the nodes to build; nil means all. Segments that
	// are not selected keep their members, syncs that are not deliver nothing.
	Select map[string]bool
}

// Compile makes the plan of a project. The list may hold warnings beside a
// plan; with an error the plan is nil.
func Compile(p *config.Project, opt Options) (*models.Plan, diag.List) {
	return nil, nil
}
