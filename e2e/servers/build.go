package servers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

var buildFlags = []string{ // a constant list
	"-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
}

// buildLine is what mends a binary that was not built yet.
const buildLine = "go run ./e2e/servers/cmd/servers build"

// CacheDir is where built servers are kept: safeconduct below XDG_CACHE_HOME, or
// below the user's cache directory (~/.cache on Linux).
func CacheDir() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find the cache directory: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "safeconduct"), nil
}

// Locate finds the binary of one server ("minio", "vault", "versitygw"): named
// in the environment, on PATH, or built into cacheDir (CacheDir() if empty). It
// builds nothing: a binary that is nowhere is a [*MissingError].
func Locate(cacheDir, name string) (string, error) {
	r, err := recipeOf(name)
	if err != nil {
		return "", err
	}
	place, err := findPlace(cacheDir)
	if err != nil {
		return "", err
	}
	return place.locate(r)
}

// place is where pinned modules come from and built binaries go to.
type place struct{ source, cache string }

func findPlace(cacheDir string) (place, error) {
	source, err := sources()
	if err != nil {
		return place{}, err
	}
	if cacheDir == "" {
		cacheDir, err = CacheDir()
	} else {
		cacheDir, err = filepath.Abs(cacheDir) // the go command runs elsewhere
	}
	return place{source: source, cache: cacheDir}, err
}

func (p place) locate(r recipe) (string, error) {
	if path := os.Getenv(r.env); path != "" {
		if found, err := exec.LookPath(path); err == nil {
			return filepath.Abs(found)
		}
		return "", &MissingError{Part: r.name, Why: r.env + " names no program that can be run", Mend: "unset " + r.env}
	}
	if found, err := exec.LookPath(r.name); err == nil {
		return filepath.Abs(found)
	}
	built, err := p.built(r)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(built); err != nil {
		return "", &MissingError{Part: r.name, Why: "it is not on PATH and not built yet", Mend: buildLine + " " + r.name}
	}
	return built, nil
}

// built is where the binary is once it has been built.
func (p place) built(r recipe) (string, error) {
	key, err := r.key(p.source)
	if err != nil {
		return "", err
	}
	return filepath.Join(p.cache, "bin", key, r.name), nil
}

// Build obtains the named servers, all three if none is named: what Locate finds
// is left as it is, the rest is built into cacheDir (CacheDir() if empty) and
// named on progress. It needs the go command, and the network the first time.
//
// Builds run one at a time over all processes, since they are hungry; a binary
// appears whole or not at all. A changed pinned module is another binary.
func Build(ctx context.Context, cacheDir string, progress io.Writer, names ...string) error {
	place, err := findPlace(cacheDir)
	if err != nil {
		return err
	}
	wanted := recipes
	if len(names) > 0 {
		wanted = nil
		for _, name := range names {
			r, err := recipeOf(name)
			if err != nil {
				return err
			}
			wanted = append(wanted, r)
		}
	}
	b := &builder{ctx: ctx, place: place, progress: progress}
	for _, r := range wanted {
		if err := b.obtain(r); err != nil {
			return fmt.Errorf("obtain %s: %w", r.name, err)
		}
	}
	return nil
}

// builder is one call of Build.
type builder struct {
	ctx      context.Context // lives exactly as long as the call
	place    place
	progress io.Writer
}

func (b *builder) obtain(r recipe) error {
	found, err := b.present(r)
	if found || err != nil {
		return err
	}
	release, err := b.lock()
	if err != nil {
		return err
	}
	defer release()
	// Another process may have built it while this one waited.
	found, err = b.present(r)
	if found || err != nil {
		return err
	}
	return b.build(r)
}

// present tells whether nothing needs to be built. A binary that the environment
// names wrongly is an error, never a reason to build another.
func (b *builder) present(r recipe) (bool, error) {
	path, err := b.place.locate(r)
	if err == nil {
		b.say("%s: %s", r.name, path)
		return true, nil
	}
	if !errors.Is(err, ErrMissing) || os.Getenv(r.env) != "" {
		return false, err
	}
	return false, nil
}

func (b *builder) build(r recipe) error {
	target, err := b.place.built(r)
	if err != nil {
		return err
	}
	work := filepath.Join(b.place.cache, "work", filepath.Base(filepath.Dir(target)))
	if err := b.layOut(r, work); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("make the place of the binary: %w", err)
	}

	began := time.Now()
	b.say("%s: building (%s)", r.name, r.expect)
	stop := b.reportEvery(30*time.Second, r.name, began)
	defer stop()
	args := append([]string{"build"}, buildFlags...)
	if r.tags != "" {
		args = append(args, "-tags="+r.tags)
	}
	unfinished := target + ".unfinished"
	if _, err := b.goCommand(work, append(args, "-o", unfinished, r.target)...); err != nil {
		return err
	}
	if err := os.Rename(unfinished, target); err != nil {
		return fmt.Errorf("put the binary into place: %w", err)
	}
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("clear the work directory: %w", err)
	}
	b.say("%s: built in %s: %s", r.name, time.Since(began).Round(time.Second), target)
	return nil
}

// layOut copies the pinned module into the work directory, so that the checkout
// is never written to, and prepares it.
func (b *builder) layOut(r recipe, work string) error {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return fmt.Errorf("make the work directory: %w", err)
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(b.place.source, r.name, file))
		if err != nil {
			return fmt.Errorf("read the pinned module: %w", err)
		}
		if err := os.WriteFile(filepath.Join(work, file), content, 0o600); err != nil {
			return fmt.Errorf("copy the pinned module: %w", err)
		}
	}
	if r.prepare != nil {
		return r.prepare(b, work)
	}
	return nil
}

// goCommand runs the go command in dir and gives its stdout. Without cgo the
// result is the same on a machine with and without a C compiler.
func (b *builder) goCommand(dir string, args ...string) ([]byte, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, &MissingError{Part: "go", Why: "the servers are built from source", Mend: "install Go and put it on PATH"}
	}
	cmd := exec.CommandContext(b.ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	cmd.SysProcAttr = attributes(nil, syscall.SIGTERM)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := stderr.Bytes()
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, said[max(0, len(said)-4096):])
	}
	return stdout.Bytes(), nil
}

// lock takes the one lock of the cache directory, waiting as long as ctx allows.
func (b *builder) lock() (release func(), err error) {
	if err := os.MkdirAll(b.place.cache, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(b.place.cache, "build.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the build lock: %w", err)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waiting := false; ; waiting = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing gives up the lock
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
		if !waiting {
			b.say("waiting for another build of the servers to end")
		}
		select {
		case <-b.ctx.Done():
			return nil, errors.Join(context.Cause(b.ctx), f.Close())
		case <-tick.C:
		}
	}
}

func (b *builder) say(format string, args ...any) {
	// Progress is for a reader who waits; losing it must not fail the build.
	_, _ = fmt.Fprintf(b.progress, format+"\n", args...)
}

// reportEvery tells now and then that a long build is still going on.
func (b *builder) reportEvery(every time.Duration, name string, began time.Time) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				b.say("%s: still building, %s", name, time.Since(began).Round(time.Second))
			}
		}
	}()
	return func() { close(end); <-ended }
}

// key hashes a list of strings without ambiguity.
type key struct{ h hash.Hash }

func newKey() key { return key{sha256.New()} }

func (k key) add(parts ...string) {
	for _, part := range parts {
		fmt.Fprintf(k.h, "%d:%s", len(part), part) //nolint:errcheck // a hash never fails
	}
}

func (k key) short() string { return hex.EncodeToString(k.h.Sum(nil)[:8]) }
