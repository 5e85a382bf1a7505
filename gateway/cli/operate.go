package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"safeconduct/authz/people"
	"safeconduct/config"
	"safeconduct/gateway/app"
)

// load reads the configuration for a command of operators.
func (s *shell) load(cmd *cobra.Command) (config.Config, error) {
	c, err := config.Load(cmd.Flags(), s.env, s.configFile())
	if err != nil {
		return config.Config{}, usage(fmt.Errorf("the configuration cannot be used:\n%w", err))
	}
	return c, nil
}

func (s *shell) configFile() string {
	if s.config != "" {
		return s.config
	}
	return s.lookup("SAFECONDUCT_CONFIG")
}

// operator makes a command that is configured by every key.
func (s *shell) operator(use, short, long string, run func(cmd *cobra.Command, c config.Config) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load(cmd)
			if err != nil {
				return err
			}
			return run(cmd, c)
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

func (s *shell) serve() *cobra.Command {
	return s.operator("serve", "Serve the API, and keep the log",
		`Serves until interrupted, then lets running requests end. Its operations log goes to standard error.

Plays every duty, or those that --duty names: intake asks the gate, seals and
stores; release opens and sends; keeper makes keys and destroys what is due;
sequencer signs the log. Each has a login of its own (duties.* in the
configuration), and a process reads the logins of its own duties only. An
operation of another duty is answered with 503 and the duty's name.`,
		func(cmd *cobra.Command, c config.Config) (err error) {
			ctx := cmd.Context()
			a, err := app.Open(ctx, c, s.Err)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			if err := a.Listen(ctx); err != nil {
				return err
			}
			a.Log.InfoContext(ctx, "serving", "url", a.URL(), "profile", string(c.Profile))
			return a.Run(ctx)
		})
}

func (s *shell) migrate() *cobra.Command {
	return s.operator("migrate", "Bring the database to the newest schema",
		"Safe to repeat, and to run before the new program is started: programs work with the schema of the version before and after theirs.",
		func(cmd *cobra.Command, c config.Config) error {
			version, err := app.Migrate(cmd.Context(), c)
			if err != nil {
				return err
			}
			return s.result(map[string]int64{"schema": version}, func() error { return s.print("The database is at schema %d.", version) })
		})
}

// enrolled is what bootstrap tells of one person: where the token is, never
// what it is.
type enrolled struct {
	Person    string    `json:"person"`
	TokenFile string    `json:"token_file"`
	Expires   time.Time `json:"expires"`
}

func (s *shell) bootstrap() *cobra.Command {
	var f founding
	cmd := s.operator("bootstrap --name NAME --name NAME --passed DATE --passed DATE --out DIR", "Enrol the first two role-granters, once, offline",
		`Enrols two persons of Legal, who grant every further role; neither can grant
their own. It works once, on an empty system, and is logged. Each token is
written to a file of its own in DIR, readable by you alone: hand it over in
person, and delete the file. Tokens are never printed.

--passed states the day on which each passed the data-protection course, once
for both or twice, in the order of --name: it is recorded as their training.
Nothing else is open to them until each has signed the confidentiality
undertaking with their own token: safeconduct undertaking sign`,
		func(cmd *cobra.Command, c config.Config) error { return s.enrolFirst(cmd.Context(), c, f) })
	cmd.Flags().StringArrayVar(&f.names, "name", nil, "`NAME` of a person; twice")
	cmd.Flags().StringArrayVar(&f.passed, "passed", nil, "`DATE` (YYYY-MM-DD) on which the course was passed; once for both, or twice")
	cmd.Flags().StringVar(&f.course.Course, "course", "", "`CODE` of the course (default the first that the rules count)")
	cmd.Flags().StringVar(&f.course.CourseVersion, "course-version", "1", "`VERSION` of the course")
	cmd.Flags().StringVar(&f.course.Language, "language", "en", "`LANGUAGE` in which it was taken: en, fr or es")
	cmd.Flags().StringVar(&f.out, "out", "", "`DIR` for the files with the tokens")
	return cmd
}

// founding is the flags of bootstrap.
type founding struct {
	names, passed []string
	course        people.Completion
	out           string
}

// founders are the first two people, with what is stated of each.
func (f founding) founders() (first, second app.Founder, err error) {
	if len(f.names) != 2 {
		return first, second, usagef("name two persons: --name NAME --name NAME")
	}
	if len(f.passed) != 1 && len(f.passed) != 2 {
		return first, second, usagef("when did they pass the data-protection course? Give --passed DATE, once for both or twice")
	}
	both := [2]app.Founder{}
	for i := range both {
		both[i].Person, both[i].Completed = people.Person{Name: f.names[i]}, f.course
		if both[i].Completed.Passed, err = time.Parse(time.DateOnly, f.passed[min(i, len(f.passed)-1)]); err != nil {
			return first, second, usagef("--passed takes a day as YYYY-MM-DD, such as 2026-02-28")
		}
	}
	return both[0], both[1], nil
}

func (s *shell) enrolFirst(ctx context.Context, c config.Config, f founding) (err error) {
	one, two, err := f.founders()
	if err != nil {
		return err
	}
	names, out := f.names, f.out
	if out == "" {
		return usagef("where to with the tokens? Give --out DIR")
	}
	files := []string{filepath.Join(out, "token-1"), filepath.Join(out, "token-2")}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return fmt.Errorf("making --out: %w", err)
	}
	opened, err := reserve(files)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			for _, f := range opened {
				err = errors.Join(err, f.Close(), os.Remove(f.Name()))
			}
		}
	}()
	a, err := app.Open(ctx, c, s.Err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }() // it closes after ctx has ended
	first, err := a.Services.Bootstrap(ctx, a.Parts.Store, one, two)
	if err != nil {
		return err
	}
	var told []enrolled
	for i, e := range first {
		_, werr := opened[i].WriteString(e.Secret.Reveal() + "\n")
		if werr := errors.Join(werr, opened[i].Sync(), opened[i].Close()); werr != nil {
			s.say("safeconduct: writing %s: %v; that person's token is lost, and the other one can issue a new one", files[i], werr)
		}
		told = append(told, enrolled{e.Person.ID, files[i], e.Token.Expires})
	}
	return s.result(told, func() error {
		for i, t := range told {
			if err := s.print("%s is enrolled as %s; the token is in %s and ends %s", names[i], t.Person, t.TokenFile, t.Expires.Format(time.RFC3339)); err != nil {
				return err
			}
		}
		return nil
	})
}

// reserve makes the files for the tokens before anybody is enrolled: a token
// that cannot be written would be lost.
func reserve(paths []string) ([]*os.File, error) {
	var files []*os.File
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			for _, f := range files {
				err = errors.Join(err, f.Close(), os.Remove(f.Name()))
			}
			return nil, fmt.Errorf("making the files for the tokens: %w; name an empty --out", err)
		}
		files = append(files, f)
	}
	return files, nil
}

func (s *shell) configuration() *cobra.Command {
	return group("config", "The configuration in force", s.operator("print", "Print the configuration in force, secrets redacted",
		"Writes YAML with the origin of each value: default, file, environment or flag. The reference of every key is in deploy/docs.",
		func(_ *cobra.Command, c config.Config) error {
			if !s.json {
				return c.Print(s.Out)
			}
			var text bytes.Buffer
			var values map[string]any
			if err := errors.Join(c.Print(&text), yaml.Unmarshal(text.Bytes(), &values)); err != nil {
				return fmt.Errorf("writing the configuration as JSON: %w", err)
			}
			return json.NewEncoder(s.Out).Encode(values)
		}))
}

// quiet is a log of operations for commands whose output people read: what
// went wrong, and no more.
func (s *shell) quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelError}))
}
