package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
)

// demoPort is where the demo listens if it can, so that what is written about
// it works.
const demoPort = "8420"

// databaseFile is the one embedded database, in the folder of its data.
const databaseFile = "safeconduct.db"

// playing is the flags of demo.
type playing struct {
	once, yes          bool
	data, listen, file string
}

func (s *shell) demo() *cobra.Command {
	var f playing
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play one referral from refusal to proof, then serve it to try by hand",
		Long: `Plays a whole story through the public API: refused without agreement, unsigned,
half signed, without assessment, without consent; then a dozen more refusals, from
an officer without training to data about health and an incident at the partner, each
met and mended by the right person; then sent and approved, held while the agreement
is suspended, pulled and identical; consent withdrawn and the next pull refused; the
log verified, the release decided again from it, and an alteration found. Persons,
papers and data are invented. Then it serves until interrupted, and says how to try it.

It needs nothing installed. --config plays the same story on the parts that a
configuration names (PostgreSQL, Vault, S3), which must be empty.`,
		Example: `  safeconduct demo
  safeconduct demo --data ./demo        # keeps the state; serve it again later
  safeconduct demo --once --json        # for scripts: a step a line`,
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), s) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", false, "end after the story: 0 only if every step ended as it must")
	flags.StringVar(&f.data, "data", "", "`DIR` to keep the state in (default a temporary one, removed at the end)")
	flags.StringVar(&f.listen, "listen", "", "loopback `ADDRESS` to listen at (default localhost:"+demoPort+" if free)")
	flags.StringVar(&f.file, "file", "", "`PATH` of a file of your own to send; consent is invented for it")
	flags.BoolVar(&f.yes, "yes", false, "play --file without asking")
	return cmd
}

func (f *playing) run(ctx context.Context, s *shell) (err error) {
	s.lines = s.json
	if err := f.check(s); err != nil {
		return err
	}
	payload, err := f.payload(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, payload.Close()) }()
	dir, remove, err := f.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	world, err := demo.Load(dir)
	again := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if again && f.file != "" {
		return usagef("the story in --data was played already: name another folder to play it with --file")
	}
	if err := unfinished(dir, again); err != nil {
		return err
	}
	c, err := f.configure(ctx, s, dir)
	if err != nil {
		return err
	}
	stage := &stage{shell: s, flags: f, dir: dir, config: c, payload: payload, again: again, world: world}
	return stage.open(ctx)
}

func (f *playing) check(s *shell) error {
	if f.listen != "" && !reachable(f.listen) {
		return usagef("--listen takes the loopback addresses localhost and 127.0.0.1 only, such as localhost:8420: the demo's tokens are for this machine")
	}
	if s.config != "" && f.data != "" {
		return usagef("--config and --data cannot go together: the state is where the configuration says")
	}
	if f.yes && f.file == "" {
		return usagef("--yes is for --file PATH")
	}
	return nil
}

// payload is what the story sends: the sample, or the user's file once they
// know what that means.
func (f *playing) payload(ctx context.Context, s *shell) (demo.Payload, error) {
	if f.file == "" {
		return demo.Sample()
	}
	if !f.yes && !terminal(s.In) {
		return demo.Payload{}, usagef("--file needs --yes where nobody can be asked: the demo invents agreement and consent for the persons in your file")
	}
	p, err := demo.Open(f.file, mediaType(f.file))
	if err != nil {
		return p, usage(err)
	}
	s.say(`Warning: the demo INVENTS an agreement, an assessment and the consent of the persons
in your file. Nobody consented. The file is sealed on this machine only, and sent
to nobody but the demo itself; never use what the demo stores as evidence.
Your file: %s.`, p.Note)
	if f.yes {
		return p, nil
	}
	if err := s.ask(ctx, "Play the story with it? Type yes: "); err != nil {
		return demo.Payload{}, errors.Join(err, p.Close())
	}
	return p, nil
}

// folder is where the state is kept, and what removes it at the end.
func (f *playing) folder() (dir string, remove func() error, err error) {
	if f.data != "" {
		if err := os.MkdirAll(f.data, 0o700); err != nil {
			return "", nil, fmt.Errorf("making --data: %w", err)
		}
		unlock, err := app.Occupy(filepath.Join(f.data, "demo.lock"))
		if err != nil {
			return "", nil, err
		}
		return f.data, unlock, nil
	}
	dir, err = os.MkdirTemp("", "safeconduct-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the demo: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// unfinished refuses a folder whose story did not come to its end.
func unfinished(dir string, finished bool) error {
	if finished {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil {
		return errors.New("--data holds a database and no finished story: name an empty folder, or remove what an interrupted demo left there")
	}
	return nil
}

// configure is embedded parts in dir, or those that --config names; served on
// loopback without TLS, to this machine only.
func (f *playing) configure(ctx context.Context, s *shell, dir string) (config.Config, error) {
	c := config.Default(s.env)
	if s.config != "" {
		var err error
		if c, err = config.Load(nil, s.env, s.config); err != nil {
			return c, usage(fmt.Errorf("the configuration cannot be used:\n%w", err))
		}
		if c.Profile == config.Production {
			// Its parts were checked as production's. What is served is the demo, in
			// clear, to this machine.
			c.Profile = config.Embedded
		}
	}
	if c.Data == config.Default(s.env).Data || s.config == "" { // what the file names stays
		c.Data = dir
	}
	listen, err := f.address(ctx)
	if err != nil {
		return c, err
	}
	c.Server.Listen, c.Server.AdminListen, c.Server.AllowedHosts, c.Server.TrustedProxies = listen, "", nil, nil
	c.Server.TLSCertFile, c.Server.TLSKeyFile = "", ""
	c.Server.DrainTimeout = 5 * time.Second
	c.Upload.Subjects = max(c.Upload.Subjects, demo.MaxSubjects)
	c.Telemetry.LogLevel, c.Telemetry.LogFormat = "error", "text"
	return c, nil
}

// address is where to listen: where the user says, else at the port that the
// documents name if it is free.
func (f *playing) address(ctx context.Context) (string, error) {
	if f.listen != "" {
		return f.listen, nil
	}
	if f.once {
		return "127.0.0.1:0", nil
	}
	usual := net.JoinHostPort("localhost", demoPort)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", usual)
	if err != nil {
		return "127.0.0.1:0", nil //nolint:nilerr // it is taken: any other will do
	}
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("looking for a port: %w", err)
	}
	return usual, nil
}

// reachable reports whether address is one that http://localhost reaches, which
// is what demo.json says.
func reachable(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || host == "127.0.0.1")
}
