package parties_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// desk is a register with a vetted partner, and those who act on it.
type desk struct {
	*parties.Register
	*testing.T
	id             string
	leg, leg2, dpo authz.Caller
	fp, hom        authz.Caller
}

func vetted(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		Register: register(t), T: t, leg: caller("leg", authz.LEG, "", ""), leg2: caller("leg2", authz.LEG, "", ""),
		dpo: caller("dpo", authz.DPO, "", ""), fp: caller("fp", authz.FP, here, ""), hom: caller("hom", authz.HOM, here, ""),
	}
	p, err := d.Create(t.Context(), d.fp, of(here))
	if err != nil {
		t.Fatal(err)
	}
	d.id = p.ID
	d.ends(parties.Vetted)(d.Vet(t.Context(), d.hom, d.id, true, "visited"))
	return d
}

// ends wants an act to have led to the state, as it is read back too.
func (d *desk) ends(want parties.State) func(parties.Party, error) parties.Party {
	return func(p parties.Party, err error) parties.Party {
		d.Helper()
		read, readErr := d.Party(d.Context(), d.leg, d.id)
		if err != nil || readErr != nil || p.State != want || read.State != want || read.Version != p.Version {
			d.Errorf("it ends %s at version %d, read as %s at %d, %v, %v; want %s", p.State, p.Version, read.State, read.Version, err, readErr, want)
		}
		return p
	}
}

// refused wants an act to fail so.
func (d *desk) refused(want error) func(parties.Party, error) {
	return func(_ parties.Party, err error) {
		d.Helper()
		if !errors.Is(err, want) {
			d.Errorf("%v, want %v", err, want)
		}
	}
}

func TestSuspendPartner(t *testing.T) {
	d := vetted(t)
	ctx := t.Context()
	t.Run("R42 not by a mission, nor by the partner", func(t *testing.T) {
		for _, c := range []authz.Caller{d.fp, d.hom, caller("ro", authz.RO, here, ""), caller("psg", authz.PSG, "", d.id), caller("oig", authz.OIG, "", "")} {
			d.refused(authz.ErrDenied)(d.Suspend(ctx, c, d.id, "a rumour"))
			d.refused(authz.ErrDenied)(d.Block(ctx, c, d.id, "a rumour"))
			d.refused(authz.ErrDenied)(d.Lift(ctx, c, d.id, "closed"))
		}
	})
	t.Run("R42 with a reason", func(*testing.T) {
		d.refused(lifecycle.ErrIllegal)(d.Suspend(ctx, d.leg, d.id, " "))
		d.refused(lifecycle.ErrIllegal)(d.Block(ctx, d.leg, d.id, ""))
		d.refused(lifecycle.ErrIllegal)(d.Lift(ctx, d.leg, d.id, "it is not suspended"))
	})
	t.Run("PARTNER_SUSPENDED", func(t *testing.T) {
		p := d.ends(parties.Suspended)(d.Suspend(ctx, d.leg, d.id, "a loss"))
		if p.Reason != "a loss" || p.Suspension.Person != "leg" || p.DueDiligence == nil {
			t.Errorf("%+v", p)
		}
		d.refused(lifecycle.ErrIllegal)(d.Suspend(ctx, d.dpo, d.id, "again"))
	})
	t.Run("PARTNER_SUSPENDED the partner does not learn why", func(t *testing.T) {
		psg := caller("psg", authz.PSG, "", d.id)
		p, err := d.Party(ctx, psg, d.id)
		list, listErr := d.Parties(ctx, psg)
		if err != nil || listErr != nil || len(list) != 1 {
			t.Fatal(err, listErr, list)
		}
		for _, p := range append(list, p) {
			if p.Reason != "" || p.Suspension != nil || p.History != nil || p.DueDiligence.Note != "" || p.DueDiligence.By != "" {
				t.Errorf("%+v", p)
			}
		}
	})
	t.Run("PARTNER_SUSPENDED a vetting does not lift it", func(*testing.T) {
		d.ends(parties.Suspended)(d.Vet(ctx, d.hom, d.id, true, "visited again"))
	})
	t.Run("separation of duties 11 whoever suspends does not lift", func(*testing.T) {
		d.refused(lifecycle.ErrIllegal)(d.Lift(ctx, d.leg, d.id, "closed"))
		d.refused(lifecycle.ErrIllegal)(d.Lift(ctx, d.leg2, d.id, " "))
	})
	t.Run("another person lifts it", func(t *testing.T) {
		p := d.ends(parties.Vetted)(d.Lift(ctx, d.leg2, d.id, "closed"))
		if p.Reason != "" || p.Suspension != nil || p.History[len(p.History)-1].Event != "lift" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("PARTNER_BLOCKED unblocked by a vetting by another of Legal alone", func(*testing.T) {
		d.ends(parties.Suspended)(d.Suspend(ctx, d.dpo, d.id, "a loss"))
		d.ends(parties.Blocked)(d.Block(ctx, d.leg, d.id, "sold data"))
		d.refused(lifecycle.ErrIllegal)(d.Block(ctx, d.dpo, d.id, "again"))
		d.refused(lifecycle.ErrIllegal)(d.Lift(ctx, d.leg2, d.id, "closed"))
		d.refused(lifecycle.ErrIllegal)(d.Vet(ctx, d.hom, d.id, true, "x"))
		d.refused(lifecycle.ErrIllegal)(d.Vet(ctx, d.leg, d.id, true, "x"))
		d.ends(parties.Suspended)(d.Vet(ctx, d.leg2, d.id, true, "new owners")) // the suspension stands
		d.ends(parties.Vetted)(d.Lift(ctx, d.leg, d.id, "closed"))
	})
}

func TestAmendPartner(t *testing.T) {
	d := vetted(t)
	ctx := t.Context()
	to := func(m parties.Amendment) parties.Amendment { m.Reason = "a letter"; return m }
	t.Run("not by others", func(*testing.T) {
		for _, c := range []authz.Caller{d.hom, d.dpo, caller("fp2", authz.FP, there, ""), caller("psg", authz.PSG, "", d.id)} {
			d.refused(authz.ErrDenied)(d.Amend(ctx, c, d.id, to(parties.Amendment{GDPR: new("bound")})))
		}
	})
	t.Run("what is no amendment", func(*testing.T) {
		for _, m := range []parties.Amendment{
			to(parties.Amendment{}), to(parties.Amendment{Country: new(" co ")}),
			{GDPR: new("bound")},
			to(parties.Amendment{Name: new(" ")}), to(parties.Amendment{Country: new("COL")}), to(parties.Amendment{Class: new("club")}),
		} {
			d.refused(people.ErrInvalid)(d.Amend(ctx, d.fp, d.id, m))
		}
	})
	t.Run("R39 what vetting is not about leaves it", func(t *testing.T) {
		p := d.ends(parties.Vetted)(d.Amend(ctx, d.fp, d.id, to(parties.Amendment{GDPR: new("bound"), Mechanism: new("standard clauses")})))
		if p.GDPR != "bound" || p.Mechanism != "standard clauses" || p.History[len(p.History)-1].Reason != "a letter" {
			t.Errorf("%+v", p)
		}
	})
	for name, m := range map[string]parties.Amendment{
		"name": {Name: new("Relief Two")}, "country": {Country: new("ne")}, "class": {Class: new("service_provider")},
		"immunities": {Immunities: new(true)}, "a link to an authority": {AuthorityLink: new(true)},
	} {
		t.Run("PARTNER_UNVETTED another "+name+" is vetted anew, by others", func(t *testing.T) {
			d := vetted(t)
			p := d.ends(parties.Registered)(d.Amend(ctx, d.leg, d.id, to(m)))
			if p.DueDiligence != nil {
				t.Errorf("%+v", p.DueDiligence)
			}
			d.refused(people.ErrOwnAccess)(d.Vet(ctx, d.leg, d.id, true, "x"))
			if p := d.ends(parties.Vetted)(d.Vet(ctx, d.leg2, d.id, true, "x")); len(p.Editors) != 0 {
				t.Errorf("%v", p.Editors)
			}
		})
	}
	t.Run("PARTNER_BLOCKED an amendment unblocks nothing", func(*testing.T) {
		d.ends(parties.Blocked)(d.Vet(ctx, d.hom, d.id, false, "no office"))
		d.ends(parties.Blocked)(d.Amend(ctx, d.fp, d.id, to(parties.Amendment{Name: new("Other")})))
	})
}

func shippedRules(t *testing.T) rulebook.Rules {
	t.Helper()
	book, err := rulebook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return book.Current.Rules
}

func TestVettingLapses(t *testing.T) {
	d := vetted(t)
	v := shippedRules(t).Vetting
	p, err := d.Party(t.Context(), d.leg, d.id)
	if err != nil {
		t.Fatal(err)
	}
	from := p.DueDiligence.Date
	end := from.Add(time.Duration(v.LifeDays) * 24 * time.Hour)
	if !p.DueDiligence.ValidUntil.Equal(end) {
		t.Errorf("it is told to hold until %s", p.DueDiligence.ValidUntil)
	}
	for name, c := range map[string]struct {
		at   time.Time
		life int
		want bool
	}{
		"at once": {from, v.LifeDays, true}, "the last moment": {end.Add(-time.Microsecond), v.LifeDays, true},
		"PARTNER_UNVETTED the end":                     {end, v.LifeDays, false},
		"PARTNER_UNVETTED by shorter rules":            {from.Add(24 * time.Hour), 1, false},
		"PARTNER_UNVETTED longer rules revive none":    {end, 2 * v.LifeDays, false},
		"PARTNER_UNVETTED where the rules say no life": {from, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.VettedAt(c.at, rulebook.Vetting{LifeDays: c.life}); got != c.want {
				t.Error(got)
			}
		})
	}
	t.Run("PARTNER_UNVETTED failed, or never", func(t *testing.T) {
		failed := p
		failed.DueDiligence = &parties.DueDiligence{Date: from, Result: "failed"}
		if failed.VettedAt(from, v) || (parties.Party{}).VettedAt(from, v) {
			t.Error("vetted")
		}
	})
}

func TestVettingSaysThatItIsOver(t *testing.T) {
	at := noon()
	r := registerAt(t, func() time.Time { return at })
	leg, hom := caller("leg", authz.LEG, "", ""), caller("hom", authz.HOM, here, "")
	p, err := r.Create(t.Context(), leg, of(here))
	if err != nil {
		t.Fatal(err)
	}
	vet := func() time.Time {
		t.Helper()
		p, err := r.Vet(t.Context(), hom, p.ID, true, "ok")
		if err != nil || p.State != parties.Vetted {
			t.Fatalf("%+v, %v", p, err)
		}
		return p.DueDiligence.ValidUntil
	}
	over := func(want int, state parties.State) {
		t.Helper()
		n, err := r.ExpireDue(t.Context())
		got, failed := r.Party(t.Context(), leg, p.ID)
		if err != nil || failed != nil || n != want || got.State != state {
			t.Errorf("%d are over, %v; it is %s, want %s", n, err, got.State, state)
		}
	}
	over(0, parties.Registered)
	until := vet()
	at = until.Add(-time.Microsecond)
	over(0, parties.Vetted)
	at = until
	t.Run("PARTNER_UNVETTED once", func(*testing.T) {
		over(1, parties.Registered)
		over(0, parties.Registered)
	})
	until = vet() // anew, and it is over again after its time
	over(0, parties.Vetted)
	at = until
	t.Run("PARTNER_SUSPENDED stays", func(t *testing.T) {
		if _, err := r.Suspend(t.Context(), leg, p.ID, "an audit"); err != nil {
			t.Fatal(err)
		}
		over(1, parties.Suspended)
	})
	t.Run("PARTNER_BLOCKED has nothing to end", func(t *testing.T) {
		if _, err := r.Vet(t.Context(), hom, p.ID, false, "no office"); err != nil {
			t.Fatal(err)
		}
		at = at.AddDate(10, 0, 0)
		over(0, parties.Blocked)
	})
}

func TestClasses(t *testing.T) {
	r := shippedRules(t)
	for name, c := range map[string]struct {
		p    parties.Party
		want []string
	}{
		"an NGO":             {parties.Party{Kind: parties.NGO}, []string{"service_provider"}},
		"a company":          {parties.Party{Kind: parties.Company}, []string{"certification_authority", "service_provider"}},
		"an IO":              {parties.Party{Kind: parties.UNorIO}, []string{"un_io"}},
		"a company, one of":  {parties.Party{Kind: parties.Company, Class: "service_provider"}, []string{"service_provider"}},
		"a broadcaster":      {parties.Party{Kind: parties.Company, Class: "media"}, nil},
		"an NGO, not as IO":  {parties.Party{Kind: parties.NGO, Class: "un_io"}, nil},
		"of no known kind":   {parties.Party{Kind: "club"}, nil},
		"a ministry, by R21": {parties.Party{Kind: parties.Government, Class: "government_authority"}, []string{"government_authority"}},
	} {
		t.Run("RECIPIENT_CLASS_DENIED R21 "+name, func(t *testing.T) {
			if got := c.p.Classes(r); !slices.Equal(got, c.want) || c.p.MayEnrol(r) != (len(c.want) > 0) {
				t.Error(got)
			}
		})
	}
	for name, c := range map[string]struct {
		p    parties.Party
		want bool
	}{
		"a ministry": {parties.Party{Kind: parties.Government}, true}, "an NGO": {parties.Party{Kind: parties.NGO}, false},
		"an NGO that reports to the police": {parties.Party{Kind: parties.NGO, AuthorityLink: true}, true},
	} {
		t.Run("RECIPIENT_AUTHORITY R34 "+name, func(t *testing.T) {
			if got := c.p.IsAuthority(); got != c.want {
				t.Error(got)
			}
		})
	}
}
