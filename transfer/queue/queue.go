// Package queue tells each post what waits for it, the riskiest first (R36). It reads what others decide on, decides nothing,
// and shows nobody what they may not act upon.
package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

// Item is one thing that waits for the caller.
type Item struct {
	What    string          `json:"what" enum:"review_agreement,sign_agreement,attest_agreement,activate_agreement,end_agreement,renew_agreement,lift_agreement,revise_agreement,approve_assessment,return_assessment,revise_assessment,close_condition,decide_severe,approve_transfer,watch_transfer,decide_sensitive,approve_term,approve_rules,approve_notice,approve_template,answer_authority,triage_incident,close_incident,lift_hold,accept_certificate,certify_destruction,confirm_key,decide_nomination,lift_person,lift_mission,lift_partner" doc:"what is to be done"`
	Kind    string          `json:"kind" doc:"of the record"`
	ID      string          `json:"id" doc:"of the record"`
	Link    string          `json:"link" doc:"where it is read, below the root of the API"`
	Role    authz.Role      `json:"role" doc:"the caller's, under which it is done"`
	Mission string          `json:"mission,omitempty"`
	Partner string          `json:"partner,omitempty"`
	Risk    assessment.Band `json:"risk" enum:"LOW,MODERATE,HIGH,SEVERE" doc:"the band of its assessment, or what comes nearest: the sensitivity of the categories, the severity of the incident"`
	Since   time.Time       `json:"since"`
	Due     *time.Time      `json:"due,omitempty"`
	Days    *int            `json:"days_left,omitempty" doc:"whole days until due, of an agreement that is about to end"`
	Waits   []authz.Role    `json:"waits_for,omitempty" doc:"who else still has to act"`
	Details []string        `json:"details,omitempty" doc:"such as the clauses that deviate, or the conditions to close"`
}

// Unlisted counts what is not shown singly.
type Unlisted struct {
	Mission   string `json:"mission"`
	Transfers int    `json:"transfers" doc:"that wait for a second person there, and for nobody of headquarters"`
}

// Page is a part of a queue.
type Page struct {
	Items []Item
	// Next goes on after this page; empty at the end.
	Next string
	// Unlisted says, to Legal, what of the lower bands waits elsewhere (R36).
	Unlisted []Unlisted
	// Cut says that more waits than one reading takes: what is done makes room.
	Cut bool
}

// most bounds what one reading takes of each kind.
const most = 1000

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	PaperTx
	TransferTx
	CaseTx
	PeopleTx
	PolicyTx
	DPOWaiting(ctx context.Context, most int) ([]approvals.Waiting, error)
	DPOApprovals(ctx context.Context, about []string, now time.Time) ([]approvals.DPOApproval, error)
}

// PaperTx lists agreements and assessments on which somebody has to act. All lists here lie in the places, where they take any,
// and are of at most so many.
type PaperTx interface {
	// AgreementsWaiting leaves drafts out where the places are headquarters alone: none of them waits there.
	AgreementsWaiting(ctx context.Context, in authz.Places, most int) ([]agreements.Agreement, error)
	// AgreementsEnding lists those in force or suspended that end after now, and no later than by.
	AgreementsEnding(ctx context.Context, in authz.Places, now, by time.Time, most int) ([]agreements.Agreement, error)
	// ScansWaiting lists the scans of agreements that are not signed yet.
	ScansWaiting(ctx context.Context, most int) ([]agreements.Scan, error)
	// AssessmentsWaiting lists what was submitted, the riskiest first.
	AssessmentsWaiting(ctx context.Context, in authz.Places, most int) ([]assessment.Assessment, error)
	// AssessmentsReturned lists what their authors in the missions have to revise.
	AssessmentsReturned(ctx context.Context, missions []string, most int) ([]assessment.Assessment, error)
	// ConditionsWaiting lists assessments with open conditions, by when the first of them is due.
	ConditionsWaiting(ctx context.Context, in authz.Places, most int) ([]assessment.Assessment, error)
}

// PolicyTx lists the policy data, of which some wait for the data protection officer.
type PolicyTx interface {
	rulebook.Reader
	templates.Reader
	Purposes(ctx context.Context) ([]terms.Purpose, error)
	Categories(ctx context.Context) ([]terms.Category, error)
	RetentionRules(ctx context.Context, purpose string) ([]terms.RetentionRule, error)
	Notices(ctx context.Context, purpose string) ([]terms.Notice, error)
	AssessmentTemplates(ctx context.Context) ([]assessment.Edition, error)
}

// TransferTx lists what waits about transfers.
type TransferTx interface {
	// TransfersWaiting lists those of the missions that ask for an approver, the riskiest first; among them may be some that
	// are held for what an approver has answered.
	TransfersWaiting(ctx context.Context, missions []string, most int) ([]transfer.Transfer, error)
	// TransfersOf lists those of every mission whose assessments are of the bands, the riskiest first; TransfersBesides counts the
	// others, by mission.
	TransfersOf(ctx context.Context, bands []assessment.Band, most int) ([]transfer.Transfer, error)
	TransfersBesides(ctx context.Context, bands []assessment.Band) ([]Unlisted, error)
	// Bands are those of the assessments, by id.
	Bands(ctx context.Context, assessments []string) (map[string]assessment.Band, error)
	HoldsWaiting(ctx context.Context, in authz.Places, most int) ([]rights.Hold, error)
}

// CaseTx lists what is owed, and requests of authorities and incidents that are open.
type CaseTx interface {
	DutiesWaiting(ctx context.Context, in authz.Places, most int) ([]retention.Duty, error)
	// CasesWaiting lists those that are not closed: first those whose authority waits for an answer, the oldest first in each.
	CasesWaiting(ctx context.Context, most int) ([]authorities.Case, error)
	IncidentsWaiting(ctx context.Context, in authz.Places, most int) ([]incidents.Incident, error)
}

// PeopleTx lists what waits about people, and what is suspended.
type PeopleTx interface {
	KeysWaiting(ctx context.Context, most int) ([]people.Key, error)
	NominationsWaiting(ctx context.Context, most int) ([]people.Nomination, error)
	SuspendedPersons(ctx context.Context, most int) ([]people.Person, error)
	SuspendedMissions(ctx context.Context, most int) ([]people.Mission, error)
	SuspendedPartners(ctx context.Context, most int) ([]parties.Party, error)
}

// Desk is the service over queues.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{office: office, store: store}
}

// Queue is what waits for the caller after that place in their queue, at most so many: by risk, and within a risk the oldest
// first. Whose roles are locked is told so (authz.ErrDenied).
func (d *Desk) Queue(ctx context.Context, c authz.Caller, after string, limit int) (Page, error) {
	from, err := placeOf(after)
	if err != nil {
		return Page{}, err
	}
	if len(c.Locks) > 0 {
		_, err := d.office.Authorise(ctx, c, authz.AgreementRead, authz.Resource{Kind: "queue"})
		return Page{}, errors.Join(authz.ErrDenied, err)
	}
	l := lister{caller: c, in: c.Places(), office: d.office, now: d.office.Time()}
	if err := d.store.View(ctx, func(tx Tx) error { l.items, l.cut = nil, false; return l.read(ctx, tx) }); err != nil {
		return Page{}, fmt.Errorf("reading what waits: %w", err)
	}
	slices.SortFunc(l.items, func(a, b Item) int { return a.place().compare(b.place()) })
	p := Page{Unlisted: l.unlisted, Cut: l.cut, Items: []Item{}}
	for _, i := range l.items {
		if after != "" && i.place().compare(from) <= 0 {
			continue
		}
		if len(p.Items) == limit {
			p.Next = p.Items[limit-1].place().String()
			break
		}
		p.Items = append(p.Items, i)
	}
	return p, nil
}

// place is where an item stands in a queue: nothing that is done to others moves it.
type place struct {
	rank  int
	since int64
	what  string
	id    string
}

func (i Item) place() place { return place{rank(i.Risk), i.Since.UnixMicro(), i.What, i.ID} }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(q.rank, p.rank), cmp.Compare(p.since, q.since), strings.Compare(p.what, q.what), strings.Compare(p.id, q.id))
}

func (p place) String() string {
	return strconv.Itoa(p.rank) + "." + strconv.FormatInt(p.since, 10) + "." + p.what + "." + p.id
}

func placeOf(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	parts := strings.SplitN(text, ".", 4)
	if len(parts) == 4 {
		rank, bad := strconv.Atoi(parts[0])
		since, worse := strconv.ParseInt(parts[1], 10, 64)
		if bad == nil && worse == nil {
			return place{rank, since, parts[2], parts[3]}, nil
		}
	}
	return place{}, fmt.Errorf("%w: after is the next_after of the page before", people.ErrInvalid)
}

// rank orders the bands; one that is unheard of is the worst.
func rank(b assessment.Band) int {
	switch b {
	case assessment.Low:
		return 1
	case assessment.Moderate:
		return 2
	case assessment.High:
		return 3
	default:
		return 4
	}
}
