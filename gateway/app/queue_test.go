package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/queue"
)

// waiting is what waits for the role, as "what risk", in order.
func waiting(w *apptest.World, role authz.Role) []string {
	w.T.Helper()
	p, err := w.Queues.Queue(w.Ctx, w.As(role), "", 500)
	w.Must(err)
	all := []string{}
	for _, i := range p.Items {
		if i.Role != role || i.Since.IsZero() || i.ID == "" || !strings.HasPrefix(i.Link, "/") {
			w.T.Errorf("an item of %s says %+v", role, i)
		}
		all = append(all, i.What+" "+string(i.Risk))
	}
	return all
}

func wait(t *testing.T, w *apptest.World, role authz.Role, want ...string) {
	t.Helper()
	if got := waiting(w, role); !slices.Equal(got, want) {
		t.Errorf("for %s waits %q, want %q", role, got, want)
	}
}

// Each act makes the next wait for whose turn it is, and for nobody else.
func TestQueuesFollowTheStory(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	a := w.Agreement()
	wait(t, w, authz.LEG)
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	wait(t, w, authz.LEG, "review_agreement HIGH")
	wait(t, w, authz.HOM)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	wait(t, w, authz.LEG)
	wait(t, w, authz.HOM, "sign_agreement HIGH")
	wait(t, w, authz.PSG, "sign_agreement HIGH")
	a = w.Sign(a, authz.HOM)
	wait(t, w, authz.HOM)
	a = w.Sign(a, authz.PSG)
	wait(t, w, authz.PSG)
	wait(t, w, authz.LEG, "activate_agreement HIGH")
	w.Assess(a)
	_, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
	wait(t, w, authz.LEG)
	w.Consent("CASE-1", "CASE-2")
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("x"))
	w.Must(err)
	wait(t, w, authz.HOM, "approve_transfer HIGH")
	wait(t, w, authz.RO)
	wait(t, w, authz.OIG)
	wait(t, w, authz.LEG, "watch_transfer HIGH")
	_, err = w.Authorities.Report(w.Ctx, w.As(authz.HOM), authorities.Case{Mission: w.Mission.ID, Authority: authorities.Police, Country: "CO", Reference: "PN-2026-1", Asked: w.Clock.Now()})
	w.Must(err)
	t.Run("R36 what an authority asks stands before a transfer that came earlier", func(t *testing.T) {
		wait(t, w, authz.LEG, "answer_authority SEVERE", "watch_transfer HIGH")
	})
	t.Run("paged", func(t *testing.T) {
		first, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), "", 1)
		w.Must(err)
		second, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), first.Next, 1)
		w.Must(err)
		if len(first.Items) != 1 || len(second.Items) != 1 || second.Next != "" || first.Items[0].What != "answer_authority" || second.Items[0].What != "watch_transfer" {
			t.Errorf("%+v, then %+v", first, second)
		}
		if _, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), "nonsense", 1); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	w.Must(err)
	wait(t, w, authz.HOM)
	_, err = w.Agreements.Suspend(w.Ctx, w.As(authz.HOM), a.ID, "a doubt")
	w.Must(err)
	wait(t, w, authz.LEG, "answer_authority SEVERE", "lift_agreement HIGH")
	wait(t, w, authz.DPO, "lift_agreement HIGH")
	_, err = w.Agreements.Lift(w.Ctx, w.As(authz.LEG), a.ID, "no doubt")
	w.Must(err)
	wait(t, w, authz.LEG, "answer_authority SEVERE")
	wait(t, w, authz.DPO, "lift_agreement HIGH")
	if sent.State != transfer.Available {
		t.Error(sent.State)
	}
	w.Verify()
}

// rebanding is a transaction of who writes another band into an assessment.
type rebanding interface {
	evidence.Recorder
	Assessment(ctx context.Context, id string) (assessment.Assessment, error)
	SaveAssessment(ctx context.Context, a assessment.Assessment) error
}

func reband(w *apptest.World, id string, band assessment.Band) {
	w.T.Helper()
	_, err := store.For[rebanding](w.Store).Update(w.Ctx, func(tx rebanding) error {
		x, err := tx.Assessment(w.Ctx, id)
		if err != nil {
			return err
		}
		x.Record++
		x.Result.Band = band
		if err := tx.SaveAssessment(w.Ctx, x); err != nil {
			return err
		}
		return tx.Record(w.Ctx, w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.band", authz.Resource{}))
	})
	w.Must(err)
}

// R36: LOW and MODERATE transfers do not wait on Legal singly.
func TestLegalSeesNoLowTransferSingly(t *testing.T) {
	for _, band := range []assessment.Band{assessment.Low, assessment.Moderate, assessment.High, assessment.Severe} {
		t.Run("R36 "+string(band), func(t *testing.T) {
			w, _, x := inForce(t)
			sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
			w.Must(err)
			_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("x"))
			w.Must(err)
			reband(w, x.ID, band)
			p, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), "", 100)
			w.Must(err)
			singly := slices.ContainsFunc(p.Items, func(i queue.Item) bool { return i.ID == sent.ID })
			if low := band == assessment.Low || band == assessment.Moderate; low == singly || low != (len(p.Unlisted) == 1 && p.Unlisted[0].Transfers == 1) {
				t.Errorf("singly %v, unlisted %v", singly, p.Unlisted)
			}
			wait(t, w, authz.HOM, "approve_transfer "+string(band))
		})
	}
}

// What can neither be approved nor derogated from is sent back by whoever reviews it; a sign that data will be used against the
// people is Legal's, above all else (domain.md section 3, K5).
func TestWhatIsStoppedWaitsToBeSentBack(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]int
		mission string
		legal   []string
	}{
		"R40 too little benefit": {map[string]int{"B1": 1, "B2": 1, "B3": 1, "B4": 1}, "return_assessment HIGH", nil},
		"R40 K1":                 {map[string]int{"K1": 1}, "return_assessment HIGH", nil},
		"R34 R36 K5":             {map[string]int{"K5": 1}, "return_assessment SEVERE", []string{"return_assessment SEVERE"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, a, _ := inForce(t)
			content := w.Content(a)
			for id, v := range c.answers {
				content.Answers[id] = assessment.Answer{Value: new(v), Evidence: "seen"}
			}
			x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", content)
			w.Must(err)
			x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
			w.Must(err)
			wait(t, w, authz.FP, c.mission)
			wait(t, w, authz.HOM, c.mission)
			wait(t, w, authz.LEG, c.legal...)
			wait(t, w, authz.DPO)
			_, err = w.Assessments.Decide(w.Ctx, w.As(authz.FP), x.ID, assessment.DecisionReturned, "reduce the data")
			w.Must(err)
			wait(t, w, authz.FP)
			wait(t, w, authz.RO, "revise_assessment HIGH")
			w.Verify()
		})
	}
}
