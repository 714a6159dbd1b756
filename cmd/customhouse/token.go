package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the tokens of the API of customhouse serve",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var name, expires string
	var scopes []string
	var long strings.Builder
	long.WriteString("Make a token and print it: it is not kept, only its hash is. Its scopes are what it\nmay, and nothing else:\n")
	for _, s := range serve.Scopes {
		fmt.Fprintf(&long, "\n  %-20s %s", s.Scope, s.Doc)
	}
	create := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it",
		Long:  long.String(),
		Example: `  customhouse token create --name airflow --scope runs:write --scope runs:read
  customhouse token create --name support --scope profiles:read --expires 2027-01-31`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error { return a.createToken(ctx, name, scopes, expires) }),
	}
	create.Flags().StringVar(&name, "name", "", "what the token is called, in lists and logs")
	create.Flags().StringSliceVar(&scopes, "scope", nil, "something that it may (repeatable)")
	create.Flags().StringVar(&expires, "expires", "", "when it ends: a date in the project's time zone, or RFC 3339; never where it is not given")
	c.AddCommand(
		create,
		&cobra.Command{
			Use:   "list",
			Short: "List the tokens that there are and were, when each was used last, and by whom it was made",
			Args:  cobra.NoArgs,
			RunE:  do(func(ctx context.Context, _ []string) error { return a.listTokens(ctx) }),
		},
		&cobra.Command{
			Use:   "revoke name",
			Short: "End a token, at once",
			Args:  cobra.ExactArgs(1),
			RunE:  do(func(ctx context.Context, args []string) error { return a.revokeToken(ctx, args[0]) }),
		},
	)
	return c
}

// tokenName is what a token may be called: the name is in logs.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// lives says that a token is neither revoked nor expired.
func lives(x state.APIToken, now time.Time) bool {
	return x.Revoked.IsZero() && (x.Expires.IsZero() || now.Before(x.Expires))
}

// apiToken is a token in JSON.
type apiToken struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	Status    string     `json:"status"`
	Created   *time.Time `json:"created,omitempty"`
	CreatedBy string     `json:"created_by"`
	Expires   *time.Time `json:"expires,omitempty"`
	Revoked   *time.Time `json:"revoked,omitempty"`
	RevokedBy string     `json:"revoked_by,omitempty"`
	Used      *time.Time `json:"used,omitempty"`
}

func toToken(x state.APIToken, now time.Time) apiToken {
	status := "valid"
	switch {
	case !x.Revoked.IsZero():
		status = "revoked"
	case !lives(x, now):
		status = "expired"
	}
	return apiToken{
		ID: x.ID, Name: x.Name, Scopes: x.Scopes, Status: status, Created: given(x.Created), CreatedBy: x.CreatedBy,
		Expires: given(x.Expires), Revoked: given(x.Revoked), RevokedBy: x.RevokedBy, Used: given(x.Used),
	}
}

func (a *app) createToken(ctx context.Context, name string, scopes []string, expires string) (err error) {
	if !tokenName.MatchString(name) {
		return usageError{errors.New("--name is missing or no name: up to 64 letters, digits and any of -_. are one")}
	}
	var known []string
	for _, s := range serve.Scopes {
		known = append(known, string(s.Scope))
	}
	if len(scopes) == 0 {
		return usageError{fmt.Errorf("the token may nothing: give it one --scope or more of %s", strings.Join(known, ", "))}
	}
	for _, s := range scopes {
		if !slices.Contains(known, s) {
			return unknown("there is no scope "+s, s, known, "there are")
		}
	}
	slices.Sort(scopes)
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	x := state.APIToken{Name: name, Scopes: slices.Compact(scopes), CreatedBy: a.who()}
	if expires != "" {
		if x.Expires, err = instantOf("--expires", expires, p.Timezone); err != nil {
			return err
		}
		if !lives(x, a.now()) {
			return usageError{fmt.Errorf("--expires is %s, which has passed", expires)}
		}
	}
	var text string
	text, x.ID, x.Hash = serve.NewToken()
	log, err := a.auditLog(ctx, p, store)
	if err == nil {
		err = log.Ready(ctx)
	}
	if err == nil {
		err = store.AddAPIToken(ctx, x)
	}
	if err == nil {
		err = log.Add(ctx, a.tokenEntry(audit.TokenCreated, x))
	}
	if err != nil {
		return err
	}
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema string `json:"schema"`
			Token  string `json:"token"`
			apiToken
		}{"customhouse/token/v1", text, toToken(x, a.now())})
	}
	fmt.Fprintf(a.stderr, "token %s may %s. It is shown this once:\n", name, strings.Join(x.Scopes, ", "))
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}

func (a *app) listTokens(ctx context.Context) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	list, err := store.APITokens(ctx)
	if err != nil {
		return err
	}
	out := []apiToken{}
	for _, x := range list {
		out = append(out, toToken(x, a.now()))
	}
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema string     `json:"schema"`
			Tokens []apiToken `json:"tokens"`
		}{"customhouse/tokens/v1", out})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tBEGINS WITH\tSTATUS\tEXPIRES\tLAST USED\tMADE BY\tSCOPES")
	shown := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return inZone(*t, cmp.Or(p.Timezone, time.UTC))
	}
	for _, x := range out {
		fmt.Fprintf(w, "%s\tcht_%s\t%s\t%s\t%s\t%s\t%s\n", x.Name, x.ID, x.Status, shown(x.Expires), shown(x.Used), x.CreatedBy, strings.Join(x.Scopes, ","))
	}
	return w.Flush()
}

func (a *app) revokeToken(ctx context.Context, name string) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	list, err := store.APITokens(ctx)
	if err != nil {
		return err
	}
	found, err := store.RevokeAPIToken(ctx, name, a.who())
	if err != nil {
		return err
	}
	if found {
		// It is revoked, whatever becomes of the log.
		log, err := a.auditLog(ctx, p, store)
		if err != nil {
			return err
		}
		x := state.APIToken{Name: name, ID: "unknown"} // One that was made since.
		if i := slices.IndexFunc(list, func(x state.APIToken) bool { return x.Name == name && x.Revoked.IsZero() }); i >= 0 {
			x = list[i]
		}
		return log.Add(ctx, a.tokenEntry(audit.TokenRevoked, x))
	}
	var names []string
	for _, x := range list {
		if x.Revoked.IsZero() {
			names = append(names, x.Name)
		}
	}
	return unknown("no token that is not revoked is called "+name, name, names, "there are")
}

// tokenEntry is an entry of the audit log about a token, by the part of it that is
// no secret.
func (a *app) tokenEntry(action audit.Action, x state.APIToken) audit.Entry {
	return audit.Entry{
		Actor: a.actor(), Action: action, Object: audit.Of("token", "cht_"+x.ID),
		Details: []audit.Detail{audit.Told("name", x.Name), audit.Words("scopes", x.Scopes)},
	}
}
