package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/rights"
)

// waits is a transfer that waits for its partner.
type waits struct {
	w    *apptest.World
	sent transfer.Transfer
	// ends stops it, and mends, if anything does, lets it go on.
	ends, mends func()
}

func ready(t *testing.T) (*apptest.World, transfer.Transfer) {
	w := apptest.Ready(t, apptest.Options{})
	return w, w.Available([]byte("x"))
}

// decidedCauses are those that somebody decides on.
func decidedCauses() map[string]func(t *testing.T) waits {
	hold := func(kind rights.Kind) func(t *testing.T) waits {
		return func(t *testing.T) waits {
			w, x := ready(t)
			by, lifts := authz.RO, authz.FP
			if kind == rights.Legal {
				join(w, secondLegal, authz.LEG)
				by, lifts = authz.LEG, secondLegal
			}
			var h rights.Hold
			return waits{w, x, func() {
				var err error
				h, err = w.Holds.Place(w.Ctx, w.As(by), rights.Order{Kind: kind, Mission: w.Mission.ID, Case: "CASE-1", Reason: "asked"})
				w.Must(err)
			}, func() {
				_, err := w.Holds.Lift(w.Ctx, w.As(lifts), h.ID, "done")
				w.Must(err)
			}}
		}
	}
	return map[string]func(t *testing.T) waits{
		"LEGAL_HOLD":        hold(rights.Legal),
		"SUBJECT_OBJECTION": hold(rights.Objection),
		"CONSENT_WITHDRAWN": func(t *testing.T) waits {
			w, x := ready(t)
			return waits{w, x, func() {
				_, err := w.Consents.Withdraw(w.Ctx, w.As(authz.RO), w.Consented[0].ID, "asked")
				w.Must(err)
			}, func() { w.Clock.Add(time.Hour); w.Consent("CASE-1") }}
		},
		"CONSENT_REFUSED": func(t *testing.T) waits {
			w, x := ready(t)
			return waits{w, x, func() {
				s := w.Statement()
				s.Decision = consent.Refused
				_, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-2"})
				w.Must(err)
			}, nil}
		},
		"RBA_STALE": func(t *testing.T) waits {
			w, x := ready(t)
			return waits{w, x, func() {
				_, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.DPO), "CO", "fighting")
				w.Must(err)
			}, func() {
				a, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), x.Agreement)
				w.Must(err)
				w.Clock.Add(time.Hour)
				w.Assess(a)
			}}
		},
		"PARTNER_INCIDENT": func(t *testing.T) waits {
			w, x := ready(t)
			return waits{w, x, func() {
				now := w.Clock.Now()
				i, err := w.Incidents.Report(w.Ctx, w.As(authz.PDL), incidents.Incident{Partner: w.Partner.ID, Source: "theft", Event: "loss", Discovered: now, Notified: now})
				w.Must(err)
				_, err = w.Incidents.Triage(w.Ctx, w.As(authz.DPO), i.ID, incidents.Serious, "names in it")
				w.Must(err)
			}, nil}
		},
		"DPO_REQUIRED": func(t *testing.T) waits {
			w, o := sensitive(t, "transfer")
			decide := func(id string) approvals.DPOApproval {
				a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{Granted: true, Scope: approvals.ForTransfer, Transfer: id})
				w.Must(err)
				return a
			}
			a := decide(asked(w, o, "DPO_REQUIRED").ID)
			x := release(w, asked(w, o))
			return waits{w, x, func() {
				_, err := w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), a.ID, "reconsidered")
				w.Must(err)
			}, func() { decide(x.ID) }}
		},
		"ANON_NOT_DEMONSTRATED": func(t *testing.T) waits {
			w := apptest.Ready(t, apptest.Options{})
			body := []byte("notes\n12\n")
			sum := sha256.Sum256(body)
			o := w.Order()
			o.Nature, o.Subjects, o.Fields = gate.Aggregate, nil, []string{"notes"}
			o.Files = []transfer.File{{MediaType: "text/csv", SHA256: hex.EncodeToString(sum[:])}}
			show := func() string {
				a, err := w.Disclosures.Write(w.Ctx, w.As(authz.RO), anonymous.DisclosureAssessment{
					Mission: w.Mission.ID, Datasets: []string{o.Files[0].SHA256}, Countries: []string{"CO"}, Method: "counted", Cell: 50, Own: true,
					ValidUntil: w.Clock.Now().AddDate(0, 6, 0),
				})
				w.Must(err)
				_, err = w.Disclosures.Sign(w.Ctx, w.As(authz.FP), a.ID)
				w.Must(err)
				return a.ID
			}
			shown := show()
			sent := asked(w, o)
			_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader(body))
			w.Must(err)
			sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
			w.Must(err)
			return waits{w, sent, func() {
				_, err := w.Disclosures.Withdraw(w.Ctx, w.As(authz.FP), shown)
				w.Must(err)
			}, func() { show() }}
		},
		"ONWARD_ORIGINATOR": func(t *testing.T) waits {
			w := apptest.Ready(t, apptest.Options{})
			c, err := w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
				Mission: w.Mission.ID, Originator: "Agency", Purposes: []string{w.Purpose.ID}, Categories: w.Order().Categories,
				Recipients: []string{w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: w.Clock.Now().AddDate(0, 1, 0),
			})
			w.Must(err)
			o := w.Order()
			o.Origin.Source, o.Origin.Clearance = "third_party", c.ID
			return waits{w, release(w, asked(w, o)), func() {
				_, err := w.Clearances.Withdraw(w.Ctx, w.As(authz.FP), c.ID, "by mistake")
				w.Must(err)
			}, nil}
		},
	}
}

// endingCauses are those that come with the time, and nobody says so.
func endingCauses() map[string]func(t *testing.T) waits {
	at := func(w *apptest.World, x transfer.Transfer, until time.Time) waits {
		return waits{w, x, func() { w.Clock.Add(until.Sub(w.Clock.Now())) }, nil}
	}
	// shortly releases a transfer some days before what it rests on ends.
	shortly := func(until func(w *apptest.World, x transfer.Transfer) time.Time) func(t *testing.T) waits {
		return func(t *testing.T) waits {
			w, x := ready(t)
			end := until(w, x)
			w.Clock.Add(end.AddDate(0, 0, -5).Sub(w.Clock.Now()))
			_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 60*24*time.Hour, nil)
			w.Must(err)
			_, err = w.Transfers.Lapse(w.Ctx) // the one that told when
			w.Must(err)
			return at(w, w.Available([]byte("x")), end)
		}
	}
	return map[string]func(t *testing.T) waits{
		"AGR_EXPIRED": func(t *testing.T) waits {
			w, until := ending(t)
			return at(w, w.Available(payload(1)), until)
		},
		"RBA_EXPIRED": shortly(func(w *apptest.World, x transfer.Transfer) time.Time {
			a, err := w.Assessments.Assessment(w.Ctx, w.As(authz.LEG), x.Assessment)
			w.Must(err)
			return a.ValidUntil
		}),
		"PARTNER_UNVETTED": func(t *testing.T) waits {
			w := apptest.Ready(t, apptest.Options{})
			changeRules(w, func(r *rulebook.Rules) { r.Vetting.LifeDays = 5 })
			p, err := w.Parties.Party(w.Ctx, w.As(authz.LEG), w.Partner.ID)
			w.Must(err)
			return at(w, w.Available([]byte("x")), p.DueDiligence.Date.AddDate(0, 0, 5))
		},
		"CONSENT_EXPIRED": func(t *testing.T) waits {
			w := apptest.New(t, apptest.Options{})
			w.Agreed()
			s, until := w.Statement(), w.Clock.Now().AddDate(0, 0, 3)
			s.ValidUntil = &until
			_, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-1", "CASE-2"})
			w.Must(err)
			return at(w, w.Available([]byte("x")), until)
		},
		"DPO_EXPIRED": func(t *testing.T) waits {
			w, o := sensitive(t, "agreement")
			until := w.Clock.Now().AddDate(0, 0, 3)
			_, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
				Granted: true, Scope: approvals.ForAgreement, Agreement: asked(w, o, "DPO_REQUIRED").Agreement, Purposes: []string{w.Purpose.ID}, Categories: []string{"gbv"}, Until: &until,
			})
			w.Must(err)
			return at(w, release(w, asked(w, o)), until)
		},
	}
}

// TestTheClockHolds: whatever the gate would refuse at a pull is held before anybody pulls, once, and its window stands still.
func TestTheClockHolds(t *testing.T) {
	for _, all := range []map[string]func(*testing.T) waits{decidedCauses(), endingCauses()} {
		for code, begin := range all {
			t.Run(code, func(t *testing.T) {
				x := begin(t)
				w := x.w
				changes(w, 0)
				x.ends()
				changes(w, 1)
				got := look(w, x.sent.ID)
				if got.State != transfer.Held || !slices.Contains(got.Decision.Codes(), code) || w.Clock.Now().Sub(*got.HeldSince) > time.Minute {
					t.Fatalf("%s %v since %v", got.State, got.Decision.Codes(), got.HeldSince)
				}
				changes(w, 0)
				h := w.Hand()
				if n := h.Text("SELECT COUNT(*) || '' FROM rejudgings WHERE due <= " + strconv.FormatInt(w.Clock.Now().UnixMicro(), 10)); n != "0" {
					t.Errorf("%s are judged again though nothing changed", n)
				}
				left := got.WindowEnds.Sub(w.Clock.Now())
				if x.mends != nil {
					x.mends()
					changes(w, 1)
					if got = look(w, x.sent.ID); got.State != transfer.Available || !got.Decision.Released() || (left-got.WindowEnds.Sub(w.Clock.Now())).Abs() > time.Minute {
						t.Errorf("%s %v, %s are left of %s", got.State, got.Decision.Codes(), got.WindowEnds.Sub(w.Clock.Now()), left)
					}
				} else {
					w.Clock.Add(20 * 24 * time.Hour)
					if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 0 {
						t.Errorf("%d lapsed, %v", n, err)
					}
				}
				w.Verify()
			})
		}
	}
}

// TestAHoldIsNotTold: a held transfer whose window would be over reads as any other whose window is, until it is freed.
func TestAHoldIsNotTold(t *testing.T) {
	w, x := ready(t)
	other := w.Available([]byte("y"))
	h, err := w.Holds.Place(w.Ctx, w.As(authz.FP), rights.Order{Kind: rights.Review, Transfer: x.ID, Reason: "doubt"})
	w.Must(err)
	changes(w, 1)
	told := func(id string) transfer.Transfer {
		seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.PDL), id)
		w.Must(err)
		return seen
	}
	alike := func(state transfer.State) {
		t.Helper()
		held, free := told(x.ID), told(other.ID)
		if held.State != state || free.State != state || !held.WindowEnds.Equal(*x.WindowEnds) || !free.WindowEnds.Equal(*other.WindowEnds) || held.HeldSince != nil {
			t.Errorf("held: %s until %v; not held: %s until %v; want %s", held.State, held.WindowEnds, free.State, free.WindowEnds, state)
		}
		for _, asked := range []transfer.State{transfer.Available, transfer.Unclaimed, transfer.Held} {
			seen, err := w.Transfers.Transfers(w.Ctx, w.As(authz.PDL), transfer.Filter{State: asked}, evidence.Page{})
			if want := asked == state; err != nil || want != (len(seen.Items) == 2) || !want && len(seen.Items) > 0 {
				t.Errorf("%d are told %s, %v", len(seen.Items), asked, err)
			}
		}
	}
	t.Run("PULL_DENIED", func(*testing.T) {
		alike(transfer.Available)
		w.Clock.Add(x.WindowEnds.Sub(w.Clock.Now()))
		w.Clock.Add(time.Minute)
		alike(transfer.Unclaimed)
		_, err := w.Transfers.Lapse(w.Ctx)
		w.Must(err)
		alike(transfer.Unclaimed)
	})
	t.Run("freed, it is there once more with what was left", func(t *testing.T) {
		_, err = w.Holds.Lift(w.Ctx, w.As(authz.LEG), h.ID, "checked")
		w.Must(err)
		changes(w, 1)
		if seen := told(x.ID); seen.State != transfer.Available || !seen.WindowEnds.After(w.Clock.Now()) {
			t.Errorf("%s until %v", seen.State, seen.WindowEnds)
		}
	})
}
