package authorities_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/authorities"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
)

func TestAgain(t *testing.T) {
	began := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Hour) }
	opened := authorities.Opened("c-1", authorities.Asked{Transfer: "t-0", Mission: "m-1", Partner: "x", Sender: "p-1"}, began)
	ask := func(c authorities.Case, from, to int) authorities.Case {
		for n := from; n <= to; n++ {
			c = c.Again(fmt.Sprintf("t-%d", n), at(n))
		}
		return c
	}
	t.Run("R34 each further request is the next version, and names its transfer", func(t *testing.T) {
		c := ask(opened, 5, 6)
		if c.Version != 3 || c.State != authorities.Received || c.Transfer != "t-0" || c.Actor != string(authz.SYS) || !c.Updated.Equal(at(6)) || len(c.History) != 3 {
			t.Fatalf("%+v", c)
		}
		if act := c.History[2]; act.Event != "asked_again" || act.Reason != "t-6" || act.Role != authz.SYS {
			t.Errorf("%+v", act)
		}
		if len(opened.History) != 1 {
			t.Error("the version before has changed")
		}
	})
	t.Run("the first and the last twenty are kept", func(t *testing.T) {
		c := ask(opened, 5, 50)
		h := c.History
		if len(h) != 22 || h[0].Event != "open" || h[1].Reason != "t-5" || h[2].Reason != "t-31" || h[21].Reason != "t-50" || c.Version != 47 {
			t.Errorf("version %d, %+v", c.Version, h)
		}
		if c = ask(opened, 1, 21); len(c.History) != 22 || c.History[2].Reason != "t-2" {
			t.Errorf("%+v", c.History)
		}
	})
	t.Run("R34 R36 it was asked again until somebody of Legal has taken it, and waits since it was opened", func(t *testing.T) {
		again := ask(opened, 1, 50)
		taken := again
		taken.History = append(slices.Clone(again.History), lifecycle.Act{Event: "assess", Person: "p-2", Role: authz.LEG, At: at(60)})
		if opened.AskedAgain() || !again.AskedAgain() || taken.AskedAgain() || !again.Created.Equal(began) {
			t.Errorf("%t, %t, %t, %s", opened.AskedAgain(), again.AskedAgain(), taken.AskedAgain(), again.Created)
		}
	})
	t.Run("R34 what a refusal opened is asked again until somebody of Legal has taken it, and what was reported by hand never", func(t *testing.T) {
		reported := opened
		reported.History = []lifecycle.Act{{Event: "report", Person: "p-1", Role: authz.RO, At: began}}
		for state, want := range map[authorities.State]struct{ joins, unanswered bool }{
			authorities.Received: {true, true}, authorities.Assessing: {false, true}, authorities.Answered: {}, authorities.Refused: {}, authorities.Closed: {},
		} {
			opened.State, reported.State = state, state
			if opened.Joins() != want.joins || reported.Joins() || opened.Unanswered() != want.unanswered {
				t.Errorf("%s: %t, %t, %t", state, opened.Joins(), reported.Joins(), opened.Unanswered())
			}
		}
		opened.State = authorities.Received
	})
}
