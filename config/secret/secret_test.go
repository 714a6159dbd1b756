package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

const canary = "canary-4f1c-do-not-print"

// leaks reports whether text shows the canary, plainly or encoded.
func leaks(text string) bool {
	for _, form := range []string{
		canary, base64.StdEncoding.EncodeToString([]byte(canary)), base64.URLEncoding.EncodeToString([]byte(canary)),
		fmt.Sprintf("%x", canary), fmt.Sprintf("%d", []byte(canary)),
	} {
		if strings.Contains(text, strings.TrimRight(form, "=[]")) {
			return true
		}
	}
	return false
}

type enclosing struct {
	Name    string
	Public  secret.Value
	private secret.Value
	Pointer *secret.Value
	Any     any
	List    []secret.Value
	Map     map[string]secret.Value
}

func TestValueIsNeverPrinted(t *testing.T) {
	v := secret.NewValue(canary)
	whole := enclosing{
		Name: "shown", Public: v, private: v, Pointer: &v, Any: v, List: []secret.Value{v}, Map: map[string]secret.Value{"a": v},
	}
	if got := whole.private.Reveal(); got != canary {
		t.Fatalf("got %q revealed, want the secret", got)
	}
	for _, value := range []any{v, &v, whole, &whole, []any{v}, map[string]any{"a": v}, [1]secret.Value{v}, struct{ v secret.Value }{v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%w", "% x", "%10s"} {
			if got := fmt.Sprintf(verb, value); leaks(got) {
				t.Errorf("%s of %T: got the secret: %s", verb, value, got)
			}
		}
		if b, err := json.Marshal(value); err == nil && leaks(string(b)) {
			t.Errorf("JSON of %T: got the secret: %s", value, b)
		}
		for _, handler := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("message", slog.Any("value", value))
			if leaks(b.String()) {
				t.Errorf("slog of %T: got the secret: %s", value, b.String())
			}
		}
	}
	for _, got := range []string{v.String(), v.GoString(), fmt.Sprint(v), v.LogValue().String()} {
		if got != "[secret]" {
			t.Errorf("got %q, want [secret]", got)
		}
	}
	if got, err := json.Marshal(map[secret.Value]int{v: 1}); err != nil || leaks(string(got)) {
		t.Errorf("got %s, %v for a map key", got, err)
	}
}

func resolver() secret.Resolver {
	return secret.Resolver{
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"TOKEN": canary + "\n", "EMPTY": "", "BLANK": "\r\n", "HOST": "example.org"}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path == "/run/secrets/token" {
				return []byte(canary + "\r\n\n"), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
		Exec: func(_ context.Context, command string) (string, error) {
			if command == "pass show token" {
				return canary + "\n", nil
			}
			return canary, errors.New("exit status 1")
		},
	}
}

func TestRefResolve(t *testing.T) {
	for _, text := range []string{"${env:TOKEN}", "${file:/run/secrets/token}", "${exec:pass show token}"} {
		r, err := secret.NewRef(text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Resolve(t.Context(), resolver())
		if err != nil || v.Reveal() != canary {
			t.Errorf("%s: got %q, %v", text, v.Reveal(), err)
		}
		if r.String() != text || r.IsZero() {
			t.Errorf("got text %q, want %q", r, text)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	for text, want := range map[string]string{
		"${env:MISSING}":  "${env:MISSING}: the environment variable is not set",
		"${env:EMPTY}":    "${env:EMPTY}: the value is empty",
		"${env:BLANK}":    "${env:BLANK}: the value is empty",
		"${file:/none}":   "${file:/none}: the file cannot be read: open /none: file does not exist",
		"${exec:bad cmd}": "${exec:bad cmd}: the command failed: exit status 1",
	} {
		r, err := secret.NewRef(text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Resolve(t.Context(), resolver())
		var se *secret.Error
		if !errors.As(err, &se) || se.Reference != text || se.Help == "" || !v.IsZero() {
			t.Fatalf("%s: got %v, %v, want a secret.Error", text, v, err)
		}
		if diff := cmp.Diff(err.Error(), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", text, diff)
		}
		if leaks(err.Error()) {
			t.Errorf("%s: got the secret in %v", text, err)
		}
	}
	if _, err := (secret.Ref{}).Resolve(t.Context(), resolver()); err == nil {
		t.Error("got no error for the zero Ref")
	}
	r, err := secret.NewRef("${exec:true}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resolve(t.Context(), secret.Resolver{}); err == nil {
		t.Error("got no error for a kind that nobody resolves")
	}
}

func TestNewRef(t *testing.T) {
	for text, want := range map[string]error{
		"${env:A}": nil, "${env:_a1}": nil, "${file:/a b}": nil, "${exec:a | b}": nil,
		"": secret.ErrLiteral, canary: secret.ErrLiteral, "x${env:A}": secret.ErrLiteral, "${env:A}x": secret.ErrLiteral,
		"${env:A}${env:B}": secret.ErrReference, "${env:}": secret.ErrReference, "${env:1A}": secret.ErrReference,
		"${env:A B}": secret.ErrReference, "${vault:A}": secret.ErrReference, "${exec: }": secret.ErrReference,
		"${file:a\nb}": secret.ErrReference, "${ENV:A}": secret.ErrReference, " ${env:A}": secret.ErrLiteral,
	} {
		r, err := secret.NewRef(text)
		if !errors.Is(err, want) || (err == nil) == r.IsZero() {
			t.Errorf("%q: got %v, %v, want %v", text, r, err, want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: got the text in %v", text, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	tmpl, err := secret.NewTemplate("https://${env:HOST}/${env:TOKEN}/$x")
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.Resolve(t.Context(), resolver())
	if err != nil || got != "https://example.org/"+canary+"/$x" {
		t.Errorf("got %q, %v", got, err)
	}
	if tmpl.IsZero() || tmpl.IsLiteral() || tmpl.Text() != "https://${env:HOST}/${env:TOKEN}/$x" {
		t.Errorf("got %v, %v, %q", tmpl.IsZero(), tmpl.IsLiteral(), tmpl)
	}
	if _, err := secret.NewTemplate("a ${env:A"); !errors.Is(err, secret.ErrReference) {
		t.Errorf("got %v for an open reference", err)
	}
	if zero := (secret.Template{}); !zero.IsZero() || zero.Text() != "" {
		t.Error("got a zero Template with text")
	}
	missing, err := secret.NewTemplate("a/${env:MISSING}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := missing.Resolve(t.Context(), resolver()); err == nil || !strings.Contains(err.Error(), "MISSING") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}

// TestLiteralIsMasked decodes a literal and prints the finding in every way.
func TestLiteralIsMasked(t *testing.T) {
	for _, text := range []string{
		"a: " + canary, "a: '" + canary + "'", `a: "` + canary + `"`, "a: |\n  " + canary, "a: [" + canary + "]",
		"a: {b: " + canary + "}", "{a: " + canary + ", b: 1}", "a: '${" + canary + "}'", "{b: 1, a: x" + canary + "}",
	} {
		src := &diag.Source{Name: "f.yaml", Text: []byte(text)}
		var list diag.List
		report := func(d diag.Diagnostic) { list = append(list, d) }
		var into struct {
			A secret.Ref      `yaml:"a"`
			B strict.Node     `yaml:"b"`
			C secret.Template `yaml:"c"`
		}
		strict.Parse(src, report).Decode(report, &into)
		// A second finding on the same line must not show it either.
		report(diag.Errorf(src.Span(0, 1), "other", "another finding"))
		if len(list) != 2 || !into.A.IsZero() {
			t.Fatalf("%q: got %v", text, list)
		}
		var b strings.Builder
		diag.Render(&b, list)
		js, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{b.String(), list.Error(), string(js)} {
			if leaks(got) {
				t.Errorf("%q: got the secret in\n%s", text, got)
			}
		}
	}
}
