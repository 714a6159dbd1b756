package expr

import "github.com/customhouse-cdp/customhouse/sql"

// compileField compiles what a sync computes, or a test asks. It reads profiles,
// which hold traits and nothing else, or single rows.
func (c *compiler) compileField(e *expression) (Compiled, bool) {
	if e.broken {
		return Compiled{}, false
	}
	help := "Declare a trait with this, and name the trait here."
	column := help + " A column of an event that is appended is sent as it is: name it without value."
	from := "a field of a sync is computed from traits alone, and "
	if e.tested != "" {
		column, from = help, "a test looks at "+e.tested+" alone, and "
	}
	beyond := false
	for _, name := range inOrder(e, e.reads) {
		_, isRelation := c.relations[name]
		if c.sources[name] != nil || isRelation {
			c.fail(e.src.name(e.reads[name]), "cel-unsupported", from+name+" is none", column)
			beyond = true
		}
	}
	for _, name := range inOrder(e, e.members) {
		c.fail(e.src.of(e.members[name]), "cel-unsupported", from+name+" is a segment", help)
		beyond = true
	}
	if beyond {
		return Compiled{}, false
	}
	var out Compiled
	ok := false
	if e.tested == "" {
		out, ok = c.translateTrait(e)
	} else if cond, is := c.condition(e, "a test must be true or false for "+e.tested); is {
		out, ok = c.compiled(Compiled{Name: e.name, Type: sql.TypeBool, Expr: cond}, nil), true
	}
	if ok && len(out.Features)+len(out.Segments)+len(out.Since)+len(out.Related) > 0 {
		// Ranks and consents are columns that no profile has.
		c.fail(e.src.of(e.ast.Expr()), "cel-unsupported", from+"this needs more", help)
		return Compiled{}, false
	}
	return out, ok
}
