package syncs

import (
	"slices"
	"strings"
)

// Erasure is how a destination erases a person: operations of the kind Erase,
// of an object of this name, keyed by one of By. Each may be repeated.
type Erasure struct {
	// Object is the Schema.Object of such operations. Where it ends with /* people
	// are erased from one object at a time: see Objects.
	Object string
	// By is what Schema.Key may be: "email".
	By []string
	// Contacts says of those of By which are an address or a number, by what
	// normalize calls those: "email", "phone". The platform may know a person by
	// such an identifier whatever the key of a sync is. Of the others it knows what
	// a sync gave it under that name, and ids of its own.
	Contacts map[string]string
	// Blocks says that the platform refuses the person from then on.
	Blocks bool
	// Later says by when the person is gone, where the platform takes the request
	// and does it afterwards; empty where the answer says that it is done.
	Later string
	// Doc says what the platform does.
	Doc string
	// Beyond is what it does not cover: what a data protection officer has to see to
	// all the same.
	Beyond []string
}

// IsZero says that nobody can be erased.
func (e Erasure) IsZero() bool { return len(e.By) == 0 }

// Objects are those that a person has to be erased from, of a project whose syncs
// fill some: the one that the erasure is of, or each of its kind.
func (e Erasure) Objects(filled []string) []string {
	if !strings.HasSuffix(e.Object, "/*") {
		return []string{e.Object}
	}
	var out []string
	for _, name := range filled {
		if (Object{Name: e.Object}).Has(name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Manual is how somebody erases a person by hand, in words for a data protection
// officer who knows the platform and not Customhouse.
type Manual struct {
	// Open is where to go, and as whom.
	Open string
	// Search is what to look for there.
	Search string
	// Do is what to do with what was found, in this order.
	Do []string
	// Keep is what to keep as evidence. It must not hold more of the person than
	// has to be.
	Keep string
}

// IsZero says that there are no instructions.
func (m Manual) IsZero() bool { return m.Open == "" }

// Steps are the instructions in their order, each a sentence or a few.
func (m Manual) Steps() []string {
	steps := append([]string{m.Open, m.Search}, m.Do...)
	return append(steps, "Keep as evidence: "+m.Keep)
}

// TakesAway are the kinds by which a row of an object can be taken away when
// somebody asks for it, outside of a sync's audience; what leaves least of it is
// first. There are none of events, of messages, and of files that were published.
func (s Spec) TakesAway(object string) []Kind {
	o, ok := s.Object(object)
	if !ok || o.Tells || s.Place != nil {
		return nil
	}
	var out []Kind
	for _, kind := range []Kind{Delete, Remove, Archive, Clear} {
		if slices.Contains(o.Kinds, kind) {
			out = append(out, kind)
		}
	}
	return out
}
