package demo

import (
	"context"
	"fmt"
	"time"

	"safeconduct/authz"
	"safeconduct/transfer/gate"
)

// Scenes in which people, the partner or the agreement are not as they must be.

// Actors of the scenes, beside those that a world keeps.
const (
	second   authz.Role = "LEG2" // of Legal
	newcomer authz.Role = "NEW"  // an officer
)

// untrained is a new officer, who is neither trained nor sworn in (R23, R44).
func (p *Player) untrained() scene {
	return scene{
		name: "training", as: newcomer, what: "a new officer, who has taken no course", order: p.one(),
		codes: []gate.Code{gate.TrainingExpired, gate.ConfidentialityMissing},
		cause: func(ctx context.Context) error {
			var made struct {
				ID string `json:"id"`
			}
			if err := p.do(ctx, post("enrol-new", authz.LEG, "registers a new referral officer", "/people", object{
				"name": "Newcomer Invented", "title": "Referral officer", "mission": p.world.Mission,
			}), &made); err != nil {
				return err
			}
			p.people[newcomer] = made.ID
			if err := p.quiet(ctx, post("enrol-new", authz.LEG, "", "/people/"+made.ID+"/roles", object{"role": authz.RO, "mission": p.world.Mission, "purposes": []string{p.world.Purpose}}), nil); err != nil {
				return err
			}
			secret, err := p.token(ctx, post("enrol-new", authz.LEG, "", "/tokens", nil), made.ID, false)
			if err != nil {
				return err
			}
			return p.admit(newcomer, secret)
		},
		mend: func(ctx context.Context) error {
			if err := p.do(ctx, p.course(newcomer, p.people[newcomer]), nil); err != nil {
				return err
			}
			return p.undertake(ctx, newcomer, p.people[newcomer], true)
		},
	}
}

// noDownloader is a partner of whom nobody may pull any more.
func (p *Player) noDownloader() scene {
	path := "/people/" + p.people[authz.PDL] + "/suspension"
	return scene{
		name: "downloader", as: authz.RO, what: "nobody at the partner may pull", order: p.one(), codes: []gate.Code{gate.RecipientNoUser},
		cause: p.acts(post("suspend-pdl", authz.LEG, "suspends the partner's downloader", path, object{"reason": "a lost telephone"})),
		mend:  p.acts(post("lift-pdl", authz.DPO, "lifts it: not the one who suspended", path+"/lift", object{"reason": "another telephone is enrolled"})),
	}
}

// partnerSuspended is a partner about whom headquarters has a doubt.
func (p *Player) partnerSuspended() scene {
	path := "/parties/" + p.world.Partner + "/suspension"
	return scene{
		name: "partner", as: authz.RO, what: "the partner is suspended", order: p.one(), codes: []gate.Code{gate.PartnerSuspended},
		cause: p.acts(post("suspend-partner", authz.DPO, "suspends the partner", path, object{"reason": "an audit is under way"})),
		mend:  p.acts(post("lift-partner", authz.LEG, "lifts it: not the one who suspended", path+"/lift", object{"reason": "the audit found nothing"})),
	}
}

// incident is one at the partner, which outdates what was weighed before.
func (p *Player) incident() scene {
	var made struct {
		ID string `json:"id"`
	}
	return scene{
		name: "incident", as: authz.RO, what: "an incident at the partner is open", order: p.one(), codes: []gate.Code{gate.PartnerIncident},
		cause: func(ctx context.Context) error {
			now := p.Now().UTC().Add(-time.Minute)
			return p.do(ctx, post("report-incident", authz.PDL, "reports an incident", "/incidents", object{
				"partner": p.world.Partner, "source": "theft of a laptop", "event": "the laptop was encrypted", "discovered": now, "notified": now,
			}), &made)
		},
		mend: func(ctx context.Context) error {
			path := "/incidents/" + made.ID
			if err := p.acts(
				post("triage-incident", authz.FP, "judges how grave it is", path+"/triage", object{"severity": "serious", "reason": "it held the data of persons"}),
				post("close-incident", authz.DPO, "closes it with what was learnt", path+"/closure", object{"outcome": "treated", "lessons": "laptops stay encrypted"}),
			)(ctx); err != nil {
				return err
			}
			if err := p.refused(ctx, post("refused-stale", authz.RO, "asks again: what was weighed before the incident is stale", "/transfers", p.one()), gate.RBAStale); err != nil {
				return err
			}
			if err := p.assess(ctx, "-again"); err != nil {
				return fmt.Errorf("weighing anew: %w", err)
			}
			return nil
		},
	}
}
