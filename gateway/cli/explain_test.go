package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/edge"
)

func TestExitCode(t *testing.T) {
	problem := func(status int, kind string) error {
		return fmt.Errorf("sending: %w", &edge.Problem{Status: status, Type: "urn:safeconduct:" + kind})
	}
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"done", nil, exitOK},
		{"failed", errors.New("x"), exitFailure},
		{"wrong command line", usagef("x"), exitUsage},
		{"wrong address", client.ErrAddress, exitUsage},
		{"R46 refused by the gate", problem(403, "refused"), exitRefused},
		{"another 403", problem(403, "cross-origin"), exitNoAccess},
		{"no valid token", problem(401, "unauthenticated"), exitNoAccess},
		{"R53 unknown, or not to be known", problem(404, "not-found"), exitNoAccess},
		{"conflict", problem(409, "illegal-transition"), exitFailure},
		{"LOG_UNAVAILABLE", problem(503, "unavailable"), exitUnavailable},
		{"out of reach", fmt.Errorf("x: %w", client.ErrUnreachable), exitUnavailable},
		{"finding", &coded{exitFinding, errSaid}, exitFinding},
		{"a story that went wrong", fmt.Errorf("%w: %w", demo.ErrUnexpected, problem(403, "refused")), exitFailure},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := exitCode(tc.err); got != tc.want {
				t.Fatalf("%d, want %d", got, tc.want)
			}
		})
	}
}

func TestTell(t *testing.T) {
	p := &edge.Problem{
		Title: "Refused\x1b[31m\u202e", Status: 403, Transfer: "t-1",
		Refusals: []edge.RefusalView{{
			Code: "CONSENT_MISSING", Mend: "Ask them.", Ask: "head_of_mission", Rows: []int{2, 9}, Detail: []string{"phone"},
			Contacts: []edge.ContactView{{Who: "focal_point", Contact: "dp-niger@example.org"}, {Who: "legal", Contact: "Office of Legal Affairs"}},
		}},
	}
	t.Run("R56 names the mend and whom to ask", func(t *testing.T) {
		text := tell(p, nil)
		for _, want := range []string{"CONSENT_MISSING", "mend: Ask them.", "ask:  head of mission", "focal point: dp-niger@example.org", "legal: Office of Legal Affairs", "rows: 2, 9", "at:   phone", "Transfer: t-1"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
	})
	t.Run("R55 joins rows with the case numbers that the sender gave, and with no others", func(t *testing.T) {
		text := tell(p, []string{"A-1", "A-2"})
		if !strings.Contains(text, "rows: 2 (A-2), 9\n") || strings.Contains(text, "A-1") {
			t.Error(text)
		}
	})
	t.Run("nothing moves the cursor", func(t *testing.T) {
		if text := tell(p, nil); strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%q", text)
		}
	})
	t.Run("many rows are cut", func(t *testing.T) {
		for n := range 1000 {
			p.Refusals[0].Rows = append(p.Refusals[0].Rows, n+10)
		}
		if text := tell(p, nil); !strings.Contains(text, "and 982 more") || len(text) > 1000 {
			t.Error(text)
		}
	})
}
