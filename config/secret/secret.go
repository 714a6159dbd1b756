package secret

// Ref is a reference to a secret: ${env:NAME}, ${file:/path} or
// ${exec:command}. The zero Ref is absent.
type Ref struct{ p *ref }

type ref struct{ text string }

// Template is a text that may hold references; it need not hold any.
type Template struct{ p *ref }

// Value is a resolved secret.
type Value struct{ p *string }
