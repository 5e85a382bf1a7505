package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

const (
	postgresSuper = "postgres"
	postgresRole  = "safeconduct"
)

// Postgres is a PostgreSQL server. Its methods may be called concurrently, but
// for Halt, Resume, Restart, Crash and Stop.
type Postgres struct {
	// DSN reaches the database "safeconduct" as its owner, an ordinary role that
	// may create databases.
	DSN Secret
	// AdminDSN reaches the database "postgres" as superuser. Empty when the
	// server was given by its address.
	AdminDSN Secret

	space *workspace
	cmd   command
	proc  *process

	mu   sync.Mutex
	made []string // databases to drop from a server that is not ours
}

// StartPostgres starts a private cluster below dir (os.TempDir() if empty), or
// takes the server that EnvPostgres names. Passwords are random, authentication
// is SCRAM, the locale is C with UTF-8, and nothing but loopback is listened on.
//
// Settings are lines of postgresql.conf such as "fsync=on". By default fsync is
// off: commits then survive the death of the server but not that of the machine,
// which no test here needs; measurements should say "fsync=on".
func StartPostgres(ctx context.Context, dir string, settings ...string) (*Postgres, error) {
	if dsn := os.Getenv(EnvPostgres); dsn != "" {
		p := &Postgres{DSN: Secret(dsn)}
		if err := p.ping(ctx, p.DSN); err != nil {
			return nil, fmt.Errorf("reach the server of %s: %w", EnvPostgres, err)
		}
		return p, nil
	}
	bin, err := postgresBin(ctx)
	if err != nil {
		return nil, err
	}
	cred, err := postgresUser()
	if err != nil {
		return nil, err
	}
	space, err := newWorkspace(dir, "postgres")
	if err != nil {
		return nil, err
	}
	p := &Postgres{space: space}
	if err := p.start(ctx, bin, cred, settings); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), p.Stop())
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context, bin string, cred *syscall.Credential, settings []string) error {
	super, role := rand.Text(), rand.Text()
	pwfile, err := p.space.write("password", super)
	if err != nil {
		return err
	}
	data := p.space.join("data")
	if err := handOver(cred, p.space.path, pwfile); err != nil {
		return err
	}
	common := command{home: p.space.path, cred: cred, log: p.space.join("log"), onParentDeath: syscall.SIGQUIT}

	initdb := common
	initdb.name, initdb.path = "initdb", filepath.Join(bin, "initdb")
	initdb.args = []string{
		"-D", data, "-A", "scram-sha-256", "-U", postgresSuper, "--pwfile=" + pwfile,
		"--no-sync", "--encoding=UTF8", "--locale=C", "--no-instructions",
	}
	if err := run(ctx, initdb); err != nil {
		return err
	}

	return withPorts(ctx, 1, func(ports []int) error {
		p.cmd = common
		p.cmd.name, p.cmd.path = "postgres", filepath.Join(bin, "postgres")
		p.cmd.args = []string{
			"-D", data, "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", ports[0]),
			"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200",
		}
		for _, s := range settings {
			p.cmd.args = append(p.cmd.args, "-c", s)
		}
		p.AdminDSN = dsn(postgresSuper, super, loopback(ports[0]), "postgres")
		p.DSN = dsn(postgresRole, role, loopback(ports[0]), postgresRole)
		if err := p.up(ctx, p.AdminDSN); err != nil {
			return err
		}
		return p.exec(ctx, p.AdminDSN,
			// A role's password cannot be a parameter; rand.Text is base32.
			"CREATE ROLE "+postgresRole+" LOGIN CREATEDB PASSWORD '"+role+"'",
			"CREATE DATABASE "+postgresRole+" OWNER "+postgresRole)
	})
}

func (p *Postgres) up(ctx context.Context, as Secret) error {
	proc, err := spawn(p.cmd)
	if err != nil {
		return err
	}
	p.proc = proc
	return proc.await(ctx, func(ctx context.Context) error { return p.ping(ctx, as) })
}

// NewDatabase creates an empty database of its own for one test and gives its
// DSN. It goes with the server, or at Stop if the server was given by address.
func (p *Postgres) NewDatabase(ctx context.Context) (Secret, error) {
	name := "t_" + strings.ToLower(rand.Text()[:16])
	if err := p.exec(ctx, p.DSN, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	if p.space == nil {
		p.mu.Lock()
		p.made = append(p.made, name)
		p.mu.Unlock()
	}
	made, err := url.Parse(p.DSN.Reveal())
	if err != nil || made.Scheme == "" {
		return "", fmt.Errorf("%s must be a URL, postgres://user:password@host:port/database", EnvPostgres)
	}
	made.Path = "/" + name
	return Secret(made.String()), nil
}

// Halt shuts the server down in order, keeping its data and its port.
func (p *Postgres) Halt() error { return p.down(syscall.SIGINT, syscall.SIGQUIT) }

// Crash ends the server without a checkpoint: the next Resume recovers from the
// write-ahead log, as after a power cut of the process.
func (p *Postgres) Crash() error { return p.down(syscall.SIGQUIT) }

func (p *Postgres) down(signals ...syscall.Signal) error {
	if p.space == nil {
		return ErrExternal
	}
	if p.proc == nil {
		return nil
	}
	return p.proc.stop(signals...)
}

// Resume starts a halted or crashed server on the same port and data.
func (p *Postgres) Resume(ctx context.Context) error {
	if p.space == nil {
		return ErrExternal
	}
	return p.up(ctx, p.DSN)
}

// Restart is Halt and Resume: every connection breaks, all data stays.
func (p *Postgres) Restart(ctx context.Context) error {
	if err := p.Halt(); err != nil {
		return err
	}
	return p.Resume(ctx)
}

// Stop ends the server and removes its directory. On a server that was given by
// its address it only drops the databases made by NewDatabase.
func (p *Postgres) Stop() error {
	if p.space == nil {
		return p.dropMade()
	}
	return errors.Join(p.Halt(), p.space.remove())
}

func (p *Postgres) dropMade() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyBound)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.made) > 0 {
		if err := p.exec(ctx, p.DSN, "DROP DATABASE IF EXISTS "+p.made[0]+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop a database: %w", err)
		}
		p.made = slices.Delete(p.made, 0, 1)
	}
	return nil
}

func (p *Postgres) ping(ctx context.Context, as Secret) error { return p.exec(ctx, as, "SELECT 1") }

func (*Postgres) exec(ctx context.Context, as Secret, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, as.Reveal())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			verb, _, _ := strings.Cut(statement, " ")
			return fmt.Errorf("%s: %w", verb, err) // not the statement: it may hold a password
		}
	}
	return nil
}

func dsn(user, password, host, database string) Secret {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password), Host: host,
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return Secret(u.String())
}
