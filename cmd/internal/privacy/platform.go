package privacy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Platforms opens destinations of the project by their names.
type Platforms func(ctx context.Context, destination string) (*Platform, error)

// Platform is a destination that can be asked.
type Platform struct {
	deliver.Asker
	// Filled are the objects that syncs of the project fill there.
	Filled []string
	// Close gives it back.
	Close func() error
}

func (p *Platform) spec() syncs.Spec { return p.Destination.Spec() }

// takesAway is how a row of an object is taken away, 0 where nothing can be.
func (p *Platform) takesAway(object string) syncs.Kind {
	if ways := p.spec().TakesAway(object); len(ways) > 0 {
		return ways[0]
	}
	return 0
}

// byHand are the instructions of a platform, in words.
func (p *Platform) byHand(otherwise string) string {
	if m := p.spec().Manual; !m.IsZero() {
		return strings.Join(m.Steps(), " ")
	}
	return otherwise
}

// told sums receipts up, without anything of the person.
func told(receipts []deliver.Receipt) (text string, missing int) {
	count := map[string]int{}
	var order []string
	for _, r := range receipts {
		word := "confirmed"
		switch {
		case !r.Done:
			missing++
			word = strings.Trim(r.Code+": "+r.Message, ": ")
		case r.Origin == deliver.Absent:
			word = "not there"
		}
		if r.Answer != nil {
			word += fmt.Sprintf(" (%d", r.Answer.Status)
			if r.Answer.RequestID != "" {
				word += ", request " + r.Answer.RequestID
			}
			word += ", " + r.Answer.At.UTC().Format(time.RFC3339) + ")"
		}
		if count[word]++; count[word] == 1 {
			order = append(order, word)
		}
	}
	for i, word := range order {
		if n := count[word]; n > 1 {
			order[i] = fmt.Sprintf("%d %s", n, word)
		}
	}
	return strings.Join(order[:min(len(order), 5)], "; "), missing
}

// identified are the identifiers by which a platform is asked to erase a person:
// keys that a sync gave it under that name, and addresses and numbers.
func identified(e syncs.Erasure, p *config.Project, destination string, entity *config.Entity, f found) map[string][]string {
	out := map[string][]string{}
	add := func(by, value string) {
		if !slices.Contains(out[by], value) {
			out[by] = append(out[by], value)
		}
	}
	for _, by := range e.By {
		for _, s := range p.Syncs {
			if s.To.Destination != destination || s.To.Key != by {
				continue
			}
			for _, k := range f.Keys {
				if k.Sync == s.Name {
					add(by, k.Key)
				}
			}
		}
		for _, id := range f.Identifiers {
			if id.Kind == privacy.Own && (id.Type == by || e.Contacts[by] != "" && normalised(entity, id.Type) == e.Contacts[by]) {
				add(by, id.Value)
			}
		}
	}
	return out
}

// normalised is what makes the values of a type comparable.
func normalised(e *config.Entity, identifierType string) string {
	for _, id := range e.Identifiers {
		if id.Name == identifierType {
			return string(id.Normalize)
		}
	}
	return ""
}

// without takes the values of a person out of a text of a platform or a
// warehouse, before it is kept.
func without(text string, f found, also []state.Identifier) string {
	var values []string
	for _, id := range f.Identifiers {
		values = append(values, id.Value)
	}
	for _, k := range f.Keys {
		values = append(values, k.Key)
	}
	for _, id := range also {
		values = append(values, id.Value)
	}
	for _, v := range values {
		if len(v) > 2 {
			text = strings.ReplaceAll(text, v, "***")
		}
	}
	const most = 500
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
