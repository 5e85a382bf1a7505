// Package terms holds what agreements, assessments and consents speak of: the
// purposes, the categories of data and the retention rules. They are policy
// data: versioned records that Legal writes and amends, and that a data
// protection officer approves before they count. What a purpose says and which
// fields a category has is what people consented to and what parties signed: no
// amendment changes it.
package terms

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Record kinds of this package.
const (
	KindPurpose   = "purpose"
	KindCategory  = "category"
	KindRetention = "retention_rule"
)

// Purpose is why data is shared (R14, R15).
type Purpose struct {
	ID          string    `json:"id"`
	Version     int       `json:"version"`
	Code        string    `json:"code"`
	Text        string    `json:"text"`
	Refusable   bool      `json:"refusable"`
	Consequence string    `json:"consequence,omitempty"` // what refusing means
	LegalBasis  string    `json:"legal_basis"`
	Statistics  bool      `json:"statistics,omitempty"` // serves statistics: nothing about a person leaves for it (R19)
	Withdrawn   bool      `json:"withdrawn,omitempty" doc:"nothing is shared for it any more"`
	Actor       string    `json:"actor"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
	Course[PurposeValues]
}

// Sensitivity is how much harm a category can do.
type Sensitivity string

// The levels of domain.md.
const (
	Low      Sensitivity = "low"
	Moderate Sensitivity = "moderate"
	High     Sensitivity = "high"
	Severe   Sensitivity = "severe"
)

// sensitivities are the levels, the least harm first.
func sensitivities() []Sensitivity { return []Sensitivity{Low, Moderate, High, Severe} }

// Above reports whether s is more harm than other; whatever is known is more
// than what is not.
func (s Sensitivity) Above(other Sensitivity) bool {
	return slices.Index(sensitivities(), s) > slices.Index(sensitivities(), other)
}

// Highest is the highest sensitivity of the categories of the codes; empty where
// none of them is among all.
func Highest(all []Category, codes []string) (highest Sensitivity) {
	for _, k := range all {
		if slices.Contains(codes, k.Code) && k.Sensitivity.Above(highest) {
			highest = k.Sensitivity
		}
	}
	return highest
}

// Category is a category of data with the fields that belong to it.
type Category struct {
	ID            string      `json:"id"`
	Version       int         `json:"version"`
	Code          string      `json:"code"`
	Fields        []string    `json:"fields"`
	Sensitivity   Sensitivity `json:"sensitivity"`
	Sensitive     bool        `json:"sensitive"`
	ApprovalScope string      `json:"approval_scope"` // agreement or transfer
	Actor         string      `json:"actor"`
	Created       time.Time   `json:"created"`
	Updated       time.Time   `json:"updated"`
	Course[CategoryValues]
}

// Collection is the trigger of a period that begins on the day on which the data
// were collected. Other triggers are texts.
const Collection = "collection"

// RetentionRule says how long data of a category may be kept for a purpose
// (R24): no rule, no transfer.
type RetentionRule struct {
	ID        string    `json:"id"`
	Version   int       `json:"version"`
	Purpose   string    `json:"purpose"`
	Category  string    `json:"category"` // code
	Trigger   string    `json:"trigger"`  // what starts the period
	Days      int       `json:"days"`
	Action    string    `json:"action"` // delete or anonymise
	Extension string    `json:"extension_ground,omitempty"`
	Review    time.Time `json:"review"` // R48
	Withdrawn bool      `json:"withdrawn,omitempty" doc:"there is no rule any more, and so no transfer"`
	Actor     string    `json:"actor"`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
	Course[RetentionValues]
}

// Tx is what the terms need of a transaction.
type Tx interface {
	evidence.Recorder
	// LockRules waits for the decisions that rest on the terms in force, and then
	// excludes them until the transaction ends: before what is in force changes.
	LockRules(ctx context.Context) error
	RaiseTx
	PurposeTx
	CategoryTx
	RetentionTx
	NoticeTx
}

// PurposeTx reads and writes purposes.
type PurposeTx interface {
	Purpose(ctx context.Context, id string) (Purpose, error)
	Purposes(ctx context.Context) ([]Purpose, error)
	SavePurpose(ctx context.Context, p Purpose) error
}

// CategoryTx reads and writes categories.
type CategoryTx interface {
	Category(ctx context.Context, id string) (Category, error)
	Categories(ctx context.Context) ([]Category, error)
	SaveCategory(ctx context.Context, c Category) error
}

// RetentionTx reads and writes retention rules.
type RetentionTx interface {
	RetentionRule(ctx context.Context, id string) (RetentionRule, error)
	RetentionRules(ctx context.Context, purpose string) ([]RetentionRule, error) // of all purposes where empty
	SaveRetentionRule(ctx context.Context, r RetentionRule) error
}

// Book is the service over the terms.
type Book struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewBook makes the service.
func NewBook(office *evidence.Office, store evidence.Store[Tx]) *Book {
	return &Book{office: office, store: store}
}

var code = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)

// ValidCode reports whether s can be a code: lower-case ASCII letters, digits
// and underscores, beginning with a letter.
func ValidCode(s string) bool { return code.MatchString(s) }

// CreatePurpose proposes a purpose: it counts once it is approved
// (ApprovePurpose).
func (b *Book) CreatePurpose(ctx context.Context, c authz.Caller, p Purpose) (Purpose, error) {
	p.ID, p.Version, p.Actor, p.Created = b.office.NewID(), 1, c.Person, b.office.Time()
	p.Updated, p.Withdrawn = p.Created, false
	p.Course = proposed(p.values(), c.Person, p.Created)
	return written(p, b.write(ctx, c, KindPurpose, p.ID, p.check, func(tx Tx) error { return tx.SavePurpose(ctx, p) }))
}

func (p Purpose) check() error {
	if !ValidCode(p.Code) || strings.TrimSpace(p.Text) == "" || strings.TrimSpace(p.LegalBasis) == "" {
		return fmt.Errorf("%w: a purpose needs a code (a-z, 0-9, _), a text and a legal basis", people.ErrInvalid)
	}
	if p.Refusable && strings.TrimSpace(p.Consequence) == "" {
		return fmt.Errorf("%w: a refusable purpose says what refusing means (R15)", people.ErrInvalid)
	}
	return nil
}

// proposed is the course of what is new.
func proposed[V any](v V, author string, now time.Time) Course[V] {
	return Course[V]{Proposed: true}.drafted(v, Decided{EffectiveFrom: now, Author: author})
}

// CreateCategory proposes a category of data: it counts once it is approved
// (ApproveCategory).
func (b *Book) CreateCategory(ctx context.Context, c authz.Caller, k Category) (Category, error) {
	if k.ApprovalScope == "" {
		k.ApprovalScope = "agreement"
	}
	k.ID, k.Version, k.Actor, k.Created = b.office.NewID(), 1, c.Person, b.office.Time()
	k.Updated = k.Created
	k.Course = proposed(k.values(), c.Person, k.Created)
	return written(k, b.write(ctx, c, KindCategory, k.ID, k.check, func(tx Tx) error { return tx.SaveCategory(ctx, k) }))
}

func (c Category) check() error {
	switch {
	case !ValidCode(c.Code) || len(c.Fields) == 0 || slices.ContainsFunc(c.Fields, func(f string) bool { return strings.TrimSpace(f) == "" }):
		return fmt.Errorf("%w: a category needs a code (a-z, 0-9, _) and its fields", people.ErrInvalid)
	case !slices.Contains(sensitivities(), c.Sensitivity):
		return fmt.Errorf("%w: sensitivity is low, moderate, high or severe", people.ErrInvalid)
	case c.ApprovalScope != "agreement" && c.ApprovalScope != "transfer":
		return fmt.Errorf("%w: approval scope is agreement or transfer", people.ErrInvalid)
	case c.NeedsOfficer() && !c.Sensitive:
		return fmt.Errorf("%w: a category that is severe, or that is approved for each transfer, is sensitive: mark it so, or choose a lower sensitivity and the scope agreement", people.ErrInvalid)
	}
	return nil
}

// NeedsOfficer reports whether the data protection officer approves what is sent of
// the category (gate condition 19).
func (c Category) NeedsOfficer() bool { return c.values().NeedsOfficer() }

// CreateRetentionRule proposes how long data of a category may be kept for a
// purpose: it counts once it is approved (ApproveRetentionRule).
func (b *Book) CreateRetentionRule(ctx context.Context, c authz.Caller, r RetentionRule) (RetentionRule, error) {
	r.Review = r.Review.UTC().Truncate(time.Microsecond)
	r.ID, r.Version, r.Actor, r.Created = b.office.NewID(), 1, c.Person, b.office.Time()
	r.Updated, r.Withdrawn = r.Created, false
	r.Course = proposed(r.values(), c.Person, r.Created)
	return written(r, b.write(ctx, c, KindRetention, r.ID, r.check, func(tx Tx) error {
		if _, err := PurposeInForce(ctx, tx, r.Purpose, r.Created); err != nil {
			return err
		}
		known, err := tx.Categories(ctx)
		if err != nil {
			return err
		}
		switch _, err := CodeInForce(known, r.Category, r.Created); {
		case errors.Is(err, evidence.ErrNotFound):
			return fmt.Errorf("%w: unknown category %q", people.ErrInvalid, r.Category)
		case err != nil:
			return err
		}
		return tx.SaveRetentionRule(ctx, r)
	}))
}

func (r RetentionRule) check() error {
	if r.Days < 1 || !slices.Contains([]string{"delete", "anonymise"}, r.Action) || strings.TrimSpace(r.Trigger) == "" || r.Review.IsZero() {
		return fmt.Errorf("%w: a retention rule needs a trigger, a period in days, an action (delete or anonymise) and a review date", people.ErrInvalid)
	}
	return nil
}

// write authorises first, so that a denial is recorded whatever was asked.
func (b *Book) write(ctx context.Context, c authz.Caller, kind, id string, check func() error, save func(Tx) error) error {
	res := authz.Resource{Kind: kind, ID: id}
	role, err := b.office.Authorise(ctx, c, authz.TermsWrite, res)
	if err != nil {
		return err
	}
	if err := check(); err != nil {
		return err
	}
	_, err = b.store.Update(ctx, func(tx Tx) error {
		if err := save(tx); err != nil {
			return err
		}
		return tx.Record(ctx, b.office.Entry(c, role, evidence.Change, authz.TermsWrite, res))
	})
	return err
}

// written is v, or nothing where it could not be written.
func written[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// Purposes lists the purposes as they are now, those among them that do not
// count yet, or any more. What is proposed, drafted or to come, and why, is told
// to the organisation's own people only.
func (b *Book) Purposes(ctx context.Context, c authz.Caller) (all []Purpose, err error) {
	err = b.read(ctx, c, KindPurpose, func(tx Tx) (err error) { all, err = tx.Purposes(ctx); return err })
	return told(aPurpose(), c, all, b.office.Time()), err
}

// Categories lists the categories, as Purposes does.
func (b *Book) Categories(ctx context.Context, c authz.Caller) (all []Category, err error) {
	err = b.read(ctx, c, KindCategory, func(tx Tx) (err error) { all, err = tx.Categories(ctx); return err })
	return told(aCategory(), c, all, b.office.Time()), err
}

// RetentionRules lists the retention rules, as Purposes does.
func (b *Book) RetentionRules(ctx context.Context, c authz.Caller) (all []RetentionRule, err error) {
	err = b.read(ctx, c, KindRetention, func(tx Tx) (err error) { all, err = tx.RetentionRules(ctx, ""); return err })
	return told(aRetentionRule(), c, all, b.office.Time()), err
}

func (b *Book) read(ctx context.Context, c authz.Caller, kind string, load func(Tx) error) error {
	if _, err := b.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: kind}); err != nil {
		return err
	}
	return b.store.View(ctx, load)
}
