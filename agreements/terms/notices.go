package terms

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindNotice is the record kind of notices.
const KindNotice = "notice"

// Notice is one version of what a person is told before they are asked, for one
// purpose (R14). Legal writes it, the data protection officer approves it;
// after that only another version changes what is told.
type Notice struct {
	ID            string                `json:"id"`
	Version       int                   `json:"version"` // of the record
	Purpose       string                `json:"purpose"`
	Number        string                `json:"notice_version"` // what a consent names; each once for a purpose
	Texts         map[string]NoticeText `json:"texts"`          // by language, BCP 47
	EffectiveFrom time.Time             `json:"effective_from"`
	Author        string                `json:"author"`
	ApprovedBy    string                `json:"approved_by,omitempty"`
	Approved      *time.Time            `json:"approved,omitempty"`
	Actor         string                `json:"actor"`
	Created       time.Time             `json:"created"`
	Updated       time.Time             `json:"updated"`
}

// NoticeText is a notice in one language: what R14 wants said, and R33.
type NoticeText struct {
	Controller string `json:"controller" minLength:"1" maxLength:"500" doc:"who answers for the data" example:"The chief of mission"`
	Contact    string `json:"contact" minLength:"1" maxLength:"500" doc:"a post, not a person" example:"The focal point, dp@example.org"`
	Purpose    string `json:"purpose" minLength:"1" maxLength:"4000" example:"To find you shelter"`
	Retention  string `json:"retention" minLength:"1" maxLength:"2000" example:"Ninety days after your case is closed"`
	Recipients string `json:"recipients" minLength:"1" maxLength:"2000" example:"The shelter that receives you"`
	Rights     string `json:"rights" minLength:"1" maxLength:"4000" example:"You may see it, correct it, and take back your consent"`
	NonWaiver  string `json:"non_waiver" minLength:"1" maxLength:"2000" doc:"privileges and immunities are not waived (R33)" example:"Nothing here waives privileges and immunities"`
}

// NoticeLanguages are those that every notice has; it may have more.
func NoticeLanguages() []string { return []string{"en", "es", "fr"} }

// InForce reports whether the notice could be given at t: the data protection
// officer has approved it, and it was effective by then. What was told on paper
// before it was recorded counts from the date that Legal gives it.
func (n Notice) InForce(t time.Time) bool { return n.Approved != nil && !t.Before(n.EffectiveFrom) }

// Replaced reports whether another notice of the purpose had taken the place of
// this one by t: the newest that is approved and effective is in force, and the
// ones before are no longer given. It takes it from its approval where that is
// later than its date: who was told the older one until then was told right.
func (n Notice) Replaced(t time.Time, all []Notice) bool {
	return slices.ContainsFunc(all, func(other Notice) bool {
		return other.Purpose == n.Purpose && other.InForce(t) && !t.Before(*other.Approved) && other.after(n)
	})
}

func (n Notice) after(other Notice) bool {
	if !n.EffectiveFrom.Equal(other.EffectiveFrom) {
		return n.EffectiveFrom.After(other.EffectiveFrom)
	}
	return n.Approved != nil && other.Approved != nil && n.Approved.After(*other.Approved)
}

// Waits reports whether the notice waits for its approval, among all of its
// purpose: not where one that was written after it is approved.
func (n Notice) Waits(all []Notice) bool {
	return n.Approved == nil && !slices.ContainsFunc(all, func(other Notice) bool {
		return other.Purpose == n.Purpose && other.Approved != nil && other.Created.After(n.Created)
	})
}

// Speaks reports whether the notice has a text in the language, or in the
// language of which it is a variety: "fr" serves "fr-NE".
func (n Notice) Speaks(language string) bool {
	language = strings.ToLower(language)
	primary, _, _ := strings.Cut(language, "-")
	for have := range n.Texts {
		if have = strings.ToLower(have); have == language || have == primary {
			return true
		}
	}
	return false
}

var (
	noticeNumber = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	languageTag  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

func (n Notice) check() error {
	switch {
	case !noticeNumber.MatchString(n.Number):
		return fmt.Errorf("%w: notice_version has 1 to 40 letters, digits, dots, dashes", people.ErrInvalid)
	case n.EffectiveFrom.IsZero():
		return fmt.Errorf("%w: a notice needs the date from which it is effective", people.ErrInvalid)
	}
	for _, l := range NoticeLanguages() {
		if _, ok := n.Texts[l]; !ok {
			return fmt.Errorf("%w: a notice has a text in each of %s (R14)", people.ErrInvalid, strings.Join(NoticeLanguages(), ", "))
		}
	}
	for l, t := range n.Texts {
		if !languageTag.MatchString(l) {
			return fmt.Errorf("%w: texts are by language, such as fr or fr-NE", people.ErrInvalid)
		}
		if strings.TrimSpace(t.NonWaiver) == "" {
			return fmt.Errorf("%w: no notice without the clause that privileges and immunities are not waived (R33)", people.ErrInvalid)
		}
		if slices.ContainsFunc([]string{t.Controller, t.Contact, t.Purpose, t.Retention, t.Recipients, t.Rights}, func(s string) bool { return strings.TrimSpace(s) == "" }) {
			return fmt.Errorf("%w: a notice names controller, contact, purpose, retention, recipients and rights (R14)", people.ErrInvalid)
		}
	}
	return nil
}

// approve is the data protection officer's act; never the author's.
func (n Notice) approve(person string, now time.Time, all []Notice) (Notice, error) {
	refuse := func(state, guard, mend string) (Notice, error) {
		return Notice{}, &lifecycle.TransitionError{Entity: KindNotice, State: state, Event: "approve", Guard: guard, Mend: mend}
	}
	switch {
	case n.Approved != nil:
		return refuse("approved", "a notice is approved once", "write another version")
	case person == n.Author:
		return refuse("draft", "the author does not approve", "ask another data protection officer")
	case !n.Waits(all):
		return refuse("draft", "no notice that was written after it is approved", "have it written as another version, if it is wanted still")
	}
	n.Version, n.ApprovedBy, n.Approved, n.Actor, n.Updated = n.Version+1, person, &now, person, now
	return n, nil
}

// NoticeTx reads and writes notices.
type NoticeTx interface {
	Notice(ctx context.Context, id string) (Notice, error)
	// Notices lists those of a purpose, of all where it is empty, by number.
	Notices(ctx context.Context, purpose string) ([]Notice, error)
	SaveNotice(ctx context.Context, n Notice) error
}

// WriteNotice records a notice that nobody has approved yet. By Legal.
func (b *Book) WriteNotice(ctx context.Context, c authz.Caller, n Notice) (Notice, error) {
	n.ID, n.Version, n.Author, n.Actor, n.Created = b.office.NewID(), 1, c.Person, c.Person, b.office.Time()
	n.Updated, n.EffectiveFrom = n.Created, n.EffectiveFrom.UTC().Truncate(time.Microsecond)
	n.ApprovedBy, n.Approved = "", nil
	res := authz.Resource{Kind: KindNotice, ID: n.ID}
	role, err := b.office.Authorise(ctx, c, authz.NoticeWrite, res)
	if err != nil {
		return Notice{}, err
	}
	if err := n.check(); err != nil {
		return Notice{}, err
	}
	_, err = b.store.Update(ctx, func(tx Tx) error {
		if _, err := PurposeInForce(ctx, tx, n.Purpose, n.Created); err != nil {
			return err
		}
		if err := tx.SaveNotice(ctx, n); err != nil {
			return err
		}
		return tx.Record(ctx, b.office.Entry(c, role, evidence.Change, authz.NoticeWrite, res))
	})
	return written(n, err)
}

// ApproveNotice puts a notice in force from its date. By the data protection
// officer.
func (b *Book) ApproveNotice(ctx context.Context, c authz.Caller, id string) (Notice, error) {
	res := authz.Resource{Kind: KindNotice, ID: id}
	role, err := b.office.Authorise(ctx, c, authz.NoticeApprove, res)
	if err != nil {
		return Notice{}, err
	}
	var n Notice
	_, err = b.store.Update(ctx, func(tx Tx) (err error) {
		if n, err = tx.Notice(ctx, id); err != nil {
			return err
		}
		all, err := tx.Notices(ctx, n.Purpose)
		if err != nil {
			return err
		}
		if n, err = n.approve(c.Person, b.office.Time(), all); err != nil {
			return err
		}
		if err := tx.SaveNotice(ctx, n); err != nil {
			return err
		}
		return tx.Record(ctx, b.office.Entry(c, role, evidence.Change, authz.NoticeApprove, res))
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		err = errors.Join(err, b.office.Deny(ctx, c, authz.NoticeApprove, res, lifecycle.Code))
	}
	return written(n, err)
}

// Notice answers with one notice.
func (b *Book) Notice(ctx context.Context, c authz.Caller, id string) (n Notice, err error) {
	err = b.read(ctx, c, KindNotice, func(tx Tx) (err error) { n, err = tx.Notice(ctx, id); return err })
	return written(n, err)
}

// Notices lists the notices of a purpose; of all where it is empty.
func (b *Book) Notices(ctx context.Context, c authz.Caller, purpose string) (all []Notice, err error) {
	err = b.read(ctx, c, KindNotice, func(tx Tx) (err error) { all, err = tx.Notices(ctx, purpose); return err })
	return all, err
}
