package adapters

// GrantsFor says for what an administrator is told the least grants.
type GrantsFor struct {
	// User is who gets them; empty for the user of the target's configuration.
	User string
	// Schema holds the public tables, Work the work tables.
	Schema, Work string
	// Tables are those of the sources, as the project names them.
	Tables []string
	// ReadOnly asks for what looking at the sources needs.
	ReadOnly bool
}
