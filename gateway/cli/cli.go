package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// IO is what the commands read and write.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
}

// shell is what every command stands on.
type shell struct {
	IO
	env    []string
	config string // --config
	json   bool   // --json
	lines  bool   // the command writes JSON Lines: errors are not among them
}

// Run executes the command line args, without the program's name, and answers
// with the exit code. It reads the environment from env alone. When ctx ends
// the command ends in order.
func Run(ctx context.Context, args, env []string, stdio IO) int {
	s := &shell{IO: stdio, env: env}
	root := s.root(slices.Contains(args, actName)) // commands get it from ExecuteContext, and close after it has ended
	root.SetArgs(args)
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errSaid) {
		s.explain(err)
	}
	return exitCode(err)
}

// root is the whole tree of commands. The acts are among it where they are
// asked for: there are many.
func (s *shell) root(acts bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "safeconduct",
		Short: "Send personal data to partners under agreement, assessment and consent, or not at all",
		Long: `Safeconduct is a gateway for sending personal data to partners. It refuses every
transfer until a signed agreement, an approved risk-benefit assessment and
consent are there, keeps what is sent sealed, and logs everything in a log that
shows any alteration. To see it work: safeconduct demo

` + exitHelp,
		Version:       version(debug.ReadBuildInfo()),
		SilenceErrors: true, SilenceUsage: true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			text := fmt.Sprintf("there is no command %q", args[0])
			if like := c.SuggestionsFor(args[0]); len(like) > 0 {
				text += "; did you mean " + strings.Join(like, ", ") + "?"
			}
			return usagef(text + "; safeconduct --help lists them")
		},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
	})
	root.PersistentFlags().StringVar(&s.config, "config", "", "configuration `FILE` (YAML)")
	root.PersistentFlags().BoolVar(&s.json, "json", false, "write the result as JSON")
	root.AddCommand(
		s.serve(), s.migrate(), s.bootstrap(), s.demo(), s.send(), s.pull(), s.agreement(), s.training(), s.undertaking(), s.key(), s.log(), s.configuration(),
		s.act(acts),
	)
	return root
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef(fmt.Sprintf("there is no command %q; see %s --help", args[0], c.CommandPath()))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	g.AddCommand(commands...)
	return g
}

// exactly demands the arguments named.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("give " + strings.Join(names[len(args):], " and ") + "; see " + c.CommandPath() + " --help")
		case len(args) > len(names):
			return usagef("too many arguments; see " + c.CommandPath() + " --help")
		}
		return nil
	}
}

// lookup is the value of a variable of the environment.
func (s *shell) lookup(name string) string {
	for _, v := range slices.Backward(s.env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// say writes to standard error, for people.
func (s *shell) say(format string, args ...any) {
	fmt.Fprintf(s.Err, format+"\n", args...) //nolint:errcheck // nobody is left to tell
}

// print writes a result for people to standard output.
func (s *shell) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.Out, format+"\n", args...); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// result writes v as JSON where that is asked for, else what text says.
func (s *shell) result(v any, text func() error) error {
	if !s.json {
		return text()
	}
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// terminal reports whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
