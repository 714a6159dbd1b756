// Package places connects to where files are published that is not on this
// machine: buckets of Amazon S3 and of what speaks its protocol, buckets of
// Google Cloud Storage, and folders of SFTP servers.
//
// It knows nothing of syncs or rows, and never holds a whole file in memory.
// Start at Open; what a place must do is said at deliver.Place.
package places

import (
	"context"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Open is a deliver.OpenPlace. Nothing is sent before the place is used.
func Open(ctx context.Context, spec syncs.Spec, dir string, secrets func(secret.Ref) secret.Value) (deliver.Place, error) {
	if spec.Place.Bucket != nil {
		return openBucket(ctx, spec, secrets)
	}
	return openServer(spec, dir, secrets), nil
}

var _ deliver.OpenPlace = Open

// stop is an error that ends the delivery.
func stop(code, message string) error { return &deliver.StopError{Code: code, Message: message} }

// hider takes credentials out of texts: servers like to repeat what they were
// sent.
type hider []string

func (h *hider) learn(v secret.Value) string {
	text := v.Reveal()
	if len(text) >= deliver.MinSecret {
		*h = append(*h, text)
	}
	return text
}

func (h *hider) hide(text string) string {
	for _, s := range *h {
		text = strings.ReplaceAll(text, s, "[redacted]")
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
