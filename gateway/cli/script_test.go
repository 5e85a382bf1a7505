package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"safeconduct/gateway/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"safeconduct": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := cli.Run(ctx, os.Args[1:], os.Environ(), cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
		stop()
		os.Exit(code)
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "await": await, "enter": enter, "consent": consent, "approve": approve, "keep": keep, "rewritten": rewritten, "draft": draft, "confirm": confirm, "alter": alter, "mode": mode, "steps": steps,
			"fill": fill, "pick": pick, "unline": unline,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// code runs a command, which must end with the exit code: code N COMMAND...
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := args[0]; want != strconv.Itoa(got) {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// await waits for a file: await FILE
func await(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, args[0]+" does not come", func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil
	})
}

// poll waits for what another process does, with a bound.
func poll(ts *testscript.TestScript, missing string, there func() bool) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 1200 {
		if there() {
			return
		}
		<-tick.C
	}
	ts.Fatalf("%s", missing)
}

// alter replaces a text in a file by one as long, once: alter FILE OLD NEW
func alter(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	if len(args[1]) != len(args[2]) || !bytes.Contains(b, []byte(args[1])) {
		ts.Fatalf("%s does not hold it", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Replace(b, []byte(args[1]), []byte(args[2]), 1), 0o600))
}

// mode demands the mode of a file: mode FILE -rw-------
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if info.Mode().String() != args[1] {
		ts.Fatalf("%s is %s", args[0], info.Mode())
	}
}

// steps demands that a file is JSON Lines of steps and nothing else, each with
// every member, that show ten different refusals met, and each scene's mended:
// steps FILE
func steps(ts *testscript.TestScript, _ bool, args []string) {
	names := []string{"step", "actor", "method", "path", "status", "outcome", "codes"}
	codes, ended := map[any]bool{}, map[string]string{}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var step map[string]any
		ts.Check(json.Unmarshal([]byte(line), &step))
		for _, name := range names {
			if step[name] == nil {
				ts.Fatalf("no member %s in %s", name, line)
			}
		}
		if _, ok := step["codes"].([]any); !ok || len(step) != len(names) {
			ts.Fatalf("not a step: %s", line)
		}
		for _, code := range step["codes"].([]any) {
			codes[code] = true
		}
		ended[fmt.Sprint(step["step"])] = fmt.Sprint(step["outcome"], " ", step["status"])
	}
	if len(codes) < 10 {
		ts.Fatalf("only %d refusals were met: %v", len(codes), codes)
	}
	scenes := 0
	for name, outcome := range ended {
		scene, ok := strings.CutPrefix(name, "mended-")
		if !ok {
			continue
		}
		if scenes++; outcome != "done 201" || ended["refused-"+scene] != "refused 403" {
			ts.Fatalf("%s was not met and mended: %s and %s", scene, ended["refused-"+scene], outcome)
		}
	}
	if scenes < 10 {
		ts.Fatalf("only %d scenes were played", scenes)
	}
}

// fill puts the environment into a file: fill FILE
func fill(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

// pick takes the first member of that name, a text, out of a JSON file into the environment: pick VARIABLE FILE MEMBER
func pick(ts *testscript.TestScript, _ bool, args []string) {
	_, after, ok := strings.Cut(ts.ReadFile(args[1]), `"`+args[2]+`":"`)
	value, _, ended := strings.Cut(after, `"`)
	if !ok || !ended {
		ts.Fatalf("%s holds no %s", args[1], args[2])
	}
	ts.Setenv(args[0], value)
}

// unline copies a file without its line N, from 1, or from the end where N is negative: unline FILE COPY N
func unline(ts *testscript.TestScript, _ bool, args []string) {
	lines := slices.Collect(strings.Lines(ts.ReadFile(args[0])))
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n < 0 {
		n += len(lines) + 1
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(slices.Delete(lines, n-1, n), "")), 0o600))
}
