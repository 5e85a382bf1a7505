package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// MaxBatch bounds a batch of consents.
const MaxBatch = 20_000

// Tx is what consent needs of a transaction.
type Tx interface {
	evidence.Recorder
	ConsentTx
	SubjectTx
	people.MissionTx
	parties.PartyTx
	terms.PurposeTx
	terms.CategoryTx
}

// ConsentTx reads and writes consent records.
type ConsentTx interface {
	Consent(ctx context.Context, id string) (Record, error)
	// SaveConsents saves all or none.
	SaveConsents(ctx context.Context, records []Record) error
}

// SubjectTx finds and makes subjects.
type SubjectTx interface {
	// SubjectsByReference answers with the subjects of the mission that are
	// known under the keyed hashes, by hash; unknown ones are left out.
	SubjectsByReference(ctx context.Context, mission string, references []string) (map[string]Subject, error)
	SaveSubjects(ctx context.Context, subjects []Subject) error
	// LockSubjects locks the anchors of the subjects against decisions that
	// read them, in key order, until the transaction ends.
	LockSubjects(ctx context.Context, ids []string) error
}

// References turns case numbers into what is stored of them.
type References interface {
	// Of answers with the keyed hashes of the case numbers and the function
	// that seals one, under the mission's key.
	Of(ctx context.Context, mission string, cases []string) (hashes []string, seal func(caseNumber, subject string) ([]byte, error), err error)
}

// Office is the service over consent.
type Office struct {
	office *evidence.Office
	store  evidence.Store[Tx]
	refs   References
}

// NewOffice makes the service.
func NewOffice(office *evidence.Office, store evidence.Store[Tx], refs References) *Office {
	return &Office{office: office, store: store, refs: refs}
}

// Statement is what was asked and answered, for one person or for many.
type Statement struct {
	Mission    string     `json:"mission"`
	Decision   State      `json:"decision" enum:"given,refused"`
	Notice     string     `json:"notice_version" maxLength:"100"`
	Language   string     `json:"language" maxLength:"35" doc:"BCP 47 tag of the language of the notice"`
	Questions  bool       `json:"could_ask_questions"`
	Understood bool       `json:"understood"`
	Purposes   []string   `json:"purposes" minItems:"1" maxItems:"50"`
	Recipients []string   `json:"recipients" minItems:"1" maxItems:"50" doc:"partner ids"`
	Categories []string   `json:"categories" minItems:"1" maxItems:"100" doc:"category codes"`
	Form       Form       `json:"form,omitempty" enum:"written,audio,video,verbal" doc:"written where it is left out (R04)"`
	EventTime  time.Time  `json:"event_time"`
	ValidUntil *time.Time `json:"valid_until,omitempty" doc:"exclusive"`
	Withdrawal string     `json:"withdrawal_method,omitempty" maxLength:"500" doc:"how the person can withdraw; the mission's focal point where empty"`
	Type       string     `json:"subject_type" enum:"beneficiary,event_participant,staff,consultant,vendor"`
	Child      bool       `json:"child,omitempty"`
	Alone      bool       `json:"unaccompanied,omitempty"`
	Partner    string     `json:"collected_by_partner,omitempty" maxLength:"128" doc:"id of the partner who collected it; it counts where the agreement gives them that duty, with evidence (R10)"`

	Evidence   *Proof     `json:"evidence,omitempty" doc:"what shows it; of a batch the one document that all signed, or the one recording"`
	NotWritten NotWritten `json:"reason_not_written,omitempty" enum:"child,low_literacy,incapacity,other" doc:"needed for audio and video (R05)"`
	Circumstances
}

func (s Statement) check(now time.Time) error {
	switch {
	case s.Decision != Given && s.Decision != Refused:
		return fmt.Errorf("%w: decision is given or refused", people.ErrInvalid)
	case s.Notice == "" || s.Language == "" || !s.Questions || !s.Understood:
		return fmt.Errorf("%w: consent is not saved without notice version, language, could_ask_questions and understood (R01)", people.ErrInvalid)
	case len(s.Purposes) == 0 || len(s.Recipients) == 0 || len(s.Categories) == 0:
		return fmt.Errorf("%w: name purposes, recipients and categories", people.ErrInvalid)
	case !slices.Contains([]Form{Written, Audio, Video, Verbal}, s.Form):
		return fmt.Errorf("%w: form is written, audio, video or verbal", people.ErrInvalid)
	case !slices.Contains(SubjectTypes(), s.Type):
		return fmt.Errorf("%w: subject_type is one of %s", people.ErrInvalid, strings.Join(SubjectTypes(), ", "))
	case s.EventTime.IsZero() || s.EventTime.After(now):
		return fmt.Errorf("%w: event_time must lie in the past", people.ErrInvalid)
	case s.ValidUntil != nil && !s.EventTime.Before(*s.ValidUntil):
		return fmt.Errorf("%w: valid_until must lie after event_time", people.ErrInvalid)
	case s.NotWritten != "" && !s.NotWritten.known():
		return fmt.Errorf("%w: reason_not_written is child, low_literacy, incapacity or other", people.ErrInvalid)
	}
	if s.Evidence != nil {
		if err := s.Evidence.check(); err != nil {
			return err
		}
	}
	return s.Circumstances.check()
}

// SubjectTypes are those of R38.
func SubjectTypes() []string {
	return []string{"beneficiary", "event_participant", "staff", "consultant", "vendor"}
}

// Record saves what the persons with the given case numbers said, all or none,
// and answers with the records in the order of the case numbers.
func (o *Office) Record(ctx context.Context, c authz.Caller, s Statement, cases []string) ([]Record, error) {
	if !c.In(s.Mission) {
		return nil, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindConsent, Mission: s.Mission, Purposes: s.Purposes}
	if s.Decision == Refused { // R02: who hears a no records it, whatever their task
		res.Purposes = nil
	}
	role, err := o.office.Authorise(ctx, c, authz.ConsentRecord, res)
	if err != nil {
		return nil, err
	}
	now := o.office.Time()
	if s.Form == "" {
		s.Form = Written // R04
	}
	if err := s.check(now); err != nil {
		return nil, err
	}
	if err := checkCases(cases); err != nil {
		return nil, err
	}
	hashes, sealCase, err := o.refs.Of(ctx, s.Mission, cases)
	if err != nil {
		return nil, fmt.Errorf("hashing case numbers: %w", err)
	}
	var records []Record
	_, err = o.store.Update(ctx, func(tx Tx) error {
		if err := o.known(ctx, tx, c, s, o.office.Time()); err != nil {
			return err
		}
		subjects, err := o.subjects(ctx, tx, c, s, cases, hashes, sealCase, now)
		if err != nil {
			return err
		}
		ids := make([]string, 0, len(subjects))
		records = records[:0]
		for _, sub := range subjects {
			ids = append(ids, sub.ID)
			records = append(records, o.record(c, s, sub.ID, now))
		}
		// A refusal changes what decisions read: they wait, or we do.
		if err := tx.LockSubjects(ctx, ids); err != nil {
			return err
		}
		if err := tx.SaveConsents(ctx, records); err != nil {
			return err
		}
		e := o.office.Entry(c, role, evidence.Change, authz.ConsentRecord, res)
		e.Result = string(s.Decision)
		if len(records) == 1 {
			e.Subject.ID = records[0].ID
		}
		return tx.Record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

func checkCases(cases []string) error {
	if len(cases) == 0 || len(cases) > MaxBatch {
		return fmt.Errorf("%w: name 1 to %d case references", people.ErrInvalid, MaxBatch)
	}
	seen := make(map[string]bool, len(cases))
	for i, n := range cases {
		// "C1 " would be another person than "C1", whose refusal would not count.
		if n == "" || n != strings.TrimSpace(n) || len(n) > 200 || seen[n] {
			return fmt.Errorf("%w: case reference in row %d is empty, too long, a repetition, or has white space around it", people.ErrInvalid, i+1)
		}
		seen[n] = true
	}
	return nil
}

func (o *Office) known(ctx context.Context, tx Tx, c authz.Caller, s Statement, now time.Time) error {
	if _, err := tx.Mission(ctx, s.Mission); err != nil {
		return err
	}
	for _, p := range s.Purposes {
		_, err := terms.PurposeInForce(ctx, tx, p, now)
		// A no to a purpose that is withdrawn is heard: it may be in force again (R02).
		var idle *terms.NotInForceError
		if s.Decision == Refused && errors.As(err, &idle) && idle.State == terms.StateWithdrawn {
			continue
		}
		if err != nil {
			return terms.Told(c, "purpose", err)
		}
	}
	others := s.Recipients
	if s.Partner != "" {
		others = append(slices.Clone(others), s.Partner)
	}
	for _, p := range others {
		if _, err := tx.Party(ctx, p); err != nil {
			return fmt.Errorf("%w: unknown recipient or partner", people.ErrInvalid)
		}
	}
	known, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	for _, code := range s.Categories {
		if _, err := terms.CodeInForce(known, code, now); err != nil {
			return terms.Told(c, "category", err)
		}
	}
	return nil
}

// subjects answers with the subjects of the case numbers, in order, making
// those that are new.
func (o *Office) subjects(ctx context.Context, tx Tx, c authz.Caller, s Statement, cases, hashes []string, sealCase func(string, string) ([]byte, error), now time.Time) ([]Subject, error) {
	known, err := tx.SubjectsByReference(ctx, s.Mission, hashes)
	if err != nil {
		return nil, err
	}
	var fresh []Subject
	all := make([]Subject, 0, len(cases))
	for i, h := range hashes {
		sub, ok := known[h]
		if ok && (s.Child && !sub.Child || s.Alone && !sub.Unaccompanied) {
			// What protects more is kept, whoever said it first (gate condition 24).
			sub.Child, sub.Unaccompanied = sub.Child || s.Child, sub.Unaccompanied || s.Alone
			sub.Version, sub.Actor, sub.Updated = sub.Version+1, c.Person, now
			known[h] = sub
			fresh = append(fresh, sub)
		}
		if !ok {
			sub = Subject{
				ID: o.office.NewID(), Version: 1, Mission: s.Mission, Reference: h, Type: s.Type,
				Child: s.Child, Unaccompanied: s.Alone, Actor: c.Person, Created: now, Updated: now,
			}
			if sub.SealedCase, err = sealCase(cases[i], sub.ID); err != nil {
				return nil, fmt.Errorf("sealing a case number: %w", err)
			}
			known[h] = sub
			fresh = append(fresh, sub)
		}
		all = append(all, sub)
	}
	return all, tx.SaveSubjects(ctx, fresh)
}

func (o *Office) record(c authz.Caller, s Statement, subject string, now time.Time) Record {
	r := Record{
		ID: o.office.NewID(), Version: 1, Schema: SchemaVersion, Mission: s.Mission, Subject: subject, State: s.Decision,
		Notice: s.Notice, Language: s.Language, Questions: s.Questions, Understood: s.Understood,
		Purposes: s.Purposes, Recipients: s.Recipients, Categories: s.Categories, Form: s.Form,
		ExpressedBy: BySubject, Child: s.Child, Partner: s.Partner, NotWritten: s.NotWritten, Withdrawal: s.Withdrawal, EventTime: s.EventTime.UTC().Truncate(time.Microsecond),
		CollectedBy: c.Person, Actor: c.Person, Created: now, Updated: now,
	}
	if r.Withdrawal == "" {
		r.Withdrawal = "to the mission's data protection focal point, in any form"
	}
	if s.Evidence != nil {
		r.Evidence = &Evidence{Proof: *s.Evidence, By: c.Person, At: now}
	}
	r.known(s.Circumstances, c.Person, now)
	if s.ValidUntil != nil {
		until := s.ValidUntil.UTC().Truncate(time.Microsecond)
		r.ValidUntil = &until
	}
	return r
}

// may is the one way to a consent record: scoped by mission, then the policy.
func (o *Office) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (Record, authz.Role, error) {
	var r Record
	if err := o.store.View(ctx, func(tx Tx) (err error) { r, err = tx.Consent(ctx, id); return err }); err != nil {
		return Record{}, "", err
	}
	if !c.In(r.Mission) {
		return Record{}, "", evidence.ErrNotFound
	}
	role, err := o.office.Authorise(ctx, c, action, r.resource())
	return r, role, err
}

func (r Record) resource() authz.Resource {
	return authz.Resource{Kind: KindConsent, ID: r.ID, Mission: r.Mission, Owner: r.Actor, Purposes: r.Purposes}
}

// Consent answers with one record.
func (o *Office) Consent(ctx context.Context, c authz.Caller, id string) (Record, error) {
	r, _, err := o.may(ctx, c, authz.ConsentRead, id)
	if err != nil {
		return Record{}, err
	}
	return r, nil
}

// Withdraw records that the person took consent back. It holds at once: the
// next decision about any transfer of theirs reads it. Identity is verified
// after, because a hold is reversible (domain.md section 4). Nobody needs a task
// for it; who has none is told of the withdrawal and of nothing else (R23).
func (o *Office) Withdraw(ctx context.Context, c authz.Caller, id, reason string) (Record, error) {
	r, role, err := o.may(ctx, c, authz.ConsentWithdraw, id)
	if err != nil {
		return Record{}, err
	}
	_, err = o.store.Update(ctx, func(tx Tx) error {
		if err := tx.LockSubjects(ctx, []string{r.Subject}); err != nil {
			return err
		}
		if r, err = tx.Consent(ctx, id); err != nil {
			return err
		}
		if !r.permits() {
			return &lifecycle.TransitionError{
				Entity: KindConsent, State: string(r.State), Event: "withdraw", Guard: "only a consent that is given can be withdrawn",
				Mend: "nothing: nothing is shared on it", Cause: evidence.ErrConflict,
			}
		}
		now := o.office.Time()
		r.Version, r.State, r.WithdrawnAt, r.WithdrawnWhy, r.Actor, r.Updated = r.Version+1, Withdrawn, &now, reason, c.Person, now
		if err := tx.SaveConsents(ctx, []Record{r}); err != nil {
			return err
		}
		e := o.office.Entry(c, role, evidence.Change, authz.ConsentWithdraw, authz.Resource{Kind: KindConsent, ID: id, Mission: r.Mission})
		e.Result = string(Withdrawn)
		return tx.Record(ctx, e)
	})
	return o.told(c, r), o.office.Ended(ctx, c, authz.ConsentWithdraw, authz.Resource{Kind: KindConsent, ID: id, Mission: r.Mission}, err)
}

// Withdrawal answers with what Withdraw answered with.
func (o *Office) Withdrawal(ctx context.Context, c authz.Caller, id string) (Record, error) {
	r, _, err := o.may(ctx, c, authz.ConsentWithdraw, id)
	if err != nil {
		return Record{}, err
	}
	return o.told(c, r), nil
}

// told is the record for who has it withdrawn: without what they would not read.
func (o *Office) told(c authz.Caller, r Record) Record {
	if _, denied := o.office.Enforcer.Check(c, authz.ConsentRead, r.resource()); denied == nil {
		return r
	}
	return Record{
		ID: r.ID, Version: r.Version, Schema: r.Schema, Mission: r.Mission, State: r.State, Purposes: []string{}, Recipients: []string{}, Categories: []string{},
		WithdrawnAt: r.WithdrawnAt, WithdrawnWhy: r.WithdrawnWhy, Actor: r.Actor, Created: r.Created, Updated: r.Updated,
	}
}
