package people

import (
	"cmp"
	"context"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Coverage is who holds one role at one place, and what unlocks it (R45).
type Coverage struct {
	Mission string     `json:"mission,omitempty"`
	Partner string     `json:"partner,omitempty"` // neither: headquarters
	Role    authz.Role `json:"role"`
	Holders []Holder   `json:"holders" nullable:"false"`
	Trained int        `json:"trained" doc:"how many of them have a valid training record"`
	Signed  int        `json:"signed" doc:"how many of them have a valid undertaking"`
}

// Holder is one person who holds a role now. The person is named by id only.
type Holder struct {
	Person       string     `json:"person"`
	Deputy       bool       `json:"deputy,omitempty" doc:"holds the post by delegation"`
	Suspended    bool       `json:"suspended,omitempty"`
	TrainedUntil *time.Time `json:"trained_until,omitempty" doc:"exclusive; absent where no valid training is recorded"`
	SignedUntil  *time.Time `json:"signed_until,omitempty" doc:"exclusive; absent where no valid undertaking is signed"`
}

// TrainingCoverage lists, by place and role, who holds the role and has valid
// training (R45): of one mission; of all places for headquarters where mission
// is empty.
func (r *Register) TrainingCoverage(ctx context.Context, c authz.Caller, mission string) ([]Coverage, error) {
	if mission == "" && !c.AtHQ() {
		if own := c.Missions(); len(own) > 0 {
			mission = own[0]
		}
	}
	if mission != "" && !c.In(mission) {
		return nil, evidence.ErrNotFound
	}
	if _, err := r.office.Authorise(ctx, c, authz.TrainingRead, authz.Resource{Kind: KindTraining, Mission: mission}); err != nil {
		return nil, err
	}
	now := r.office.Time()
	var all []Coverage
	err := r.store.View(ctx, func(tx Tx) error {
		grants, err := tx.GrantsAt(ctx, mission, "")
		if err != nil {
			return err
		}
		grants = slices.DeleteFunc(grants, func(g Grant) bool { return !g.LiveAt(now) })
		persons := make([]string, len(grants))
		for i, g := range grants {
			persons[i] = g.Person
		}
		cleared, err := Clear(ctx, tx, persons, now)
		if err != nil {
			return err
		}
		all = coverage(grants, cleared)
		return nil
	})
	return all, err
}

func coverage(grants []Grant, cleared map[string]Clearance) []Coverage {
	type post struct {
		mission, partner string
		role             authz.Role
	}
	posts := map[post]*Coverage{}
	for _, g := range grants {
		p := posts[post{g.Mission, g.Partner, g.Role}]
		if p == nil {
			p = &Coverage{Mission: g.Mission, Partner: g.Partner, Role: g.Role, Holders: []Holder{}}
			posts[post{g.Mission, g.Partner, g.Role}] = p
		}
		c := cleared[g.Person]
		if i := slices.IndexFunc(p.Holders, func(h Holder) bool { return h.Person == g.Person }); i >= 0 { // of another task
			p.Holders[i].Deputy = p.Holders[i].Deputy && g.Origin != nil
			continue
		}
		h := Holder{Person: g.Person, Deputy: g.Origin != nil, Suspended: c.Suspended}
		if c.Training != nil {
			h.TrainedUntil = &c.Training.Expires
			p.Trained++
		}
		if c.Undertaking != nil {
			h.SignedUntil = &c.Undertaking.Expires
			p.Signed++
		}
		p.Holders = append(p.Holders, h)
	}
	all := make([]Coverage, 0, len(posts))
	for _, p := range posts {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Coverage) int {
		return cmp.Or(cmp.Compare(a.Mission, b.Mission), cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Role, b.Role))
	})
	return all
}
