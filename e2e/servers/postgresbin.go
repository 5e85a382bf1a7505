package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// postgresBin finds the folder that holds both initdb and postgres: on PATH,
// where pg_config says, or where packages keep them.
func postgresBin(ctx context.Context) (string, error) {
	var candidates []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// PATH may hold a link; initdb looks for its siblings beside itself.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(real))
		}
	}
	if path, err := exec.LookPath("pg_config"); err == nil {
		// On Debian it answers for the newest client library, whose server need not be there.
		if dir, err := output(ctx, path, "--bindir"); err == nil {
			candidates = append(candidates, dir)
		}
	}
	candidates = append(candidates, keptPostgres()...)
	for _, dir := range candidates {
		if runnable(filepath.Join(dir, "initdb")) && runnable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", &MissingError{
		Part: "PostgreSQL",
		Why:  "initdb and postgres are not on PATH, not where pg_config says, and not where packages put them",
		Mend: postgresMend(),
	}
}

// keptPostgres lists where Debian, Red Hat's family and Homebrew keep versions
// side by side, the newest first.
func keptPostgres() []string {
	var found []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	} {
		kept, _ := filepath.Glob(pattern) // the patterns are well formed
		found = append(found, kept...)
	}
	version := func(dir string) int {
		name := filepath.Base(filepath.Dir(dir))
		// An odd name counts as 0 and comes last.
		n, _ := strconv.Atoi(name[strings.LastIndexAny(name, "@-")+1:])
		return n
	}
	slices.SortStableFunc(found, func(a, b string) int { return version(b) - version(a) })
	return found
}

// postgresMend is the line that installs PostgreSQL here.
func postgresMend() string {
	switch {
	case runtime.GOOS == "darwin":
		return "brew install postgresql@17"
	case os.Geteuid() == 0:
		return "apt-get install -y postgresql"
	default:
		return "sudo apt-get install -y postgresql"
	}
}

func runnable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// postgresUser gives the user to run PostgreSQL as: oneself (nil), but for root,
// as which it refuses to run, the user postgres.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, &MissingError{
			Part: "PostgreSQL", Why: "it does not run as root, and there is no user postgres", Mend: postgresMend(),
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the id of user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the group of user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// handOver gives the server's directory and files to the user it runs as, and
// makes sure that this user can come there at all.
func handOver(cred *syscall.Credential, dir string, files ...string) error {
	if cred == nil {
		return nil
	}
	for _, path := range append(files, dir) {
		if err := os.Chown(path, int(cred.Uid), int(cred.Gid)); err != nil {
			return fmt.Errorf("hand over to user postgres: %w", err)
		}
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return fmt.Errorf("look at the directory above: %w", err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("user postgres cannot pass through %s: choose another directory, or chmod o+x it", parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// run runs a command to its end.
func run(ctx context.Context, c command) error {
	p, err := spawn(c)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s: %w", c.name, context.Cause(ctx)), p.stop(syscall.SIGTERM))
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, p.err, p.tail())
	}
	return nil
}
