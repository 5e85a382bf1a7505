package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestInTurn(t *testing.T) {
	var order []string
	make := func(name string) *contender {
		return &contender{name: name, run: func(context.Context, int) error {
			order = append(order, name)
			return nil
		}}
	}
	a, b := make("a"), make("b")
	if err := inTurn(t.Context(), 2, a, b); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"a", "b", "b", "a", "a", "b"}) {
		t.Errorf("order %v", order)
	}
	if len(a.took) != 2 || len(b.took) != 2 {
		t.Error("the warming up counts")
	}
	boom := errors.New("boom")
	if err := inTurn(t.Context(), 1, &contender{run: func(context.Context, int) error { return boom }}); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		gate, flying, peak, done := make(chan struct{}), 0, 0, 0
		ended := make(chan error)
		go func() {
			ended <- atOnce(t.Context(), 20, 4, func(context.Context, int, int) error {
				mu.Lock()
				flying++
				peak = max(peak, flying)
				mu.Unlock()
				<-gate
				mu.Lock()
				defer mu.Unlock()
				flying--
				done++
				return nil
			})
		}()
		synctest.Wait()
		close(gate)
		if err := <-ended; err != nil || peak != 4 || done != 20 {
			t.Errorf("%v: %d done, %d at once", err, done, peak)
		}
	})
	boom, calls := errors.New("boom"), 0
	if err := atOnce(t.Context(), 100, 1, func(context.Context, int, int) error { calls++; return boom }); !errors.Is(err, boom) || calls > 2 {
		t.Errorf("%v after %d", err, calls)
	}
}

func TestRepeatedIsFoundOnDisk(t *testing.T) {
	b, err := io.ReadAll(&repeated{1000})
	if err != nil || len(b) != 1000 || !bytes.Contains(b, []byte(marker+marker)) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	run := &bench{gateway: &gateway{temp: t.TempDir(), cmd: ownProcess(t)}}
	if err := run.plaintext(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run.gateway.temp, "spool"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run.plaintext(); !errors.Is(err, ErrPlaintext) {
		t.Errorf("got %v", err)
	}
}

// ownProcess stands for the gateway's.
func ownProcess(t *testing.T) *exec.Cmd {
	t.Helper()
	p, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Process: p}
}

func TestWhatTheSystemTells(t *testing.T) {
	g := &gateway{cmd: ownProcess(t)}
	if peak, err := g.peak(); err != nil || peak < mib {
		t.Errorf("%d bytes, %v", peak, err)
	}
	if used, err := g.cpu(); err != nil || used < 0 {
		t.Errorf("%v, %v", used, err)
	}
}
