package deliver

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Removal is rows that are taken away outside of the audience of a sync, since
// somebody asked for it: by keys that the sync was known to have sent. What the
// ledger knows of them is for the caller to forget.
//
// A job of the sync that has not ended could bring back what is taken away: the
// caller has the sync, and its jobs have ended (Resume).
type Removal struct {
	// ID names the removal, at the destination too. One that is done again, after a
	// kill, has the ID that it had.
	ID string
	// AsOf is the instant at which it was asked for.
	AsOf time.Time
	// Schema is that of the sync: its object, key and fields.
	Schema syncs.Schema
	// Ops are the rows, each key once: a kind that leaves, the key, and the id of
	// whom it is about.
	Ops []syncs.Op
	// Jobs keeps the jobs that the removal starts, so that it can be done again
	// after a kill; they live as long as the call does where it is nil, and after a
	// kill the removal is simply sent again.
	Jobs Jobs
	// Settings are as in a Job.
	Settings Settings
}

// Erasure is people that a destination is to forget.
type Erasure struct {
	// ID and AsOf are as in a Removal.
	ID   string
	AsOf time.Time
	// Object is what they are erased from, one of syncs.Erasure.Objects, and By what
	// identifies them there, one of syncs.Erasure.By.
	Object, By string
	// People are their identifiers, each once.
	People []string
	// Settings are as in a Job.
	Settings Settings
}

// Receipt is what became of one row of a Removal, or of one person of an Erasure:
// what is kept as evidence.
type Receipt struct {
	// Key is the row's, or the person's identifier. It is personal data.
	Key string
	// Done says that the platform confirmed what was asked for, or has nobody by
	// that key: see Origin. By when it has done it says syncs.Erasure.Later.
	Done bool
	// Origin is Absent where there was nothing to do. Where it is not done it says
	// why: Invalid, Rejected or Unknown, and empty where nobody answered, so that it
	// has to be asked for again.
	Origin Origin
	// Code and Message explain what is not done; no row content.
	Code, Message string
	// Answer is what answered, nil where nothing did.
	Answer *Answer
}

// ErrByHand says that a destination has no call for what is asked: Spec.Manual says
// how somebody does it.
var ErrByHand = errors.New("the destination has no call for it: somebody has to do it by hand")

// Remove takes rows away. There is a receipt for each, in their order, whatever the
// error is: that of Run, or ErrByHand where the object cannot do it. It may be
// called again with those that are not done, or with all: to take away what is away
// already is done too.
func (a Asker) Remove(ctx context.Context, r Removal) ([]Receipt, error) {
	ways := a.Destination.Spec().TakesAway(r.Schema.Object)
	for _, op := range r.Ops {
		if !slices.Contains(ways, op.Kind) {
			return receipts(r.Ops, nil), ErrByHand
		}
	}
	return a.away(ctx, r)
}

// Erase has the platform forget people. There is a receipt for each, in their
// order, whatever the error is: that of Run, or ErrByHand where the platform erases
// nobody by that identifier. It may be called again as Remove may.
func (a Asker) Erase(ctx context.Context, e Erasure) ([]Receipt, error) {
	ops := make([]syncs.Op, len(e.People))
	for i, key := range e.People {
		ops[i] = syncs.Op{Kind: syncs.Erase, Key: key}
	}
	how := a.Destination.Spec().Erasure
	if !slices.Contains(how.By, e.By) || !slices.Contains(how.Objects([]string{e.Object}), e.Object) {
		return receipts(ops, nil), ErrByHand
	}
	return a.away(ctx, Removal{
		ID: e.ID, AsOf: e.AsOf, Ops: ops, Settings: e.Settings,
		Schema: syncs.Schema{
			Sync: "erasure", Object: e.Object, Key: e.By, Fields: []syncs.Field{{Name: e.By, Path: []string{e.By}, Type: syncs.String}},
		},
	})
}

// away delivers operations that take something away, whatever the guards of a sync
// say, and without its journal: each may be repeated.
func (a Asker) away(ctx context.Context, r Removal) ([]Receipt, error) {
	known := kept{}
	job := Job{
		RunID: r.ID, AsOf: r.AsOf, Destination: a.Destination, Schema: r.Schema, Secrets: a.Secrets, Dir: a.Dir,
		Counts: Counts{Removals: int64(len(r.Ops))}, Guards: config.Guards{AllowEmpty: true},
		Changes: func(context.Context) iter.Seq2[syncs.Op, error] {
			return func(yield func(syncs.Op, error) bool) {
				for _, op := range r.Ops {
					if op.Values = nil; !known[op.Key].Accepted && !yield(op, nil) {
						return
					}
				}
			}
		},
		Ledger: known, Place: r.ID, Jobs: r.Jobs, apart: true,
		Clock: a.Clock, Session: a.Session, KeepToken: a.KeepToken, HTTP: a.HTTP, OpenPlace: a.OpenPlace, Settings: r.Settings,
	}
	if job.Jobs == nil {
		job.Jobs = NewMemory()
	}
	var err error
	if len(r.Ops) > 0 {
		if _, err = Resume(ctx, job); err == nil {
			_, err = Run(ctx, job)
		}
	}
	return receipts(r.Ops, known), err
}

// kept is a Ledger that keeps the last result of each key.
type kept map[string]Result

// Record implements Ledger.
func (k kept) Record(_ context.Context, results []Result, _ bool) error {
	for _, r := range results {
		if !k[r.Key].Accepted {
			k[r.Key] = r
		}
	}
	return nil
}

// receipts are those of operations, by what is known of them.
func receipts(ops []syncs.Op, known kept) []Receipt {
	out := make([]Receipt, len(ops))
	for i, op := range ops {
		r := known[op.Key]
		out[i] = Receipt{Key: op.Key, Done: r.Accepted, Origin: r.Origin, Code: r.Code, Message: r.Message, Answer: r.Answer}
	}
	return out
}
