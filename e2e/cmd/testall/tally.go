package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// tally counts tests, or steps that are not tests.
type tally struct{ passed, failed int }

func (t *tally) add(o tally) {
	t.passed += o.passed
	t.failed += o.failed
}

// event is one line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// count reads go test -json, prints what failed with its output, and a line per
// package. A test that was skipped counts as failed: no skip passes silently.
// hear is told of each event.
func count(r io.Reader, out io.Writer, hear func(event)) tally {
	var n tally
	output := map[string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text()) // from the compiler
			continue
		}
		hear(e)
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[key] = append(output[key], e.Output)
		case "pass":
			if e.Test != "" {
				n.passed++
			} else {
				fmt.Fprintf(out, "   ok   %s\n", e.Package)
			}
			delete(output, key)
		case "skip":
			if e.Test != "" {
				n.failed++
				fmt.Fprintf(out, "   SKIP %s, which fails the run\n%s", key, strings.Join(output[key], ""))
			}
			delete(output, key)
		case "fail":
			n.failed++
			fmt.Fprintf(out, "   FAIL %s\n%s", key, strings.Join(output[key], ""))
			delete(output, key)
		case "build-output":
			fmt.Fprint(out, e.Output)
		}
	}
	if err := lines.Err(); err != nil {
		n.failed++
		fmt.Fprintln(out, "   reading the test output:", err)
	}
	return n
}
