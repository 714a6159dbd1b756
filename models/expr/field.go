package expr

// compileField compiles what a sync computes. It reads profiles, which hold
// traits and nothing else.
func (c *compiler) compileField(e *expression) (Compiled, bool) {
	if e.broken {
		return Compiled{}, false
	}
	const help = "Declare a trait with this, and name the trait here."
	const column = help + " A column of an event that is appended is sent as it is: name it without value."
	beyond := false
	for _, name := range inOrder(e, e.reads) {
		_, isRelation := c.relations[name]
		if c.sources[name] != nil || isRelation {
			c.fail(e.src.name(e.reads[name]), "cel-unsupported", "a field of a sync is computed from traits alone, and "+name+" is none", column)
			beyond = true
		}
	}
	for _, name := range inOrder(e, e.members) {
		c.fail(e.src.of(e.members[name]), "cel-unsupported", "a field of a sync is computed from traits alone, and "+name+" is a segment", help)
		beyond = true
	}
	if beyond {
		return Compiled{}, false
	}
	out, ok := c.translateTrait(e)
	if ok && len(out.Features)+len(out.Segments)+len(out.Since)+len(out.Related) > 0 {
		// Ranks and consents are columns that no profile has.
		c.fail(e.src.of(e.ast.Expr()), "cel-unsupported", "a field of a sync is computed from traits alone, and this needs more", help)
		return Compiled{}, false
	}
	return out, ok
}
