package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
)

// app is one execution of the command line.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	env            func(string) (string, bool)
	// tune and leaseTTL are for tests, which end the process at a point, and do
	// not wait for a minute; nil and 0 outside of them.
	tune     func(*run.Options)
	leaseTTL time.Duration
	// poll is how often serve looks at the state, for tests; 0 for the usual.
	poll time.Duration

	// The global flags.
	projectDir string
	dirGiven   bool
	target     string
	include    []string
	exclude    []string
	asOf       string
	// state is the manifest that selectors by state compare with.
	state string
	// fullRefresh is run's.
	fullRefresh bool
	// detailed is that of run and sync: degraded has an exit code of its own.
	detailed  bool
	format    string
	logFormat string
	noColor   bool
	// metricsFile and lineageFile are those of commands that run something.
	metricsFile, lineageFile string
	// unmask shows values that are masked otherwise, because of a reason.
	unmask  bool
	because string
	// command is the name of the one that runs.
	command string
	// quiet keeps the lines of progress to terminals.
	quiet bool

	// rendered says that findings stand on standard error already.
	rendered bool
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

// unknown is the mistake of naming what does not exist: it suggests the nearest
// name, or else lists them all.
func unknown(problem, name string, names []string, there string) error {
	switch near := diag.Nearest(name, names); {
	case near != "":
		return usageError{fmt.Errorf("%s; did you mean %s?", problem, near)}
	case len(names) == 0:
		return usageError{fmt.Errorf("%s: %s none", problem, there)}
	}
	return usageError{fmt.Errorf("%s: %s %s", problem, there, strings.Join(names, ", "))}
}

// failure is a handled failure that has been reported already: only the exit
// code is left to say.
type failure struct{ code int }

func (f failure) Error() string { return fmt.Sprintf("exit code %d", f.code) }

// execute runs the command line and reports what went wrong.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.newRoot() //nolint:contextcheck // cobra hands the context to the command
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	ran, err := root.ExecuteContextC(ctx)
	code := a.report(ctx, err)
	if _, told := errors.AsType[failure](err); code == exitUsage && !told && ran.Name() == "plan" && slices.Contains(args, "--detailed-exitcode") {
		return exitFailure // 2 says that there are changes
	}
	return code
}

// report prints an error, once, and chooses the exit code. Errors that are not
// handled are cobra's own, about the command line.
func (a *app) report(ctx context.Context, err error) int {
	var done failure
	var found diag.List
	var h handled
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &done):
		return done.code
	case errors.Is(context.Cause(ctx), run.ErrInterrupted):
		a.complain("interrupted", "")
		return exitUsage
	case errors.As(err, &found):
		a.findings(found)
		return exitFailure
	case !errors.As(err, &h):
		a.complain(err.Error(), "see customhouse --help")
		return exitUsage
	}
	help := ""
	if warehouse, ok := errors.AsType[*adapters.Error](err); ok {
		help = warehouse.Help
	} else if known, ok := errors.AsType[*state.Error](err); ok {
		help = known.Help
	} else if errors.Is(err, fs.ErrPermission) {
		help = "let the user that runs customhouse write there"
	} else if errors.Is(err, syscall.ENOSPC) {
		help = "free some room and run again"
	}
	a.complain(err.Error(), help)
	var usage usageError
	var selector *selection.Error
	if errors.As(err, &usage) || errors.As(err, &selector) {
		return exitUsage
	}
	return exitFailure
}

// complain prints an error, and what to do where that is known.
func (a *app) complain(message, help string) {
	if a.logFormat == "json" {
		a.logger().Error("command failed", slog.String("error", message), slog.String("help", help))
		return
	}
	fmt.Fprintf(a.stderr, "error: %s\n", message)
	if help != "" {
		fmt.Fprintf(a.stderr, "  help: %s\n", help)
	}
}

// findings prints what is wrong with a project: for programs on standard
// output, for people on standard error.
func (a *app) findings(list diag.List) {
	if a.format == "json" {
		// Writing to a closed output is reported by the exit code alone.
		_ = console.Findings(a.stdout, list)
		return
	}
	a.render(list)
}

// render prints findings for people, apart from those before.
func (a *app) render(list diag.List) {
	if a.rendered {
		fmt.Fprintln(a.stderr)
	}
	a.rendered = true
	diag.Render(a.stderr, list)
}

// handled marks errors that a command returned, unlike cobra's own.
type handled struct{ error }

func (h handled) Unwrap() error { return h.error }

// do makes a command's function of one of ours.
func do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f(cmd.Context(), args); err != nil {
			return handled{err}
		}
		return nil
	}
}

// newRoot is the whole command line.
func (a *app) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "customhouse",
		Short: "Customers, profiles, segments and audiences from YAML, inside your warehouse",
		Long: `Customhouse reads a folder of YAML and builds, inside your warehouse: one
identity per customer, profiles, segments, and the audiences that it keeps up
to date in other systems.

Start with: customhouse init my_project`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.dirGiven = cmd.Flags().Changed("project-dir")
			a.command = cmd.Name()
			if err := a.checkFlags(cmd); err != nil {
				return err
			}
			if err := a.checkUnmask(cmd); err != nil {
				return err
			}
			context.AfterFunc(cmd.Context(), func() { a.stopping(cmd.Context()) })
			return nil
		},
	}
	f := root.PersistentFlags()
	f.StringVar(&a.projectDir, "project-dir", ".", "folder of the project; without it, also looked for in the folders above")
	f.StringVar(&a.target, "target", "", "target of the project; its first one by default")
	f.StringArrayVar(&a.include, "select", nil, "only these resources, such as segment:vip+ or tag:hourly (repeatable)")
	f.StringArrayVar(&a.exclude, "exclude", nil, "not these resources (repeatable)")
	f.StringVar(&a.state, "state", "", "manifest.json that state:modified and state:new compare with, or the folder that it is in")
	f.StringVar(&a.asOf, "as-of", "", "the instant that now means: RFC 3339, or a date in the project's time zone (default: now)")
	f.StringVar(&a.format, "format", "human", "format of results: human or json")
	f.StringVar(&a.logFormat, "log-format", "text", "format of progress on standard error: text or json")
	f.BoolVar(&a.noColor, "no-color", false, "plain lines, even on a terminal")
	root.AddCommand(
		a.initCommand(), a.validateCommand(), a.compileCommand(), a.runCommand(), a.planCommand(), a.syncCommand(), a.showCommand(), a.explainCommand(), a.identityCommand(), a.segmentsCommand(),
		a.fmtCommand(), a.lsCommand(), a.schemaCommand(), a.versionCommand(), a.docsCommand(), a.demoCommand(), a.fakeCommand(), a.destinationCommand(), a.parityCommand(), a.doctorCommand(), a.serveCommand(), a.scheduleCommand(), a.testCommand(), a.dbtCommand(), a.alertsCommand(), a.tokenCommand(), a.privacyCommand(),
	)
	return root
}

// stopping answers the first signal at once: what is under way may take a while.
func (a *app) stopping(ctx context.Context) {
	if !errors.Is(context.Cause(ctx), run.ErrInterrupted) {
		return // the command is done
	}
	const message = "stopping cleanly; a second signal stops at once"
	if a.logFormat == "json" {
		a.logger().WarnContext(ctx, message)
		return
	}
	fmt.Fprintln(a.stderr, "\n"+message)
}

func (a *app) checkFlags(cmd *cobra.Command) error {
	formats := []string{"human", "json"}
	switch cmd.Name() {
	case "show":
		formats = console.RowFormats
	case "register":
		formats = []string{"human", "md", "csv", "json"}
	case "demo":
		formats = formats[:1] // it is for people
	}
	if !slices.Contains(formats, a.format) {
		return fmt.Errorf("--format is %q: it has to be one of %s", a.format, strings.Join(formats, ", "))
	}
	if !slices.Contains([]string{"text", "json"}, a.logFormat) {
		return fmt.Errorf("--log-format is %q: it has to be text or json", a.logFormat)
	}
	return empty(cmd)
}

// empty finds a flag that is given nothing, or an argument that is: a variable
// of a script that is not set must not mean everything.
func empty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if err == nil && slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
			err = fmt.Errorf("--%s is empty: give it a value, or leave it out", f.Name)
		}
	})
	for i, arg := range cmd.Flags().Args() {
		if err == nil && strings.TrimSpace(arg) == "" {
			err = fmt.Errorf("argument %d is empty", i+1)
		}
	}
	return err
}

// logger writes what happens as one JSON object a line.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// events is where the events of a run go.
// Its lines have the attributes, where they have any.
func (a *app) events(attrs ...any) run.Func {
	if a.logFormat == "json" {
		return console.Log(a.logger().With(attrs...))
	}
	if a.quiet && !a.live() {
		return nil
	}
	return console.Progress(a.stderr, a.live())
}

// live says that standard error is a terminal that a line can be replaced on.
func (a *app) live() bool {
	for _, name := range []string{"CI", "NO_COLOR"} {
		if v, ok := a.env(name); ok && v != "" {
			return false
		}
	}
	if v, _ := a.env("TERM"); v == "dumb" || a.noColor {
		return false
	}
	return isTerminal(a.stderr)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// at is the instant of --as-of.
func (a *app) at(zone *time.Location) (time.Time, error) {
	if a.asOf == "" {
		return a.now().UTC().Truncate(time.Microsecond), nil
	}
	return instantOf("--as-of", a.asOf, zone)
}

// instantOf is the instant that a flag names.
func instantOf(flag, text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC().Truncate(time.Microsecond), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t.UTC(), nil
	}
	return time.Time{}, usageError{fmt.Errorf("%s is %q: it has to look like 2026-01-31 or 2026-01-31T12:00:00Z", flag, text)}
}
