package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     tally
		says     string
	}{
		{"a pass", `{"Action":"pass","Package":"p","Test":"T"}`, tally{passed: 1}, ""},
		{"a package that passes is no test", `{"Action":"pass","Package":"p"}`, tally{}, "ok   p"},
		{"a failure shows its output", `{"Action":"output","Package":"p","Test":"T","Output":"why\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"T"}`, tally{failed: 1}, "why"},
		{"a skip fails the run", `{"Action":"skip","Package":"p","Test":"T"}`, tally{failed: 1}, "SKIP p T"},
		{"a package without tests is no skip", `{"Action":"skip","Package":"p"}`, tally{}, ""},
		{"what is no event is shown", "cannot find package", tally{}, "cannot find package"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := count(strings.NewReader(tc.in), &out, func(event) {}); got != tc.want {
				t.Errorf("counted %+v, want %+v", got, tc.want)
			}
			if !strings.Contains(out.String(), tc.says) {
				t.Errorf("says %q, want %q in it", out.String(), tc.says)
			}
		})
	}
}
