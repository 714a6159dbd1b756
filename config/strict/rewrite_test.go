package strict

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// edited gives the texts at "x" and "list/0" other values.
func edited(text, value, single string) (string, error) {
	var bad diag.List
	root := Parse(&diag.Source{Name: "x.yaml", Text: []byte(text)}, func(d diag.Diagnostic) { bad = append(bad, d) })
	if len(bad) > 0 {
		return "", bad.Err()
	}
	var edits []Edit
	for _, n := range []Node{root.Get("x"), root.Get("list", "0")} {
		if n.IsString() {
			edits = append(edits, Edit{n, value, single})
		}
	}
	if len(edits) == 0 {
		return text, nil
	}
	out, err := Rewrite(root, edits)
	return string(out), err
}

func TestRewrite(t *testing.T) {
	for _, c := range []struct{ name, text, value, single, want string }{
		{"plain", "x: a  # b\ny: 1\n", "a + b", "", "x: a + b  # b\ny: 1\n"},
		{"plain that needs quotes", "x: a\n", "a ? b : c", "", "x: 'a ? b : c'\n"},
		{"plain in brackets", "{x: a, y: b}\n", "f(a, b)", "", "{x: 'f(a, b)', y: b}\n"},
		{"single quotes", "x: 'a'\n", "it's", "", "x: 'it''s'\n"},
		{"double quotes", "x: \"a\" # \"\n", "say \"a\\b\"", "", "x: \"say \\\"a\\\\b\\\"\" # \"\n"},
		{"a control character", "x: \"a\"\n", "a\u0001b", "", "x: \"a\\U00000001b\"\n"},
		{"a control character, before in single quotes", "x: 'a'\n", "a\u0001b", "", "x: \"a\\U00000001b\"\n"},
		{"becomes a block", "y: 1\nx: 'a'  # note\n\nz: 2\n", "a\n  b", "a b", "y: 1\nx: |  # note\n  a\n    b\n\nz: 2\n"},
		{"becomes a block on the line of its key", "x:\n   'a'\nz: 2\n", "a\nb", "", "x: |\n  a\n  b\nz: 2\n"},
		{"becomes a block below a comment", "x: # note\n   'a'\nz: 2\n", "a\nb", "", "x: # note\n   |\n  a\n  b\nz: 2\n"},
		{"a block at the end of the file", "x: a", "a\nb", "", "x: |\n  a\n  b"},
		{"of several lines", "x: a\n   b\nz: 1\n", "a b c", "", "x: a b c\nz: 1\n"},
		{"quoted, of several lines", "x: 'a\n\n  b'  # c\nz: 1\n", "a\nc", "", "x: |  # c\n  a\n  c\nz: 1\n"},
		{"in a list", "list:\n- 'a'\n- b\n", "a\nb", "", "list:\n- |\n  a\n  b\n- b\n"},
		{"several lines in brackets", "{x: 'a'}\n", "a\nb", "a b", "{x: 'a b'}\n"},
		{"several lines in brackets that cannot be one", "{x: \"a\"}\n", "a //\nb", "a //\nb", "{x: \"a //\\nb\"}\n"},
		{"a comment that the block would swallow", "x: 'a'\n    # deep\nz: 1\n", "a\nb", "a b", "x: 'a b'\n    # deep\nz: 1\n"},
		{"literal", "x: |-  # note\n     a\n\n       b\n\n\nz: 1\n", "c\n\n  d", "", "x: |-  # note\n     c\n\n       d\n\n\nz: 1\n"},
		{"literal with an indicator", "x: |2\n   a\nz: 1\n", "b\n c", "", "x: |2\n  b\n   c\nz: 1\n"},
		{"literal that keeps line feeds", "x: |+\n  a\n\n\nz: 1\n", "b", "", "x: |+\n  b\n\n\nz: 1\n"},
		{"literal that begins with an empty line", "x: |\n\n  a\n", "b", "", "x: |\n  b\n"},
		{"folded", "x: >-\n  a\n  b\nz: 1\n", "a b", "", "x: >-\n  a b\nz: 1\n"},
		{"folded becomes literal", "x: >-\n  a\n  b\nz: 1\n", "a\nb", "", "x: |-\n  a\n  b\nz: 1\n"},
		{"line ends of Windows", "x: 'a'\r\nz: 1\r\n", "a\nb", "", "x: |\r\n  a\r\n  b\r\nz: 1\r\n"},
		{"characters of several bytes", "y: 'é€'\nx: 'ü' # 🂡\n", "ö\n€", "", "y: 'é€'\nx: | # 🂡\n  ö\n  €\n"},
		{"two texts", "x: a\nlist: [a, b]\n", "a\nb", "a  b", "x: |\n  a\n  b\nlist: [a  b, b]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := edited(c.text, c.value, c.single)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestRewriteRefuses: a block cannot hold what has to be escaped.
func TestRewriteRefuses(t *testing.T) {
	if got, err := edited("x: |\n  a\n", "a\u0001", ""); !errors.Is(err, ErrRewrite) {
		t.Errorf("got %q, %v, want ErrRewrite", got, err)
	}
}

// FuzzRewrite: the result has the value and nothing else that is new, which
// Rewrite checks, and a value that is there already changes nothing.
func FuzzRewrite(f *testing.F) {
	f.Add("x: 'a'  # b\nlist: [a, b]\n", "a\n  b // c", "a b")
	f.Add("x: >\n  a\n\n  b\n", "c", "c")
	f.Add("{x: \"\\u00e9\", y: [1]}", "it's", "it's")
	f.Fuzz(func(t *testing.T, text, value, single string) {
		if value == "" || single == "" || strings.HasSuffix(value, "\n") || strings.HasSuffix(single, "\n") {
			return
		}
		once, err := edited(text, value, single)
		if err != nil {
			return
		}
		twice, err := edited(once, value, single)
		if err != nil || twice != once {
			t.Errorf("got %q, then %q, %v", once, twice, err)
		}
	})
}
