package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
)

// TestPrivacyKeyOfTheTarget: a key may be written in hex or in base64, is of 32
// bytes, and goes before the one that the state makes.
func TestPrivacyKeyOfTheTarget(t *testing.T) {
	store, err := state.Open(t.Context(), state.Options{Place: filepath.Join(t.TempDir(), "state.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	own, err := store.PrivacyKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte{7, 251}, 16)
	for _, c := range []struct {
		name, line, value string
		want              []byte
	}{
		{"none", "", "", own},
		{"hex", ", privacy_key: '${env:KEY}'", hex.EncodeToString(key), key},
		{"base64", ", privacy_key: '${env:KEY}'", base64.StdEncoding.EncodeToString(key), key},
		{"base64 without padding", ", privacy_key: '${env:KEY}'", base64.RawStdEncoding.EncodeToString(key), key},
		{"too short", ", privacy_key: '${env:KEY}'", hex.EncodeToString(key[:31]), nil},
		{"a word", ", privacy_key: '${env:KEY}'", "secret", nil},
		{"not set", ", privacy_key: '${env:OTHER}'", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{"customhouse.yaml": {Data: []byte("project: {name: p}\ntargets:\n  local: {type: duckdb, path: p.duckdb" + c.line + "}\n")}}
			p, found := config.Load(files, ".", kinds())
			if err := found.Err(); err != nil {
				t.Fatal(err)
			}
			a := &app{env: func(name string) (string, bool) { return c.value, name == "KEY" }}
			got, err := a.privacyKey(t.Context(), &project{Project: p, target: p.Targets[0]}, store)
			if !bytes.Equal(got, c.want) || (err == nil) != (c.want != nil) {
				t.Errorf("%x, %v; want %x", got, err, c.want)
			}
			if err != nil && c.value != "" && strings.Contains(err.Error(), c.value) {
				t.Errorf("the error tells the value: %v", err)
			}
		})
	}
}
