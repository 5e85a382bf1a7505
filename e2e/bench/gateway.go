package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/identity"
)

// gateway is the program as a process of its own, so that its memory is its
// own.
type gateway struct {
	cmd    *exec.Cmd
	url    string
	temp   string // its folder for temporary files
	tokens []identity.Secret
	ended  chan error
	log    string // path
}

const startWait = 60 * time.Second

// start migrates, enrols the first two persons and serves.
func start(ctx context.Context, program, config, dir string) (*gateway, error) {
	out := filepath.Join(dir, "tokens")
	for _, args := range [][]string{
		{"migrate", "--config", config},
		{"bootstrap", "--config", config, "--name", "Legal One", "--name", "Legal Two", "--passed", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly), "--out", out},
	} {
		if text, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil { // the program that the Makefile has built
			return nil, fmt.Errorf("%s: %w\n%s", args[0], err, text)
		}
	}
	g := &gateway{temp: filepath.Join(dir, "temp"), log: filepath.Join(dir, "gateway.log"), ended: make(chan error, 1)}
	for _, name := range []string{"token-1", "token-2"} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return nil, fmt.Errorf("reading a token: %w", err)
		}
		secret, err := identity.ParseSecret(strings.TrimSpace(string(b)))
		if err != nil {
			return nil, fmt.Errorf("reading a token: %w", err)
		}
		g.tokens = append(g.tokens, secret)
	}
	return g, g.serve(ctx, program, config)
}

func (g *gateway) serve(ctx context.Context, program, config string) error {
	if err := os.Mkdir(g.temp, 0o700); err != nil {
		return fmt.Errorf("making the folder for temporary files: %w", err)
	}
	log, err := os.Create(g.log)
	if err != nil {
		return fmt.Errorf("making the log of the gateway: %w", err)
	}
	g.cmd = exec.CommandContext(ctx, program, "serve", "--config", config)
	g.cmd.Env = append(os.Environ(), "TMPDIR="+g.temp)
	g.cmd.Stderr = log
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(os.Interrupt) }
	g.cmd.WaitDelay = 30 * time.Second
	diesWithParent(g.cmd)
	if err := g.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("starting the gateway: %w", err), log.Close())
	}
	go func() { g.ended <- errors.Join(g.cmd.Wait(), log.Close()) }()
	return g.await(ctx)
}

// await finds in the log where the gateway serves.
func (g *gateway) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-g.ended:
			return fmt.Errorf("the gateway ended: %w\n%s", err, g.tail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the gateway does not serve: %w\n%s", ctx.Err(), g.tail()), g.stop())
		case <-tick.C:
		}
		b, err := os.ReadFile(g.log)
		if err != nil {
			return fmt.Errorf("reading the log of the gateway: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(b))
		for lines.Scan() {
			var line struct {
				Msg string `json:"msg"`
				URL string `json:"url"`
			}
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
				g.url = line.URL
				return nil
			}
		}
	}
}

const tailSize = 4 << 10

func (g *gateway) tail() []byte {
	b, err := os.ReadFile(g.log)
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-tailSize):]
}

// stop ends the gateway in order.
func (g *gateway) stop() error {
	if err := g.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the gateway: %w", err)
	}
	if err := <-g.ended; err != nil {
		return fmt.Errorf("the gateway ended: %w\n%s", err, g.tail())
	}
	return nil
}

// peak is the most resident memory that the gateway has had since it started or
// since resetPeak, in bytes (proc(5), VmHWM).
func (g *gateway) peak() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of the gateway: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading the memory of the gateway: %w", err)
			}
			return kib << 10, nil
		}
	}
	return 0, errors.New("the memory of the gateway is not told")
}

// clockTicks is how many a second there are in /proc/PID/stat, on every Linux
// that Go runs on (USER_HZ).
const clockTicks = 100

// cpu is the CPU time that the gateway has used since it started (proc(5)).
func (g *gateway) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time of the gateway: %w", err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // from field 3, the state
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0, errors.New("the CPU time of the gateway is not told")
	}
	var ticks int64
	for _, f := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the CPU time of the gateway: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / clockTicks, nil
}

// resetPeak begins anew with what is resident now (proc(5), clear_refs).
func (g *gateway) resetPeak() error {
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", g.cmd.Process.Pid), []byte("5"), 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil // without the rights of root the peak is that since the start: a bound all the same
	}
	if err != nil {
		return fmt.Errorf("resetting the peak of memory: %w", err)
	}
	return nil
}

// openFiles lists the regular files that the gateway has open, but for its log.
// The process is not dumpable (R55): only root may see them, and others see
// none.
func (g *gateway) openFiles() ([]string, error) {
	dir := fmt.Sprintf("/proc/%d/fd", g.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the files of the gateway: %w", err)
	}
	var files []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		target, err := os.Readlink(path)
		if err != nil {
			continue // closed meanwhile
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || target == g.log {
			continue
		}
		files = append(files, target)
	}
	return files, nil
}
