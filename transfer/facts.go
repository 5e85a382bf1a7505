package transfer

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
)

// reading is facts that are being gathered.
type reading struct {
	gate.Facts
	book rulebook.Book
	// asOf judges what was read and counts, or not, by the moment of the decision:
	// that moment comes when the last wait is over.
	asOf []func()
	// known are the categories that were read, for the moment to tell what they are.
	known []terms.Category
}

// gather reads all that the gate judges, in the transaction of the act. An
// error means that the store failed: nothing is decided then, and the act does
// not happen. A record that does not exist is a fact.
func (o *Office) gather(ctx context.Context, tx Tx, t Transfer, phase gate.Phase, a actor, s standing) (gate.Facts, error) {
	return o.goOn(ctx, tx, t, o.begin(t, phase, a, s), a, s)
}

// goOn is gather, once it has begun.
func (o *Office) goOn(ctx context.Context, tx Tx, t Transfer, r reading, a actor, s standing) (gate.Facts, error) {
	f := &r.Facts
	mission := evidence.Ref{Kind: people.KindMission, ID: s.mission.ID, Version: s.mission.Version}
	f.Read = append(f.Read, mission)
	for _, step := range []func(context.Context, Tx, Transfer, *reading) error{
		o.gatherPartner, o.gatherAgreement, o.gatherSubjects, o.gatherAssessment, o.gatherHolds, o.gatherConduct,
		o.readCategories, o.gatherOrigin, o.gatherVolume, o.gatherCategories, o.gatherDPOApprovals, o.gatherPurpose, o.gatherNotices,
	} {
		if err := step(ctx, tx, t, &r); err != nil {
			return gate.Facts{}, err
		}
	}
	r.judge(o.Office.Policy, a, s)
	if f.Phase != gate.Pull { // a release is not judged again by what is opaque now
		f.Manifest.Opaque, f.Manifest.ContentAttested = rules{f.Rules}.opaque(t), t.ContentAttested
	}
	o.gatherApproval(t, s, f)
	return *f, nil
}

// begin is what is known before anything of the transfer is read, with who acts
// as they stand now.
func (o *Office) begin(t Transfer, phase gate.Phase, a actor, s standing) reading {
	r := reading{book: s.book, Facts: gate.Facts{
		Phase: phase, Now: o.Office.Time(), Transfer: t.ref(), Sender: t.Sender,
		Actor:    gate.Actor{Person: a.caller.Person},
		Manifest: t.manifest(), Files: t.landed(),
		Country: s.mission.Country,
		Landing: gate.Landing{Sealed: t.allSealed(), AgreementAtStart: t.Agreement, DocumentAtStart: t.Document},
		Read:    slices.Clone(s.read),
	}}
	if s.mission.Suspension != nil {
		r.Stopped = evidence.Ref{Kind: people.KindMission, ID: s.mission.ID, Version: s.mission.Version}
	}
	r.acts(a, s)
	return r
}

// acts tells what who acts may and holds at the moment of the facts.
func (r *reading) acts(a actor, s standing) {
	held := s.cleared(a.caller.Person, r.Now)
	r.Actor.Assured = slices.Contains(r.book.At(r.Now).Rules.Assurances, a.caller.Assurance)
	denied := a.denied(r.Now)
	r.Actor.Allowed, r.Actor.Untasked = denied == nil, errors.Is(denied, authz.ErrNoTask)
	r.Actor.Trained, r.Actor.Bound = held.Training != nil, held.Undertaking != nil
	r.Actor.Lapsed, r.Actor.Unbinding = held.Uncounted()
}

// judge tells, as of the moment of the decision, the rules in force, what who
// acts may and holds, and all that waited for that moment.
func (r *reading) judge(policy string, a actor, s standing) {
	edition := r.book.At(r.Now)
	r.Rules, r.Rulebook, r.Policy = edition.Rules, r.book.Ref(), policy+" "+edition.Cite()
	r.acts(a, s)
	r.Facts = r.Needed() // before anything is chosen by who the people are, or kept (R23)
	for _, person := range slices.Sorted(maps.Keys(s.held)) {
		r.Read = append(r.Read, s.cleared(person, r.Now).Refs()...)
	}
	for _, judge := range r.asOf {
		judge()
	}
}

// gatherPurpose reads what is in force of the purpose: how long data are kept for
// it, and whether it serves statistics. The turn of the rules, which whatever is
// released shares, holds it still. Of a purpose that is not in force there is no
// rule either, and so no transfer (R24).
func (o *Office) gatherPurpose(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if t.Purpose == "" {
		return nil
	}
	p, err := tx.Purpose(ctx, t.Purpose)
	if absent(err) {
		return nil // condition 13 names it
	} else if err != nil {
		return err
	}
	f.Read = append(f.Read, p.Ref())
	p, counts := p.InForce(f.Now)
	if !counts {
		return nil
	}
	f.Statistics = p.Statistics && f.Phase != gate.Pull // which does not ask
	rules, err := tx.RetentionRules(ctx, t.Purpose)
	f.Retention = inForce(f, rules)
	return err
}

// inForce are those of the terms that are in force at the moment of the
// decision. The others were read, too.
func inForce[T interface {
	InForce(t time.Time) (T, bool)
	Ref() evidence.Ref
}](f *reading, all []T) (in []T) {
	for _, v := range all {
		if now, counts := v.InForce(f.Now); counts {
			in = append(in, now)
		} else {
			f.Read = append(f.Read, v.Ref())
		}
	}
	return in
}

// gatherVolume counts what was released under the agreement. Releases under it
// go one by one from here on, as do those on its pathway, and so what is held
// still is read before, and what nobody holds still after. The wait may have been long, and is the last: all
// that depends on the time is judged as of its end.
func (o *Office) gatherVolume(ctx context.Context, tx Tx, t Transfer, f *reading) (err error) {
	if f.Agreement == nil {
		return nil
	}
	if f.Phase == gate.Commit {
		if err := tx.LockVolume(ctx, f.Agreement.ID); err != nil {
			return err
		}
		// A pathway may be that of several agreements: the later of two releases sees
		// how often the earlier used its approval, and is judged by that.
		if t.Pathway != "" {
			if err := tx.LockPathways(ctx, t.Mission, t.Partner); err != nil {
				return err
			}
		}
		f.Now = o.Office.Time()
	}
	// Of the year in which it is, or was, released; what was released after this
	// transfer does not count against it.
	year := time.Date(f.Now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	until := year.AddDate(1, 0, 0).Add(-time.Microsecond) // what a replica released whose clock is ahead counts
	if t.Released != nil {
		until = *t.Released
		year = time.Date(until.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	f.SubjectsThisYear, err = tx.SubjectsReleased(ctx, f.Agreement.ID, year, until, t.ID)
	return err
}

func (o *Office) readCategories(ctx context.Context, tx Tx, _ Transfer, f *reading) (err error) {
	f.known, err = tx.Categories(ctx)
	return err
}

// gatherCategories tells, once the last wait is over, what the categories are
// that are declared, and those of which a declared field is.
func (o *Office) gatherCategories(_ context.Context, _ Tx, t Transfer, f *reading) error {
	f.Categories = inForce(f, slices.DeleteFunc(terms.At(f.known, f.Now), func(k terms.Category) bool {
		return !slices.Contains(t.Categories, k.Code) && !slices.ContainsFunc(k.Fields, func(field string) bool { return slices.Contains(t.Fields, field) })
	}))
	return nil
}

// gatherOrigin reads what those agreed to whose data it is: the clearance of
// another organisation's, or the disclosure assessments of what is about nobody
// in particular.
func (o *Office) gatherOrigin(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if t.Origin.Clearance != "" {
		c, err := tx.Clearance(ctx, t.Origin.Clearance)
		if err == nil && c.Mission == t.Mission { // another mission's answers like an unknown one
			f.Clearance = &c
		} else if err != nil && !absent(err) {
			return err
		}
	}
	if !f.Manifest.OfNobody() {
		return nil
	}
	var files []string
	for _, file := range f.Files {
		if sum := cmp.Or(file.Sealed, file.Declared); sum != "" {
			files = append(files, sum)
		}
	}
	if len(files) == 0 {
		return nil
	}
	var err error
	// Those whose time is over are among them: one that was withdrawn still says so.
	if f.Disclosures, err = tx.DisclosuresOf(ctx, t.Mission, files, f.Now.Add(-rulebook.MostDisclosureLife)); err != nil || f.Phase == gate.Pull {
		return err
	}
	about := []string{assessment.AboutCountry(f.Country)}
	for _, d := range f.Disclosures {
		for _, country := range d.Countries {
			about = append(about, assessment.AboutCountry(country))
		}
	}
	slices.Sort(about)
	causes, err := tx.StaleCauses(ctx, slices.Compact(about), f.Now)
	for _, c := range causes {
		if f.Read = append(f.Read, evidence.Ref{Kind: assessment.KindCause, ID: c.ID, Version: c.Version}); c.Alerts() {
			f.Conflicts = append(f.Conflicts, c.Country)
		}
	}
	return err
}

func (o *Office) gatherApproval(t Transfer, s standing, f *gate.Facts) {
	f.Approval.Needless = len(f.Manifest.Opaque) == 0 && !rules{f.Rules}.needsSecondPerson(f.Assessment, t.Categories, f.Categories)
	for _, given := range t.Approvals {
		// An approval that the release rested on outlives the approver's role.
		allowed := f.Phase == gate.Pull || o.allowedNow(s, authz.Caller{Person: given.Person}, authz.TransferApprove, t.resource(), f.Now)
		f.Approval.Given = append(f.Approval.Given, gate.GivenApproval{
			Person: given.Person, Granted: given.Granted, Allowed: allowed, Necessity: stated(given.Attestation),
		})
	}
}

// gatherDPOApprovals reads what the data protection officer decided, where
// something in the transfer is theirs to decide: after gatherVolume, so that of
// two releases under one agreement the later sees what the earlier used.
func (o *Office) gatherDPOApprovals(ctx context.Context, tx Tx, _ Transfer, f *reading) (err error) {
	if use := f.DPOUse(); len(use.Sensitive) > 0 {
		f.DPOApprovals, err = tx.DPOApprovals(ctx, use.Abouts(), f.Now)
		// What the officer decided for another mission of the same agreement is not
		// this one's to rest on, nor to be told of.
		f.DPOApprovals = slices.DeleteFunc(f.DPOApprovals, func(a approvals.DPOApproval) bool { return a.Mission != use.Mission })
	}
	return err
}
