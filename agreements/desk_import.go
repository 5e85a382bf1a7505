package agreements

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"safeconduct/agreements/imports"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Imported says what became of a paper.
type Imported struct {
	Agreement string `json:"agreement"`
	SHA256    string `json:"scan_sha256"`
	// Before says that the same paper had been imported already.
	Before bool `json:"before,omitempty"`
}

// Import brings in agreements that were signed on paper before, all of the rows
// or none: what is wrong with any of them is an *imports.Error that names every
// row and column. With check, nothing is made. Each agreement then awaits
// Legal's attestation of its scan, by another person than the importer; before
// that, and before its assessment is approved, nothing is transferred under it.
// A paper that was imported before is answered with its agreement.
func (d *Desk) Import(ctx context.Context, c authz.Caller, rows []imports.Row, check bool) ([]Imported, error) {
	role, err := d.mayImport(ctx, c, rows)
	if err != nil {
		return nil, err
	}
	// The id of each new one, by its paper: that of the key is that of the record.
	ids := map[string]string{}
	for _, r := range rows {
		ids[r.ScanSHA256] = d.office.NewID()
	}
	var made []Agreement
	var done []Imported
	if err := d.store.View(ctx, func(tx Tx) (err error) { made, done, err = d.imported(ctx, tx, c, role, rows, ids); return err }); err != nil || check {
		return nil, err
	}
	for _, a := range made { // first, as for a draft
		if err := d.keys.EnsureKey(ctx, a.ID); err != nil {
			return nil, fmt.Errorf("making the key of an agreement: %w", err)
		}
	}
	if len(made) == 0 {
		return done, nil
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		// In turn with other lists of the same partners, or the same paper would come in twice.
		for _, partner := range partnersOf(rows) {
			if err := tx.LockPartner(ctx, partner); err != nil {
				return err
			}
		}
		if made, done, err = d.imported(ctx, tx, c, role, rows, ids); err != nil {
			return err
		}
		for _, a := range made {
			if err := d.save(ctx, tx, c, role, authz.AgreementImport, a); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// partnersOf are the partners of the rows, in the order in which they are locked.
func partnersOf(rows []imports.Row) []string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = r.Partner
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// mayImport asks for each mission once: another's is as unknown as none.
func (d *Desk) mayImport(ctx context.Context, c authz.Caller, rows []imports.Row) (role authz.Role, err error) {
	if len(rows) == 0 || len(rows) > imports.Most {
		return "", fmt.Errorf("%w: a list has 1 to %d rows", people.ErrInvalid, imports.Most)
	}
	asked := map[string]bool{}
	for _, r := range rows {
		if asked[r.Mission] {
			continue
		}
		asked[r.Mission] = true
		if !c.In(r.Mission) {
			return "", evidence.ErrNotFound
		}
		if role, err = d.office.Authorise(ctx, c, authz.AgreementImport, authz.Resource{Kind: KindAgreement, Mission: r.Mission, Partner: r.Partner}); err != nil {
			return "", err
		}
	}
	return role, nil
}

// imported makes the agreements of the rows that are new, under the ids given by paper.
func (d *Desk) imported(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, rows []imports.Row, ids map[string]string) (made []Agreement, done []Imported, err error) {
	var findings []imports.Finding
	now, papers := d.office.Time(), map[string]bool{}
	for _, r := range rows {
		found := func(column, problem, mend string) {
			findings = append(findings, imports.Finding{Line: r.Line, Column: column, Problem: problem, Mend: mend})
		}
		if papers[r.ScanSHA256] {
			found("scan", "another row has the same scan", "give each agreement its own scan")
			continue
		}
		papers[r.ScanSHA256] = true
		before, err := imported(ctx, tx, r)
		if err != nil {
			return nil, nil, err
		}
		if before != "" {
			done = append(done, Imported{Agreement: before, SHA256: r.ScanSHA256, Before: true})
			continue
		}
		a := Agreement{ID: ids[r.ScanSHA256], Version: 1, State: Approved, Drafter: c.Person, Actor: c.Person, Created: now, Updated: now, Documents: 1}
		a.History = []Act{{Event: "import", Person: c.Person, Role: role, At: now}}
		a.Document = paperOf(r).of(a.ID, 1)
		if err := d.row(ctx, tx, c, a.Document, found); err != nil {
			return nil, nil, err
		}
		if a.Digest, err = a.Document.DigestOf(); err != nil {
			found("title", "the row has no canonical form", "write plain text")
		}
		made = append(made, a)
		done = append(done, Imported{Agreement: a.ID, SHA256: r.ScanSHA256})
	}
	return made, done, imports.Checked(findings)
}

// imported is the agreement that was made of the same paper before; empty for
// none.
func imported(ctx context.Context, tx Tx, r imports.Row) (string, error) {
	a, err := tx.AgreementOfPaper(ctx, r.Mission, r.Partner, r.ScanSHA256)
	if errors.Is(err, evidence.ErrNotFound) {
		return "", nil
	}
	return a.ID, err
}

// paperOf is the document that a row describes.
func paperOf(r imports.Row) Document {
	doc := Document{
		Type: Type(r.Type), Parent: r.Parent, Title: r.Title, Mission: r.Mission, Partner: r.Partner, Language: r.Language,
		EffectiveFrom: r.EffectiveFrom, ValidUntil: r.ValidUntil,
		Scope: Scope{
			Missions: append([]string{r.Mission}, r.FurtherMissions...), Programmes: r.Programmes, TransferMechanism: r.TransferMechanism, Purposes: r.Purposes, SubjectTypes: r.SubjectTypes, Categories: r.Categories, Fields: r.Fields,
			RecipientCountries: r.RecipientCountries, StorageCountries: r.StorageCountries, OnwardRule: "none", OnwardRecipients: r.OnwardRecipients,
			MaxSubjectsPerTransfer: r.MaxSubjectsPerTransfer, MaxSubjectsPerYear: r.MaxSubjectsPerYear, RetentionDays: r.RetentionDays,
		},
		Paper: &Paper{SHA256: r.ScanSHA256, Signatories: []PaperSignatory{
			{Party: signing.PartyIOM, Name: r.IOM.Name, Title: r.IOM.Title, SignedAt: r.IOM.SignedAt.UTC()},
			{Party: r.Partner, Name: r.Other.Name, Title: r.Other.Title, SignedAt: r.Other.SignedAt.UTC()},
		}},
	}
	doc.Scope.Missions = doc.Missions() // each once, the one that signed first
	if len(r.OnwardRecipients) > 0 {
		doc.Scope.OnwardRule = "listed"
	}
	listed := templates.Safeguards{
		Institutional: union(nil, r.Safeguards.Institutional), Technical: union(nil, r.Safeguards.Technical), Physical: union(nil, r.Safeguards.Physical),
	}
	if len(listed.Institutional)+len(listed.Technical)+len(listed.Physical) > 0 { // R54
		doc.Safeguards = &listed
	}
	for _, code := range r.Clauses {
		c := Clause{Code: code, Text: TextOnPaper}
		if code == consentClause && r.ConsentCollectedBy != "" { // as the paper says, which Legal attests
			c.Parameters = map[string]string{partnerCollects: r.ConsentCollectedBy}
		}
		doc.Clauses = append(doc.Clauses, c)
	}
	return doc
}

// row finds what is wrong with what a row says and names.
func (d *Desk) row(ctx context.Context, tx Tx, c authz.Caller, doc Document, found func(column, problem, mend string)) error {
	if !doc.EffectiveFrom.Before(doc.ValidUntil) {
		found("valid_until", "the term ends before it begins", "write the instant from which it holds no more")
	} else if !d.office.Time().Before(doc.ValidUntil) {
		found("valid_until", "the term is over", "leave it out, or renew it first")
	}
	for _, s := range doc.Paper.Signatories {
		if s.SignedAt.After(d.office.Time()) {
			column := "iom_signed_at"
			if s.Party != signing.PartyIOM {
				column = "partner_signed_at"
			}
			found(column, "the signature lies in the future", "write when each signed")
		}
	}
	if by := collectedBy(doc); by != "" && by != ByOrganisation && by != ByPartner {
		found(partnerCollects, "it is none of the known words", "write organisation or partner")
	}
	if missing := doc.MissingClauses(); len(missing) > 0 {
		found("clauses", fmt.Sprintf("%d mandatory clauses are missing, the first is %s (R33)", len(missing), missing[0]), "make a new agreement from the template in its place")
	}
	for _, name := range doc.Scope.missing() {
		found(columnOf(name), "Annex I is not complete", "fill it in, for each category")
	}
	if err := doc.check(); err != nil {
		found("type", "type, language, title or term is not possible", "see the form of the list")
	}
	unknown, err := unknowns(ctx, tx, c, doc, d.office.Time())
	for _, u := range unknown {
		found(columnOf(u.member), u.says, cmp.Or(u.mend, "register it first, or write the id or code of one that is registered"))
	}
	return err
}

// columnOf is the column of a member of Annex I. The mission that signed has a
// column of its own.
func columnOf(member string) string {
	column, _, _ := strings.Cut(member, ".")
	if column == "missions" {
		return "further_missions"
	}
	return column
}
