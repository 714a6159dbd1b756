package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
)

// privacyKey is the key of the digests of those who were erased: the one that the
// target refers to, or else that of its state.
func (a *app) privacyKey(ctx context.Context, p *project, store *state.Store) ([]byte, error) {
	ref := p.target.PrivacyKey
	if ref.IsZero() {
		return store.PrivacyKey(ctx)
	}
	at := p.target.Pos.At("privacy_key")
	value, err := ref.Resolve(ctx, a.resolver())
	if err != nil {
		return nil, diag.List{unresolved(err, at)}.Err()
	}
	text := value.Reveal()
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString} {
		if key, err := decode(text); err == nil && len(key) == state.PrivacyKeyBytes {
			return key, nil
		}
	}
	return nil, diag.List{diag.Errorf(at, "bad-privacy-key", "%s is not a key of %d bytes", ref.Text(), state.PrivacyKeyBytes).
		WithHelp("write 64 hexadecimal digits, or 32 bytes in base64: openssl rand -hex 32 makes a new one, as long as nobody was erased")}.Err()
}
