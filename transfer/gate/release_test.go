package gate

import (
	"cmp"
	"slices"

	"safeconduct/agreements"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/terms"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

type demand func(ok bool, what string)

// checkRelease states, apart from the conditions, what no release goes without.
func checkRelease(t interface{ Fatalf(string, ...any) }, f Facts) {
	must := demand(func(ok bool, what string) {
		if !ok {
			t.Fatalf("released without %s", what)
		}
	})
	m := &f.Manifest
	must(len(f.Unreadable) == 0 && f.Policy != "" && f.Transfer.ID != "", "its facts")
	must(f.Actor.Person != "" && f.Actor.Assured && f.Actor.Allowed && f.Stopped.ID == "", "a known sender (condition 1)")
	must(f.Actor.Trained && f.Actor.Bound, "training and undertaking (condition 2)")
	must(m.Files > 0 && len(m.Categories) > 0 && len(m.Fields) > 0 && m.Subjects == len(f.Subjects), "its manifest (condition 3)")
	must(f.Partner != nil && f.Partner.ID == m.Partner && f.Partner.State == "vetted", "a vetted partner (condition 5)")
	must(!f.Partner.IsAuthority() && m.RecipientClass != ClassPublic && m.RecipientClass != ClassMedia, "a recipient that may receive (condition 6)")
	must(slices.ContainsFunc(f.Downloaders, func(d Downloader) bool { return d.Person != "" && d.Credential }), "a downloader (condition 7)")
	x := f.Assessment
	checkAgreement(must, &f)
	must(x != nil && x.LiveAt(f.Now) && x.Agreement == f.Agreement.ID && x.Result.Approvable && len(x.OpenConditions(f.Now)) == 0, "a live assessment (R40)")
	for _, k := range f.Categories {
		live := func(a approvals.DPOApproval) bool {
			return a.Granted && a.Revoked == nil && f.Now.Before(a.Until) && a.Mission == m.Mission && slices.Contains(a.Categories, k.Code)
		}
		must(!k.Sensitive || !slices.Contains(m.Categories, k.Code) || slices.ContainsFunc(f.DPOApprovals, live), "the data protection officer (condition 19)")
	}
	must(len(f.Holds) == 0, "an end of its holds (condition 25)")
	for _, code := range m.Categories {
		rule := func(r terms.RetentionRule) bool {
			return r.Purpose == m.Purpose && r.Category == code && r.Days > 0
		}
		must(slices.ContainsFunc(f.Retention, rule), "a retention rule (R24)")
	}
	must(f.Overdue.ID == "" && f.Incident.ID == "", "a partner that keeps to the terms (conditions 26 and 27)")
	if m.OfNobody() {
		checkNobody(must, &f)
	} else {
		checkSubjects(must, &f)
	}
	checkPhase(must, &f)
}

func checkAgreement(must demand, f *Facts) {
	a, m := f.Agreement, &f.Manifest
	must(a != nil && !f.Ambiguous && a.InForceAt(f.Now) && a.Document.Partner == f.Partner.ID, "an agreement in force (R46)")
	must(a.SignedBy("iom") && a.SignedBy(a.Document.Partner), "both signatures (R46)")
	must(len(f.SignatureFaults) == len(a.Signatures) && !slices.ContainsFunc(f.SignatureFaults, func(s agreements.SignatureFault) bool { return s != 0 }), "verified signatures")
	must(len(a.Document.MissingClauses()) == 0, "the mandatory clauses (R33)")
	s := &a.Document.Scope
	must(slices.Contains(s.Missions, m.Mission) && slices.Contains(s.Purposes, m.Purpose), "scope")
	for _, field := range m.Fields {
		must(slices.Contains(s.Fields, field), "its fields in scope (condition 13)")
		must(slices.ContainsFunc(f.Categories, func(k terms.Category) bool {
			return slices.Contains(k.Fields, field) && slices.Contains(m.Categories, k.Code) && slices.Contains(s.Categories, k.Code)
		}), "a category of its own for each field (condition 13)")
	}
	places := append([]string{f.Partner.Country}, s.StorageCountries...)
	must(slices.Contains(s.RecipientCountries, f.Partner.Country) && len(places) > 1, "countries that are covered (condition 14)")
	must(!slices.ContainsFunc(places, func(c string) bool { return slices.Contains(f.Rules.Jurisdiction.Restricted, c) }), "countries that are free (condition 14)")
	third := m.Origin.Source == ThirdPartyData
	must(!third || f.Clearance != nil && f.Clearance.ID == m.Origin.Clearance && f.Clearance.State == clearance.Given, "its originator (condition 15)")
	for _, to := range m.Onward {
		must(s.OnwardRule == "listed" && slices.Contains(s.OnwardRecipients, to), "a list of who gets it further (condition 15)")
	}
}

func checkNobody(must demand, f *Facts) {
	if f.Phase == Pull {
		return
	}
	must(len(f.Subjects) == 0, "its people, of whom none are named (condition 4)")
	must(len(f.Files) > 0, "files that were shown to be of nobody (condition 4a)")
	for _, file := range f.Files {
		must(slices.ContainsFunc(f.Disclosures, func(a anonymous.DisclosureAssessment) bool {
			return slices.Contains(a.Datasets, cmp.Or(file.Sealed, file.Declared)) && a.Signed != nil && a.Withdrawn == nil &&
				a.SignedBy != a.Author && f.Now.Before(a.ValidUntil) && a.Cell >= f.Rules.MinimumCell.Usual
		}), "a disclosure assessment of each file (condition 4a)")
	}
}

func checkSubjects(must demand, f *Facts) {
	m := &f.Manifest
	must(m.Nature == Personal || m.Nature == Pseudonymised, "its nature (condition 4)")
	must(!f.Statistics || f.Phase == Pull, "being of nobody, for statistics (R19)")
	must(len(f.Subjects) > 0, "subjects")
	must(slices.ContainsFunc(f.Notices, func(n terms.Notice) bool { return n.Purpose == m.Purpose && n.Approved != nil }), "a notice (condition 20)")
	use := consent.Use{Purpose: m.Purpose, Recipient: m.Partner, Categories: m.Categories, At: f.Now}
	for _, s := range f.Subjects {
		must(consent.Judge(s.Consents, use) == consent.NoGap, "consent (R02)")
		must(slices.ContainsFunc(s.Consents, func(r consent.Record) bool { return r.Evidence != nil || r.Certified != nil }), "evidence of consent (condition 22)")
		must(slices.ContainsFunc(s.Consents, func(r consent.Record) bool { return r.Capacity != nil }), "capacity (condition 24)")
		must(!s.Child || slices.ContainsFunc(s.Consents, func(r consent.Record) bool { return r.Guardian != nil && r.Views != nil }), "a guardian (condition 24)")
	}
}

func checkPhase(must demand, f *Facts) {
	if f.Phase != Request {
		must(!slices.ContainsFunc(f.Approval.Given, func(g GivenApproval) bool { return !g.Granted }), "those who denied it (condition 28)")
		must(f.Approval.Needless || slices.ContainsFunc(f.Approval.Given, func(g GivenApproval) bool {
			return g.Allowed && g.Person != f.Sender
		}), "a second person (condition 28)")
	}
	if f.Phase == Commit {
		must(f.Landing.Sealed && len(f.Files) == f.Manifest.Files, "a sealed payload (R49)")
		must(f.Landing.AgreementAtStart == f.Agreement.ID && f.Landing.DocumentAtStart == f.Agreement.Document.Version, "the terms under which it was asked for (condition 30)")
	}
	if f.Phase == Pull {
		must(f.Pull.Recipient && f.Pull.Released && !f.Pull.Recalled && f.Now.Before(f.Pull.WindowEnds), "a live release")
	}
}
