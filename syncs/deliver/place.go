package deliver

import (
	"context"
	"io"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Place is where files are published. What was staged is there for nobody
// before Publish, and a run that dies leaves nothing that Recover does not find.
//
// Each method may be repeated after a *PassingError, and goes on where it was.
// Other errors end the delivery; those for the user are *StopError.
type Place interface {
	// String is the place as people know it, such as s3://bucket/exports; no
	// secret.
	String() string

	// Recover removes what runs of a sync left that died: what they staged, and
	// files that they had published without the manifest. Who calls it holds the
	// sync, so that no other run of it is alive.
	Recover(ctx context.Context, sync string) error

	// Stage makes a file durable where no reader looks for it.
	Stage(ctx context.Context, lot Lot, f File) error

	// Publish makes all staged files visible under their names, and the manifest
	// last. Where one of the names is taken, and not to be replaced, it withdraws
	// the others.
	Publish(ctx context.Context, lot Lot, manifest File) error

	// Discard removes what was staged, and withdraws what was published without
	// the manifest.
	Discard(ctx context.Context, lot Lot) error

	// Check finds out whether the place can be used, as cheaply as may be.
	Check(ctx context.Context) error

	// Close releases connections.
	Close() error
}

// Lot is the files that one run publishes.
type Lot struct {
	Sync, RunID string
	// Dir and Replace are those of a syncs.FileRequest.
	Dir     string
	Replace bool
}

// Staging is the name that a lot has before it is published. Readers skip names
// that begin with a dot, and no name of a sync has a dot in it.
func (l Lot) Staging() string { return StagingPrefix(l.Sync) + l.RunID }

// StagingPrefix is what Lot.Staging begins with, for all runs of a sync.
func StagingPrefix(sync string) string { return ".staging." + sync + "." }

// File is a file to be staged.
type File struct {
	// Name is relative to Lot.Dir.
	Name string
	// Size is in bytes, and SHA256 the hash of all of them in hex.
	Size   int64
	SHA256 string
	Body   io.ReaderAt
}

// PassingError is that of a Place where the same call may succeed later: the
// connection was lost, or the place is busy.
type PassingError struct {
	Err error
	// Wait is how long the place asks to wait; 0 where it does not say.
	Wait time.Duration
}

func (e *PassingError) Error() string { return e.Err.Error() }

func (e *PassingError) Unwrap() error { return e.Err }

// OpenPlace connects to a place that is not on this machine.
type OpenPlace func(ctx context.Context, spec syncs.Spec, dir string, secrets func(secret.Ref) secret.Value) (Place, error)
