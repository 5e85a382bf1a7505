package assessment

import (
	"context"
	"slices"

	"safeconduct/authz"
)

// supersede ends the approved assessments of the same document that a, just
// approved, takes the place of, each with an entry.
func (d *Desk) supersede(ctx context.Context, tx Tx, c authz.Caller, a Assessment, of Assessed) error {
	all, err := tx.AssessmentsOf(ctx, a.Agreement)
	if err != nil {
		return err
	}
	for _, old := range all {
		if old.ID == a.ID || old.State != Approved || !a.replaces(old) {
			continue
		}
		if old, err = old.Supersede(a.ID, d.office.Time()); err != nil {
			return err
		}
		if err := d.save(ctx, tx, authz.System(c.Request), authz.SYS, "assessment.supersede", of, &old); err != nil {
			return err
		}
	}
	return nil
}

// replaces reports whether a takes the place of old: it is about all that old was
// about, is asked in no shorter a form, is of no lower a band, and everybody
// whose approval old needed approved it. What was derogated from is for one
// transfer, and takes the place of nothing. An assessment of a lower band takes
// it once Legal or the DPO end the other (Desk.End).
func (a Assessment) replaces(old Assessment) bool {
	return a.Result.Approvable && a.includes(old) &&
		(a.Form == Long || old.Form != Long) && !old.Result.Band.WorseThan(a.Result.Band) &&
		within(old.Result.Approvals, a.Result.Approvals)
}

// includes reports whether all that old was about, a is about too.
func (a Assessment) includes(old Assessment) bool {
	return a.Agreement == old.Agreement && a.AgreementVersion == old.AgreementVersion && a.Mission == old.Mission &&
		within(old.Purposes, a.Purposes) && within(old.Categories, a.Categories) && within(old.Countries, a.Countries) &&
		len(a.leavesOut(old.standsFor())) == 0
}

func within[T comparable](inner, outer []T) bool {
	return !slices.ContainsFunc(inner, func(v T) bool { return !slices.Contains(outer, v) })
}

// WorseThan reports whether the band is of a higher risk. One that nobody knows is
// the worst.
func (b Band) WorseThan(other Band) bool { return b.rank() > other.rank() }

func (b Band) rank() int {
	if i := slices.Index(bands(), b); i >= 0 {
		return i
	}
	return len(bands())
}
