package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/dossier"
	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// listenAndServe serves the schedules, and the API where an address is given.
func (s *server) listenAndServe(ctx context.Context, address string) error {
	if address == "" {
		s.serve(ctx)
		return nil
	}
	open := serve.IsLoopback(address)
	if !open {
		if err := s.guarded(ctx, address); err != nil {
			return err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening at %s: %w", address, err)
	}
	api := serve.New(serve.Options{State: s.store, Project: apiProject{s}, Wake: s.loop.Wake, Metrics: s.listening.metrics.Handler(), Log: s.log, Now: s.app.now}, open)
	s.log.InfoContext(ctx, "listening", slog.String("address", listener.Addr().String()))
	// Either of the two ends the other.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer stop()
		ended <- api.Serve(ctx, listener)
	}()
	s.serve(ctx)
	stop()
	if err := <-ended; err != nil {
		return fmt.Errorf("serving the API: %w", err)
	}
	return nil
}

// guarded sees that what others can reach has a lock.
func (s *server) guarded(ctx context.Context, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return usageError{fmt.Errorf("--listen is %q: it has to look like 127.0.0.1:8080", address)}
	}
	tokens, err := s.store.APITokens(ctx)
	if err != nil {
		return err
	}
	now := s.app.now()
	if !slices.ContainsFunc(tokens, func(x state.APIToken) bool { return lives(x, now) }) {
		return &state.Error{
			Message: fmt.Sprintf("--listen %s can be reached from other machines, and there is no token that would keep them out", address),
			Help:    "make one with customhouse token create --name NAME --scope runs:read, or listen on 127.0.0.1",
		}
	}
	return nil
}

// have waits until nobody else in this process has the target open, where only
// one at a time can.
func (s *server) have(ctx context.Context) (leave func(), err error) {
	if s.warehouse == nil {
		return func() {}, nil
	}
	select {
	case s.warehouse <- struct{}{}:
		return func() { <-s.warehouse }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// apiProject is what the API asks a server's project.
type apiProject struct{ *server }

// patience is how long a request waits for the warehouse while a run has it.
const patience = 2 * time.Second

// busyFor is after how many seconds to ask again.
const busyFor = 5

// within looks at what the last run left in the warehouse.
func (p apiProject) within(ctx context.Context, f func(context.Context, *shower) error) error {
	soon, done := context.WithTimeout(ctx, patience)
	defer done()
	leave, err := p.have(soon)
	if err != nil {
		return serve.WarehouseBusy.Problem("a run has it: try again").After(busyFor)
	}
	defer leave()
	own := p.current()
	in, err := p.app.enter(ctx, own)
	if err == nil {
		err = f(ctx, &shower{app: p.app, project: own, plan: p.planned(), in: in, wh: in.wh, limit: 1})
		err = errors.Join(err, in.leave())
	}
	return p.problem(ctx, err)
}

// problem is an error as a caller may see it.
func (p apiProject) problem(ctx context.Context, err error) error {
	var usage usageError
	var nobody nobodyError
	var several severalError
	var unbuilt unbuiltError
	var value *dossier.NoValueError
	var warehouse *adapters.Error
	var known *serve.Problem
	switch {
	case err == nil || errors.As(err, &known) || ctx.Err() != nil:
		return err
	case inUse(err) != "":
		return serve.WarehouseBusy.Problem("a run has it: try again").After(busyFor)
	case errors.As(err, &usage), errors.As(err, &nobody):
		return serve.NotFound.Problem("%s", err)
	case errors.As(err, &several), errors.As(err, &unbuilt):
		return serve.Conflict.Problem("%s", err)
	case errors.As(err, &value):
		return serve.InvalidRequest.Problem("%s", err)
	case errors.As(err, &warehouse):
		// The message of a warehouse's error holds no content of rows.
		p.log.ErrorContext(ctx, "the warehouse did not answer a request", slog.String("error", warehouse.Message), slog.String("help", warehouse.Help))
		return serve.WarehouseFailed.Problem("the log of the server says why")
	}
	return err
}

// Schedules lists the project's schedules.
func (p apiProject) Schedules(ctx context.Context) ([]serve.Schedule, error) {
	list, err := p.current().scheduled(ctx, p.store)
	var out []serve.Schedule
	for _, x := range list {
		out = append(out, serve.Schedule{
			Name: x.Name, When: x.Line, Timezone: x.Timezone, Next: x.Next, Paused: x.Paused, ByProject: x.byProject, PausedBy: x.PausedBy, PausedAt: x.PausedAt,
		})
	}
	return out, err
}

// Selects sees that a selection means something.
func (p apiProject) Selects(_ context.Context, want schedule.Want) error {
	_, err := selection.Select(p.planned().Nodes, want.Select, want.Exclude, nil)
	if _, ok := errors.AsType[*selection.Error](err); ok {
		// The selector itself may hold anything.
		return serve.BadSelector.Problem("a selector names what the project does not have, or asks for a saved manifest: customhouse ls says what there is")
	}
	return err
}

// Syncs lists the project's syncs.
func (p apiProject) Syncs(context.Context) ([]serve.Sync, error) {
	var out []serve.Sync
	for _, x := range p.current().Syncs {
		out = append(out, serve.Sync{
			Name: x.Name, Destination: x.To.Destination, Object: x.To.Object, Mode: x.To.Mode, Purpose: x.Purpose, Segment: x.From.Segment,
		})
	}
	return out, nil
}

// Segments lists the project's segments.
func (p apiProject) Segments(ctx context.Context) (out []serve.Segment, err error) {
	err = p.within(ctx, func(ctx context.Context, s *shower) error {
		sizes, err := (&segmenter{s}).sizes(ctx, s.project.Segments)
		if err != nil {
			return err
		}
		for _, x := range sizes {
			one := serve.Segment{Name: x.Segment, Entity: x.Entity, Members: x.Members, Profiles: x.Profiles}
			if l := x.Last; l != nil {
				one.Last = &serve.SegmentAt{At: l.At, Members: l.Members, Entered: l.Entered, Left: l.Left, RunID: l.RunID}
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// Rejections lists rows of a sync that were refused and are still due.
func (p apiProject) Rejections(ctx context.Context, look serve.Look, sync, code string, offset, limit int) (out []serve.Rejection, err error) {
	if !slices.ContainsFunc(p.current().Syncs, func(x *config.Sync) bool { return x.Name == sync }) {
		return nil, serve.NotFound.Problem("the project has no such sync")
	}
	columns := []string{"key", "entity_id", "origin", "code", "message", "attempts", "first_at", "last_at", "run_id"}
	which := sql.And{sql.Fn(sql.Eq, sql.Col("e", "sync"), sql.String(sync))}
	if code != "" {
		which = append(which, sql.Fn(sql.Eq, sql.Col("e", "code"), sql.String(code)))
	}
	order := func(alias string) []sql.Order {
		return []sql.Order{sql.Asc(sql.Col(alias, "entity_id")), sql.Asc(sql.Col(alias, "key"))}
	}
	n := sql.Col("r", "n")
	err = p.within(ctx, func(ctx context.Context, s *shower) error {
		rows, err := s.wh.All(ctx, &sql.Select{
			Items: sql.Items("r", columns...),
			From: sql.Derived{As: "r", Query: &sql.Select{
				Items: append(sql.Items("e", columns...), sql.As(sql.Window{Call: sql.Fn(sql.RowNumber), OrderBy: order("e")}, "n")),
				From:  sql.TableRef{Table: audience.Rejections, As: "e"}, Where: which,
			}},
			Where:   sql.And{sql.Fn(sql.Gt, n, sql.Int(int64(offset))), sql.Fn(sql.Le, n, sql.Int(int64(offset+limit)))},
			OrderBy: order("r"),
		})
		if missing, ok := errors.AsType[*adapters.Error](err); ok && missing.Kind == adapters.NotFound {
			return nil // Nothing was delivered yet.
		}
		if err != nil {
			return err
		}
		masks, err := p.masks(ctx, s.project, look, audit.Of("sync", sync), someone{})
		if err != nil {
			return err
		}
		class := masks.Key(sync)
		for _, r := range rows {
			message := ""
			if masks.Open() {
				message = console.Cell(r[4])
			}
			out = append(out, serve.Rejection{
				Key: masks.String(class, console.Cell(r[0])), ID: integer(r[1]), Origin: console.Cell(r[2]), Code: console.Cell(r[3]), Message: message,
				Attempts: integer(r[5]), First: instant(r[6]), Last: instant(r[7]), RunID: console.Cell(r[8]),
			})
		}
		return err
	})
	return out, err
}

// Profile is the one that an identifier belongs to.
func (p apiProject) Profile(ctx context.Context, look serve.Look, entity, identifier, value string) (out serve.Profile, err error) {
	if _, err := strconv.ParseInt(value, 10, 64); identifier == "id" && err != nil {
		return out, serve.NotFound.Problem("an id is a whole number")
	}
	err = p.within(ctx, func(ctx context.Context, s *shower) error {
		id, found, err := s.person(ctx, entity, identifier, value)
		if err != nil {
			return err
		}
		masks, err := p.masks(ctx, s.project, look, audit.Of("entity", entity), someone{entity, id})
		if err != nil {
			return err
		}
		found.mask(masks)
		out = serve.Profile{Entity: entity, ID: id, Traits: []serve.Trait{}, Identifiers: []serve.Identifier{}, Segments: []serve.Membership{}}
		for _, f := range found.Profile {
			if f.Name == identity.Column(s.entity(entity)) {
				continue
			}
			out.Traits = append(out.Traits, serve.Trait{Name: f.Name, Value: f.Value})
		}
		for _, f := range found.Identifiers {
			out.Identifiers = append(out.Identifiers, serve.Identifier{Type: f.Name, Value: console.Cell(f.Value)})
		}
		for _, f := range found.Segments {
			out.Segments = append(out.Segments, serve.Membership{Segment: f.Name, Entered: instant(f.Value)})
		}
		return nil
	})
	return out, err
}

// masks shows values as a caller of the API may see them; as they are, to who says
// why, once that is written down.
func (p apiProject) masks(ctx context.Context, own *project, look serve.Look, what audit.Object, who someone) (*mask.Masker, error) {
	masks := mask.New(own.Project, own.checked.Classes(), look.Because != "")
	if look.Because == "" {
		return masks, nil
	}
	log, err := p.app.auditLog(ctx, own, p.store)
	if err != nil {
		return nil, err
	}
	e := audit.Entry{Actor: look.By, Action: audit.Unmasked, Object: what, Reason: look.Because, Details: []audit.Detail{audit.Word("command", "api")}}
	if who != (someone{}) {
		e.Subject = log.Subject(who.entity, who.id)
	}
	return masks, log.Add(ctx, e)
}

// errLogged stands for the words of an error, which may quote a row.
var errLogged = errors.New("the log of the process that ran it says more")

// keeping writes down what a run came to, for whoever asks the API: nil where it
// did not begin.
func keeping(s run.Summary) func(*state.Timetable) error {
	if s.RunID == "" {
		return nil
	}
	s.Models, s.Syncs = slices.Clone(s.Models), slices.Clone(s.Syncs)
	for i := range s.Models {
		if s.Models[i].Err != nil {
			s.Models[i].Err = errLogged
		}
	}
	for i := range s.Syncs {
		if s.Syncs[i].Err != nil {
			s.Syncs[i].Err = errLogged
		}
	}
	return func(t *state.Timetable) error {
		var b bytes.Buffer
		if err := console.Results(&b, s); err != nil {
			return err
		}
		var parts struct {
			Syncs []json.RawMessage `json:"syncs"`
		}
		if err := json.Unmarshal(b.Bytes(), &parts); err != nil {
			return fmt.Errorf("reading the results of a run: %w", err)
		}
		var syncs []state.Result
		for i, x := range s.Syncs {
			if i < len(parts.Syncs) {
				syncs = append(syncs, state.Result{Of: x.Sync, Body: parts.Syncs[i]})
			}
		}
		return t.Keep(state.Result{Of: s.RunID, RunID: s.RunID, Body: b.Bytes()}, syncs...)
	}
}
