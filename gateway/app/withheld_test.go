package app_test

import (
	"encoding/json"
	"errors"
	"regexp"
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
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/rights"
)

const nobodys = "CASE-NOBODY" // a case number of which nothing is known

// answered are people who answered in different ways, by their case number, with
// the code that who may send for them is told; nothing for who may be sent.
func answered(w *apptest.World) map[string]string {
	w.T.Helper()
	say := func(reference string, edit func(*consent.Statement)) string {
		s := w.Statement()
		edit(&s)
		records, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{reference})
		w.Must(err)
		return records[0].ID
	}
	say("CASE-YES", func(*consent.Statement) {})
	say("CASE-NO", func(s *consent.Statement) { s.Decision, s.Evidence = consent.Refused, nil })
	_, err := w.Consents.Withdraw(w.Ctx, w.As(authz.RO), say("CASE-BACK", func(*consent.Statement) {}), "said so")
	w.Must(err)
	say("CASE-HELD", func(*consent.Statement) {})
	_, err = w.Holds.Place(w.Ctx, w.As(authz.FP), rights.Order{Kind: rights.Objection, Mission: w.Mission.ID, Case: "CASE-HELD", Reason: "spoken"})
	w.Must(err)
	say("CASE-STAFF", func(s *consent.Statement) { s.Type = "staff" })
	say("CASE-CHILD", func(s *consent.Statement) { s.Child = true })
	say("CASE-ALONE", func(s *consent.Statement) { s.Child, s.Alone = true, true })
	return map[string]string{
		"CASE-YES": "", "CASE-NO": "CONSENT_REFUSED", "CASE-BACK": "CONSENT_WITHDRAWN", "CASE-HELD": "SUBJECT_OBJECTION",
		"CASE-STAFF": "AGR_SUBJECT_TYPE", "CASE-CHILD": "GUARDIAN_MISSING", "CASE-ALONE": "RBA_SCOPE", nobodys: "CONSENT_MISSING",
	}
}

var (
	digests = regexp.MustCompile(`"[0-9a-f]{64}"`)
	times   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)
	places  = regexp.MustCompile(`"seq":\d+`)
)

// alike is v without what is of one request alone.
func alike(t *testing.T, v any, own ...string) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for _, id := range own {
		text = strings.ReplaceAll(text, id, "own")
	}
	for _, each := range []*regexp.Regexp{digests, times, places} {
		text = each.ReplaceAllString(text, `"."`)
	}
	return text
}

// heard is all that somebody comes to hear of the decision on the transfer, and of
// what led to it: by its answer, by reading the transfer and the log, and by the
// decision that is told again.
func heard(t *testing.T, w *apptest.World, reader authz.Role, id string, phase gate.Phase, answer error) string {
	t.Helper()
	var refused *transfer.RefusedError
	if !errors.As(answer, &refused) {
		t.Fatalf("answered %v", answer)
	}
	w.Settled()
	read, err := w.Transfers.Transfer(w.Ctx, w.As(reader), id)
	w.Must(err)
	read.SubjectsDigest = "" // which the API does not show
	found, _, err := w.Log.Entries(w.Ctx, w.As(reader), transfer.LogFilter{After: -1, AtMost: 500, Object: id})
	w.Must(err)
	all, own := []any{refused.Decision, read}, []string{id}
	for _, file := range read.Files {
		if file.Sealed != nil {
			own = append(own, file.Sealed.Upload)
		}
	}
	for _, line := range found {
		own = append(own, line.Entry.ID)
		if all = append(all, line); line.Entry.Facts == "" || line.Entry.Phase != string(phase) {
			continue
		}
		again, err := w.Log.Replay(w.Ctx, w.As(reader), line.Seq)
		if err != nil || !again.Same || !slices.Equal(again.Now, line.Entry.Codes) {
			t.Errorf("R37 told again %+v, %v", again, err)
		}
		for _, ref := range again.Read {
			if slices.Contains([]string{consent.KindConsent, rights.KindHold}, ref.Kind) {
				t.Errorf("R23 %s %s was read", ref.Kind, ref.ID)
			}
		}
		all = append(all, again)
	}
	return alike(t, all, own...)
}

// assessedForAdults has one more assessment of the agreement approved, that of
// the world being for children too: of both the newer counts, for whom it covers.
func assessedForAdults(w *apptest.World) {
	w.T.Helper()
	list, err := w.Agreements.Agreements(w.Ctx, w.As(authz.LEG), agreements.Filter{}, evidence.Page{})
	w.Must(err)
	c := w.Content(list.Items[0])
	c.Answers["S2"] = assessment.Answer{Value: new(3), Evidence: "seen"}
	w.Approved(c)
}

// Who may not send learns nothing of people by asking: neither by the answer, nor
// by the log of their own acts, nor by the decision when it is told again.
func TestARefusedSenderLearnsNothingOfPeople(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	cases := answered(w)
	assessedForAdults(w)
	tasked(w, another, medical(w))
	locked, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), people.Person{Name: "locked", Mission: w.Mission.ID})
	w.Must(err)
	w.Persons["locked"] = locked.ID
	grant(w, "locked", people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: w.Task(authz.RO)})
	order := func(reference string) transfer.Order {
		o := w.Order()
		o.Subjects = []string{reference}
		return o
	}
	chosen := map[string]bool{}
	for reference, code := range cases {
		t.Run("R23 who may send hears of "+reference+" "+code, func(t *testing.T) {
			x, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), order(reference))
			if chosen[x.Assessment] = true; code == "" {
				w.Must(err)
			} else if !slices.Contains(x.Decision.Codes(), code) {
				t.Errorf("%v", err)
			}
		})
	}
	if len(chosen) < 2 {
		t.Error("who the people are chooses no assessment")
	}
	for name, sender := range map[string]struct {
		role   authz.Role
		before func(*authz.Caller) // they ask
		codes  string
	}{
		"without the task":           {role: another, codes: "AUTH_ROLE_DENIED"},
		"without the role":           {role: authz.HOM, codes: "AUTH_ROLE_DENIED"},
		"whose sign-in is not taken": {role: authz.RO, before: func(c *authz.Caller) { c.Assurance = "none" }, codes: "AUTH_INVALID"},
		"whose role is locked":       {role: "locked", codes: "TRAINING_EXPIRED CONFIDENTIALITY_MISSING"},
	} {
		t.Run("R23 "+sender.codes+" "+name, func(t *testing.T) {
			asked, answers := map[string]string{}, map[string]error{}
			for reference := range cases {
				c := w.As(sender.role)
				if sender.before != nil {
					sender.before(&c)
				}
				x, err := w.Transfers.Request(w.Ctx, c, order(reference))
				refusedFor(t, err, strings.Fields(sender.codes)...)
				asked[reference], answers[reference] = x.ID, err
				kept, err := w.Transfers.Transfer(w.Ctx, w.As(authz.LEG), x.ID)
				if w.Must(err); kept.SubjectsDigest != evidence.DigestOf([]byte("[]")) || kept.Subjects != 1 {
					t.Errorf("R23 it keeps a digest of whom they named: %+v", kept)
				}
			}
			if sender.role == "locked" {
				w.Fit(locked.ID) // they read later what they asked for
			}
			nothing := heard(t, w, sender.role, asked[nobodys], gate.Request, answers[nobodys])
			if !strings.Contains(nothing, `"codes_then"`) {
				t.Errorf("nothing is told again: %s", nothing)
			}
			for reference, id := range asked {
				if something := heard(t, w, sender.role, id, gate.Request, answers[reference]); something != nothing {
					t.Errorf("%s is told from nobody:\n%s\n%s", reference, something, nothing)
				}
			}
		})
	}
	w.Verify()
}

// So it is where the task ends, or the role is locked, while the transfer waits.
func TestASenderWhoIsRefusedAtCommitLearnsNothingOfPeople(t *testing.T) {
	const day = 24 * time.Hour
	for code, refuse := range map[string]func(w *apptest.World, task authz.Grant){
		"AUTH_ROLE_DENIED": func(w *apptest.World, task authz.Grant) {
			_, err := w.People.EndGrant(w.Ctx, w.As(authz.FP), task.ID)
			w.Must(err)
		},
		"TRAINING_EXPIRED": func(w *apptest.World, _ authz.Grant) { w.Clock.Add(2 * day) },
	} {
		t.Run("R23 "+code+" at COMMIT", func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			records := w.Consent("CASE-STAYS", "CASE-BACK")
			p, err := w.People.CreatePerson(w.Ctx, w.As(authz.LEG), people.Person{Name: "sender", Mission: w.Mission.ID})
			w.Must(err)
			passed := w.Clock.Now().Add(-728 * day) // of a course that counts for 730
			_, err = w.People.ImportTrainings(w.Ctx, w.As(authz.LEG), "", strings.NewReader(peopletest.CSV(passed, p.ID)))
			w.Must(errors.Join(err, peopletest.Sign(w.Ctx, w.People, p.ID)))
			w.Persons[another] = p.ID
			for _, purpose := range []string{medical(w), w.Purpose.ID} {
				grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: []string{purpose}})
			}
			c := w.As(another)
			sent := map[string]transfer.Transfer{}
			for _, reference := range []string{"CASE-STAYS", "CASE-BACK"} {
				o := w.Order()
				o.Subjects = []string{reference}
				x, err := w.Transfers.Request(w.Ctx, c, o)
				w.Must(err)
				sent[reference], err = w.Transfers.Receive(w.Ctx, c, x.ID, 1, "", strings.NewReader("given_name\nAna\n"))
				w.Must(err)
			}
			_, err = w.Consents.Withdraw(w.Ctx, w.As(authz.RO), records[1].ID, "said so")
			w.Must(err)
			refuse(w, c.Grants[slices.IndexFunc(c.Grants, func(g authz.Grant) bool { return slices.Contains(g.Purposes, w.Purpose.ID) })])
			answers := map[string]error{}
			for reference, x := range sent {
				_, early := w.Transfers.Commit(w.Ctx, w.As(another), x.ID)
				refusedFor(t, early, code, "APPROVAL_PENDING")
				x, answers[reference] = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), x.ID, true, "")
				if refusedFor(t, answers[reference], code); x.State != transfer.Refused {
					t.Errorf("it is %s", x.State)
				}
			}
			w.Fit(p.ID) // whose role was locked reads what became of it
			for _, reader := range []authz.Role{another, authz.HOM} {
				stays := heard(t, w, reader, sent["CASE-STAYS"].ID, gate.Commit, answers["CASE-STAYS"])
				if back := heard(t, w, reader, sent["CASE-BACK"].ID, gate.Commit, answers["CASE-BACK"]); back != stays {
					t.Errorf("%s tells who withdrew:\n%s\n%s", reader, back, stays)
				}
				if reader == authz.HOM && !strings.Contains(stays, `"codes_then":["`+code+`"]`) {
					t.Errorf("not told again: %s", stays)
				}
			}
			w.Verify()
		})
	}
}
