package main

import (
	"bytes"
	"strings"
	"testing"

	"safeconduct/gateway/cli"
)

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, 0, "Exit codes:"},
		{[]string{"nonsense"}, 2, "there is no command"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), tc.args, nil, cli.IO{In: strings.NewReader(""), Out: &out, Err: &out}); code != tc.code || !strings.Contains(out.String(), tc.says) {
			t.Errorf("%v: %d %s", tc.args, code, out.String())
		}
	}
}
