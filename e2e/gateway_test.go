package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// gateway is the program as a process of its own, with its own home.
type gateway struct {
	home string // working directory, HOME and TMPDIR
	log  string // path of its standard error
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	end  sync.Once
}

// start runs `serve`, and does not wait for it.
func (g *ground) start(config string) *gateway {
	g.now.Helper()
	p := &gateway{home: g.t.TempDir(), done: make(chan struct{})}
	p.log = filepath.Join(p.home, "log")
	log, err := os.Create(p.log)
	g.must(err)
	defer func() { _ = log.Close() }() // the process has its own descriptor
	p.cmd = exec.CommandContext(context.WithoutCancel(g.t.Context()), g.program, "serve", "--config", config)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.home, log, log
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "TMPDIR=" + p.home}
	g.must(p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // it was killed
		close(p.done)
	}()
	g.t.Cleanup(p.kill)
	return p
}

// kill is SIGKILL; it returns when the process is gone.
func (p *gateway) kill() {
	p.end.Do(func() { _ = p.cmd.Process.Kill() }) // it may have ended already
	<-p.done
}

// freeze is SIGSTOP: it keeps its connections, and does nothing.
func (p *gateway) freeze(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Error(err)
	}
}

func (p *gateway) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// url waits until the process serves.
func (p *gateway) url(t *testing.T) (url string) {
	t.Helper()
	eventually(t, "the gateway serves", func() bool {
		if url = p.serving(t); url == "" && p.ended() {
			log, _ := os.ReadFile(p.log)
			t.Fatalf("it ended, %v:\n%s", p.cmd.ProcessState, log)
		}
		return url != ""
	})
	return url
}

func (p *gateway) serving(t *testing.T) (url string) {
	t.Helper()
	p.said(t, func(l logLine, _ []byte) {
		if l.Msg == "serving" {
			url = l.URL
		}
	})
	return url
}

// complains fails where the process has logged an error.
func (p *gateway) complains(t *testing.T) {
	t.Helper()
	p.said(t, func(l logLine, line []byte) {
		if l.Level == "ERROR" {
			t.Errorf("it logs: %s", line)
		}
	})
}

type logLine struct{ Level, Msg, URL string }

func (p *gateway) said(t *testing.T, hear func(l logLine, line []byte)) {
	t.Helper()
	log, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		var l logLine
		if json.Unmarshal(line, &l) == nil {
			hear(l, line)
		}
	}
}

// searchDisk looks for the names in everything that the process could write.
func (p *gateway) searchDisk(t *testing.T) {
	t.Helper()
	if err := filepath.WalkDir(p.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		search(t, "file "+d.Name(), b, planted())
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
