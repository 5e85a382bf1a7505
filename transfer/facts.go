package transfer

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
)

// actor is the caller as the decision sees them.
type actor struct {
	caller  authz.Caller
	allowed bool
}

// standing is what those on whose acts a decision rests hold, read in its
// transaction after it was locked there.
type standing struct {
	grants    map[string][]people.Grant // by person
	read      []evidence.Ref            // the records that were read
	live      bool                      // the token of who acts is honoured
	rolesAsOf time.Time                 // it carries no role granted later
	// cleared is what the persons' roles rest on beside the grants, by person:
	// suspension, training, undertaking.
	cleared map[string]people.Clearance
	mission people.Mission
	stopped bool // the mission is suspended, or unknown: it sends nothing (R42)
}

// standing reads what the persons hold, and the token of who acts.
func (o *Office) standing(ctx context.Context, tx Tx, c authz.Caller, mission string, persons []string) (standing, error) {
	grants, err := tx.GrantsOfEach(ctx, persons)
	s := standing{grants: grants, read: grantRefs(grants)}
	if err != nil {
		return s, err
	}
	if s.cleared, err = people.Clear(ctx, tx, persons, o.Office.Time()); err != nil {
		return s, err
	}
	s.mission, err = tx.Mission(ctx, mission)
	if s.stopped = absent(err) || s.mission.Suspension != nil; absent(err) {
		err = nil
	}
	if err != nil || c.Token == "" {
		return s, err
	}
	token, err := tx.Token(ctx, c.Token)
	if absent(err) {
		return s, nil
	} else if err != nil {
		return s, err
	}
	s.rolesAsOf = token.RolesAsOf
	s.read = append(s.read, evidence.Ref{Kind: identity.KindToken, ID: token.ID, Version: token.Version})
	s.live, err = identity.Live(ctx, tx, token, o.Office.Time())
	return s, err
}

// grantRefs names the versions of grants, person by person in order.
func grantRefs(grants map[string][]people.Grant) (refs []evidence.Ref) {
	for _, person := range slices.Sorted(maps.Keys(grants)) {
		for _, g := range grants[person] {
			refs = append(refs, evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version})
		}
	}
	return refs
}

// heldBy names the versions of the grants that were read when the caller came.
func heldBy(c authz.Caller) (refs []evidence.Ref) {
	for _, g := range c.Grants {
		refs = append(refs, evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version})
	}
	return refs
}

// gather reads all that the gate judges, in the transaction of the act. An
// error means that the store failed: nothing is decided then, and the act does
// not happen. A record that does not exist is a fact.
func (o *Office) gather(ctx context.Context, tx Tx, t Transfer, phase gate.Phase, a actor, s standing) (gate.Facts, error) {
	f := gate.Facts{
		Phase: phase, Now: o.Office.Time(), Transfer: t.ref(), Sender: t.Sender,
		Actor:    gate.Actor{Person: a.caller.Person, Allowed: a.allowed},
		Manifest: t.manifest(), Files: t.landed(),
		Country: s.mission.Country,
		Landing: gate.Landing{Sealed: t.allSealed(), AgreementAtStart: t.Agreement, DocumentAtStart: t.Document},
	}
	held := s.cleared[a.caller.Person]
	f.Actor.Trained, f.Actor.Bound = held.Training != nil, held.Undertaking != nil
	f.Read = append(slices.Clone(s.read), held.Refs()...)
	f.Read = append(f.Read, evidence.Ref{Kind: people.KindMission, ID: s.mission.ID, Version: s.mission.Version})
	for _, step := range []func(context.Context, Tx, Transfer, *gate.Facts) error{
		o.gatherPartner, o.gatherAgreement, o.gatherSubjects, o.gatherAssessment, o.gatherHolds, o.gatherConduct,
		o.gatherCategories, o.gatherDPOApprovals, o.gatherOrigin, o.gatherVolume, o.gatherRetention, o.gatherNotices,
	} {
		if err := step(ctx, tx, t, &f); err != nil {
			return gate.Facts{}, err
		}
	}
	if err := o.gatherRules(ctx, tx, a, &f); err != nil {
		return gate.Facts{}, err
	}
	if phase != gate.Pull { // a release is not judged again by what is opaque now
		f.Manifest.Opaque, f.Manifest.ContentAttested = rules{f.Rules}.opaque(t), t.ContentAttested
	}
	o.gatherApproval(t, s, &f)
	return f, nil
}

func (o *Office) gatherPartner(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	p, err := tx.Party(ctx, t.Partner)
	if absent(err) {
		return nil
	} else if err != nil {
		return err
	}
	f.Partner = &p
	f.Downloaders, err = o.activeDownloaders(ctx, tx, t.Partner, f.Now)
	return err
}

// activeDownloaders are those whose roles give something: neither suspended nor
// locked (gate condition 7).
func (o *Office) activeDownloaders(ctx context.Context, tx Tx, partner string, now time.Time) ([]gate.Downloader, error) {
	all, err := tx.Downloaders(ctx, partner, now)
	if err != nil {
		return nil, err
	}
	persons := make([]string, len(all))
	for i, d := range all {
		persons[i] = d.Person
	}
	cleared, err := people.Clear(ctx, tx, persons, now)
	return slices.DeleteFunc(all, func(d gate.Downloader) bool {
		c := cleared[d.Person]
		return c.Stopped() || len(c.Locks()) > 0
	}), err
}

func (o *Office) gatherAgreement(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	if err := o.chooseAgreement(ctx, tx, t, f); err != nil || f.Agreement == nil {
		return err
	}
	a := *f.Agreement
	provers := make([]string, len(a.Signatures))
	for i, s := range a.Signatures {
		provers[i] = s.ProvenBy()
	}
	keys, err := tx.KeysOfEach(ctx, provers)
	if err != nil {
		return err
	}
	grants, err := tx.GrantsOfEach(ctx, provers)
	if err != nil {
		return err
	}
	f.Read = append(f.Read, grantRefs(grants)...)
	for _, person := range slices.Sorted(maps.Keys(keys)) {
		for _, k := range keys[person] {
			f.Read = append(f.Read, evidence.Ref{Kind: people.KindKey, ID: k.ID, Version: k.Version})
		}
	}
	for _, s := range a.Signatures {
		f.SignatureFaults = append(f.SignatureFaults, a.CheckSignature(s, keys[s.ProvenBy()], grants[s.ProvenBy()]))
	}
	return nil
}

// gatherVolume counts what was released under the agreement. Releases under it
// go one by one from here on, and so what is held still is read before, and
// what nobody holds still after. The wait may have been long: all that depends
// on the time is judged as of its end.
func (o *Office) gatherVolume(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) (err error) {
	if f.Agreement == nil {
		return nil
	}
	if f.Phase == gate.Commit {
		if err := tx.LockVolume(ctx, f.Agreement.ID); err != nil {
			return err
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

func (o *Office) gatherRetention(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) (err error) {
	if t.Purpose == "" {
		return nil
	}
	f.Retention, err = tx.RetentionRules(ctx, t.Purpose)
	return err
}

// gatherHolds reads what stops people, or the transfer. Who places a hold waits
// for decisions on those whom it is about.
func (o *Office) gatherHolds(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	holds, err := tx.HoldsOf(ctx, t.ID)
	for _, h := range holds {
		f.Holds = append(f.Holds, gate.Hold{Subject: h.Subject, Code: gate.Code(h.Code()), Ref: h.Ref()})
	}
	return err
}

// gatherConduct reads what the partner did: an incident that is open there, and
// data that it has kept for too long.
func (o *Office) gatherConduct(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	if t.Partner == "" {
		return nil
	}
	i, err := tx.StoppingIncident(ctx, t.Partner)
	if err == nil {
		f.Incident = evidence.Ref{Kind: incidents.KindIncident, ID: i.ID, Version: i.Version}
	} else if !absent(err) {
		return err
	}
	d, err := tx.OverdueDestruction(ctx, t.Partner, f.Now)
	if err == nil {
		f.Overdue = evidence.Ref{Kind: retention.KindDuty, ID: d.ID, Version: d.Version}
	} else if !absent(err) {
		return err
	}
	return nil
}

// gatherRules reads the edition in force at the moment of the decision.
func (o *Office) gatherRules(ctx context.Context, tx Tx, a actor, f *gate.Facts) error {
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return err
	}
	edition := book.At(f.Now)
	f.Rules, f.Rulebook, f.Policy = edition.Rules, book.Ref(), o.Office.Policy+" "+edition.Cite()
	f.Actor.Assured = slices.Contains(edition.Rules.Assurances, a.caller.Assurance)
	return nil
}

// chooseAgreement finds the agreement that rules. After REQUEST it is the one
// that the payload is sealed under, judged by its version now in force.
func (o *Office) chooseAgreement(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	if f.Phase != gate.Request {
		a, err := tx.Agreement(ctx, t.Agreement)
		if absent(err) {
			return nil
		} else if err != nil {
			return err
		}
		f.Agreement = &a
		return nil
	}
	candidates, err := tx.AgreementsBetween(ctx, t.Mission, t.Partner)
	if err != nil {
		return err
	}
	if t.Chosen != "" {
		f.Agreement = gate.Pick(candidates, t.Chosen)
		return nil
	}
	for i, a := range candidates {
		// One whose term is over does not compete with its successor, whether
		// or not the clock's job has come by.
		if a.State == agreements.Active && !f.Now.Before(a.Document.ValidUntil) {
			candidates[i].State = agreements.Expired
		}
	}
	f.Agreement, f.Ambiguous = gate.Select(candidates, t.Mission, t.Purpose)
	return nil
}

func (o *Office) gatherAssessment(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	if f.Agreement == nil {
		return nil
	}
	list, err := tx.AssessmentsOf(ctx, f.Agreement.ID)
	if err != nil {
		return err
	}
	want := assessment.Scope{
		Mission: t.Mission, Agreement: f.Agreement.ID, AgreementVersion: f.Agreement.Document.Version,
		Purpose: t.Purpose, Categories: t.Categories, Partner: t.Partner, Subjects: t.Subjects, Transfer: t.ID, Vulnerable: gate.Vulnerable(f.Subjects),
	}
	causes, err := staleCauses(ctx, tx, list, f.Agreement.Document.Partner)
	if err != nil {
		return err
	}
	hits := map[string]evidence.Ref{}
	for i := range list { // marked yet or not, what a cause made stale is stale
		var by *assessment.Cause
		if list[i], by = list[i].Under(causes, f.Agreement.Document.Partner); by != nil {
			hits[list[i].ID] = evidence.Ref{Kind: assessment.KindCause, ID: by.ID, Version: by.Version}
		}
	}
	if f.Partner != nil {
		want.Countries = []string{f.Partner.Country}
	}
	f.Assessment = gate.BestAssessment(list, want, f.Now)
	if f.Assessment != nil {
		f.StaleBy = hits[f.Assessment.ID]
	}
	return nil
}

func staleCauses(ctx context.Context, tx Tx, list []assessment.Assessment, partner string) ([]assessment.Cause, error) {
	var about []string
	for _, a := range list {
		about = append(about, a.Concerns(partner)...)
	}
	slices.Sort(about)
	return tx.StaleCauses(ctx, slices.Compact(about))
}

func (o *Office) gatherSubjects(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) (err error) {
	if f.Subjects, err = tx.SubjectsOf(ctx, t.ID); err != nil {
		return err
	}
	return t.namesThese(f.Subjects)
}

func (o *Office) gatherCategories(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	known, err := tx.Categories(ctx)
	f.Categories = slices.DeleteFunc(known, func(k terms.Category) bool {
		return !slices.Contains(t.Categories, k.Code) && !slices.ContainsFunc(k.Fields, func(field string) bool { return slices.Contains(t.Fields, field) })
	})
	return err
}

// gatherDPOApprovals reads what the data protection officer decided, where
// something in the transfer is theirs to decide.
func (o *Office) gatherDPOApprovals(ctx context.Context, tx Tx, _ Transfer, f *gate.Facts) (err error) {
	if use := f.DPOUse(); len(use.Sensitive) > 0 {
		f.DPOApprovals, err = tx.DPOApprovals(ctx, use.Abouts())
	}
	return err
}

// gatherOrigin reads what those agreed to whose data it is: the clearance of
// another organisation's, or the disclosure assessments of what is about nobody
// in particular.
func (o *Office) gatherOrigin(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) error {
	if t.Origin.Clearance != "" {
		c, err := tx.Clearance(ctx, t.Origin.Clearance)
		if err == nil && c.Mission == t.Mission { // another mission's answers like an unknown one
			f.Clearance = &c
		} else if err != nil && !absent(err) {
			return err
		}
	}
	if !f.Manifest.OfNobody() || f.Phase == gate.Pull {
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
	if f.Disclosures, err = tx.DisclosuresOf(ctx, t.Mission, files, f.Now); err != nil {
		return err
	}
	about := []string{assessment.AboutCountry(f.Country)}
	for _, d := range f.Disclosures {
		for _, country := range d.Countries {
			about = append(about, assessment.AboutCountry(country))
		}
	}
	slices.Sort(about)
	causes, err := tx.StaleCauses(ctx, slices.Compact(about))
	for _, c := range causes {
		if c.Alerts() {
			f.Conflicts = append(f.Conflicts, c.Country)
			f.Read = append(f.Read, evidence.Ref{Kind: assessment.KindCause, ID: c.ID, Version: c.Version})
		}
	}
	return err
}

// gatherNotices reads the notices of the purpose. None is ever taken back, so
// that nothing need hold them still.
func (o *Office) gatherNotices(ctx context.Context, tx Tx, t Transfer, f *gate.Facts) (err error) {
	if t.Purpose != "" && len(f.Subjects) > 0 {
		f.Notices, err = tx.Notices(ctx, t.Purpose)
	}
	return err
}

// namesThese compares the list of subjects, which no tag covers, with what the
// transfer says of it.
func (t Transfer) namesThese(subjects []gate.Subject) error {
	ids := make([]string, len(subjects))
	numbered := true
	for i, s := range subjects {
		ids[i] = s.ID
		numbered = numbered && s.Row == i+1
	}
	digest, err := digestOf(ids)
	if err != nil {
		return err
	}
	if digest != t.SubjectsDigest || !numbered || len(ids) != t.Subjects {
		return &evidence.TamperedError{Ref: t.ref(), What: "who is in it is not what was evidenced"}
	}
	return nil
}

func (o *Office) gatherApproval(t Transfer, s standing, f *gate.Facts) {
	f.Approval.Needed = rules{f.Rules}.needsSecondPerson(f.Assessment, t.Categories, f.Categories) || len(f.Manifest.Opaque) > 0
	for _, given := range t.Approvals {
		// An approval that the release rested on outlives the approver's role.
		allowed := f.Phase == gate.Pull || o.allowedNow(s, authz.Caller{Person: given.Person}, authz.TransferApprove, t.resource(), f.Now)
		f.Approval.Given = append(f.Approval.Given, gate.GivenApproval{
			Person: given.Person, Granted: given.Granted, Allowed: allowed, Necessity: stated(given.Attestation),
		})
	}
}

// allowedNow asks the policy on the token and the grants that are held in this
// transaction, not on those of when the request arrived.
func (o *Office) allowedNow(s standing, who authz.Caller, action authz.Action, res authz.Resource, now time.Time) bool {
	cleared := s.cleared[who.Person]
	if who.Token != "" && !s.live || cleared.Stopped() || s.stopped { // R42
		return false
	}
	c := authz.Caller{Person: who.Person, Scope: who.Scope}
	if action != authz.TransferCommit && action != authz.TransferPull { // of these the gate says which (condition 2)
		c.Locks = cleared.Locks()
	}
	for _, g := range s.grants[who.Person] {
		if g.LiveAt(now) && (who.Token == "" || !g.From.After(s.rolesAsOf)) {
			c.Grants = append(c.Grants, authz.Grant{ID: g.ID, Version: g.Version, Role: g.Role, Mission: g.Mission, Partner: g.Partner})
		}
	}
	_, denied := o.Office.Enforcer.Check(c, action, res)
	return denied == nil
}
