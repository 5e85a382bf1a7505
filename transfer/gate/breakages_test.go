package gate

import (
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
)

// breakage makes passing facts break one rule.
type breakage struct {
	code  Code
	name  string
	harm  func(*Facts)
	rests []string // fields of Facts that could mend it
	hides []Code   // codes on parts of a record that is now missing
	needs []Code   // not seen where one of these is broken too
	waits bool     // what was released, and waits, is not judged by it
	// people says that it is about people, though its condition asks of more than them.
	people bool
	alone  bool // may contradict others on the same fact; one at most is combined
}

func ofAgreement(edit func(*agreements.Agreement)) func(*Facts) {
	return func(f *Facts) {
		if f.Agreement != nil {
			edit(f.Agreement)
		}
	}
}

func ofAssessment(edit func(*assessment.Assessment)) func(*Facts) {
	return func(f *Facts) {
		if f.Assessment != nil {
			edit(f.Assessment)
		}
	}
}

func ofPartner(edit func(*parties.Party)) func(*Facts) {
	return func(f *Facts) {
		if f.Partner != nil {
			edit(f.Partner)
		}
	}
}

// ofConsent edits what the subject of the row said.
func ofConsent(row int, edit func(*consent.Record)) func(*Facts) {
	return func(f *Facts) { edit(&f.Subjects[row-1].Consents[0]) }
}

func held(code Code, subject string) func(*Facts) {
	return func(f *Facts) {
		f.Holds = append(f.Holds, Hold{Subject: subject, Code: code, Ref: evidence.Ref{Kind: "hold", ID: "h1", Version: 1}})
	}
}

func partsOfAgreement() []Code {
	return []Code{
		AgrMissing, AgrUnsigned, AgrPartSigned, AgrSignatoryUnauthorised, AgrHashMismatch, AgrNotActive, AgrNotYet, AgrExpired,
		AgrSuspended, AgrTerminated, AgrClauseMissing + ":C20", AgrMission, AgrPurpose, AgrSubjectType, AgrCategory, AgrField,
		AgrVolume, ChangedDuringUpload,
	}
}

func breakages() []breakage {
	return slices.Concat(peopleBreakages(), placeBreakages(), permissionBreakages(), agreementBreakages(), restBreakages())
}

func peopleBreakages() []breakage {
	ofParty := []Code{
		PartnerUnvetted, PartnerSuspended, PartnerBlocked, RecipientNoUser, RecipientKeyInvalid,
	}
	return []breakage{
		{code: AuthInvalid, name: "not assured", harm: func(f *Facts) { f.Actor.Assured = false }, rests: []string{"Actor"}},
		{code: AuthInvalid, name: "nobody", harm: func(f *Facts) { f.Actor.Person = "" }, rests: []string{"Actor"}, hides: []Code{AuthRoleDenied, TrainingExpired, ConfidentialityMissing}},
		{code: AuthInvalid, name: "no sender", harm: func(f *Facts) { f.Sender = "" }, rests: []string{"Sender"}, hides: []Code{AuthRoleDenied, ApprovalSelf}, alone: true},
		{code: AuthRoleDenied, name: "R23 no task under the purpose", harm: func(f *Facts) { f.Actor.Allowed, f.Actor.Untasked = false, true }, rests: []string{"Actor"}},
		{code: AuthRoleDenied, name: "no role in this mission", harm: func(f *Facts) { f.Actor.Allowed = false }, rests: []string{"Actor"}},
		{code: AuthRoleDenied, name: "R42 the mission is suspended", harm: func(f *Facts) { f.Stopped = evidence.Ref{Kind: "mission", ID: "m1", Version: 2} }, rests: []string{"Stopped"}},
		{code: TrainingExpired, name: "R44", harm: func(f *Facts) { f.Actor.Trained = false }, rests: []string{"Actor"}},
		{code: ConfidentialityMissing, name: "R23", harm: func(f *Facts) { f.Actor.Bound = false }, rests: []string{"Actor"}},
		{code: PartnerUnknown, name: "no record", harm: func(f *Facts) { f.Partner = nil }, rests: []string{"Partner"}, hides: ofParty},
		{code: PartnerUnknown, name: "another's record", harm: ofPartner(func(p *parties.Party) { p.ID = "p2" }), rests: []string{"Partner", "Manifest"}, hides: ofParty},
		{code: PartnerUnvetted, name: "registered", harm: ofPartner(func(p *parties.Party) { p.State = parties.Registered }), rests: []string{"Partner"}, alone: true},
		{code: PartnerUnvetted, name: "state unheard of", harm: ofPartner(func(p *parties.Party) { p.State = "?" }), rests: []string{"Partner"}, alone: true},
		{code: PartnerUnvetted, name: "due diligence missing", harm: ofPartner(func(p *parties.Party) { p.DueDiligence = nil }), rests: []string{"Partner"}, alone: true},
		{code: PartnerUnvetted, name: "vetted too long ago", harm: ofPartner(func(p *parties.Party) { p.DueDiligence.Date = noon().AddDate(-2, 0, 0) }), rests: []string{"Partner", "Now", "Rules"}, alone: true},
		{code: PartnerSuspended, harm: ofPartner(func(p *parties.Party) { p.State = parties.Suspended }), rests: []string{"Partner"}, alone: true},
		{code: PartnerBlocked, harm: ofPartner(func(p *parties.Party) { p.State = parties.Blocked }), rests: []string{"Partner"}, alone: true},
		{code: PartnerBlocked, name: "by a due diligence that failed", harm: ofPartner(func(p *parties.Party) {
			p.State, p.DueDiligence = parties.Blocked, &parties.DueDiligence{Date: noon(), Result: "failed"}
		}), rests: []string{"Partner"}, alone: true},
		{code: RecipientClassDenied, name: "R21 other participants", harm: func(f *Facts) { f.Manifest.RecipientClass = ClassOtherParticipants }, rests: []string{"Manifest"}, alone: true},
		{code: RecipientClassDenied, name: "R21 public", harm: func(f *Facts) { f.Manifest.RecipientClass = ClassPublic }, rests: []string{"Manifest"}, alone: true},
		{code: RecipientClassDenied, name: "R21 media", harm: func(f *Facts) { f.Manifest.RecipientClass = ClassMedia }, rests: []string{"Manifest"}, alone: true},
		{code: RecipientClassDenied, name: "R21 unheard of", harm: func(f *Facts) { f.Manifest.RecipientClass = "anyone" }, rests: []string{"Manifest"}, alone: true},
		{code: RecipientClassDenied, name: "R21 not of this kind of partner", harm: func(f *Facts) { f.Manifest.RecipientClass = ClassUNorIO }, rests: []string{"Manifest", "Rules", "Partner"}, needs: []Code{PartnerUnknown, RecipientAuthority}, alone: true},
		{code: RecipientAuthority, name: "R34 class", harm: func(f *Facts) { f.Manifest.RecipientClass = ClassGovernmentAuthority }, rests: []string{"Manifest"}, alone: true},
		{code: RecipientAuthority, name: "R34 kind", harm: ofPartner(func(p *parties.Party) { p.Kind = parties.Government }), rests: []string{"Partner"}, needs: []Code{PartnerUnknown}},
		{code: RecipientAuthority, name: "R34 link", harm: ofPartner(func(p *parties.Party) { p.AuthorityLink = true }), rests: []string{"Partner"}, needs: []Code{PartnerUnknown}},
		{code: RecipientNoUser, name: "none", harm: func(f *Facts) { f.Downloaders = nil }, rests: []string{"Downloaders"}, alone: true},
		{code: RecipientNoUser, name: "nameless", harm: func(f *Facts) { f.Downloaders = []Downloader{{Credential: true}} }, rests: []string{"Downloaders"}, alone: true},
		{code: RecipientKeyInvalid, harm: func(f *Facts) { f.Downloaders = []Downloader{{Person: "pdl1"}} }, rests: []string{"Downloaders"}, alone: true},
		{code: ConsentMissing, name: "R02 nothing recorded", harm: func(f *Facts) { f.Subjects[1].Consents = nil }, rests: []string{"Subjects"}, alone: true},
		{code: ConsentMissing, name: "unknown case", harm: func(f *Facts) { f.Subjects[1] = Subject{Row: 2} }, rests: []string{"Subjects"}, alone: true},
		{code: ConsentMissing, name: "only asked", harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Requested }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentMissing, name: "R02 dated later", harm: ofConsent(2, func(r *consent.Record) { r.EventTime = noon().Add(time.Second) }), rests: []string{"Subjects", "Now"}, alone: true},
		{code: ConsentExpired, name: "at the instant", harm: ofConsent(2, func(r *consent.Record) { now := noon(); r.ValidUntil = &now }), rests: []string{"Subjects", "Now"}, alone: true},
		{code: ConsentExpired, name: "by state", harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Expired }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentPurpose, harm: ofConsent(1, func(r *consent.Record) { r.Purposes = []string{"photo"} }), rests: []string{"Subjects", "Manifest"}},
		{code: ConsentRecipient, harm: ofConsent(3, func(r *consent.Record) { r.Recipients = []string{"p2"} }), rests: []string{"Subjects", "Manifest"}},
		{code: ConsentCategory, harm: ofConsent(2, func(r *consent.Record) { r.Categories = []string{"identity"} }), rests: []string{"Subjects", "Manifest"}, alone: true},
		{code: ConsentInvalid, name: "R01 not understood", harm: ofConsent(2, func(r *consent.Record) { r.Understood = false }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentInvalid, name: "invalidated", harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Invalidated }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentInvalid, name: "another's record", harm: ofConsent(2, func(r *consent.Record) { r.Subject = "s3" }), rests: []string{"Subjects"}, alone: true},
		{code: SubjectObjection, harm: held(SubjectObjection, "s2"), rests: []string{"Holds"}, alone: true},
		{code: SubjectErasure, harm: held(SubjectErasure, "s2"), rests: []string{"Holds"}, alone: true},
		{code: SubjectRectification, harm: held(SubjectRectification, "s2"), rests: []string{"Holds"}, alone: true},
		{code: LegalHold, name: "on a person", harm: held(LegalHold, "s2"), rests: []string{"Holds"}, alone: true},
		{code: LegalHold, name: "on the transfer", harm: held(LegalHold, ""), rests: []string{"Holds"}, alone: true},
		{code: LegalHold, name: "of a kind unheard of", harm: held("?", "s2"), rests: []string{"Holds"}, alone: true},
		{code: RetElapsed, name: "of one person", harm: ofConsent(2, func(r *consent.Record) { r.EventTime = noon().AddDate(0, 0, -30) }), rests: []string{"Subjects", "Now", "Retention", "Manifest"}, people: true, alone: true},
		{code: RetElapsed, name: "whatever they said since of another purpose", harm: func(f *Facts) {
			s := &f.Subjects[1]
			other := s.Consents[0]
			other.ID, other.Purposes = "other", []string{"photo"}
			s.Consents[0].EventTime = noon().AddDate(0, 0, -30)
			s.Consents = append(s.Consents, other)
		}, rests: []string{"Subjects", "Now", "Retention", "Manifest"}, people: true, alone: true},
		{code: PartnerDestructionOverdue, name: "R27", harm: func(f *Facts) { f.Overdue = evidence.Ref{Kind: "destruction", ID: "t0", Version: 1} }, rests: []string{"Overdue"}},
		{code: PartnerIncident, harm: func(f *Facts) { f.Incident = evidence.Ref{Kind: "incident", ID: "i1", Version: 1} }, rests: []string{"Incident"}},
		{code: ConsentRefused, name: "R02", harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Refused }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentWithdrawn, harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Withdrawn }), rests: []string{"Subjects"}, alone: true},
		{code: ConsentWithdrawn, name: "revoked by the guardian", harm: ofConsent(2, func(r *consent.Record) { r.State = consent.Revoked }), rests: []string{"Subjects"}, alone: true},
	}
}
