package diag_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

func find(t *testing.T, src *diag.Source, part string) diag.Span {
	t.Helper()
	at := strings.Index(string(src.Text), part)
	if at < 0 {
		t.Fatalf("no %q in the text", part)
	}
	return src.Span(at, at+len(part))
}

func TestRender(t *testing.T) {
	for _, test := range []struct{ name, text, part, want string }{
		{"plain", "a: bad", "bad", "f.yaml:1:4: error[code]: wrong\n  | a: bad\n  |    ^^^\n"},
		{"accents", "é: ü bad", "bad", "f.yaml:1:6: error[code]: wrong\n  | é: ü bad\n  |      ^^^\n"},
		{"wide", "日本: 😀 bad", "bad", "f.yaml:1:7: error[code]: wrong\n  | 日本: 😀 bad\n  |          ^^^\n"},
		{"wide culprit", "a: 日本", "日本", "f.yaml:1:4: error[code]: wrong\n  | a: 日本\n  |    ^^^^\n"},
		{"combining", "e\u0301: bad", "bad", "f.yaml:1:5: error[code]: wrong\n  | e\u0301: bad\n  |    ^^^\n"},
		{"tab", "a:\tbad", "bad", "f.yaml:1:4: error[code]: wrong\n  | a:    bad\n  |       ^^^\n"},
		{"crlf", "x: 1\r\na: bad\r\n", "bad", "f.yaml:2:4: error[code]: wrong\n  | a: bad\n  |    ^^^\n"},
		{"several lines", "a: b\nc: d", "b\nc: d", "f.yaml:1:4: error[code]: wrong\n  | a: b\n  |    ^\n"},
		{"control", "a: \x1b[31m bad", "bad", "f.yaml:1:10: error[code]: wrong\n  | a: \ufffd[31m bad\n  |          ^^^\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := &diag.Source{Name: "f.yaml", Text: []byte(test.text)}
			var b strings.Builder
			diag.Render(&b, diag.List{diag.Errorf(find(t, src, test.part), "code", "wrong")})
			if diff := cmp.Diff(b.String(), test.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestRenderEverything(t *testing.T) {
	src := &diag.Source{Name: "f.yaml", Text: []byte("one: 1\ntwo: 2")}
	var b strings.Builder
	diag.Render(&b, diag.List{
		diag.Errorf(find(t, src, "two"), "code", "wrong").WithHelp("do this\nor that").WithRelated(find(t, src, "one"), "see"),
		diag.Warningf(diag.Span{Source: src}, "whole", "the file"),
		diag.Warningf(diag.Span{}, "nowhere", "the project\x1b[2J"),
		diag.Errorf(diag.Span{Source: src, Start: diag.Pos{Line: 9, Col: 9}, End: diag.Pos{Line: 9, Col: 9}}, "past", "the end"),
	})
	want := `f.yaml:2:1: error[code]: wrong
  | two: 2
  | ^^^
  help: do this
        or that
  f.yaml:1:1: see
  | one: 1
  | ^^^

f.yaml: warning[whole]: the file

warning[nowhere]: the project` + "\ufffd" + `[2J

f.yaml:9:9: error[past]: the end
`
	if diff := cmp.Diff(b.String(), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestRenderLongLine(t *testing.T) {
	src := &diag.Source{Name: "f.yaml", Text: []byte(strings.Repeat("x", 50_000) + "bad" + strings.Repeat("y", 50_000))}
	var b strings.Builder
	diag.Render(&b, diag.List{diag.Errorf(find(t, src, "bad"), "code", "wrong")})
	lines := strings.Split(b.String(), "\n")
	if len(b.String()) > 600 {
		t.Fatalf("got %d bytes", b.Len())
	}
	at := strings.Index(lines[2], "^^^")
	if at < 0 || lines[1][at:at+3] != "bad" {
		t.Errorf("got the caret elsewhere:\n%s", b.String())
	}
}

func TestMask(t *testing.T) {
	src := &diag.Source{Name: "f.yaml", Text: []byte("a: CANARY, b: bad\nclient_secret: CANARY2\ntoken: '${env:X}' bad")}
	src.Mask(find(t, src, "CANARY"))
	var b strings.Builder
	diag.Render(&b, diag.List{
		diag.Errorf(find(t, src, "bad"), "code", "wrong"),
		diag.Errorf(find(t, src, "CANARY"), "code", "wrong"),
		diag.Errorf(find(t, src, "client"), "code", "wrong"),
		diag.Errorf(find(t, src, "token"), "code", "wrong"),
	})
	want := `f.yaml:1:15: error[code]: wrong
  | a: ***, b: bad
  |            ^^^

f.yaml:1:4: error[code]: wrong
  | a: ***, b: bad
  |    ^^^

f.yaml:2:1: error[code]: wrong
  | client_secret: ***
  | ^^^^^^

f.yaml:3:1: error[code]: wrong
  | token: '${env:X}' bad
  | ^^^^^
`
	if diff := cmp.Diff(b.String(), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestSort(t *testing.T) {
	a := &diag.Source{Name: "a.yaml", Text: []byte("abc\ndef")}
	b := &diag.Source{Name: "b.yaml", Text: []byte("abc")}
	list := diag.List{
		diag.Errorf(b.Span(0, 1), "x", "4"), diag.Errorf(a.Span(5, 6), "x", "3"), diag.Errorf(a.Span(0, 1), "x", "1"),
		diag.Errorf(a.Span(0, 1), "x", "2"), diag.Warningf(diag.Span{}, "x", "0"), diag.Errorf(a.Span(0, 1), "x", "2"),
	}
	var got []string
	for _, d := range list.Sort() {
		got = append(got, d.Summary)
	}
	if diff := cmp.Diff(got, []string{"0", "1", "2", "3", "4"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if list[0].Summary != "4" {
		t.Error("Sort changed its receiver")
	}
}

func TestListIsAnError(t *testing.T) {
	warning := diag.List{diag.Warningf(diag.Span{}, "w", "careful")}
	if warning.HasErrors() || warning.Err() != nil {
		t.Error("got an error of a warning")
	}
	both := slices.Concat(warning, diag.List{diag.Errorf(diag.Span{}, "e", "wrong")})
	var list diag.List
	if !errors.As(both.Err(), &list) || len(list) != 2 {
		t.Errorf("got %v", both.Err())
	}
	if got, want := both.Error(), "warning[w]: careful\nerror[e]: wrong"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	errs, rest := both.Split()
	if len(errs) != 1 || len(rest) != 1 || errs[0].Code != "e" {
		t.Errorf("got %v and %v", errs, rest)
	}
}

func TestMarshalJSON(t *testing.T) {
	src := &diag.Source{Name: "f.yaml", Text: []byte("é: bad")}
	got, err := json.Marshal(diag.List{
		diag.Errorf(find(t, src, "bad"), "code", "wrong").WithHelp("do").WithRelated(find(t, src, "é"), "see"),
		diag.Warningf(diag.Span{}, "w", "careful"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"file":"f.yaml","line":1,"column":4,"end":{"line":1,"column":7},"severity":"error","code":"code",` +
		`"message":"wrong","help":"do","related":[{"file":"f.yaml","line":1,"column":1,"message":"see"}]},` +
		`{"severity":"warning","code":"w","message":"careful"}]`
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"table", "files", "entity", "identifiers", "in", "日本"}
	for name, want := range map[string]string{
		"tabel": "table", "tables": "table", "table": "", "filse": "files", "identifers": "identifiers", "zzz": "",
		"": "", "im": "in", "x": "", "日木": "日本", "indentifierz": "identifiers", strings.Repeat("a", 1000): "",
	} {
		if got := diag.Nearest(name, words); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := diag.Nearest("aab", []string{"aac", "aad"}); got != "aac" {
		t.Errorf("got %q, want the first of the equally near", got)
	}
}

// FuzzSource holds offsets and places to be inverse.
func FuzzSource(f *testing.F) {
	f.Add([]byte("é\r\n\n日本\n"), 3)
	f.Fuzz(func(t *testing.T, text []byte, offset int) {
		src := &diag.Source{Name: "f", Text: text}
		p := src.Pos(offset)
		if again := src.Pos(src.Offset(p)); again.Line != p.Line || p.Before(again) {
			t.Errorf("offset %d of %q: got %v, then %v", offset, text, p, again)
		}
		var b strings.Builder
		diag.Render(&b, diag.List{diag.Errorf(src.Span(offset, offset+3), "code", "wrong")})
		if !strings.Contains(b.String(), "^") {
			t.Errorf("got no caret:\n%s", b.String())
		}
	})
}
