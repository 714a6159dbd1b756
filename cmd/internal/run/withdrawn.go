package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

const (
	// withdrawnEvery is how old an answer may be by which rows are sent.
	withdrawnEvery = time.Second
	// withdrawnShare is how many times as long as the last answer took it may be
	// too, so that a slow warehouse is asked for a tenth of the time at most.
	withdrawnShare = 10
)

// withdrawals says whose rows a sync may not send any more. The warehouse and the
// state are asked at most once a second, whatever the number of requests.
type withdrawals struct {
	*runner
	audience *models.Audience

	mu sync.Mutex // guards what follows, and who asks
	// ids is the last answer, nil before the first; it holds until then.
	ids   map[int64]bool
	until time.Time
	// named are the identifiers that the Work table has.
	named []state.Identifier
}

// ask is the Withdrawn of a deliver.Job.
func (w *withdrawals) ask(ctx context.Context) (func(int64) bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if began := w.Clock.Now(); w.ids == nil || !began.Before(w.until) {
		ids, err := w.look(ctx)
		if err != nil {
			return nil, &StepError{Title: "ask who has withdrawn", Err: err}
		}
		w.ids = ids
		w.until = began.Add(max(withdrawnEvery, withdrawnShare*w.Clock.Now().Sub(began)))
	}
	ids := w.ids // It is another map each time.
	return func(id int64) bool { return ids[id] }, nil
}

func (w *withdrawals) look(ctx context.Context) (map[int64]bool, error) {
	rows, err := w.wh.All(ctx, w.audience.Withdrawn.Query)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(rows, func(row []any) bool { return row[0] == nil }) {
		more, err := w.wh.All(ctx, w.audience.Withdrawn.Gone)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	if err := w.name(ctx); err != nil {
		return nil, err
	}
	if len(w.named) > 0 {
		more, err := w.wh.All(ctx, w.audience.Withdrawn.Carriers)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	ids := make(map[int64]bool, len(rows))
	for _, row := range rows {
		if id, ok := row[0].(int64); ok {
			ids[id] = true
		}
	}
	return ids, nil
}

// name loads the identifiers of those whose requests are open into the Work table,
// where they are others than those that it has.
func (w *withdrawals) name(ctx context.Context) error {
	if w.State == nil {
		return nil
	}
	requests, err := w.State.OpenRequests(ctx)
	if err != nil {
		return err
	}
	var named []state.Identifier
	for i := range requests {
		if w.concerns(&requests[i]) {
			named = append(named, requests[i].Identifiers...)
		}
	}
	if slices.Equal(named, w.named) {
		return nil
	}
	w.named = nil
	if len(named) == 0 {
		return nil
	}
	table := w.audience.Withdrawn.Named
	if err := w.wh.Exec(ctx, sql.Drop{Table: table.Table}, table); err != nil {
		return err
	}
	if err := w.wh.Load(ctx, table.Table, sql.ColumnNames(table.Columns), func(yield func([]any, error) bool) {
		for _, id := range named {
			if !yield([]any{id.Type, id.Value}, nil) {
				return
			}
		}
	}); err != nil {
		return err
	}
	w.named = named
	return nil
}

// concerns says that a request, which is open, forbids to send the person by this
// sync: an erasure or a restriction, or an objection to its purpose or to any.
func (w *withdrawals) concerns(r *state.PrivacyRequest) bool {
	sync := w.audience.Sync
	if r.Entity != w.audience.Entity {
		return false
	}
	switch r.Kind {
	case "erase", "restrict":
		return true
	case "object":
		return r.Purpose == "" || r.Purpose == sync.Purpose
	}
	return false
}
