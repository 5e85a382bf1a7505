package servers_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
)

// envChild has the test binary be the parent that is going to be killed.
const envChild = "SAFECONDUCT_E2E_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envChild); dir != "" {
		os.Exit(beKilled(dir))
	}
	os.Exit(m.Run())
}

func beKilled(dir string) int {
	p, err := servers.StartPostgres(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(p.DSN.Reveal())
	select {}
}

// TestServersDieWithTheirParent kills the starter outright: the server must end,
// and the next start must remove what was left.
func TestServersDieWithTheirParent(t *testing.T) {
	private(t)
	dir := servertest.Passable(t)
	starter := exec.CommandContext(t.Context(), os.Args[0])
	starter.Env = append(os.Environ(), envChild+"="+dir)
	starter.Stderr = os.Stderr
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	dsn, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dsn = strings.TrimSpace(dsn)
	if !reachable(t.Context(), dsn) {
		t.Fatal("its server does not answer")
	}

	if err := starter.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starter.Wait() // it was killed, and says so
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for reachable(ctx, dsn) {
		select {
		case <-ctx.Done():
			t.Fatal("its server goes on without it")
		case <-tick.C:
		}
	}

	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("left behind: %v %v, want one directory", left, err)
	}
	p, err := servers.StartPostgres(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	stopped(t, dir, p.Stop)
}

func reachable(ctx context.Context, dsn string) bool {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}
