package secret

import "strings"

// Refs are the references that the text holds, in order.
func (t Template) Refs() []Ref {
	found := reference.FindAllString(t.Text(), -1)
	refs := make([]Ref, len(found))
	for i, text := range found {
		refs[i] = Ref{&ref{text}}
	}
	return refs
}

// Expand is the text with each reference replaced by what lookup knows of it.
// It is Resolve for callers that hold the values already. The result may hold
// a secret: do not print it.
func (t Template) Expand(lookup func(Ref) Value) string {
	text := t.Text()
	var out strings.Builder
	last := 0
	for _, m := range reference.FindAllStringIndex(text, -1) {
		out.WriteString(text[last:m[0]])
		out.WriteString(lookup(Ref{&ref{text[m[0]:m[1]]}}).Reveal())
		last = m[1]
	}
	out.WriteString(text[last:])
	return out.String()
}
