package identity

import (
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Components are the steps that label the nodes of a graph: edges, which they
// consume, has integer columns u > v and no duplicates; out gets (n, root),
// with the smallest node of the component as the root, for every other node.
// Work tables are named with the prefix. Benchmarks measure them by themselves.
func Components(prefix string, edges, out sql.Table) []models.Step {
	return components(prefix, edges, out)
}
