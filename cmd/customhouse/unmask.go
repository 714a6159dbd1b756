package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
)

// unmaskFlags let a command show values that are masked otherwise, to who says why.
func (a *app) unmaskFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.unmask, "unmask", false, "show personal and sensitive values as they are; the audit log says that you did")
	cmd.Flags().StringVar(&a.because, "because", "", "why --unmask: a few words for the audit log, without naming anybody")
}

// checkUnmask finds a value that is to be shown without a reason, or a reason for
// nothing.
func (a *app) checkUnmask(cmd *cobra.Command) error {
	switch because := cmd.Flags().Lookup("because"); {
	case cmd.Flags().Lookup("unmask") == nil:
		return nil
	case !a.unmask && because.Changed:
		return errors.New("--because says why --unmask: give both, or neither")
	case !a.unmask:
		return nil
	case !because.Changed:
		return errors.New("--unmask needs --because, with why: what is shown is written down in the audit log")
	}
	if err := audit.CheckReason(a.because); err != nil {
		return fmt.Errorf("--because: %w", err)
	}
	return nil
}

// someone is an entity that is looked at; the zero value is nobody in particular.
type someone struct {
	entity string
	id     int64
}

// masker shows values of a project as the command line wants them: masked by their
// class, or as they are, which is written down before any is shown: what is looked
// at, and whom.
func (a *app) masker(ctx context.Context, p *project, what audit.Object, who someone) (*mask.Masker, error) {
	masks := mask.New(p.Project, p.checked.Classes(), a.unmask)
	if !a.unmask {
		return masks, nil
	}
	return masks, a.note(ctx, p, audit.Unmasked, what, who)
}

// note writes down that this command shows values of people, or writes them to a
// file.
func (a *app) note(ctx context.Context, p *project, action audit.Action, what audit.Object, who someone) (err error) {
	store, err := a.openState(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	log, err := a.auditLog(ctx, p, store)
	if err != nil {
		return err
	}
	e := audit.Entry{Actor: a.actor(), Action: action, Object: what, Reason: a.because, Details: []audit.Detail{audit.Word("command", a.command)}}
	if who != (someone{}) {
		e.Subject = log.Subject(who.entity, who.id)
	}
	return log.Add(ctx, e)
}
