package gate

import (
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/clearance"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

// placeBreakages are of conditions 14 and 15.
func placeBreakages() []breakage {
	agr := []string{"Agreement"}
	scope := func(edit func(*agreements.Scope)) func(*Facts) {
		return ofAgreement(func(a *agreements.Agreement) { edit(&a.Document.Scope) })
	}
	cleared := func(edit func(*clearance.Clearance)) func(*Facts) {
		return func(f *Facts) {
			if f.Clearance != nil {
				edit(f.Clearance)
			}
		}
	}
	stored := func(countries ...string) func(*Facts) { // and assessed
		return func(f *Facts) {
			scope(func(s *agreements.Scope) { s.StorageCountries = countries })(f)
			ofAssessment(func(x *assessment.Assessment) { x.Countries = append(slices.Clone(x.Countries), countries...) })(f)
		}
	}
	noAgreement := []Code{AgrMissing, AgrAmbiguous}
	return []breakage{
		{code: JurNotCovered, name: "country of the recipient", harm: scope(func(s *agreements.Scope) { s.RecipientCountries = []string{"UG"} }), rests: []string{"Agreement", "Partner"}, needs: append(noAgreement, PartnerUnknown)},
		{code: JurNotCovered, name: "nowhere to store", harm: scope(func(s *agreements.Scope) { s.StorageCountries = nil }), rests: agr, needs: noAgreement, alone: true},
		{code: JurMechanismMissing, name: "R39 of the stated origin", harm: scope(func(s *agreements.Scope) { s.TransferMechanism = " " }), rests: []string{"Agreement", "Manifest", "Rules"}, needs: noAgreement, alone: true},
		{code: JurMechanismMissing, name: "R39 of the mission", harm: func(f *Facts) {
			f.Manifest.Origin.Country, f.Country = "", "ES"
			scope(func(s *agreements.Scope) { s.TransferMechanism = "" })(f)
		}, rests: []string{"Agreement", "Manifest", "Rules", "Country"}, needs: noAgreement, alone: true},
		{code: JurNotCovered, name: "stored where nobody can tell", harm: stored("Russia"), rests: agr, needs: noAgreement, alone: true},
		{code: JurMechanismMissing, name: "R39 of the mission, whatever the sender states", harm: func(f *Facts) {
			f.Manifest.Origin, f.Clearance, f.Country = Origin{Source: OwnData, Country: "US"}, nil, "ES"
			scope(func(s *agreements.Scope) { s.TransferMechanism = "" })(f)
		}, rests: []string{"Agreement", "Manifest", "Rules", "Country"}, hides: []Code{OnwardOriginator}, needs: noAgreement, alone: true},
		{code: JurMechanismMissing, name: "R39 of a mission in nobody knows which country", harm: func(f *Facts) {
			f.Manifest.Origin, f.Clearance, f.Country = Origin{Source: OwnData}, nil, ""
			scope(func(s *agreements.Scope) { s.TransferMechanism = "" })(f)
		}, rests: []string{"Agreement", "Manifest", "Rules", "Country"}, hides: []Code{OnwardOriginator}, needs: noAgreement, alone: true},
		{code: JurRestricted, name: "recipient", harm: func(f *Facts) {
			f.Rules.Jurisdiction.Restricted = []string{"KE"}
			stored("CH")(f)
		}, rests: []string{"Rules", "Partner", "Agreement"}, needs: []Code{PartnerUnknown}, alone: true},
		{code: JurRestricted, name: "storage", harm: func(f *Facts) {
			f.Rules.Jurisdiction = rulebook.Jurisdiction{Restricted: []string{"RU"}, Mechanism: f.Rules.Jurisdiction.Mechanism}
			stored("KE", "RU")(f)
		}, rests: []string{"Rules", "Agreement"}, needs: noAgreement, alone: true},
		{code: OnwardOriginator, name: "no clearance", harm: func(f *Facts) { f.Clearance = nil }, rests: []string{"Clearance", "Manifest"}, alone: true},
		{code: OnwardOriginator, name: "another clearance", harm: cleared(func(c *clearance.Clearance) { c.ID = "o2" }), rests: []string{"Clearance", "Manifest"}, alone: true},
		{code: OnwardOriginator, name: "taken back", harm: cleared(func(c *clearance.Clearance) { c.State = clearance.Withdrawn }), rests: []string{"Clearance", "Manifest"}},
		{code: OnwardOriginator, name: "over at the exclusive instant", harm: cleared(func(c *clearance.Clearance) { c.ValidUntil = noon() }), rests: []string{"Clearance", "Manifest", "Now"}},
		{code: OnwardOriginator, name: "for another category", harm: cleared(func(c *clearance.Clearance) { c.Categories = c.Categories[:1] }), rests: []string{"Clearance", "Manifest"}},
		{code: OnwardNotPermitted, name: "no rule", harm: scope(func(s *agreements.Scope) { s.OnwardRule = "" }), rests: []string{"Agreement", "Manifest"}, needs: noAgreement, alone: true},
		{code: OnwardNotPermitted, name: "none", harm: scope(func(s *agreements.Scope) { s.OnwardRule = "none" }), rests: []string{"Agreement", "Manifest"}, needs: noAgreement, alone: true},
		{code: OnwardUnlisted, harm: scope(func(s *agreements.Scope) { s.OnwardRecipients = []string{"Other"} }), rests: []string{"Agreement", "Manifest"}, needs: noAgreement, alone: true},
	}
}

// permissionBreakages are of conditions 4, 19, 20, 22 and 24.
func permissionBreakages() []breakage {
	subjects := []string{"Subjects"}
	dpo := func(edit func(*approvals.DPOApproval)) func(*Facts) {
		return func(f *Facts) {
			if len(f.DPOApprovals) > 0 {
				edit(&f.DPOApprovals[0])
			}
		}
	}
	by := []string{"DPOApprovals", "Categories", "Manifest"}
	child := func(edit func(*consent.Record)) func(*Facts) {
		return func(f *Facts) {
			asChild(&f.Subjects[1])
			edit(&f.Subjects[1].Consents[0])
		}
	}
	return []breakage{
		{code: NatureUndeclared, harm: func(f *Facts) { f.Manifest.Nature = "harmless" }, rests: []string{"Manifest"}, alone: true},
		{code: DPORequired, name: "nobody decided", harm: func(f *Facts) { f.DPOApprovals = nil }, rests: by, alone: true},
		{code: DPORequired, name: "to be approved for each transfer, in a record without the mark", harm: func(f *Facts) {
			if len(f.Categories) > 1 {
				f.DPOApprovals, f.Categories[1].Sensitive = nil, false
			}
		}, rests: by, alone: true},
		{code: DPORequired, name: "denied", harm: dpo(func(a *approvals.DPOApproval) { a.Granted = false }), rests: by, alone: true},
		{code: DPORequired, name: "revoked", harm: dpo(func(a *approvals.DPOApproval) { t := noon(); a.Revoked = &t }), rests: by, alone: true},
		{code: DPORequired, name: "of the agreement, for what each transfer needs", harm: dpo(func(a *approvals.DPOApproval) { a.Scope, a.Agreement = approvals.ForAgreement, "a1" }), rests: by, alone: true},
		{code: DPORequired, name: "of another manifest", harm: dpo(func(a *approvals.DPOApproval) {
			a.Scope, a.Transfer, a.Manifest = approvals.ForTransfer, "t1", "others"
		}), rests: append(by, "Transfer"), alone: true},
		{code: DPORequired, name: "spent on another transfer", harm: func(f *Facts) {
			if len(f.DPOApprovals) > 0 {
				a := &f.DPOApprovals[0]
				a.Scope, a.Manifest, a.Spent = approvals.ForTransfer, f.DPOUse().Manifest, "t0"
			}
		}, rests: append(by, "Transfer"), alone: true},
		{code: DPORequired, name: "more people than the pathway takes", harm: dpo(func(a *approvals.DPOApproval) { a.Most = 2 }), rests: append(by, "Subjects"), alone: true},
		{code: DPORequired, name: "of another pathway", harm: dpo(func(a *approvals.DPOApproval) { a.Pathway = "others" }), rests: by, alone: true},
		{code: DPORequired, name: "a pathway that covered as many as it does", harm: dpo(func(a *approvals.DPOApproval) { a.Times = 0 }), rests: by, alone: true},
		{code: DPOExpired, name: "at the exclusive instant", harm: dpo(func(a *approvals.DPOApproval) { a.Until = noon() }), rests: append(by, "Now"), alone: true},
		{code: NoticeMissing, name: "R14 none of the purpose", harm: func(f *Facts) { f.Notices = nil }, rests: []string{"Notices", "Subjects"}, alone: true},
		{code: NoticeMissing, name: "R14 not approved", harm: func(f *Facts) { f.Notices[0].Approved = nil }, rests: []string{"Notices", "Subjects"}, alone: true},
		{code: NoticeMissing, name: "R14 not in their language", harm: ofConsent(3, func(r *consent.Record) { r.Language = "so" }), rests: []string{"Notices", "Subjects"}, needs: []Code{ConsentRecipient}, alone: true},
		{code: NoticePurpose, name: "R14", harm: ofConsent(3, func(r *consent.Record) { r.Notice = "of photos" }), rests: []string{"Notices", "Subjects"}, needs: []Code{ConsentRecipient}, alone: true},
		{code: ConsentEvidence, name: "R04 no document", harm: ofConsent(2, func(r *consent.Record) { r.Evidence = nil }), rests: subjects, alone: true},
		{code: ConsentEvidence, name: "R05 recorded, and nobody says why", harm: ofConsent(2, func(r *consent.Record) {
			r.Form, r.Evidence = consent.Audio, &consent.Evidence{Proof: consent.Proof{Kind: consent.Recording, SHA256: sha1st}}
		}), rests: subjects, alone: true},
		{code: ConsentEvidence, name: "R10 collected by a partner that has not that duty", harm: ofConsent(2, func(r *consent.Record) { r.Partner = "p1" }), rests: []string{"Subjects", "Agreement"}, alone: true},
		{code: ConsentUncertified, name: "R06", harm: ofConsent(2, func(r *consent.Record) { r.Form = consent.Verbal }), rests: subjects, alone: true},
		{code: CapacityUnassessed, name: "R07 not at all", harm: ofConsent(2, func(r *consent.Record) { r.Capacity = nil }), rests: subjects, alone: true},
		{code: CapacityUnassessed, name: "R07 age alone", harm: ofConsent(2, func(r *consent.Record) { r.Capacity.Aspects = consent.Aspects()[:1] }), rests: subjects, alone: true},
		{code: GuardianMissing, name: "R08", harm: child(func(r *consent.Record) { r.Guardian = nil }), rests: subjects, alone: true},
		{code: GuardianMissing, name: "R09 assent is not enough", harm: child(func(r *consent.Record) {
			r.Guardian, r.Assent, r.ExpressedBy = nil, &consent.Assent{Given: true}, consent.BySubject
		}), rests: subjects, alone: true},
		{code: GuardianUnverified, name: "R08", harm: child(func(r *consent.Record) { r.Guardian.VerifiedBy = "" }), rests: subjects, alone: true},
		{code: ViewsMissing, name: "R08", harm: child(func(r *consent.Record) { r.Views = nil }), rests: subjects, alone: true},
		{code: ConsentInvalid, name: "R08 a guardian for a capable adult", harm: ofConsent(2, func(r *consent.Record) { r.ExpressedBy = consent.ByGuardian }), rests: subjects, alone: true},
		{code: GuardianMissing, name: "R08 a child by an earlier record", harm: func(f *Facts) {
			s := &f.Subjects[1]
			before := s.Consents[0]
			before.ID, before.Child, before.EventTime = "before", true, before.EventTime.Add(-time.Hour)
			s.Consents[0].Views = &consent.Views{ViewsStated: consent.ViewsStated{Outcome: "agrees"}}
			s.Consents = append(s.Consents, before)
		}, rests: subjects, alone: true},
		{code: ApprovalSelf, name: "SoD 6 by the certifier of a consent", harm: func(f *Facts) {
			r := &f.Subjects[1].Consents[0]
			r.Form, r.Certified = consent.Verbal, &consent.Certification{By: "hom1"}
		}, rests: []string{"Approval", "Subjects", "Manifest"}, people: true, alone: true},
	}
}

// asChild is the person as a child for whom all is in place.
func asChild(s *Subject) {
	now := noon()
	s.Child = true
	r := &s.Consents[0]
	r.ExpressedBy = consent.ByGuardian
	r.Guardian = &consent.Guardian{Kind: consent.ByGuardian, Proof: sha1st, VerifiedBy: "fp1", Verified: &now}
	r.Views = &consent.Views{ViewsStated: consent.ViewsStated{Outcome: "agrees"}}
}
