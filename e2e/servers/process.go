package servers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Bounds on waiting. They are generous because a shared machine may be busy;
// a server that is well answers in a fraction of them.
const (
	readyBound = 60 * time.Second
	stopGrace  = 15 * time.Second
	pollEvery  = 20 * time.Millisecond
)

// command says how a server is run.
type command struct {
	name string // for messages
	path string
	args []string
	env  []string // beside the few that every server gets
	home string   // working directory, HOME and TMPDIR
	log  string   // file that takes stdout and stderr, appended to
	cred *syscall.Credential
	// onParentDeath is what the kernel sends when the parent dies.
	onParentDeath syscall.Signal
}

// process is a running child.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has exited
	err  error         // how it exited; read after done
}

// spawn starts the child. It inherits nothing of the environment but PATH: a
// stray VAULT_TOKEN or PGHOST must not change what is tested.
func spawn(c command) (*process, error) {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", c.name, err)
	}
	defer log.Close() //nolint:errcheck // the child holds its own descriptor

	// A server outlives the context that it was started under.
	cmd := exec.CommandContext(context.Background(), c.path, c.args...)
	cmd.Dir = c.home
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.home, "TMPDIR=" + c.home, "LC_ALL=C",
	}, c.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(c.cred, c.onParentDeath)

	p := &process{name: c.name, log: c.log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the *thread* that forked ends, so
		// this thread is kept until the child has gone (prctl(2), PR_SET_PDEATHSIG).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	return p, nil
}

// await polls check until it is satisfied, the child exits, ctx ends, or
// readyBound has passed.
func (p *process) await(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		attempt, done := context.WithTimeout(ctx, 5*time.Second)
		err := check(attempt)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s exited before it was ready: %w", p.name, errors.Join(p.err, &exitError{log: p.tail()}))
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready in time (%w): %w\n%s", p.name, context.Cause(ctx), err, p.tail())
		case <-tick.C:
		}
	}
}

// exitError carries the end of the log of a server that did not come up.
type exitError struct{ log string }

func (e *exitError) Error() string { return "its log ends:\n" + e.log }

// portTaken tells whether the server failed because another program took the
// port between its choice and its use.
func portTaken(err error) bool {
	var exit *exitError
	return errors.As(err, &exit) && strings.Contains(exit.log, "in use")
}

func (p *process) tail() string {
	const most = 4096
	content, err := os.ReadFile(p.log)
	if err != nil {
		return "(its log cannot be read: " + err.Error() + ")"
	}
	return string(content[max(0, len(content)-most):])
}

func (p *process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	return nil
}

// freeze suspends the process, and returns once no thread of it runs.
func (p *process) freeze() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(stopGrace); time.Now().Before(deadline); <-tick.C {
		stopped, err := suspended(p.cmd.Process.Pid)
		if err != nil || stopped {
			return err
		}
	}
	return fmt.Errorf("%s did not freeze", p.name)
}

func (p *process) thaw() error { return p.signal(syscall.SIGCONT) }

// stop sends each signal in turn, waiting stopGrace after each, and finally kills.
func (p *process) stop(signals ...syscall.Signal) error {
	for _, sig := range append(signals, syscall.SIGKILL) {
		if err := p.signal(sig); err != nil {
			return err
		}
		// A frozen process acts on the signal only once it runs again.
		if err := p.thaw(); err != nil {
			return err
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(stopGrace):
		}
	}
	return fmt.Errorf("%s did not end when killed", p.name)
}

// Ports are taken from below the range that systems hand to outgoing
// connections, so that no client's own port can be in the way of a restart.
const (
	lowestPort  = 20000
	highestPort = 32000
)

func freePort(ctx context.Context) (int, error) {
	var listener net.ListenConfig
	for range 200 {
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("look for a free port: %w", err)
		}
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		l, err := listener.Listen(ctx, "tcp", loopback(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("give back a port: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("no free port between %d and %d on loopback", lowestPort, highestPort)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// withPorts runs start on fresh free ports, up to four times if they were taken
// in between.
func withPorts(ctx context.Context, n int, start func(ports []int) error) error {
	for attempt := 1; ; attempt++ {
		ports := make([]int, n)
		for i := range ports {
			port, err := freePort(ctx)
			if err != nil {
				return err
			}
			ports[i] = port
		}
		err := start(ports)
		if err == nil || attempt == 4 || !portTaken(err) {
			return err
		}
	}
}

// output runs a short command and gives what it printed on stdout.
func output(ctx context.Context, path string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", filepath.Base(path), err)
	}
	return strings.TrimSpace(string(out)), nil
}
