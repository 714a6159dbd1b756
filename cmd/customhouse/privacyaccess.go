package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/dossier"
	"github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	subject "github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
)

// accessing are the flags of a request that a file answers.
type accessing struct {
	entity, out, evidence, received string
	portable                        bool
}

func (a *app) privacyAccessCommand() *cobra.Command {
	var q accessing
	c := &cobra.Command{
		Use:   "access <identifier>=<value>... | REQUEST",
		Short: "Write everything that is held of a person into one ZIP file",
		Long: `One ZIP with a page for people (index.html), a document for programs (person.json)
and a table for each part (CSV): identifiers, the rows of every source, traits with
where each value comes from, segments, consents and deliveries. What is other
people's in rows that they share is left out, and said so.

It is a request like those of other rights: it has evidence and a due date, and
customhouse privacy list, show, extend and refuse know it. Without --out it is
written down alone, and the file is written later, by the request's id. When the
file is written the request is done, and holds digests in place of identifiers.`,
		Example: `  customhouse privacy access email=ada@example.com --evidence 'ticket 4711' --out ada.zip
  customhouse privacy access email=ada@example.com --evidence 'ticket 4711' --portable --out ada.zip
  customhouse privacy access email=ada@example.com --evidence 'ticket 4711' --received 2026-03-01
  customhouse privacy access access-20260301-1f3a9c --out ada.zip`,
		Args: cobra.MinimumNArgs(1),
	}
	c.RunE = do(func(ctx context.Context, args []string) error {
		if len(args) > 1 || strings.Contains(args[0], "=") {
			return a.access(ctx, args, q)
		}
		for _, name := range []string{"entity", "evidence", "received", "portable"} {
			if c.Flags().Changed(name) {
				return usageError{fmt.Errorf("%s is a request, which has its --%s already: leave it out, or name the person as email=ada@example.com", args[0], name)}
			}
		}
		if q.out == "" {
			return usageError{errors.New("--out says where the file goes")}
		}
		return a.answerRequest(ctx, args[0], q.out)
	})
	c.Flags().StringVar(&q.out, "out", "", "file to write, which is not there yet; without it the request is written down alone")
	c.Flags().StringVar(&q.entity, "entity", "", "whose identifiers they are; the first entity that has such a one by default")
	c.Flags().StringVar(&q.evidence, "evidence", "", "what proved who asks, such as the number of a ticket; it is kept, and must not name the person")
	c.Flags().StringVar(&q.received, "received", "", "when it was asked: a date in the project's time zone, or RFC 3339; now where none is given")
	c.Flags().BoolVar(&q.portable, "portable", false, "leave out what was derived, as the right to data portability has it")
	return c
}

// access writes a request down that a file answers, and the file where it is said
// where it goes.
func (a *app) access(ctx context.Context, args []string, q accessing) error {
	return a.atFile(ctx, func(ctx context.Context, s *shower, d *privacy.Desk) error {
		e, typed, err := s.typed(q.entity, args)
		if err != nil {
			return err
		}
		what := question{kind: privacy.Access, entity: e.Name, identifiers: typed, evidence: q.evidence, received: q.received}
		if q.portable {
			what.kind = privacy.Portability
		}
		if q.out != "" {
			// Nobody's file is written, and there is no request for it.
			p, err := s.identified(ctx, e, typed)
			if err == nil {
				err = one(p)
			}
			if err != nil {
				return err
			}
			if _, err := os.Lstat(q.out); err == nil {
				return fmt.Errorf("%s is there already, and is not written over", q.out)
			}
		}
		r, fresh, err := s.receive(ctx, d, what)
		if err != nil {
			return err
		}
		if !fresh {
			a.stands(r)
		}
		if q.out == "" {
			return a.printRequest(ctx, d.Store, r.ID, nil)
		}
		return s.write(ctx, d, r.ID, q.out)
	})
}

// answerRequest writes the file of a request that was written down before.
func (a *app) answerRequest(ctx context.Context, id, out string) error {
	return a.atFile(ctx, func(ctx context.Context, s *shower, d *privacy.Desk) error { return s.write(ctx, d, id, out) })
}

// atFile does what needs the requests, and the warehouse to look at alone.
func (a *app) atFile(ctx context.Context, f func(context.Context, *shower, *privacy.Desk) error) error {
	return a.look(ctx, 1, func(ctx context.Context, s *shower) error {
		store, err := s.in.store(ctx)
		if err != nil {
			return err
		}
		d, err := a.desk(ctx, s.project, store)
		if err != nil {
			return err
		}
		return told(f(ctx, s, d))
	})
}

// receive writes a request down that a file answers. It only looks into the
// warehouse, so that a run may have it meanwhile.
func (s *shower) receive(ctx context.Context, d *privacy.Desk, q question) (state.PrivacyRequest, bool, error) {
	e, err := s.whose(q.entity, q.identifiers)
	if err != nil {
		return state.PrivacyRequest{}, false, err
	}
	ask := privacy.Ask{Kind: q.kind, Entity: e.Name, Evidence: q.evidence, Key: q.key}
	if q.received != "" {
		if ask.Received, err = instantOf("--received", q.received, s.project.Timezone); err != nil {
			return state.PrivacyRequest{}, false, err
		}
	}
	for _, id := range q.identifiers {
		i := slices.IndexFunc(e.Identifiers, func(x config.Identifier) bool { return x.Name == id.Type })
		if i >= 0 {
			rows, err := s.wh.All(ctx, &sql.Select{Items: []sql.Item{sql.As(identity.Normal(e.Identifiers[i], id.Value), "v")}})
			if err != nil {
				return state.PrivacyRequest{}, false, err
			}
			value, ok := rows[0][0].(string)
			if !ok {
				return state.PrivacyRequest{}, false, &dossier.NoValueError{Type: id.Type}
			}
			id.Value = value
		}
		if !slices.Contains(ask.Identifiers, id) {
			ask.Identifiers = append(ask.Identifiers, id)
		}
	}
	return d.Receive(ctx, ask)
}

// write writes the file of a request where somebody says.
func (s *shower) write(ctx context.Context, d *privacy.Desk, id, path string) error {
	var sum dossier.Summary
	r, err := d.Answer(ctx, id, func(ctx context.Context, r state.PrivacyRequest) (_ string, err error) {
		sum, err = s.dossier(ctx, d, r, s.command, func(opt dossier.Options) (dossier.Summary, error) { return dossier.Create(ctx, path, opt) })
		host, _ := os.Hostname()
		return receipt(sum, "written at "+cmp.Or(host, "this machine")), err
	})
	if err != nil {
		return err
	}
	return s.written(path, r, sum)
}

// dossier makes the ZIP of the person whom a request is about. That it is made is
// written down before.
func (s *shower) dossier(ctx context.Context, d *privacy.Desk, r state.PrivacyRequest, command string, to func(dossier.Options) (dossier.Summary, error)) (dossier.Summary, error) {
	none := dossier.Summary{}
	e := s.entity(r.Entity)
	if e == nil {
		return none, fmt.Errorf("the project has no entity %s, which request %s is about", r.Entity, r.ID)
	}
	p, err := s.identified(ctx, e, r.Identifiers)
	if err == nil {
		err = one(p)
	}
	if err != nil {
		return none, err
	}
	if err := s.readable(ctx, e); err != nil {
		return none, err
	}
	err = d.Audit.Add(ctx, audit.Entry{
		Actor: d.Actor, Action: audit.Exported, Object: audit.Of("entity", e.Name), Subject: d.Audit.Subject(e.Name, p.IDs[0]),
		Details: []audit.Detail{audit.Word("command", command), audit.Word("request", r.ID)},
	})
	if err != nil {
		return none, err
	}
	return to(dossier.Options{
		Project: s.project.Project, Plan: s.plan, Warehouse: s.wh, Register: s.project.register(s.plan), Person: p, Portable: r.Kind == privacy.Portability, Request: r.ID, Made: s.now(),
	})
}

// receipt is what is kept of a file: not its name, since people call files by whom
// they are about.
func receipt(sum dossier.Summary, where string) string {
	return fmt.Sprintf("%s, %s in %s, %s, SHA-256 %s", where, counted(sum.Rows, "row"), counted(int64(len(sum.Parts)), "part"), console.Bytes(sum.Bytes), sum.Sha256)
}

// severalError says that what was named is several people.
type severalError struct{ error }

// one refuses what is not one person: two people's data are not to come into one
// file, and nobody's identifier is of somebody else as well.
func one(p subject.Person) error {
	if len(p.IDs) == 0 {
		return nobodyError{fmt.Errorf("no %s has this identifier for their own: customhouse privacy where says where it is", p.Entity.Name)}
	}
	switch p.Living {
	case 0:
		return nobodyError{fmt.Errorf("no %s has this id any more", p.Entity.Name)}
	case 1:
		return nil
	}
	return severalError{fmt.Errorf("the identifiers are of %d different %s: make one file for each", p.Living, plural(p.Entity.Name))}
}

func (s *shower) written(path string, r state.PrivacyRequest, sum dossier.Summary) error {
	if s.format == "json" {
		type part struct {
			Name string `json:"name"`
			Rows int64  `json:"rows"`
		}
		parts := []part{}
		for _, p := range sum.Parts {
			parts = append(parts, part{p.Name, p.Rows})
		}
		return console.JSON(s.stdout, struct {
			Schema   string `json:"schema"`
			Request  string `json:"request"`
			Status   string `json:"status"`
			File     string `json:"file"`
			Sha256   string `json:"sha256"`
			Bytes    int64  `json:"bytes"`
			Rows     int64  `json:"rows"`
			Withheld int64  `json:"withheld"`
			Parts    []part `json:"parts"`
		}{"customhouse/dossier/v1", r.ID, r.Status, path, sum.Sha256, sum.Bytes, sum.Rows, sum.Withheld, parts})
	}
	_, err := fmt.Fprintf(s.stdout, "%s: %s in %s, %s\n", console.Line(path), counted(sum.Rows, "row"), counted(int64(len(sum.Parts)), "part"), console.Bytes(sum.Bytes))
	if err == nil && sum.Withheld > 0 {
		_, err = fmt.Fprintf(s.stdout, "  of %s what is other people's was withheld\n", counted(sum.Withheld, "row"))
	}
	if err == nil {
		_, err = fmt.Fprintf(s.stdout, "  answers %s, received %s: %s\n", r.ID, r.Received.Format(time.DateOnly), r.Status)
	}
	return err
}
