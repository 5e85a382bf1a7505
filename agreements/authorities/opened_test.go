package authorities_test

import (
	"fmt"
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
	taken := opened
	taken.History = append(taken.History, lifecycle.Act{Event: "assess", Person: "p-2", Role: authz.LEG, At: at(1)})
	taken.Version, taken.State = 2, authorities.Assessing
	waits := func(t *testing.T, c authorities.Case, since time.Time, again bool) {
		t.Helper()
		if got, more := c.Waits(); !got.Equal(since) || more != again {
			t.Errorf("it waits since %s, again %t", got, more)
		}
	}

	t.Run("R34 each further request is the next version, and names its transfer", func(t *testing.T) {
		c := ask(taken, 5, 6)
		if c.Version != 4 || c.State != authorities.Assessing || c.Transfer != "t-0" || c.Actor != string(authz.SYS) || !c.Updated.Equal(at(6)) || len(c.History) != 4 {
			t.Fatalf("%+v", c)
		}
		if act := c.History[3]; act.Event != "asked_again" || act.Reason != "t-6" || act.Role != authz.SYS {
			t.Errorf("%+v", act)
		}
		if len(taken.History) != 2 {
			t.Error("the version before has changed")
		}
	})
	t.Run("the first and the last twenty are kept, and what persons did", func(t *testing.T) {
		c := ask(taken, 5, 50)
		h := c.History
		if len(h) != 23 || h[0].Event != "open" || h[1].Event != "assess" || h[2].Reason != "t-5" || h[3].Reason != "t-31" || h[22].Reason != "t-50" || c.Version != 48 {
			t.Errorf("version %d, %+v", c.Version, h)
		}
	})
	t.Run("R36 it waits anew since it was first asked again of whoever acted", func(t *testing.T) {
		waits(t, opened, began, false)
		waits(t, taken, began, false)
		waits(t, ask(taken, 5, 50), at(5), true)
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
	t.Run("R36 nobody moves back by asking more what nobody took yet", func(t *testing.T) {
		waits(t, ask(opened, 1, 50), began, true)
	})
}
