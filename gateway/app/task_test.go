package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

// medical is a purpose beside that of the world, under which nobody of it has a task.
func medical(w *apptest.World) string {
	w.T.Helper()
	return w.AddPurpose(terms.Purpose{Code: "medical", Text: "Medical care", LegalBasis: "consent"}).ID
}

// tasked is a new officer of the mission, with a grant for each purpose.
func tasked(w *apptest.World, name authz.Role, purposes ...string) authz.Caller {
	w.T.Helper()
	join(w, name, "")
	for _, p := range purposes {
		grant(w, name, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: []string{p}})
	}
	return w.As(name)
}

// denials counts the denials of the person that were recorded.
func denials(w *apptest.World, person string) (n int) {
	w.T.Helper()
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.OIG), transfer.LogFilter{After: -1, AtMost: 500})
	w.Must(err)
	for _, l := range lines {
		if l.Entry.Kind == evidence.Denial && l.Entry.Actor == person && slices.Equal(l.Entry.Codes, []string{"AUTH_ROLE_DENIED"}) {
			n++
		}
	}
	return n
}

// What is recorded and read is that of one's task.
func TestTheTaskUnderThePurpose(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	other := medical(w)
	officer := w.As(authz.RO)
	both := tasked(w, another, w.Purpose.ID, other)
	record := func(by authz.Caller, reference string, purposes ...string) (consent.Record, error) {
		s := w.Statement()
		s.Purposes = purposes
		records, err := w.Consents.Record(w.Ctx, by, s, []string{reference})
		if err != nil {
			return consent.Record{}, err
		}
		return records[0], nil
	}
	theirs, err := record(both, "CASE-7", other)
	w.Must(err)
	shared, err := record(both, "CASE-8", w.Purpose.ID, other)
	w.Must(err)
	acts := map[string]func(authz.Caller, string) error{
		"reads": func(c authz.Caller, id string) error { _, err := w.Consents.Consent(w.Ctx, c, id); return err },
		"attaches": func(c authz.Caller, id string) error {
			_, err := w.Consents.Attach(w.Ctx, c, id, *w.Statement().Evidence, "")
			return err
		},
		"assesses": func(c authz.Caller, id string) error {
			_, err := w.Consents.Assess(w.Ctx, c, id, consent.Circumstances{Assent: new(true)})
			return err
		},
	}
	for name, act := range acts {
		t.Run("R23 AUTH_ROLE_DENIED an officer "+name+" nothing of another task", func(t *testing.T) {
			before := denials(w, officer.Person)
			is(t, act(officer, theirs.ID), authz.ErrNoTask)
			if n := denials(w, officer.Person) - before; n != 1 { // R43
				t.Errorf("%d denials are recorded", n)
			}
			w.Must(act(officer, w.Consented[0].ID))
			w.Must(act(officer, shared.ID))
		})
	}
	t.Run("R23 AUTH_ROLE_DENIED nor certifies", func(t *testing.T) {
		_, err := w.Consents.Certify(w.Ctx, officer, theirs.ID, "")
		is(t, err, authz.ErrNoTask)
	})
	t.Run("R23 AUTH_ROLE_DENIED an officer records nothing for another purpose, nor for both", func(t *testing.T) {
		for _, purposes := range [][]string{{other}, {w.Purpose.ID, other}} {
			_, err := record(officer, "CASE-9", purposes...)
			is(t, err, authz.ErrNoTask)
		}
		_, err := record(officer, "CASE-9", w.Purpose.ID)
		w.Must(err)
	})
	t.Run("R02 a refusal is recorded by whoever hears it, and for what is not in force", func(t *testing.T) {
		withdrawn := w.AddPurpose(terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"}).ID
		amended, err := w.Terms.AmendPurpose(w.Ctx, w.As(authz.LEG), withdrawn, terms.PurposeValues{LegalBasis: "consent", Withdrawn: true}, "", time.Time{}, "no longer done")
		w.Must(err)
		_, err = w.Terms.ApprovePurpose(w.Ctx, w.As(authz.DPO), withdrawn, amended.Version)
		w.Must(err)
		for _, purpose := range []string{other, withdrawn} {
			s := w.Statement()
			s.Decision, s.Purposes, s.Evidence = consent.Refused, []string{purpose}, nil
			if got, err := w.Consents.Record(w.Ctx, officer, s, []string{"CASE-11"}); err != nil || got[0].State != consent.Refused {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
	t.Run("R23 a withdrawal takes no task, and tells nothing else", func(t *testing.T) {
		got, err := w.Consents.Withdraw(w.Ctx, officer, theirs.ID, "said so")
		w.Must(err)
		if got.State != consent.Withdrawn || got.WithdrawnAt == nil || got.ID != theirs.ID || got.Subject != "" || got.Evidence != nil || len(got.Categories) > 0 {
			t.Errorf("%+v", got)
		}
		if again, err := w.Consents.Withdrawal(w.Ctx, officer, theirs.ID); err != nil || again.State != consent.Withdrawn || again.Subject != "" {
			t.Errorf("%+v, %v", again, err)
		}
		whole, err := w.Consents.Consent(w.Ctx, both, theirs.ID)
		w.Must(err)
		if whole.Subject != theirs.Subject || whole.State != consent.Withdrawn {
			t.Errorf("%+v", whole)
		}
	})
	t.Run("R23 an auditor reads by reason, not by task", func(t *testing.T) {
		_, err := w.Consents.Consent(w.Ctx, w.As(authz.OIG), theirs.ID)
		w.Must(err)
	})
	w.Verify()
}

// A deputy has the tasks of whose post it is.
func TestTheTaskOfADeputy(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	other := medical(w)
	reads := func(c authz.Caller) error {
		_, err := w.Consents.Consent(w.Ctx, c, w.Consented[0].ID)
		return err
	}
	t.Run("R23 R35 of the focal point's grant, and no longer than it", func(t *testing.T) {
		join(w, another, "")
		stands(w, authz.FP, another, authz.FP)
		w.Must(reads(w.As(another)))
		_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), w.As(authz.FP).Grants[0].ID)
		w.Must(err)
		is(t, reads(w.As(another)), evidence.ErrNotFound) // no role in the mission is left
		is(t, reads(w.As(authz.FP)), evidence.ErrNotFound)
	})
	t.Run("R23 R35 of the grant that has them", func(t *testing.T) {
		for _, p := range []string{other, w.Purpose.ID} {
			grant(w, authz.FP, people.Grant{Role: authz.FP, Mission: w.Mission.ID, Purposes: []string{p}})
		}
		join(w, secondHead, "")
		stand := people.Delegation{To: w.Persons[secondHead], Role: authz.FP, Mission: w.Mission.ID, From: w.Clock.Now(), Until: w.Clock.Now().AddDate(0, 1, 0)}
		stand.Purposes = []string{other, w.Purpose.ID}
		_, err := w.People.Delegate(w.Ctx, w.As(authz.FP), stand)
		is(t, err, people.ErrInvalid)
		for _, p := range []string{other, w.Purpose.ID} {
			stand.Purposes = []string{p}
			g, err := w.People.Delegate(w.Ctx, w.As(authz.FP), stand)
			w.Must(err)
			if !slices.Equal(g.Purposes, stand.Purposes) {
				t.Errorf("%v", g.Purposes)
			}
			if err := reads(w.As(secondHead)); (err == nil) != (p == w.Purpose.ID) {
				t.Errorf("with a task under %s: %v", p, err)
			}
		}
	})
	w.Verify()
}

// A grant from before tasks were named is a task under none.
func TestAGrantWithoutATask(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	join(w, another, "")
	now := w.Office.Time()
	old := people.Grant{
		ID: w.Office.NewID(), Version: 1, Person: w.Persons[another], Role: authz.RO, Mission: w.Mission.ID, From: now,
		Actor: w.Persons[authz.LEG], Created: now, Updated: now,
	}
	_, err := store.For[people.Tx](w.Store).Update(w.Ctx, func(tx people.Tx) error {
		res := authz.Resource{Kind: people.KindGrant, ID: old.ID, Mission: old.Mission}
		return errors.Join(tx.SaveGrant(w.Ctx, old), tx.Record(w.Ctx, w.Office.Entry(w.As(authz.LEG), authz.LEG, evidence.Change, authz.GrantRole(authz.RO), res)))
	})
	w.Must(err)
	t.Run("R23 AUTH_ROLE_DENIED it reads, records and sends nothing", func(t *testing.T) {
		c := w.As(another)
		_, err := w.Consents.Consent(w.Ctx, c, w.Consented[0].ID)
		is(t, err, authz.ErrNoTask)
		_, err = w.Consents.Record(w.Ctx, c, w.Statement(), []string{"CASE-9"})
		is(t, err, authz.ErrNoTask)
		_, err = w.Transfers.Request(w.Ctx, c, w.Order())
		refusedFor(t, err, "AUTH_ROLE_DENIED")
	})
	t.Run("R23 it is given anew beside the old", func(t *testing.T) {
		grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: w.Task(authz.RO)})
		_, err := w.Consents.Consent(w.Ctx, w.As(another), w.Consented[0].ID)
		w.Must(err)
		_, err = w.Transfers.Request(w.Ctx, w.As(another), w.Order())
		w.Must(err)
	})
	w.Verify()
}

// Condition 1 asks for the task wherever it asks for the role.
func TestSendingTakesATask(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	other := medical(w)
	wanting := func(t *testing.T, err error, purpose string) {
		t.Helper()
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) || refused.Decision.Refusals[0].Code != "AUTH_ROLE_DENIED" {
			t.Fatalf("%v", err)
		}
		if o := refused.Decision.Refusals[0].Object; o.Kind != terms.KindPurpose || o.ID != purpose || o.Version == 0 {
			t.Errorf("at fault is %+v", o)
		}
		if mend, ask := w.Mends.Of(refused.Decision.Refusals[0], "en"); ask != "focal_point" || !strings.Contains(mend, "task under this purpose") {
			t.Errorf("%s: %s", ask, mend)
		}
	}
	t.Run("R23 AUTH_ROLE_DENIED at REQUEST", func(t *testing.T) {
		o := w.Order()
		o.Purpose = other
		_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
		wanting(t, err, other)
	})
	t.Run("R23 what people answered for a purpose is not told with the refusal", func(t *testing.T) {
		for _, by := range []authz.Role{authz.RO, authz.HOM} {
			o := w.Order()
			o.Purpose = other
			x, err := w.Transfers.Request(w.Ctx, w.As(by), o)
			var refused *transfer.RefusedError
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			kept, err := w.Transfers.Transfer(w.Ctx, w.As(authz.FP), x.ID)
			w.Must(err)
			for _, r := range slices.Concat(refused.Decision.Refusals, x.Decision.Refusals, kept.Decision.Refusals) {
				if len(r.Rows)+len(r.Subjects) > 0 {
					t.Errorf("%s is told %s of rows %v", by, r.Code, r.Rows)
				}
			}
			w.Settled()
			lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 500, Object: x.ID, Verdict: evidence.Refused})
			if err != nil || len(lines) != 1 || !slices.Equal(lines[0].Entry.Codes, refused.Decision.Codes()) {
				t.Errorf("the log keeps %+v, %v", lines, err)
			}
		}
	})
	upload := func(by authz.Role) transfer.Transfer {
		x, err := w.Transfers.Request(w.Ctx, w.As(by), w.Order())
		w.Must(err)
		x, err = w.Transfers.Receive(w.Ctx, w.As(by), x.ID, 1, "", strings.NewReader("given_name\nAna\n"))
		w.Must(err)
		return x
	}
	t.Run("R23 AUTH_ROLE_DENIED at COMMIT, where the task ended meanwhile and the role is held still", func(t *testing.T) {
		c := tasked(w, another, other, w.Purpose.ID)
		x := upload(another)
		task := c.Grants[slices.IndexFunc(c.Grants, func(g authz.Grant) bool { return slices.Contains(g.Purposes, w.Purpose.ID) })]
		_, err := w.People.EndGrant(w.Ctx, w.As(authz.FP), task.ID)
		w.Must(err)
		_, err = w.Transfers.Commit(w.Ctx, w.As(another), x.ID)
		wanting(t, err, w.Purpose.ID)
		refusedFor(t, err, "AUTH_ROLE_DENIED", "APPROVAL_PENDING")
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), x.ID, true, "")
		wanting(t, err, w.Purpose.ID)
	})
	t.Run("R23 no byte is taken without it", func(t *testing.T) {
		c := tasked(w, secondHead, other, w.Purpose.ID)
		x, err := w.Transfers.Request(w.Ctx, c, w.Order())
		w.Must(err)
		_, err = w.People.EndGrant(w.Ctx, w.As(authz.FP), c.Grants[1].ID)
		w.Must(err)
		_, err = w.Transfers.Receive(w.Ctx, w.As(secondHead), x.ID, 1, "", strings.NewReader("x"))
		is(t, err, authz.ErrNoTask)
	})
	t.Run("R23 with it all goes", func(t *testing.T) {
		x, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), upload(authz.RO).ID, true, "")
		w.Must(err)
		if x.State != transfer.Available {
			t.Errorf("%s", x.State)
		}
	})
	w.Verify()
}
