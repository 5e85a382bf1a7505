package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// decisionOn is the entry of the first decision on the transfer, and what comes out told again.
func decisionOn(w *apptest.World, id string) (evidence.Entry, transfer.Replay) {
	w.T.Helper()
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.Subject.ID == id && line.Entry.Facts != "" {
			r, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
			if err != nil || !r.Same || len(r.Differs) > 0 {
				w.T.Errorf("R37 told again %+v, %v", r, err)
			}
			return line.Entry, r
		}
	}
	w.T.Fatalf("no decision on %s", id)
	return evidence.Entry{}, transfer.Replay{}
}

func names(r transfer.Replay, kind, id string) bool {
	return slices.ContainsFunc(r.Read, func(ref evidence.Ref) bool { return ref.Kind == kind && ref.ID == id && ref.Version > 0 })
}

// R37: whoever tells a decision again sees what was read and passed over, and whether the same would be chosen.
func TestReplayNamesWhatWasPassedOver(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	alert, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.LEG), "CO", "fighting")
	w.Must(err)
	w.Clock.Add(time.Hour)
	w.Agreed() // assessed after the alert, which makes nothing stale
	w.Consented = w.Consent("CASE-1", "CASE-2")
	list, err := w.Agreements.Agreements(w.Ctx, w.As(authz.LEG), agreements.Filter{}, evidence.Page{})
	w.Must(err)
	older := asked(w, w.Order()).Assessment
	newer := w.Approved(w.Content(list.Items[0])).ID
	draft := w.Agreement()
	sent := asked(w, w.Order())
	decision, r := decisionOn(w, sent.ID)
	for name, ref := range map[string]evidence.Ref{
		"R37 R43 the agreement passed over":       {Kind: agreements.KindAgreement, ID: draft.ID},
		"R37 R43 the assessment passed over":      {Kind: assessment.KindAssessment, ID: older},
		"R37 R43 the assessment chosen":           {Kind: assessment.KindAssessment, ID: newer},
		"R37 R43 the cause that made none stale":  {Kind: assessment.KindCause, ID: alert.ID},
		"R37 R44 who sends":                       {Kind: people.KindPerson, ID: w.Persons[authz.RO]},
		"R37 R42 who pulls, who is not suspended": {Kind: people.KindPerson, ID: w.Persons[authz.PDL]},
	} {
		t.Run(name, func(t *testing.T) {
			if !names(r, ref.Kind, ref.ID) {
				t.Errorf("%s %s is not in %v", ref.Kind, ref.ID, r.Read)
			}
		})
	}
	for kind, says := range map[string]string{
		"agreement":  "rested on " + draft.ID + ", version 1, and would rest on " + sent.Agreement,
		"assessment": "rested on " + older + ", version ",
	} {
		t.Run("R37 another "+kind+" would be chosen", func(t *testing.T) {
			entry := asRecorded(w, decision, func(recorded map[string]any) {
				passed := recorded["facts"].(map[string]any)["passed_over"].(map[string]any)[kind+"s"].([]any)
				recorded[kind], passed[0] = passed[0], recorded[kind]
			})
			r, err := told(w, entry)
			if err != nil || !strings.Contains(strings.Join(r.Differs, "; "), says) {
				t.Errorf("%q does not say %q, %v", r.Differs, says, err)
			}
		})
	}
	t.Run("R37 facts of an earlier program", func(t *testing.T) {
		entry := asRecorded(w, decision, func(recorded map[string]any) { delete(recorded["facts"].(map[string]any), "passed_over") })
		if r, err := told(w, entry); err != nil || !r.Same || len(r.Differs) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
	})
	w.Verify()
}

// trainedUntil has a new person in the place whose training lapses after so long.
func trainedUntil(w *apptest.World, at people.Person, lasts time.Duration) (person, training string) {
	w.T.Helper()
	p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), at)
	w.Must(err)
	passed := w.Clock.Now().Add(lasts - 730*24*time.Hour)
	records, err := w.People.ImportTrainings(w.Ctx, w.As(authz.LEG), "", strings.NewReader(peopletest.CSV(passed, p.ID)))
	w.Must(errors.Join(err, peopletest.Sign(w.Ctx, w.People, p.ID)))
	return p.ID, records[0].ID
}

// R37: what was read of people and did not count is named, too.
func TestReplayNamesWhoDidNotCount(t *testing.T) {
	const day = 24 * time.Hour
	w := apptest.Ready(t, apptest.Options{})
	sender, lapsed := trainedUntil(w, people.Person{Name: "sender", Mission: w.Mission.ID}, 2*day)
	w.Persons[another] = sender
	grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: w.Task(authz.RO)})
	puller, ended := trainedUntil(w, people.Person{Name: "puller", Partner: w.Partner.ID}, 2*day)
	g, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: puller, Role: authz.PDL, Partner: w.Partner.ID})
	w.Must(err)
	w.Clock.Add(3 * day)
	t.Run("R37 R44 R52 TRAINING_EXPIRED names the training that lapsed", func(t *testing.T) {
		x, err := w.Transfers.Request(w.Ctx, w.As(another), w.Order())
		refusedFor(t, err, "TRAINING_EXPIRED")
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if at := refused.Decision.Refusals[0].Object; at.Kind != people.KindTraining || at.ID != lapsed {
			t.Errorf("it names %v", at)
		}
		if _, r := decisionOn(w, x.ID); !names(r, people.KindTraining, lapsed) {
			t.Errorf("%v", r.Read)
		}
	})
	_, err = w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], "an incident")
	w.Must(err)
	x := asked(w, w.Order(), string(gate.RecipientNoUser))
	_, r := decisionOn(w, x.ID)
	for name, ref := range map[string]evidence.Ref{
		"R37 R42 RECIPIENT_NO_USER names who is suspended": {Kind: people.KindPerson, ID: w.Persons[authz.PDL]},
		"R37 R52 RECIPIENT_NO_USER names who is locked":    {Kind: people.KindPerson, ID: puller},
		"R37 R44 RECIPIENT_NO_USER names the training":     {Kind: people.KindTraining, ID: ended},
		"R37 R43 RECIPIENT_NO_USER names the grant":        {Kind: people.KindGrant, ID: g.ID},
	} {
		t.Run(name, func(t *testing.T) {
			if !names(r, ref.Kind, ref.ID) {
				t.Errorf("%s %s is not in %v", ref.Kind, ref.ID, r.Read)
			}
		})
	}
	w.Verify()
}
