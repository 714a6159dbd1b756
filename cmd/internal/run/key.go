package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/models/privacy"
)

// ErrWrongKey says that nobody can tell who was erased. Nothing may be built or
// sent then: whoever was erased would come back.
var ErrWrongKey = errors.New("the key by which those who were erased are known is not the one that privacy_suppressions was made with: " +
	"nothing was changed and nothing was sent. Put the state of this target back as it was, or name the right key as its privacy_key")

// unlock holds the key against the list of those who were erased, and puts it
// where statements read it. It does nothing while nobody was erased.
func (r *runner) unlock(ctx context.Context) error {
	listed := false
	err := each(ctx, r.wh, privacy.Suppressed(), func([]any) error {
		listed = true
		return nil
	})
	if err != nil || !listed {
		return err
	}
	return Unlock(ctx, r.wh, r.Key)
}

// Unlock is ErrWrongKey where the list of those who were erased was made with
// another key. Otherwise it makes privacy.KeyTable, which lasts as long as other
// work tables.
func Unlock(ctx context.Context, wh *adapters.Warehouse, ask func(context.Context) (privacy.Key, error)) error {
	if ask == nil {
		return ErrWrongKey
	}
	key, err := ask(ctx)
	if err != nil {
		return fmt.Errorf("reading the key by which those who were erased are known: %w", err)
	}
	if checked, err := Fits(ctx, wh, key); err != nil || !checked {
		return cmp.Or(err, ErrWrongKey)
	}
	if err := wh.Exec(ctx, privacy.KeyTable); err != nil {
		return fmt.Errorf("making the work table of the key: %w", err)
	}
	return wh.Load(ctx, privacy.KeyTable.Table, []string{"inner", "outer"}, func(yield func([]any, error) bool) { yield(key.Row(), nil) })
}

// Fits is ErrWrongKey where the list of those who were erased was made with another
// key, and says whether it says so of any.
func Fits(ctx context.Context, wh *adapters.Warehouse, key privacy.Key) (checked bool, err error) {
	err = each(ctx, wh, privacy.CheckDigest(), func(row []any) error {
		checked = true
		if row[0] != key.CheckDigest() {
			return ErrWrongKey
		}
		return nil
	})
	return checked, err
}
