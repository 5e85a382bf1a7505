package app_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/queue"
)

// crowding is a transaction of who writes many transfers.
type crowding interface {
	evidence.Recorder
	SaveTransfer(ctx context.Context, t transfer.Transfer) error
	SaveLegalCase(ctx context.Context, c authorities.Case) error
	Assessment(ctx context.Context, id string) (assessment.Assessment, error)
	SaveAssessment(ctx context.Context, a assessment.Assessment) error
}

func crowd(w *apptest.World, fill func(tx crowding) error) {
	w.T.Helper()
	_, err := store.For[crowding](w.Store).Update(w.Ctx, func(tx crowding) error {
		if err := fill(tx); err != nil {
			return err
		}
		return tx.Record(w.Ctx, w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.crowd", authz.Resource{}))
	})
	w.Must(err)
}

// However many LOW transfers came earlier, Legal and the head of mission have the HIGH one first, and Legal is told of them all.
func TestRiskComesBeforeTheBound(t *testing.T) {
	const older = 1100 // more than one reading takes
	w, _, x := inForce(t)
	high, low := x, x
	high.ID, high.Record, high.Result.Band = w.Office.NewID(), 1, assessment.High
	low.ID, low.Record, low.Result.Band = w.Office.NewID(), 1, assessment.Low
	crowd(w, func(tx crowding) error {
		for _, a := range []assessment.Assessment{high, low} {
			if err := tx.SaveAssessment(w.Ctx, a); err != nil {
				return err
			}
		}
		for i := range older + 1 {
			of, id := low.ID, fmt.Sprintf("0-%05d", i)
			if i == older {
				of, id = high.ID, "z-the-last"
			}
			if err := tx.SaveTransfer(w.Ctx, transfer.Transfer{
				ID: id, Version: 1, State: transfer.AwaitingApproval, Mission: w.Mission.ID, Partner: w.Partner.ID, Sender: w.As(authz.RO).Person,
				Assessment: of, Created: w.Clock.Now(), Updated: w.Clock.Now().Add(time.Duration(i) * time.Second),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	p, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), "", 100)
	w.Must(err)
	t.Run("R36 Legal sees the HIGH one, and how many others there are", func(t *testing.T) {
		if len(p.Items) != 1 || p.Items[0].ID != "z-the-last" || p.Items[0].What != "watch_transfer" || p.Cut {
			t.Errorf("%+v, cut %v", p.Items, p.Cut)
		}
		if want := []queue.Unlisted{{Mission: w.Mission.ID, Transfers: older}}; !slices.Equal(p.Unlisted, want) {
			t.Errorf("%v, want %v", p.Unlisted, want)
		}
	})
	t.Run("R36 the head of mission has it first", func(t *testing.T) {
		p, err := w.Queues.Queue(w.Ctx, w.As(authz.HOM), "", 100)
		w.Must(err)
		if len(p.Items) != 100 || p.Items[0].ID != "z-the-last" || p.Items[0].Risk != assessment.High || !p.Cut || len(p.Unlisted) > 0 {
			t.Errorf("%d items, the first %+v, cut %v", len(p.Items), p.Items[0], p.Cut)
		}
	})
}

// However many cases are answered and only to be closed, an authority that waits for its answer is seen, and Legal is told
// that there are more than are shown.
func TestWhatIsAnsweredHidesNoAuthority(t *testing.T) {
	const older = 1001 // more than one reading takes
	w := apptest.New(t, apptest.Options{})
	crowd(w, func(tx crowding) error {
		for i := range older + 1 {
			c := authorities.Opened(fmt.Sprintf("0-%05d", i), authorities.Asked{Transfer: w.Office.NewID(), Mission: w.Mission.ID, Country: "CO", Sender: w.As(authz.RO).Person}, w.Clock.Now())
			if c.State = authorities.Answered; i == older {
				c.ID, c.State = "z-the-last", authorities.Received
			}
			if err := tx.SaveLegalCase(w.Ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	t.Run("R34 R36 Legal has the one that waits for its answer, and is told that there are more", func(t *testing.T) {
		var ids []string
		for after := ""; ; {
			p, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), after, 500)
			w.Must(err)
			if !p.Cut {
				t.Error("nothing says that there are more")
			}
			for _, i := range p.Items {
				ids = append(ids, i.ID)
			}
			if after = p.Next; after == "" {
				break
			}
		}
		if len(ids) != 1000 || !slices.Contains(ids, "z-the-last") {
			t.Errorf("%d are shown", len(ids))
		}
	})
}

// only is the one item of that kind in the queue of the role; nil where there is none.
func only(w *apptest.World, role authz.Role, what string) *queue.Item {
	w.T.Helper()
	p, err := w.Queues.Queue(w.Ctx, w.As(role), "", 100)
	w.Must(err)
	of := slices.DeleteFunc(p.Items, func(i queue.Item) bool { return i.What != what })
	if len(of) > 1 {
		w.T.Errorf("%d times %s for %s", len(of), what, role)
	}
	if len(of) == 0 {
		return nil
	}
	return &of[0]
}

// What an approval rests on waits for its owner, and becomes urgent when it is overdue; what was returned waits for its author.
func TestConditionsWaitForTheirOwner(t *testing.T) {
	w, _, x := inForce(t)
	soon, later := w.Clock.Now().Add(time.Hour), w.Clock.Now().Add(48*time.Hour)
	crowd(w, func(tx crowding) error {
		a, err := tx.Assessment(w.Ctx, x.ID)
		if err != nil {
			return err
		}
		a.Record++
		a.Result.Band = assessment.Low
		a.Conditions = []assessment.Condition{
			{Number: 1, Text: "train", Owner: w.As(authz.HOM).Person, Due: later},
			{Number: 2, Text: "count", Owner: w.As(authz.HOM).Person, Due: soon},
			{Number: 3, Text: "ask", Post: authz.LEG, Due: later},
		}
		return tx.SaveAssessment(w.Ctx, a)
	})
	t.Run("RBA_CONDITION_OPEN the owner has it, by its due date", func(t *testing.T) {
		i := only(w, authz.HOM, "close_condition")
		if i == nil || i.ID != x.ID || !i.Due.Equal(soon) || !slices.Equal(i.Details, []string{"condition 1", "condition 2"}) || i.Risk != assessment.Low {
			t.Errorf("%+v", i)
		}
		if i := only(w, authz.LEG, "close_condition"); i == nil || !i.Due.Equal(later) || !slices.Equal(i.Details, []string{"condition 3"}) {
			t.Errorf("%+v", i)
		}
		for _, role := range []authz.Role{authz.RO, authz.FP, authz.DPO, authz.OIG, authz.PSG} {
			if i := only(w, role, "close_condition"); i != nil {
				t.Errorf("for %s waits %+v", role, i)
			}
		}
	})
	t.Run("RBA_CONDITION_OPEN overdue it is urgent, and closed it is gone", func(t *testing.T) {
		w.Clock.Add(time.Hour)
		if i := only(w, authz.HOM, "close_condition"); i == nil || i.Risk != assessment.High {
			t.Errorf("%+v", i)
		}
		for _, n := range []int{1, 2} {
			_, err := w.Assessments.CloseCondition(w.Ctx, w.As(authz.HOM), x.ID, n, "done")
			w.Must(err)
		}
		if i := only(w, authz.HOM, "close_condition"); i != nil {
			t.Errorf("%+v", i)
		}
	})
}

func TestReturnedWaitsForItsAuthor(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	a := w.Agreement()
	wait(t, w, authz.FP, "revise_agreement HIGH")
	t.Run("R36 no draft waits at headquarters", func(t *testing.T) { wait(t, w, authz.LEG) })
	x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", w.Assess(a).Content)
	w.Must(err)
	x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
	w.Must(err)
	_, err = w.Assessments.Decide(w.Ctx, w.As(authz.FP), x.ID, assessment.DecisionReturned, "the harm?")
	w.Must(err)
	if i := only(w, authz.RO, "revise_assessment"); i == nil || i.ID != x.ID {
		t.Errorf("%+v", i)
	}
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.LEG} {
		if i := only(w, role, "revise_assessment"); i != nil {
			t.Errorf("for %s waits %+v", role, i)
		}
	}
}

// One of two has terminated: it waits for the other.
func TestEndingWaitsForTheOther(t *testing.T) {
	w, a, _ := inForce(t)
	_, err := w.Agreements.Terminate(w.Ctx, w.As(authz.HOM), a.ID, "the programme is over")
	w.Must(err)
	wait(t, w, authz.LEG, "end_agreement HIGH")
	wait(t, w, authz.HOM)
}
