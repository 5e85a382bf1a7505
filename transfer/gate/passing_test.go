package gate

import (
	"fmt"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

const (
	sha1st = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sha2nd = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// passing is facts on which the gate releases at the phase. Nothing in them is
// shared with another call.
func passing(phase Phase) Facts { return passingWith(phase, 3) }

func passingWith(phase Phase, subjects int) Facts {
	f := Facts{
		Phase: phase, Now: noon(), Policy: "policy-1",
		Transfer: evidence.Ref{Kind: "transfer", ID: "t1", Version: 1},
		Actor:    Actor{Person: "ro1", Assured: true, Allowed: true, Trained: true, Bound: true},
		Sender:   "ro1",
		Manifest: Manifest{
			Mission: "m1", Partner: "p1", Purpose: "referral", Nature: "personal", RecipientClass: ClassServiceProvider,
			Categories: []string{"identity", "contact"}, Fields: []string{"given_name", "phone"},
			Subjects: subjects, SubjectsDigest: "people", Files: 2, Origin: Origin{Source: ThirdPartyData, Country: "FR", Clearance: "o1"}, Onward: []string{"Clinic"},
			Pathway: "survivors",
		},
		Country: "KE",
		Clearance: &clearance.Clearance{
			ID: "o1", Version: 1, State: clearance.Given, Mission: "m1", Purposes: []string{"referral"}, Categories: []string{"identity", "contact"},
			Recipients: []string{"p1"}, ValidUntil: noon().AddDate(0, 1, 0),
		},
		Categories: []terms.Category{
			{ID: "k1", Version: 1, Code: "identity", Fields: []string{"given_name"}, Sensitivity: terms.High}, {ID: "k2", Version: 1, Code: "contact", Fields: []string{"phone"}, Sensitive: true, ApprovalScope: "transfer"},
		},
		DPOApprovals: []approvals.DPOApproval{{
			ID: "d1", Version: 1, Scope: approvals.ForPathway, Granted: true, Mission: "m1", Partner: "p1", Pathway: "survivors", Times: 10, Purposes: []string{"referral"},
			Categories: []string{"contact"}, Most: subjects, From: noon().AddDate(0, -1, 0), Until: noon().AddDate(0, 1, 0),
		}},
		Notices: []terms.Notice{notice("referral", "n1")},
		Partner: &parties.Party{
			ID: "p1", Version: 2, Kind: parties.NGO, Country: "KE", State: parties.Vetted,
			DueDiligence: &parties.DueDiligence{Date: noon().AddDate(0, -1, 0), Result: "passed"},
		},
		Downloaders:      []Downloader{{Person: "pdl1", Credential: true}, {Person: "pdl2"}},
		Agreement:        signedAgreement(subjects),
		SignatureFaults:  []agreements.SignatureFault{agreements.NoFault, agreements.NoFault},
		SubjectsThisYear: 10,
		Assessment:       approvedAssessment(),
		Retention: []terms.RetentionRule{
			{ID: "r1", Version: 1, Purpose: "referral", Category: "identity", Trigger: terms.Collection, Days: 30}, {ID: "r2", Version: 1, Purpose: "referral", Category: "contact", Days: 30},
		},
		Rules:    shippedRules(),
		Approval: Approval{Given: []GivenApproval{{Person: "hom1", Granted: true, Allowed: true}}},
		Files: []File{
			{N: 1, Declared: sha1st, Sealed: sha1st}, {N: 2, Sealed: sha2nd},
		},
		Landing: Landing{Sealed: true, AgreementAtStart: "a1", DocumentAtStart: 2},
		Pull: PullFacts{
			Recipient: true, Released: true, WindowEnds: noon().AddDate(0, 0, 7), Sessions: 1, Limit: 3,
		},
	}
	if phase == Pull {
		f.Actor.Person = "pdl1"
	}
	for row := 1; row <= subjects; row++ {
		f.Subjects = append(f.Subjects, consenting(row))
	}
	return f
}

func shippedRules() rulebook.Rules {
	b, err := rulebook.Shipped()
	if err != nil {
		panic(err)
	}
	return b.Current.Rules
}

func consenting(row int) Subject {
	id := fmt.Sprintf("s%d", row)
	return Subject{Row: row, ID: id, Type: "beneficiary", Consents: []consent.Record{{
		ID: "c" + id, Version: 1, Subject: id, State: consent.Given, Notice: "n1", Language: "fr",
		Questions: true, Understood: true, Purposes: []string{"referral"}, Recipients: []string{"p1"},
		Categories: []string{"identity", "contact"}, EventTime: noon().AddDate(0, 0, -1),
		Form: consent.Written, Evidence: &consent.Evidence{Proof: consent.Proof{Kind: consent.SignedDocument, SHA256: sha1st}}, ExpressedBy: consent.BySubject,
		Capacity: &consent.Capacity{CapacityStated: consent.CapacityStated{
			Aspects: consent.Aspects(), Method: "interview", Result: consent.Capable, Assessor: "ro1",
		}},
	}}}
}

// notice is one that was approved and in force a year ago.
func notice(purpose, number string) terms.Notice {
	before := noon().AddDate(-1, 0, 0)
	return terms.Notice{
		ID: number, Version: 2, Purpose: purpose, Number: number, Texts: map[string]terms.NoticeText{"en": {}, "fr": {}, "es": {}},
		EffectiveFrom: before, ApprovedBy: "dpo1", Approved: &before,
	}
}

// passingOfNobody is facts on aggregate data on which the gate releases.
func passingOfNobody(phase Phase) Facts {
	f := passing(phase)
	f.Manifest.Nature, f.Manifest.Subjects, f.Subjects, f.Notices = Aggregate, 0, nil, nil
	f.Manifest.Fields = []string{"district", "people"}
	f.Agreement.Document.Scope.Fields = f.Manifest.Fields
	f.Manifest.Categories, f.Categories, f.DPOApprovals = []string{"identity"}, f.Categories[:1], nil
	f.Categories[0].Fields = f.Manifest.Fields
	f.Files = []File{{N: 1, Declared: sha1st, Sealed: sha1st}, {N: 2, Declared: sha2nd, Sealed: sha2nd}}
	signed := noon().AddDate(0, -1, 0)
	f.Disclosures = []anonymous.DisclosureAssessment{{
		ID: "z1", Version: 2, Mission: "m1", Datasets: []string{sha1st, sha2nd}, Countries: []string{"KE"}, Cell: 10, Own: true,
		Author: "ro1", SignedBy: "fp1", Signed: &signed, ValidUntil: noon().AddDate(0, 1, 0),
	}}
	return f
}

func signedAgreement(subjects int) *agreements.Agreement {
	a := &agreements.Agreement{
		ID: "a1", Version: 7, State: agreements.Active,
		Document: agreements.Document{
			Agreement: "a1", Version: 2, Mission: "m1", Partner: "p1",
			Scope: agreements.Scope{
				Missions: []string{"m1"}, Purposes: []string{"referral"}, SubjectTypes: []string{"beneficiary"},
				Categories: []string{"identity", "contact"}, Fields: []string{"given_name", "phone"},
				RecipientCountries: []string{"KE"}, StorageCountries: []string{"KE"}, TransferMechanism: "standard clauses",
				OnwardRule: "listed", OnwardRecipients: []string{"Clinic"}, MaxSubjectsPerTransfer: subjects, MaxSubjectsPerYear: subjects + 10,
			},
			EffectiveFrom: noon().AddDate(0, -1, 0), ValidUntil: noon().AddDate(1, 0, 0),
		},
		Signatures: []agreements.Signature{
			{Party: signing.PartyIOM, Signatory: "hom1"}, {Party: "p1", Signatory: "psg1"},
		},
	}
	a.Document.Template = &agreements.TemplateRef{Name: "standard", Version: 1}
	for _, code := range agreements.MandatoryClauses() {
		a.Document.Clauses = append(a.Document.Clauses, agreements.Clause{Code: code})
	}
	return a
}

func approvedAssessment() *assessment.Assessment {
	return &assessment.Assessment{
		ID: "x1", Version: 3, Record: 3, Mission: "m1", State: assessment.Approved,
		Content: assessment.Content{
			Agreement: "a1", AgreementVersion: 2, Purposes: []string{"referral"},
			Categories: []string{"contact", "identity"}, Countries: []string{"KE"}, Answers: assessment.Answers{"S2": {Value: new(5)}},
		},
		Result: assessment.Result{Band: assessment.Moderate, Approvable: true}, Sensitivity: terms.High,
		ApprovedAt: noon().AddDate(0, -1, 0), ValidUntil: noon().AddDate(0, 11, 0),
		Conditions: []assessment.Condition{{Number: 1, ClosedAt: noon().AddDate(0, 0, -2)}},
	}
}
