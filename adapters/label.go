package adapters

import (
	"context"
	"strings"
)

// Label says for what a statement runs. Warehouses show it where they show
// statements and what they cost; how is up to the driver.
type Label struct {
	// Run is the run's id.
	Run string
	// Model is the model or sync, as in "sync:crm"; empty for the run's own work.
	Model string
}

type labelKey struct{}

// WithLabel labels the statements that run in the context.
func WithLabel(ctx context.Context, l Label) context.Context {
	return context.WithValue(ctx, labelKey{}, l)
}

// LabelOf is the label of the context; zero where there is none.
func LabelOf(ctx context.Context) Label {
	l, _ := ctx.Value(labelKey{}).(Label)
	return l
}

// Comment is the label as text that a comment of SQL and a header can hold;
// empty where there is none.
func (l Label) Comment() string {
	if l == (Label{}) {
		return ""
	}
	text := "customhouse run=" + l.Run
	if l.Model != "" {
		text += " model=" + l.Model
	}
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(" =:._-", c) {
			return c
		}
		return '_'
	}, text)
}
