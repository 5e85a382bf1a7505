package transfer

import (
	"context"
	"errors"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/cover"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
)

// Cover is the cover sheet of a transfer, in a language, or in the agreement's where that is empty (R33). Who may read the
// transfer at the organisation has it once every file has landed. The partner's downloader has it exactly when they may pull:
// the gate is asked, and the answer is in the log under a signed checkpoint first; otherwise they learn only ErrNotAvailable.
// It changes no state, and counts as no pull.
func (o *Office) Cover(ctx context.Context, c authz.Caller, id, language string) (cover.Sheet, error) {
	if language != "" {
		if err := cover.Known(language); err != nil {
			return cover.Sheet{}, err
		}
	}
	t, err := o.known(ctx, c, authz.TransferPull, id)
	if err != nil {
		return cover.Sheet{}, err
	}
	if c.Of(t.Partner) {
		return o.coverForPartner(ctx, c, t, language)
	}
	if _, err := o.Office.Authorise(ctx, c, authz.TransferRead, t.resource()); err != nil {
		return cover.Sheet{}, err
	}
	if t.Agreement == "" || !t.allSealed() {
		return cover.Sheet{}, o.outOfTurn(ctx, c, authz.TransferRead, t,
			t.illegal("cover", "every file has landed", "send the missing files; a refused transfer has no cover sheet"))
	}
	var s cover.Sheet
	err = o.Store.View(ctx, func(tx Tx) error {
		if t, err = tx.Transfer(ctx, id); err != nil {
			return err
		}
		s, err = o.sheet(ctx, tx, t, language)
		return err
	})
	return s, err
}

// CoverPDF is the cover sheet as a paper. The same sheet gives the same bytes.
func (o *Office) CoverPDF(ctx context.Context, c authz.Caller, id, language string) ([]byte, error) {
	s, err := o.Cover(ctx, c, id, language)
	if err != nil {
		return nil, err
	}
	return o.press.Set(ctx, s.PDF)
}

func (o *Office) coverForPartner(ctx context.Context, c authz.Caller, t Transfer, language string) (cover.Sheet, error) {
	d := &Delivery{caller: c, office: o}
	if err := d.admit(ctx, t); err != nil {
		return cover.Sheet{}, err
	}
	if err := o.released(ctx, c, authz.TransferPull, t); err != nil {
		return cover.Sheet{}, err
	}
	var s cover.Sheet
	var said gate.Decision
	entries, err := o.Store.Update(ctx, func(tx Tx) error {
		now, held, err := o.locked(ctx, tx, c, t.ID, false)
		if err != nil {
			return err
		}
		f, err := o.pullFacts(ctx, tx, now, held, d)
		if err != nil {
			return err
		}
		f.Pull.Unpulled = true // no session is used up by it
		if said, err = d.decide(ctx, f); err != nil {
			return err
		}
		e := o.Office.Entry(c, d.role, evidence.Decision, authz.TransferPull, now.resource())
		e.Result = "cover"
		if !said.Released() {
			e.Verdict = evidence.Refused
		} else if s, err = o.sheet(ctx, tx, now, language); err != nil {
			return err
		}
		return record(ctx, tx, e, now, f, said)
	})
	switch {
	case err != nil:
		return cover.Sheet{}, d.unheard(ctx, t, err)
	case !said.Released():
		return cover.Sheet{}, ErrNotAvailable // and no more: the partner is not told why
	}
	if err := o.wait(ctx, append(entries, t.ReleaseEntry)...); err != nil {
		return cover.Sheet{}, err
	}
	return s, nil
}

// sheet says what the transfer is now, by the agreement's document in force.
func (o *Office) sheet(ctx context.Context, tx Tx, t Transfer, language string) (cover.Sheet, error) {
	a, err := tx.Agreement(ctx, t.Agreement)
	if err != nil {
		return cover.Sheet{}, err
	}
	if language == "" {
		language = a.Document.Language
	}
	now := o.Office.Time()
	s := cover.Sheet{
		Transfer: t.ID, Language: language, State: t.coverState(now), RecipientClass: t.RecipientClass, Nature: t.Nature,
		Categories: t.Categories, Fields: t.Fields, Persons: t.Subjects, Released: t.Released, WindowEnds: t.WindowEnds, PullLimit: t.PullLimit,
		Agreement: cover.Agreement{ID: a.ID, Version: a.Document.Version, Digest: a.Digest.String()},
		Onward:    cover.Onward{Rule: "none", Recipients: []string{}}, Files: []cover.File{}, Made: now,
	}
	if len(t.Onward) > 0 {
		s.Onward = cover.Onward{Rule: "listed", Recipients: t.Onward}
	}
	for _, f := range t.Files {
		if f.Sealed != nil {
			s.Files = append(s.Files, cover.File{N: f.N, MediaType: f.MediaType, Size: f.Sealed.Size, SHA256: f.Sealed.SHA256})
		}
	}
	for _, step := range []func(context.Context, Tx, Transfer, agreements.Agreement, *cover.Sheet) error{
		coverNames, coverNonWaiver, coverRetention, coverLimits,
	} {
		if err := step(ctx, tx, t, a, &s); err != nil {
			return cover.Sheet{}, err
		}
	}
	return s, nil
}

func (t Transfer) coverState(now time.Time) string {
	switch {
	case t.Ended(now):
		return cover.Ended
	case t.Released == nil:
		return cover.NotReleased
	default:
		return cover.Released
	}
}

func coverNames(ctx context.Context, tx Tx, t Transfer, _ agreements.Agreement, s *cover.Sheet) error {
	m, err := tx.Mission(ctx, t.Mission)
	if err != nil {
		return err
	}
	p, err := tx.Party(ctx, t.Partner)
	if err != nil {
		return err
	}
	u, err := tx.Purpose(ctx, t.Purpose)
	if err != nil {
		return err
	}
	u = u.At(s.Made)
	s.Mission = cover.Mission{ID: m.ID, Name: m.Name, Country: m.Country, Contact: m.Contact}
	s.Partner, s.Purpose = cover.Party{ID: p.ID, Name: p.Name}, cover.Purpose{ID: u.ID, Code: u.Code, Text: u.Text}
	return nil
}

// coverNonWaiver is the agreement's clause on privileges and immunities, which never deviates (R33). The words of one that
// was signed on paper stand there alone: beside them go those of the template that ships.
func coverNonWaiver(ctx context.Context, tx Tx, _ Transfer, a agreements.Agreement, s *cover.Sheet) error {
	t, err := templates.Shipped()
	of := a.Document.Template
	if of != nil {
		t, err = templates.Find(ctx, tx, of.Name, of.Version)
	}
	if err != nil {
		return err
	}
	clause, ok := t.Clause(agreements.NonWaiver)
	if !ok {
		return errors.New("the agreement's template has no clause that privileges and immunities are not waived")
	}
	s.NonWaiver = cover.NonWaiver{Clause: clause.Code, Text: clause.Text[s.Language], OnPaper: of == nil}
	return nil
}

// coverRetention is how long the data may be kept, and by when they are destroyed once a pull has begun that period (R27).
func coverRetention(ctx context.Context, tx Tx, t Transfer, a agreements.Agreement, s *cover.Sheet) error {
	rules, err := tx.RetentionRules(ctx, t.Purpose)
	if err != nil {
		return err
	}
	s.Retention.Days = retention.Days(t.Categories, a.Document.Scope.RetentionDays, t.Purpose, terms.InForce(rules, s.Made))
	d, err := tx.Duty(ctx, t.ID)
	if absent(err) {
		return nil
	}
	s.Retention.Due = &d.Due
	return err
}

// coverLimits are the limits of consent that hold for everybody in the transfer (R12), of all together and of nobody by
// themselves.
func coverLimits(ctx context.Context, tx Tx, t Transfer, a agreements.Agreement, s *cover.Sheet) error {
	m := t.manifest()
	if m.OfNobody() {
		return nil
	}
	subjects, err := tx.SubjectsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	limits := cover.Limits{ExcludedCategories: []string{}, ExcludedRecipients: cover.AllOthers}
	all := slices.Clone(a.Document.Scope.Categories)
	for _, subject := range subjects {
		r := consent.Basis(subject.Consents, consent.Use{Purpose: t.Purpose, Recipient: t.Partner, Categories: t.Categories, At: s.Made})
		to := t.Categories // where there is none any more: nothing but what was sent
		if r != nil {
			to = r.Categories
		}
		all = slices.DeleteFunc(all, func(code string) bool { return !slices.Contains(to, code) })
		if r != nil && r.ValidUntil != nil && (limits.Until == nil || r.ValidUntil.Before(*limits.Until)) {
			limits.Until = r.ValidUntil
		}
	}
	for _, code := range a.Document.Scope.Categories {
		if !slices.Contains(all, code) {
			limits.ExcludedCategories = append(limits.ExcludedCategories, code)
		}
	}
	s.Consent = &limits
	return nil
}
