package app_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
)

const aDay = 24 * time.Hour

// What bounds tokens, keys, delegated posts, disclosure assessments, small partners and standing approvals is what the edition
// in force says: with the shipped one as ever, under another one from its moment on.
func TestBoundsAreTheRules(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	bounds := []struct {
		name  string
		allow func(*rulebook.Rules) // the least that lets over pass
		over  func() error
	}{
		{"R50 a token", func(r *rulebook.Rules) { r.Token.LifeDays = 91 }, func() error {
			_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.RO], 91*aDay, nil)
			return err
		}},
		{"R35 a delegated post", func(r *rulebook.Rules) { r.Lives.DelegationDays = 367 }, func() error {
			from := w.Clock.Now().Add(time.Hour)
			_, err := w.People.Delegate(w.Ctx, w.As(authz.HOM), people.Delegation{
				To: w.Persons[authz.RO], Role: authz.HOM, Mission: w.Mission.ID, From: from, Until: from.Add(367 * aDay),
			})
			return err
		}},
		{"R19 a disclosure assessment", func(r *rulebook.Rules) { r.Lives.DisclosureDays = 400 }, func() error {
			_, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), anonymous.DisclosureAssessment{
				Mission: w.Mission.ID, Datasets: []string{strings.Repeat("0a", 32)}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true,
				ValidUntil: w.Clock.Now().Add(400*aDay - time.Hour),
			})
			return err
		}},
		{"SoD 10 a small partner", func(r *rulebook.Rules) { r.Partner.SmallStaff = 4 }, func() error {
			_, err := w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{
				Person: w.Persons[authz.PSG], Role: authz.PDL, Partner: w.Partner.ID, Small: &people.SmallPartner{Staff: 4, Note: "seen in the register"},
			})
			return err
		}},
		{"R36 a standing approval", func(r *rulebook.Rules) { r.Approval.StandingTransfersMost = 1001 }, func() error {
			_, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), pathway(w, 1001))
			return err
		}},
	}
	for _, b := range bounds {
		t.Run(b.name, func(t *testing.T) {
			if err := b.over(); !errors.Is(err, people.ErrInvalid) {
				t.Errorf("beyond the shipped rules: %v", err)
			}
			changeRules(w, b.allow)
			if err := b.over(); err != nil {
				t.Errorf("within the edition in force: %v", err)
			}
		})
	}
	t.Run("R50 a key lives as long as the rules say when it is enrolled", func(t *testing.T) {
		before := enrolled(t, w)
		changeRules(w, func(r *rulebook.Rules) { r.Lives.KeyDays = 1 })
		after := enrolled(t, w)
		if before.Expires.Sub(before.Enrolled) != 730*aDay || after.Expires.Sub(after.Enrolled) != aDay {
			t.Errorf("%v and %v", before.Expires.Sub(before.Enrolled), after.Expires.Sub(after.Enrolled))
		}
	})
	t.Run("a standing approval covers what the rules say where it does not", func(t *testing.T) {
		changeRules(w, func(r *rulebook.Rules) { r.Approval.StandingTransfers = 7 })
		if a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), pathway(w, 0)); err != nil || a.Times != 7 {
			t.Errorf("%d, %v", a.Times, err)
		}
	})
	w.Verify()
}

func pathway(w *apptest.World, times int) approvals.Decision {
	return approvals.Decision{
		Scope: approvals.ForPathway, Granted: true, Pathway: "Clinic", Mission: w.Mission.ID, Partner: w.Partner.ID, Times: times,
		Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
	}
}

// enrolled is a new key of the head of mission.
func enrolled(t *testing.T, w *apptest.World) people.Key {
	t.Helper()
	head := w.As(authz.HOM)
	key, err := signing.GenerateKey(rand.Reader)
	w.Must(err)
	proof, err := signing.Enrol(key, head.Person, w.Clock.Now())
	w.Must(err)
	jwk, err := key.Public().MarshalJSON()
	w.Must(err)
	k, err := w.People.EnrolKey(w.Ctx, head, string(jwk), proof)
	w.Must(err)
	return k
}
