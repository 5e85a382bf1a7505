package gate

import (
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
)

func agreementBreakages() []breakage {
	agr := []string{"Agreement"}
	faults := []string{"SignatureFaults"}
	state := func(s agreements.State) func(*Facts) {
		return ofAgreement(func(a *agreements.Agreement) { a.State = s })
	}
	return []breakage{
		{code: AgrMissing, name: "R22 none", harm: func(f *Facts) { f.Agreement = nil }, rests: agr, hides: partsOfAgreement()},
		{code: AgrMissing, name: "R22 with another partner", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Partner = "p2" }), rests: []string{"Agreement", "Manifest"}, hides: partsOfAgreement()},
		{code: AgrAmbiguous, name: "none chosen", harm: func(f *Facts) { f.Agreement, f.Ambiguous = nil, true }, rests: []string{"Ambiguous"}, hides: append(partsOfAgreement(), RBAMissing)},
		{code: AgrAmbiguous, name: "one chosen all the same", harm: func(f *Facts) { f.Ambiguous = true }, rests: []string{"Ambiguous"}, hides: append(partsOfAgreement(), RBAMissing)},
		{code: AgrUnsigned, name: "R46", harm: func(f *Facts) {
			ofAgreement(func(a *agreements.Agreement) { a.Signatures, a.State = nil, agreements.Draft })(f)
			f.SignatureFaults = nil
		}, rests: []string{"Agreement", "SignatureFaults"}, alone: true},
		{code: AgrPartSigned, name: "R46", harm: func(f *Facts) {
			ofAgreement(func(a *agreements.Agreement) { a.Signatures, a.State = a.Signatures[:1], agreements.PartSigned })(f)
			f.SignatureFaults = f.SignatureFaults[:1]
		}, rests: []string{"Agreement", "SignatureFaults"}, alone: true},
		{code: AgrPartSigned, name: "one party twice", harm: ofAgreement(func(a *agreements.Agreement) { a.Signatures[1].Party = a.Signatures[0].Party }), rests: agr, alone: true},
		{code: AgrSignatoryUnauthorised, harm: func(f *Facts) { f.SignatureFaults[0] = agreements.SignatoryUnauthorised }, rests: faults, alone: true},
		{code: AgrSignatoryUnauthorised, name: "of no party", harm: func(f *Facts) {
			ofAgreement(func(a *agreements.Agreement) { a.Signatures = append(a.Signatures, agreements.Signature{Party: "p9"}) })(f)
			f.SignatureFaults = append(f.SignatureFaults, agreements.NoFault)
		}, rests: []string{"Agreement", "SignatureFaults"}, alone: true},
		{code: AgrHashMismatch, harm: func(f *Facts) { f.SignatureFaults[1] = agreements.HashMismatch }, rests: faults, alone: true},
		{code: AgrHashMismatch, name: "fault unheard of", harm: func(f *Facts) { f.SignatureFaults[1] = 99 }, rests: faults, alone: true},
		{code: AgrHashMismatch, name: "a signature not verified", harm: func(f *Facts) { f.SignatureFaults = f.SignatureFaults[:1] }, rests: []string{"SignatureFaults", "Agreement"}, alone: true},
		{code: AgrNotActive, name: "signed", harm: state(agreements.Signed), rests: agr, alone: true},
		{code: AgrNotActive, name: "state unheard of", harm: state("?"), rests: agr, alone: true},
		{code: AgrNotYet, harm: ofAgreement(func(a *agreements.Agreement) { a.Document.EffectiveFrom = noon().Add(time.Microsecond) }), rests: []string{"Agreement", "Now"}, alone: true},
		{code: AgrExpired, name: "at the exclusive instant", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.ValidUntil = noon() }), rests: []string{"Agreement", "Now"}, alone: true},
		{code: AgrExpired, name: "by state", harm: state(agreements.Expired), rests: agr, alone: true},
		{code: AgrSuspended, harm: state(agreements.Suspended), rests: agr, alone: true},
		{code: AgrTerminated, harm: state(agreements.Terminated), rests: agr, alone: true},
		{code: AgrClauseMissing + ":C20", name: "R33", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Clauses[19].Code = "C21" }), rests: agr},
		{code: AgrMission, harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.Missions = []string{"m2"} }), rests: []string{"Agreement", "Manifest"}},
		{code: AgrPurpose, harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.Purposes = nil }), rests: agr},
		{code: AgrSubjectType, harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.SubjectTypes = []string{"staff"} }), rests: []string{"Agreement", "Subjects"}, people: true},
		{code: AgrSubjectType, name: "no type", harm: func(f *Facts) { f.Subjects[0].Type = "" }, rests: []string{"Subjects"}, people: true},
		{code: AgrCategory, harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.Categories = []string{"identity"} }), rests: []string{"Agreement", "Manifest"}},
		{code: AgrField, harm: func(f *Facts) { f.Manifest.Fields = []string{"given_name", "religion"} }, rests: []string{"Agreement", "Manifest"}},
		{code: AgrCategory, name: "a field of a category that is not declared", harm: func(f *Facts) {
			f.Categories = append(f.Categories, terms.Category{ID: "k3", Version: 1, Code: "health", Fields: []string{"given_name"}})
			f.Categories[0].Fields = nil
		}, rests: []string{"Categories", "Manifest", "Agreement"}, alone: true},
		{code: AgrCategory, name: "a field of a declared category, and of a sensitive one that is not", harm: func(f *Facts) {
			f.Categories = append(f.Categories, terms.Category{ID: "k3", Version: 1, Code: "health", Fields: []string{"given_name"}, Sensitive: true, ApprovalScope: "transfer"})
		}, rests: []string{"Categories", "Manifest", "Agreement"}, alone: true},
		{code: AgrField, name: "a field of no category", harm: func(f *Facts) { f.Categories[0].Fields = []string{"family_name"} }, rests: []string{"Categories", "Manifest", "Agreement"}, alone: true},
		{code: AgrVolume, name: "per transfer", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.MaxSubjectsPerTransfer = 2 }), rests: []string{"Agreement", "Manifest", "Subjects"}},
		{code: AgrVolume, name: "per year", harm: func(f *Facts) { f.SubjectsThisYear++ }, rests: []string{"Agreement", "Manifest", "Subjects", "SubjectsThisYear"}},
		{code: AgrVolume, name: "no limit agreed", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.MaxSubjectsPerYear = 0 }), rests: agr},
	}
}

func restBreakages() []breakage {
	rba := []string{"Assessment"}
	ofRBA := []Code{RBAScope, RBANotApproved, RBAExpired, RBAStale, RBAUnacceptable, RBAConditionOpen}
	state := func(s assessment.State) func(*Facts) {
		return ofAssessment(func(x *assessment.Assessment) { x.State = s })
	}
	pull := func(edit func(*PullFacts)) func(*Facts) { return func(f *Facts) { edit(&f.Pull) } }
	given := func(answers ...GivenApproval) func(*Facts) { return func(f *Facts) { f.Approval.Given = answers } }
	return []breakage{
		{code: RBAMissing, name: "R40 R47", harm: func(f *Facts) { f.Assessment = nil }, rests: rba, hides: ofRBA},
		{code: RBAScope, name: "other agreement", harm: ofAssessment(func(x *assessment.Assessment) { x.Agreement = "a2" }), rests: []string{"Assessment", "Agreement"}, needs: []Code{AgrMissing, AgrAmbiguous}, alone: true},
		{code: RBAScope, name: "older version", harm: ofAssessment(func(x *assessment.Assessment) { x.AgreementVersion = 1 }), rests: []string{"Assessment", "Agreement"}, needs: []Code{AgrMissing, AgrAmbiguous}, alone: true},
		{code: RBAScope, name: "purpose", harm: ofAssessment(func(x *assessment.Assessment) { x.Purposes = []string{"photo"} }), rests: []string{"Assessment", "Manifest"}},
		{code: RBAScope, name: "category", harm: ofAssessment(func(x *assessment.Assessment) { x.Categories = []string{"identity"} }), rests: []string{"Assessment", "Manifest"}},
		{code: RBAScope, name: "mission", harm: ofAssessment(func(x *assessment.Assessment) { x.Mission = "m2" }), rests: []string{"Assessment", "Manifest"}},
		{code: RBAScope, name: "country of the partner", harm: func(f *Facts) {
			ofAssessment(func(x *assessment.Assessment) { x.Countries = []string{"UG"} })(f)
			ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.StorageCountries = []string{"UG"} })(f)
		}, rests: []string{"Assessment", "Partner", "Agreement"}, needs: []Code{PartnerUnknown}, alone: true},
		{code: RBAScope, name: "country where the data are stored", harm: ofAgreement(func(a *agreements.Agreement) { a.Document.Scope.StorageCountries = []string{"KE", "UG"} }), rests: []string{"Assessment", "Agreement"}, needs: []Code{AgrMissing, AgrAmbiguous}, alone: true},
		{code: RBAScope, name: "R47 a child, in the short form", harm: briefly(asChild), rests: []string{"Assessment", "Subjects"}, people: true, alone: true},
		{code: RBAScope, name: "R47 specific needs, in the short form", harm: briefly(func(s *Subject) { s.Needs = true }), rests: []string{"Assessment", "Subjects"}, people: true, alone: true},
		{code: RBAScope, name: "R40 a child, where beneficiaries were judged", harm: judgedFor(3, asChild), rests: []string{"Assessment", "Subjects"}, people: true, alone: true},
		{code: RBAScope, name: "R40 specific needs, where beneficiaries were judged", harm: judgedFor(3, func(s *Subject) { s.Needs = true }), rests: []string{"Assessment", "Subjects"}, people: true, alone: true},
		{code: RBAScope, name: "R40 an unaccompanied child, where children were judged", harm: judgedFor(4, func(s *Subject) { asChild(s); s.Unaccompanied = true }), rests: []string{"Assessment", "Subjects"}, people: true, alone: true},
		{code: RBANotApproved, name: "draft", harm: state(assessment.Draft), rests: rba, alone: true},
		{code: RBANotApproved, name: "submitted", harm: state(assessment.Submitted), rests: rba, alone: true},
		{code: RBANotApproved, name: "returned", harm: state(assessment.Returned), rests: rba, alone: true},
		{code: RBANotApproved, name: "rejected", harm: state(assessment.Rejected), rests: rba, alone: true},
		{code: RBANotApproved, name: "state unheard of", harm: state("?"), rests: rba, alone: true},
		{code: RBANotApproved, name: "R40 approved later", harm: ofAssessment(func(x *assessment.Assessment) { x.ApprovedAt = noon().Add(time.Second) }), rests: []string{"Assessment", "Now"}, alone: true},
		{code: RBAExpired, name: "at the exclusive instant", harm: ofAssessment(func(x *assessment.Assessment) { x.ValidUntil = noon() }), rests: []string{"Assessment", "Now"}, alone: true},
		{code: RBAExpired, name: "by state", harm: state(assessment.Expired), rests: rba, alone: true},
		{code: RBAStale, harm: state(assessment.Stale), rests: rba, alone: true},
		{code: RBAStale, name: "by reason", harm: ofAssessment(func(x *assessment.Assessment) { x.StaleReason = assessment.ConflictAlert }), rests: rba, alone: true},
		{code: RBAStale, name: "a category that is more sensitive since", harm: ofAssessment(func(x *assessment.Assessment) { x.Sensitivity = terms.Low }), rests: rba, alone: true},
		{code: RBAStale, name: "R40 an answer that is below the category", harm: ofAssessment(func(x *assessment.Assessment) {
			x.Sensitivity, x.Answers = "", assessment.Answers{"S1": {Value: new(2)}, "S2": {Value: new(5)}}
		}), rests: rba, alone: true},
		{code: RBAStale, name: "superseded", harm: state(assessment.Superseded), rests: rba, alone: true},
		{code: RBAUnacceptable, name: "severe", harm: ofAssessment(func(x *assessment.Assessment) { x.Result.Band = assessment.Severe }), rests: rba},
		{code: RBAUnacceptable, name: "benefit too low", harm: ofAssessment(func(x *assessment.Assessment) { x.Result.Approvable = false }), rests: rba},
		{code: RBAUnacceptable, name: "no score", harm: ofAssessment(func(x *assessment.Assessment) { x.Result = assessment.Result{} }), rests: rba, alone: true},
		{code: RBAConditionOpen, harm: ofAssessment(func(x *assessment.Assessment) { x.Conditions[0].ClosedAt = time.Time{} }), rests: rba},
		{code: RetRuleMissing, name: "R24 no rule for a category", harm: func(f *Facts) { f.Retention = f.Retention[:1] }, rests: []string{"Retention", "Manifest"}, alone: true},
		{code: RetRuleMissing, name: "R24 rule of another purpose", harm: func(f *Facts) {
			f.Retention = append([]terms.RetentionRule{{Purpose: "photo", Category: "identity", Days: 9}}, f.Retention[1])
		}, rests: []string{"Retention", "Manifest"}, alone: true},
		{code: ApprovalPending, name: "no answer", harm: given(), rests: []string{"Approval"}, alone: true},
		{code: ApprovalPending, name: "not entitled", harm: given(GivenApproval{Person: "ro2", Granted: true}), rests: []string{"Approval"}, alone: true},
		{code: ApprovalPending, name: "opaque files, and their necessity not attested", harm: func(f *Facts) { f.Manifest.Opaque, f.Manifest.ContentAttested = []int{1}, "1" }, rests: []string{"Approval", "Manifest"}, alone: true},
		{code: ApprovalSelf, name: "separation of duties 1", harm: given(GivenApproval{Person: "ro1", Granted: true, Allowed: true}), rests: []string{"Approval", "Sender"}, alone: true},
		{code: ApprovalDenied, harm: given(GivenApproval{Person: "hom1", Allowed: true}), rests: []string{"Approval"}, alone: true},
		{code: ApprovalDenied, name: "by one of two", harm: given(GivenApproval{Person: "hom1", Granted: true, Allowed: true}, GivenApproval{Person: "leg1"}), rests: []string{"Approval"}, alone: true},
		{code: PayloadHash, harm: func(f *Facts) { f.Files[0].Sealed = sha2nd }, rests: []string{"Files"}},
		{code: PayloadHash, name: "a file missing", harm: func(f *Facts) { f.Files = f.Files[:1] }, rests: []string{"Files", "Manifest"}, needs: []Code{CryptoFailed}, alone: true},
		{code: PayloadHash, name: "numbered twice", harm: func(f *Facts) { f.Files[0].N = 2 }, rests: []string{"Files"}},
		{code: PayloadHash, name: "no digest", harm: func(f *Facts) { f.Files[0].Sealed = "" }, rests: []string{"Files", "Landing"}, needs: []Code{CryptoFailed}, alone: true},
		{code: PayloadHash, name: "not a digest", harm: func(f *Facts) { f.Files[len(f.Files)-1].Sealed = "00" }, rests: []string{"Files"}},
		{code: CryptoFailed, name: "R49", harm: func(f *Facts) { f.Landing.Sealed = false }, rests: []string{"Landing"}},
		{code: ChangedDuringUpload, harm: func(f *Facts) { f.Landing.AgreementAtStart = "a2" }, rests: []string{"Landing", "Agreement"}},
		{code: ChangedDuringUpload, name: "amended", harm: func(f *Facts) { f.Landing.DocumentAtStart = 1 }, rests: []string{"Landing", "Agreement"}},
		{code: PullDenied, name: "not the recipient", harm: pull(func(p *PullFacts) { p.Recipient = false }), rests: []string{"Pull"}},
		{code: PullDenied, name: "not released", harm: pull(func(p *PullFacts) { p.Released = false }), rests: []string{"Pull"}, hides: []Code{PullWindow, PullLimit}},
		{code: PullDenied, name: "certified as destroyed", harm: pull(func(p *PullFacts) { p.Destroyed = true }), rests: []string{"Pull"}},
		{code: PullWindow, name: "at the exclusive instant", harm: pull(func(p *PullFacts) { p.WindowEnds = noon() }), rests: []string{"Pull", "Now"}},
		{code: PullWindow, name: "held too long", harm: pull(func(p *PullFacts) { p.HeldTooLong = true }), rests: []string{"Pull"}},
		{code: PullLimit, name: "all sessions used", harm: pull(func(p *PullFacts) { p.Sessions = 3 }), rests: []string{"Pull"}},
		{code: PullLimit, name: "no limit set", harm: pull(func(p *PullFacts) { p.Limit, p.Resumed = 0, true }), rests: []string{"Pull"}},
		{code: PullRecalled, harm: pull(func(p *PullFacts) { p.Recalled = true }), rests: []string{"Pull"}},
	}
}

// briefly is judged in the short form, about beneficiaries.
func briefly(edit func(*Subject)) func(*Facts) {
	return func(f *Facts) {
		judgedFor(3, edit)(f)
		ofAssessment(func(x *assessment.Assessment) { x.Form = assessment.Short })(f)
	}
}

// judgedFor has the transfer assessed about those of that answer to S2, while one of its
// subjects is another.
func judgedFor(s2 int, edit func(*Subject)) func(*Facts) {
	return func(f *Facts) {
		ofAssessment(func(x *assessment.Assessment) { x.Answers = assessment.Answers{"S2": {Value: new(s2)}} })(f)
		edit(&f.Subjects[len(f.Subjects)-1])
	}
}
