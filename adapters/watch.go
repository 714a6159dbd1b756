package adapters

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Statement is what is said of statements that are run together, to those who
// watch: nothing of the values in them.
type Statement struct {
	// Label says for what they run.
	Label Label
	// Verb is the first word of the first one, such as INSERT, or LOAD.
	Verb string
	// Digest stands for their text without its numbers and texts: the same
	// statement of another run has the same.
	Digest string
	// Count is how many there are.
	Count int
}

// Watch has begin told of statements before they run, and what it returns when
// they have ended; for a query, when its rows were read. Both are called from
// several goroutines. It is to be called before anything runs.
func (w *Warehouse) Watch(begin func(Statement) (end func(error))) { w.watch = begin }

// watched tells who watches of a script.
func (w *Warehouse) watched(ctx context.Context, verb string, script ...string) (end func(error)) {
	if w.watch == nil {
		return func(error) {}
	}
	if verb == "" {
		verb = w.verb(script[0])
	}
	sum := sha256.New()
	for _, s := range script {
		sum.Write([]byte(masked(s)))
		sum.Write([]byte{0})
	}
	const short = 8 // bytes: enough to tell the statements of a project apart
	return w.watch(Statement{Label: LabelOf(ctx), Verb: verb, Digest: hex.EncodeToString(sum.Sum(nil)[:short]), Count: len(script)})
}

// verb is the first word of a statement, behind the functions that a dialect
// puts before it.
func (w *Warehouse) verb(statement string) string {
	statement = w.withoutHelpers(statement)
	end := strings.IndexFunc(statement, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') })
	if end < 0 {
		end = len(statement)
	}
	return strings.ToUpper(statement[:end])
}

// masked is a statement with a mark for each text and each number, and for names
// that a run makes up. It is good for a digest alone: a quote that it misreads
// only makes it another one.
func masked(statement string) string {
	var b strings.Builder
	b.Grow(len(statement))
	for i := 0; i < len(statement); i++ {
		switch c := statement[i]; {
		case c == '\'':
			for i++; i < len(statement); i++ {
				if statement[i] == '\\' {
					i++
				} else if statement[i] == '\'' {
					if i+1 >= len(statement) || statement[i+1] != '\'' {
						break
					}
					i++
				}
			}
			b.WriteByte('?')
		case c >= '0' && c <= '9':
			for i+1 < len(statement) && statement[i+1] >= '0' && statement[i+1] <= '9' {
				i++
			}
			b.WriteByte('#')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// watchedRows ends a statement when its rows are closed.
type watchedRows struct {
	Rows
	end  func(error)
	done bool
}

func (r *watchedRows) Close() error {
	err := r.Rows.Close()
	if !r.done {
		r.done = true
		r.end(err)
	}
	return err
}
