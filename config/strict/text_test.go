package strict

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// script writes a scalar and remembers where each rune of its value is written.
type script struct {
	raw       strings.Builder
	value     strings.Builder
	line, col int
	places    []diag.Pos
}

// skip writes text that is no part of the value.
func (s *script) skip(text string) {
	for _, r := range text {
		s.raw.WriteRune(r)
		if s.col++; r == '\n' {
			s.line, s.col = s.line+1, 1
		}
	}
}

// put writes text that stands for one rune of the value.
func (s *script) put(r rune, as string) {
	s.value.WriteRune(r)
	s.places = append(s.places, diag.Pos{Line: s.line, Col: s.col})
	s.skip(as)
}

func (s *script) word(rnd *rand.Rand, letters []rune) {
	for range 1 + rnd.IntN(4) {
		r := letters[rnd.IntN(len(letters))]
		s.put(r, string(r))
	}
}

var letters = []rune("abcé日本😀ñ\u0301")

// parent is the column of the mapping that holds the scalar, less one.
const parent = 4

// flowBreak writes a folded line break of a flow scalar.
func (s *script) flowBreak(rnd *rand.Rand) {
	s.skip(strings.Repeat(" ", rnd.IntN(2)))
	empty := max(rnd.IntN(4)-1, 0)
	if empty == 0 {
		s.put(' ', "\n")
	} else {
		s.skip("\n")
		for range empty {
			s.skip(strings.Repeat(" ", rnd.IntN(8)))
			s.put('\n', "\n")
		}
	}
	s.skip(strings.Repeat(" ", parent+1+rnd.IntN(3)))
}

func (s *script) gap(rnd *rand.Rand) {
	if rnd.IntN(3) == 0 {
		s.flowBreak(rnd)
		return
	}
	for range 1 + rnd.IntN(2) {
		s.put(' ', " ")
	}
}

// The five styles. Each writes a random scalar.
var styles = map[string]func(s *script, rnd *rand.Rand){
	"plain": func(s *script, rnd *rand.Rand) {
		for i := range 1 + rnd.IntN(6) {
			if i > 0 {
				s.gap(rnd)
			}
			s.word(rnd, letters[:7])
		}
	},
	"single": func(s *script, rnd *rand.Rand) {
		s.skip("'")
		for i := range rnd.IntN(6) {
			if i > 0 {
				s.gap(rnd)
			}
			s.word(rnd, append(letters, '"', ':', '#', '\\', '{'))
			if rnd.IntN(2) == 0 {
				s.put('\'', "''")
			}
		}
		s.skip("'")
	},
	"double": func(s *script, rnd *rand.Rand) {
		escapes := []struct {
			r  rune
			as string
		}{
			{'\n', `\n`},
			{'\t', `\t`},
			{'"', `\"`},
			{'\\', `\\`},
			{'é', `\xe9`},
			{'日', `\u65e5`},
			{'😀', `\U0001F600`},
			{'\u00a0', `\_`},
			{'/', `\/`},
			{' ', `\ `},
			{'\u2028', `\L`},
			{'\u0085', `\N`},
			{'\x1b', `\e`},
		}
		s.skip(`"`)
		for i := range rnd.IntN(6) {
			switch {
			case i > 0 && rnd.IntN(4) == 0: // an escaped line break joins
				s.skip("\\\n" + strings.Repeat(" ", parent+1+rnd.IntN(3)))
			case i > 0:
				s.gap(rnd)
			}
			s.word(rnd, append(letters, '\'', ':', '#'))
			if rnd.IntN(2) == 0 {
				e := escapes[rnd.IntN(len(escapes))]
				s.put(e.r, e.as)
			}
		}
		s.skip(`"`)
	},
	"literal": func(s *script, rnd *rand.Rand) { s.block(rnd, false) },
	"folded":  func(s *script, rnd *rand.Rand) { s.block(rnd, true) },
}

// block writes a block scalar with any chomping and indentation indicator.
func (s *script) block(rnd *rand.Rand, folded bool) {
	extra := 1 + rnd.IntN(4)
	chomp := []string{"", "-", "+"}[rnd.IntN(3)]
	explicit := rnd.IntN(2) == 0
	header := map[bool]string{false: "|", true: ">"}[folded]
	if explicit {
		header += strconv.Itoa(extra)
	}
	s.skip(header + chomp + []string{"", " # remark"}[rnd.IntN(2)] + "\n")

	type line struct {
		lead  int // spaces that belong to the value
		empty int // empty lines after it
	}
	lines := make([]line, 1+rnd.IntN(5))
	for i := range lines {
		if i > 0 || explicit {
			lines[i].lead = max(rnd.IntN(4)-2, 0)
		}
		lines[i].empty = max(rnd.IntN(4)-2, 0)
	}
	for range rnd.IntN(3) { // empty lines at the start
		s.put('\n', "\n")
	}
	emptyLines := func(n int) {
		for range n {
			s.skip(strings.Repeat(" ", rnd.IntN(parent+extra+1)))
			s.put('\n', "\n")
		}
	}
	for i, l := range lines {
		s.skip(strings.Repeat(" ", parent+extra))
		for range l.lead {
			s.put(' ', " ")
		}
		for j := range 1 + rnd.IntN(3) {
			if j > 0 {
				s.put(' ', " ")
			}
			s.word(rnd, append(letters, '#', ':', '"', '\''))
		}
		last := i == len(lines)-1
		switch {
		case last && chomp == "-":
			s.skip("\n" + strings.Repeat("\n", l.empty))
		case last && chomp == "":
			s.put('\n', "\n")
			s.skip(strings.Repeat("\n", l.empty))
		case last || !folded || l.lead > 0 || lines[i+1].lead > 0:
			s.put('\n', "\n")
			emptyLines(l.empty)
		case l.empty > 0:
			s.skip("\n")
			emptyLines(l.empty)
		default:
			s.put(' ', "\n")
		}
	}
}

func TestTextSpan(t *testing.T) {
	for name, write := range styles {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3000) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				s := &script{line: 1, col: 1}
				s.skip("日本:\n  - é: 'ü'\n    ключ: ")
				write(s, rnd)
				if s.col > 1 {
					s.skip("\n")
				}
				s.skip("    next: 1\n")
				raw := s.raw.String()
				if seed%3 == 0 {
					raw = strings.ReplaceAll(raw, "\n", "\r\n")
				}

				src := &diag.Source{Name: "f.yaml", Text: []byte(raw)}
				root := Parse(src, func(d diag.Diagnostic) { t.Fatalf("seed %d: %v in\n%s", seed, d, raw) })
				text := root.Text("日本", "0", "ключ")
				if text.Value != s.value.String() {
					t.Fatalf("seed %d: got value %q, want %q in\n%s", seed, text.Value, s.value.String(), raw)
				}
				i := 0
				for at, r := range text.Value {
					got := text.Span(at, at+utf8.RuneLen(r))
					if got.Start != s.places[i] {
						t.Fatalf("seed %d: rune %d (%q) of %q: got %v, want %v in\n%s", seed, i, r, text.Value, got.Start, s.places[i], raw)
					}
					if !got.Start.Before(got.End) {
						t.Fatalf("seed %d: rune %d of %q: got empty range %v in\n%s", seed, i, text.Value, got, raw)
					}
					i++
				}
				end := text.Span(len(text.Value), len(text.Value))
				if n := len(s.places); n > 0 && end.Start.Before(s.places[n-1]) {
					t.Fatalf("seed %d: got end %v before the last rune %v", seed, end.Start, s.places[n-1])
				}
			}
		})
	}
}

// FuzzText reads any file: every scalar that the parser decodes must be found
// again in the text, byte by byte.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"a: b c\n", "a: 'it''s'\n", `a: "x\ty\
  z"`, "a: |\n  é\n\n   b\n", "a: >2-\n    x\n  y\n\n\n  z\n", "a: >\n\n  x\n   y\n  z\n  \n",
		"- |+\n\n\n", "? a b\n: c\n", "{a: b, 'c': \"d\"}", "a: x\n  y\n\n  z # c\nb: 1", "|\n x\n", "a: |1\n  \n x\n",
		"! 000", "0: >1\n   ", "|+1\n ",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src := &diag.Source{Name: "f.yaml", Text: data}
		root := Parse(src, func(diag.Diagnostic) {})
		if root.Kind() == Absent {
			return
		}
		var visit func(n *yaml.Node)
		visit = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode {
				node := Node{root.doc, n}
				at := src.Offset(diag.Pos{Line: n.Line, Col: n.Column})
				if w := walk(src.Text, at, n.Style, n.Value); !w.complete && n.ShortTag() != "!!null" {
					t.Errorf("found %q of %q (style %d) in %q", n.Value[:len(w.places)], n.Value, n.Style, data)
				}
				sp := node.Span()
				if sp.End.Before(sp.Start) {
					t.Errorf("got span %v-%v of %q in %q", sp.Start, sp.End, n.Value, data)
				}
				last := sp.Start
				for i := range len(n.Value) {
					got := node.Text().Span(i, i+1)
					if got.Start.Before(last) || got.End.Before(got.Start) {
						t.Errorf("byte %d of %q: got %v-%v after %v in %q", i, n.Value, got.Start, got.End, last, data)
					}
					last = got.Start
				}
			}
			for _, c := range n.Content {
				visit(c)
			}
		}
		visit(root.n)
	})
}
