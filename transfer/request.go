package transfer

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/attest"
	"safeconduct/transfer/gate"
)

// Order is what a sender asks for: the manifest of gate.md condition 3.
type Order struct {
	Mission        string
	Partner        string
	Purpose        string
	Nature         string
	RecipientClass string
	Categories     []string
	Fields         []string
	Subjects       []string // case references; only their keyed hashes are kept
	Origin         gate.Origin
	Onward         []string // organisations to which the recipient will give the data on
	Pathway        string   // name of the pathway of referrals that it follows, as the officer's approval has it
	Files          []File
	Agreement      string // picks one where several could rule
	// AttestsContent says that the sender attests the content of opaque files, in the words of attest.Content.
	AttestsContent bool
}

// check bounds the order. What is missing is the gate's to name; what cannot
// be meant is refused here.
func (o *Office) check(r Order) error {
	l := o.Limits
	if r.Origin.Country != "" && !rulebook.IsCountry(r.Origin.Country) {
		return fmt.Errorf("%w: the country of data_origin is two capital letters (ISO 3166-1)", people.ErrInvalid)
	}
	if len(r.Onward) > 100 || slices.ContainsFunc(r.Onward, func(s string) bool { return strings.TrimSpace(s) == "" || len(s) > 200 }) {
		return fmt.Errorf("%w: onward_recipients names at most 100 organisations, as the agreement does", people.ErrInvalid)
	}
	if strings.TrimSpace(r.Pathway) != r.Pathway || len(r.Pathway) > 200 {
		return fmt.Errorf("%w: pathway is the name of one, as its approval has it", people.ErrInvalid)
	}
	if len(r.Subjects) > l.Subjects || len(r.Files) > l.Files || len(r.Categories) > 100 || len(r.Fields) > 1000 {
		return fmt.Errorf("%w: at most %d subjects, %d files, 100 categories and 1000 fields go in one transfer", people.ErrInvalid, l.Subjects, l.Files)
	}
	seen := make(map[string]bool, len(r.Subjects))
	for i, s := range r.Subjects {
		if s == "" || strings.TrimSpace(s) != s || len(s) > 200 || seen[s] {
			return fmt.Errorf("%w: subject in row %d is empty, too long, a repetition, or has white space around it", people.ErrInvalid, i+1)
		}
		seen[s] = true
	}
	for i, f := range r.Files {
		if !isMediaType(f.MediaType) {
			return fmt.Errorf("%w: file %d needs a media type, such as text/csv, without a name", people.ErrInvalid, i+1)
		}
		if f.Size != nil && (*f.Size < 0 || *f.Size > l.FileBytes) {
			return fmt.Errorf("%w: file %d is larger than the limit of %d bytes", people.ErrInvalid, i+1, l.FileBytes)
		}
		if f.SHA256 != "" && !evidence.IsDigest(f.SHA256) {
			return fmt.Errorf("%w: sha256 of file %d is 64 lower-case hexadecimal digits", people.ErrInvalid, i+1)
		}
	}
	return nil
}

// isMediaType wants a registered top-level type (RFC 6838, section 4.2) and no
// parameter but a known charset: a media type is kept, and a parameter may hold the
// name of the file, or of a person (R55).
func isMediaType(s string) bool {
	media, params, err := mime.ParseMediaType(s)
	if err != nil || len(s) > 200 {
		return false
	}
	if slices.Contains([]string{"utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16"}, strings.ToLower(params["charset"])) {
		delete(params, "charset")
	}
	top, _, _ := strings.Cut(media, "/")
	registered := []string{"application", "audio", "font", "haptics", "image", "message", "model", "multipart", "text", "video"}
	return len(params) == 0 && strings.Contains(media, "/") && slices.Contains(registered, top)
}

// Request asks the gate whether the transfer may be prepared, before a byte is
// taken. A refused transfer keeps its id and is final; the answer is then a
// *RefusedError with every code.
func (o *Office) Request(ctx context.Context, c authz.Caller, r Order) (Transfer, error) {
	return observed(ctx, o, StepRequest, func(ctx context.Context) (Transfer, error) { return o.request(ctx, c, r) })
}

func (o *Office) request(ctx context.Context, c authz.Caller, r Order) (Transfer, error) {
	// Another mission's id answers exactly as an unknown one.
	if !c.In(r.Mission) {
		return Transfer{}, evidence.ErrNotFound
	}
	if err := o.check(r); err != nil {
		return Transfer{}, err
	}
	var hashes []string
	if len(r.Subjects) > 0 {
		var err error
		if hashes, _, err = o.Cases.Of(ctx, r.Mission, r.Subjects); err != nil {
			return Transfer{}, fmt.Errorf("hashing case numbers: %w", err)
		}
	}
	t := o.draft(c, r)
	if slices.Contains(c.Locks, authz.LockUnruled) { // R43: no rules can be read to decide by
		_, err := o.Office.Authorise(ctx, c, authz.TransferRequest, authz.Resource{Kind: KindTransfer, Mission: t.Mission})
		return Transfer{}, err
	}
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		t = o.draft(c, r)
		mission, err := tx.Mission(ctx, r.Mission)
		if err != nil {
			return err
		}
		return o.decideRequest(ctx, tx, c, &t, mission, hashes)
	})
	if err != nil {
		return Transfer{}, err
	}
	if !t.Decision.Released() {
		return t, &RefusedError{Transfer: t.ID, Decision: t.Decision}
	}
	return t, nil
}

func (o *Office) decideRequest(ctx context.Context, tx Tx, c authz.Caller, t *Transfer, mission people.Mission, hashes []string) error {
	role, denied := o.Office.Enforcer.Check(c, authz.TransferRequest, t.resource())
	s := standing{read: heldBy(c), mission: mission, stopped: mission.Suspension != nil}
	var err error
	if s.held, err = tx.StandingOf(ctx, []string{c.Person}); err != nil {
		return err
	}
	if s.book, err = tx.Rulebook(ctx); err != nil {
		return err
	}
	who := actor{caller: c, denied: func(time.Time) error {
		if s.stopped { // R42
			return authz.ErrDenied
		}
		return denied
	}}
	begun := o.begin(*t, gate.Request, who, s)
	if begun.Withheld() {
		// Nor is it kept who they named, or a digest of that: the digest of this
		// record is in a log that they read, and tells who finds it by trying (R23).
		hashes = nil
	}
	if err := o.name(ctx, tx, t, hashes); err != nil {
		return err
	}
	begun.Manifest.SubjectsDigest = t.SubjectsDigest
	f, err := o.goOn(ctx, tx, *t, begun, who, s)
	if err != nil {
		return err
	}
	t.Decision = o.decide(ctx, f)
	t.NeedsApproval = !f.Approval.Needless
	if f.Agreement != nil {
		t.Agreement, t.Document = f.Agreement.ID, f.Agreement.Document.Version
	}
	if f.Assessment != nil {
		t.Assessment = f.Assessment.ID
	}
	if !t.Decision.Released() {
		t.State = Refused
	} else if x := f.Assessment; x != nil && !x.Result.Approvable { // it passed under a derogation, which is used by that
		bound, err := x.UseDerogation(f.Scope(), f.Now)
		if err != nil {
			return err
		}
		bound.Record++
		if err := tx.SaveAssessment(ctx, bound); err != nil {
			return err
		}
	}
	opened, err := o.caseOf(ctx, tx, t, f, heard(c, t.Mission))
	if err != nil {
		return err
	}
	if err := tx.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	if _, err := o.decided(ctx, tx, c, role, authz.TransferRequest, *t, f, t.Decision); err != nil {
		return err
	}
	return o.open(ctx, tx, c, opened)
}

func (o *Office) draft(c authz.Caller, r Order) Transfer {
	now := o.Office.Time()
	t := Transfer{
		ID: o.Office.NewID(), Version: 1, State: Draft, Mission: r.Mission, Partner: r.Partner, Purpose: r.Purpose,
		Nature: r.Nature, RecipientClass: r.RecipientClass, Categories: slices.Clone(r.Categories), Fields: slices.Clone(r.Fields),
		Subjects: len(r.Subjects), Origin: r.Origin, Onward: slices.Clone(r.Onward), Pathway: r.Pathway, Chosen: r.Agreement, Sender: c.Person, SenderAssurance: c.Assurance, Actor: c.Person, Created: now, Updated: now,
	}
	if r.AttestsContent {
		t.ContentAttested = attest.ContentVersion
	}
	for i, f := range r.Files {
		t.Files = append(t.Files, File{N: i + 1, MediaType: f.MediaType, Size: f.Size, SHA256: f.SHA256})
	}
	return t
}

// name keeps who is in the transfer.
func (o *Office) name(ctx context.Context, tx Tx, t *Transfer, hashes []string) error {
	ids, err := o.subjects(ctx, tx, t.Mission, hashes)
	if err != nil {
		return err
	}
	if t.SubjectsDigest, err = digestOf(ids); err != nil {
		return err
	}
	return tx.SaveTransferSubjects(ctx, t.ID, ids)
}

// subjects answers with the ids of the subjects, in row order; empty for a
// case number of which nothing is known: nobody has asked that person.
func (o *Office) subjects(ctx context.Context, tx Tx, mission string, hashes []string) ([]string, error) {
	known, err := tx.SubjectsByReference(ctx, mission, hashes)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(hashes))
	for i, h := range hashes {
		ids[i] = known[h].ID
	}
	return ids, nil
}

func digestOf(v any) (string, error) {
	b, err := evidence.Canonical(v)
	if err != nil {
		return "", err
	}
	return evidence.DigestOf(b), nil
}

// absent tells an error about one record, which the gate then misses, from one
// about the store, which refuses.
func absent(err error) bool { return errors.Is(err, evidence.ErrNotFound) }
