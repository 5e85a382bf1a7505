package app_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/retention"
)

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestPartnerStopsTransfers(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	leg, dpo, pdl := w.As(authz.LEG), w.As(authz.DPO), w.As(authz.PDL)
	sent := w.Available([]byte("x"))
	t.Run("PARTNER_SUSPENDED what waits is held, and leaves again when it is lifted", func(t *testing.T) {
		_, err := w.Parties.Suspend(w.Ctx, leg, w.Partner.ID, "a loss")
		w.Must(err)
		w.Refused("PARTNER_SUSPENDED")
		_, err = w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
		is(t, err, transfer.ErrNotAvailable)
		_, err = w.Parties.Lift(w.Ctx, dpo, w.Partner.ID, "closed")
		w.Must(err)
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, io.Discard))
	})
	t.Run("PARTNER_BLOCKED", func(*testing.T) {
		_, err := w.Parties.Block(w.Ctx, dpo, w.Partner.ID, "sold data")
		w.Must(err)
		w.Refused("PARTNER_BLOCKED")
	})
	w.Verify()
}

// assessed is how the assessment stands that the transfer rests on.
func assessed(w *apptest.World, sent transfer.Transfer) (assessment.State, assessment.Trigger) {
	w.T.Helper()
	x, err := w.Assessments.Assessment(w.Ctx, w.As(authz.LEG), sent.Assessment)
	w.Must(err)
	return x.State, x.StaleReason
}

func TestPartnerOutdatesAssessments(t *testing.T) {
	t.Run("RBA_STALE a new country", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		sent := w.Available([]byte("x"))
		_, err := w.Parties.Amend(w.Ctx, w.As(authz.FP), w.Partner.ID, parties.Amendment{Country: new("NE"), Reason: "it moved"})
		w.Must(err)
		if state, why := assessed(w, sent); state != assessment.Stale || why != assessment.NewCountry {
			t.Errorf("%s for %s", state, why)
		}
		w.Verify()
	})
	t.Run("RBA_STALE a partner incident, once it is triaged", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		sent := w.Available([]byte("x"))
		now := w.Clock.Now()
		i, err := w.Incidents.Report(w.Ctx, w.As(authz.PDL), incidents.Incident{Partner: w.Partner.ID, Source: "theft", Event: "loss", Discovered: now, Notified: now})
		w.Must(err)
		if state, _ := assessed(w, sent); state != assessment.Approved || i.Mission != w.Mission.ID {
			t.Errorf("%s, of mission %q", state, i.Mission)
		}
		_, err = w.Incidents.Triage(w.Ctx, w.As(authz.FP), i.ID, incidents.Low, "encrypted")
		w.Must(err)
		if state, why := assessed(w, sent); state != assessment.Stale || why != assessment.PartnerIncident {
			t.Errorf("%s for %s", state, why)
		}
		w.Verify()
	})
}

// facts asks what the gate asks of the partner.
type facts interface {
	evidence.Recorder
	incidents.FactTx
	retention.FactTx
}

func stopped(w *apptest.World) bool {
	w.T.Helper()
	var err error
	w.Must(store.For[facts](w.Store).View(w.Ctx, func(tx facts) error {
		_, err = tx.StoppingIncident(w.Ctx, w.Partner.ID)
		return nil
	}))
	if err != nil && !errors.Is(err, evidence.ErrNotFound) {
		w.T.Error(err)
	}
	return err == nil
}

func TestIncidents(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	fp, dpo, psg, ro, hom := w.As(authz.FP), w.As(authz.DPO), w.As(authz.PSG), w.As(authz.RO), w.As(authz.HOM)
	now := w.Clock.Now()
	told := incidents.Incident{Mission: w.Mission.ID, Partner: w.Partner.ID, Source: "theft", Event: "loss", Discovered: now, Notified: now}
	report := func(by authz.Caller, change func(*incidents.Incident)) (incidents.Incident, error) {
		i := told
		if change != nil {
			change(&i)
		}
		return w.Incidents.Report(w.Ctx, by, i)
	}
	t.Run("what is no report", func(t *testing.T) {
		for _, change := range []func(*incidents.Incident){
			func(i *incidents.Incident) { i.Source = " " }, func(i *incidents.Incident) { i.Notified = now.Add(-time.Hour) },
			func(i *incidents.Incident) { i.Discovered = now.Add(time.Hour) }, func(i *incidents.Incident) { i.Transfers = []string{"Ana"} },
		} {
			_, err := report(fp, change)
			is(t, err, people.ErrInvalid)
		}
		for _, by := range []authz.Caller{w.As(authz.LEG), w.As(authz.OIG)} {
			_, err := report(by, nil)
			is(t, err, authz.ErrDenied)
		}
		_, err := report(fp, func(i *incidents.Incident) { i.Mission = app.NewID() })
		is(t, err, evidence.ErrNotFound)
		_, err = report(fp, func(i *incidents.Incident) { i.Partner = app.NewID() })
		is(t, err, evidence.ErrNotFound)
	})
	if stopped(w) {
		t.Error("stopped without an incident")
	}
	i, err := report(ro, func(i *incidents.Incident) { i.About = []string{dpo.Person, fp.Person} })
	w.Must(err)
	t.Run("PARTNER_INCIDENT until it is triaged it counts as serious", func(t *testing.T) {
		if !stopped(w) {
			t.Error("not stopped")
		}
	})
	t.Run("R51 the partner knows of its own reports only", func(t *testing.T) {
		_, err := w.Incidents.Incident(w.Ctx, psg, i.ID)
		is(t, err, evidence.ErrNotFound)
		own, err := report(psg, func(i *incidents.Incident) { i.Mission, i.About = "", []string{hom.Person} })
		w.Must(err)
		if list, err := w.Incidents.Incidents(w.Ctx, psg, evidence.Page{}); err != nil || len(list.Items) != 1 || list.Items[0].ID != own.ID || len(own.About) > 0 {
			t.Errorf("%v, %v", list, err)
		}
		if list, err := w.Incidents.Incidents(w.Ctx, hom, evidence.Page{}); err != nil || len(list.Items) != 2 {
			t.Errorf("the mission sees %d, %v", len(list.Items), err)
		}
		_, err = w.Incidents.Close(w.Ctx, dpo, own.ID, incidents.Treated, "nothing")
		is(t, err, lifecycle.ErrIllegal) // nobody said how serious it is
		_, err = w.Incidents.Close(w.Ctx, dpo, own.ID, incidents.Unfounded, "a false alarm")
		w.Must(err)
	})
	t.Run("SoD 5 whom a partner's report is about the officer says", func(t *testing.T) {
		own, err := report(psg, func(i *incidents.Incident) { i.Mission = "" })
		w.Must(err)
		for _, nobody := range []string{app.NewID(), "Ana"} {
			_, err = w.Incidents.Triage(w.Ctx, dpo, own.ID, incidents.Serious, "by one of ours", fp.Person, nobody)
			is(t, err, people.ErrInvalid)
			_, err = report(ro, func(i *incidents.Incident) { i.About = []string{nobody} })
			is(t, err, people.ErrInvalid)
		}
		_, err = w.Incidents.Triage(w.Ctx, fp, own.ID, incidents.Low, "by me", fp.Person)
		is(t, err, lifecycle.ErrIllegal)
		named, err := w.Incidents.Triage(w.Ctx, dpo, own.ID, incidents.Serious, "by one of ours", fp.Person, fp.Person)
		w.Must(err)
		_, err = w.Incidents.Triage(w.Ctx, fp, own.ID, incidents.Low, "nothing")
		is(t, err, lifecycle.ErrIllegal)
		also := w.Also(fp, authz.DPO)
		_, err = w.Incidents.Close(w.Ctx, also, own.ID, incidents.Treated, "nothing")
		is(t, err, lifecycle.ErrIllegal)
		again, err := w.Incidents.Triage(w.Ctx, dpo, own.ID, incidents.Moderate, "and another", hom.Person)
		w.Must(err)
		if !slices.Equal(named.About, []string{fp.Person}) || !slices.Equal(again.About, []string{fp.Person, hom.Person}) {
			t.Errorf("about %v, then %v", named.About, again.About)
		}
		if seen, err := w.Incidents.Incident(w.Ctx, psg, own.ID); err != nil || len(seen.About) > 0 {
			t.Errorf("the partner sees %v, %v", seen.About, err)
		}
		last, err := w.Incidents.Close(w.Ctx, dpo, own.ID, incidents.Treated, "keys are locked away")
		w.Must(err)
		if len(last.About) != 2 {
			t.Errorf("about %v once it is closed", last.About)
		}
	})
	t.Run("separation of duties 5 its subject neither judges nor closes it", func(t *testing.T) {
		_, err := w.Incidents.Triage(w.Ctx, fp, i.ID, incidents.Low, "x")
		is(t, err, lifecycle.ErrIllegal)
		_, err = w.Incidents.Close(w.Ctx, dpo, i.ID, incidents.Unfounded, "x")
		is(t, err, lifecycle.ErrIllegal)
		_, err = w.Incidents.Close(w.Ctx, hom, i.ID, incidents.Unfounded, "x")
		is(t, err, authz.ErrDenied)
	})
	t.Run("PARTNER_INCIDENT a serious one stops until it is closed, another does not", func(t *testing.T) {
		i, err := report(hom, nil)
		w.Must(err)
		_, err = w.Incidents.Triage(w.Ctx, dpo, i.ID, incidents.Serious, "names were copied")
		w.Must(err)
		_, err = w.Incidents.Triage(w.Ctx, fp, i.ID, incidents.Low, " ")
		is(t, err, people.ErrInvalid)
		if !stopped(w) {
			t.Error("not stopped")
		}
		i, err = w.Incidents.Close(w.Ctx, dpo, i.ID, incidents.Treated, "keys are locked away")
		w.Must(err)
		if i.State != incidents.Closed || i.Stops() || !stopped(w) { // by the one before
			t.Errorf("%s", i.State)
		}
		_, err = w.Incidents.Triage(w.Ctx, fp, i.ID, incidents.Low, "x")
		is(t, err, lifecycle.ErrIllegal)
	})
	w.Verify()
}

func TestAuthoritiesRequests(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	leg, ro, psg, dpo := w.As(authz.LEG), w.As(authz.RO), w.As(authz.PSG), w.As(authz.DPO)
	asked := authorities.Case{Mission: w.Mission.ID, Authority: authorities.Police, Country: "co", Reference: "PJ-2026/4", Asked: w.Clock.Now()}
	for name, change := range map[string]func(*authorities.Case){
		"a name": func(c *authorities.Case) { c.Reference = "AnaGonzalez" }, "two words": func(c *authorities.Case) { c.Reference = "case 4" },
		"no sort": func(c *authorities.Case) { c.Authority = "club" }, "no country": func(c *authorities.Case) { c.Country = "" },
		"tomorrow": func(c *authorities.Case) { c.Asked = c.Asked.Add(24 * time.Hour) },
	} {
		t.Run("R34 no report: "+name, func(t *testing.T) {
			c := asked
			change(&c)
			_, err := w.Authorities.Report(w.Ctx, ro, c)
			is(t, err, people.ErrInvalid)
		})
	}
	t.Run("R34 a case of Legal, from its report to its end", func(t *testing.T) {
		c, err := w.Authorities.Report(w.Ctx, ro, asked)
		w.Must(err)
		letter := strings.Repeat("0a", 32)
		_, err = w.Authorities.Decide(w.Ctx, leg, c.ID, c.Version, authorities.Refused, "immunity", letter)
		is(t, err, lifecycle.ErrIllegal)
		_, err = w.Authorities.Take(w.Ctx, dpo, c.ID)
		is(t, err, authz.ErrDenied)
		c, err = w.Authorities.Take(w.Ctx, leg, c.ID)
		w.Must(err)
		if c.State != authorities.Assessing || c.Owner != leg.Person || c.Country != "CO" {
			t.Errorf("%+v", c)
		}
		for _, bad := range []struct{ ground, letter string }{{" ", letter}, {"immunity", "letter.pdf"}} {
			_, err = w.Authorities.Decide(w.Ctx, leg, c.ID, c.Version, authorities.Refused, bad.ground, bad.letter)
			is(t, err, people.ErrInvalid)
		}
		_, err = w.Authorities.Close(w.Ctx, leg, c.ID, c.Version)
		is(t, err, lifecycle.ErrIllegal)
		c, err = w.Authorities.Decide(w.Ctx, leg, c.ID, c.Version, authorities.Refused, "immunity", letter)
		w.Must(err)
		c, err = w.Authorities.Close(w.Ctx, leg, c.ID, c.Version)
		w.Must(err)
		if c.State != authorities.Closed || c.Decision.Outcome != authorities.Refused || len(c.History) != 4 {
			t.Errorf("%+v", c)
		}
		read, err := w.Authorities.Case(w.Ctx, ro, c.ID)
		if err != nil || read.Decision == nil {
			t.Errorf("who reported it reads %+v, %v", read, err)
		}
	})
	t.Run("R34 C14 a partner tells of one, and learns no more", func(t *testing.T) {
		c := asked
		c.Mission, c.Partner = "", w.Partner.ID
		c, err := w.Authorities.Report(w.Ctx, psg, c)
		w.Must(err)
		_, err = w.Authorities.Take(w.Ctx, leg, c.ID)
		w.Must(err)
		read, err := w.Authorities.Case(w.Ctx, psg, c.ID)
		if err != nil || read.Owner != "" || len(read.History) != 1 || read.Mission != w.Mission.ID {
			t.Errorf("%+v, %v", read, err)
		}
		_, err = w.Authorities.Case(w.Ctx, w.As(authz.PDL), c.ID)
		is(t, err, evidence.ErrNotFound)
		if list, err := w.Authorities.Cases(w.Ctx, psg, evidence.Page{}); err != nil || len(list.Items) != 1 {
			t.Errorf("%d, %v", len(list.Items), err)
		}
		if list, err := w.Authorities.Cases(w.Ctx, dpo, evidence.Page{}); err != nil || len(list.Items) != 2 {
			t.Errorf("%d, %v", len(list.Items), err)
		}
		c.Partner = app.NewID()
		_, err = w.Authorities.Report(w.Ctx, psg, authorities.Case{Partner: c.Partner, Authority: authorities.Court, Country: "CO", Reference: "1", Asked: asked.Asked})
		is(t, err, evidence.ErrNotFound)
	})
	w.Verify()
}

func TestClearances(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	fp, until := w.As(authz.FP), w.Clock.Now().AddDate(0, 6, 0)
	full := clearance.Clearance{
		Mission: w.Mission.ID, Originator: "Agency", Purposes: []string{w.Purpose.ID}, Categories: []string{"identity"},
		Recipients: []string{w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: until,
	}
	for name, change := range map[string]func(*clearance.Clearance){
		"no originator": func(c *clearance.Clearance) { c.Originator = " " }, "no recipient": func(c *clearance.Clearance) { c.Recipients = nil },
		"an unknown purpose": func(c *clearance.Clearance) { c.Purposes = []string{"x"} }, "an unknown category": func(c *clearance.Clearance) { c.Categories = []string{"x"} },
		"an unknown recipient": func(c *clearance.Clearance) { c.Recipients = []string{app.NewID()} }, "over": func(c *clearance.Clearance) { c.ValidUntil = w.Clock.Now() },
		"no evidence": func(c *clearance.Clearance) { c.Evidence = "letter" },
	} {
		t.Run("ONWARD_ORIGINATOR no clearance: "+name, func(t *testing.T) {
			c := full
			change(&c)
			_, err := w.Clearances.Record(w.Ctx, fp, c)
			is(t, err, people.ErrInvalid)
		})
	}
	_, err := w.Clearances.Record(w.Ctx, w.As(authz.RO), full)
	is(t, err, authz.ErrDenied)
	c, err := w.Clearances.Record(w.Ctx, fp, full)
	w.Must(err)
	asked := clearance.Asked{Mission: w.Mission.ID, Partner: w.Partner.ID, Purpose: w.Purpose.ID, Categories: []string{"identity"}}
	for name, change := range map[string]func(*clearance.Asked, *time.Time){
		"all of it": nil, "ONWARD_ORIGINATOR another mission": func(a *clearance.Asked, _ *time.Time) { a.Mission = "x" },
		"ONWARD_ORIGINATOR another partner":  func(a *clearance.Asked, _ *time.Time) { a.Partner = "x" },
		"ONWARD_ORIGINATOR another purpose":  func(a *clearance.Asked, _ *time.Time) { a.Purpose = "x" },
		"ONWARD_ORIGINATOR another category": func(a *clearance.Asked, _ *time.Time) { a.Categories = []string{"identity", "health"} },
		"ONWARD_ORIGINATOR no category":      func(a *clearance.Asked, _ *time.Time) { a.Categories = nil },
		"ONWARD_ORIGINATOR its end":          func(_ *clearance.Asked, at *time.Time) { *at = c.ValidUntil },
	} {
		t.Run(name, func(t *testing.T) {
			a, at := asked, w.Clock.Now()
			if change != nil {
				change(&a, &at)
			}
			if got := c.Covers(a, at); got != (change == nil) {
				t.Error(got)
			}
		})
	}
	t.Run("ONWARD_ORIGINATOR withdrawn", func(t *testing.T) {
		_, err := w.Clearances.Withdraw(w.Ctx, fp, c.ID, " ")
		is(t, err, people.ErrInvalid)
		c, err := w.Clearances.Withdraw(w.Ctx, w.As(authz.LEG), c.ID, "the agency's letter")
		w.Must(err)
		if c.Covers(asked, w.Clock.Now()) {
			t.Error("it covers")
		}
		_, err = w.Clearances.Withdraw(w.Ctx, fp, c.ID, "again")
		is(t, err, lifecycle.ErrIllegal)
		if list, err := w.Clearances.Clearances(w.Ctx, w.As(authz.RO), evidence.Page{}); err != nil || len(list.Items) != 1 {
			t.Errorf("%d, %v", len(list.Items), err)
		}
	})
	w.Verify()
}
