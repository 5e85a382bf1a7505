package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

// testRejudgings: what is saved has what waits and rests on it judged again, and
// nothing else.
func testRejudgings(t *testing.T, b *bench) {
	ctx := t.Context()
	at := func(id string, state transfer.State, mission, partner, agreement string, subjects int) transfer.Transfer {
		return transfer.Transfer{
			ID: id, Version: 1, State: state, Mission: mission, Partner: partner, Agreement: agreement, Subjects: subjects, Released: new(Epoch()), WindowEnds: new(Epoch()),
		}
	}
	saveEach(t, b, transferKind(),
		at("t-1", transfer.Available, "m-1", "x-1", "a-1", 2), at("t-2", transfer.Held, "m-1", "x-2", "a-2", 1), at("t-3", transfer.Available, "m-2", "x-1", "a-3", 0),
		at("t-4", transfer.Pulled, "m-1", "x-1", "a-1", 1), at("t-5", transfer.Draft, "m-1", "x-1", "a-1", 1), at("t-6", transfer.Held, "m-1", "x-1", "a-1", 0))
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.SaveTransferSubjects(ctx, "t-1", []string{"s-1", "s-2"}), tx.SaveTransferSubjects(ctx, "t-2", []string{"s-2"}), tx.SaveTransferSubjects(ctx, "t-4", []string{"s-1"}))
	})
	judged := agreement("a-1", "m-1", "x-1")
	fit := assessment.Assessment{ID: "r-1", Record: 1, State: assessment.Approved, ApprovedAt: Epoch(), TemplateVersion: 7}
	fit.Agreement, fit.Mission, fit.Countries, fit.Categories = "a-2", "m-1", []string{"NE"}, []string{"photo"}
	draft := assessment.Assessment{ID: "r-2", Record: 1, State: assessment.Draft}
	draft.Agreement = "a-1"
	pathway := approvals.DPOApproval{ID: "d-3", Version: 1, Scope: approvals.ForPathway, Mission: "m-1", Partner: "x-2"}
	used := pathway
	used.Version, used.Used = 2, []string{"t-2"}
	given := clearance.Clearance{ID: "e-1", Version: 1, Mission: "m-2"}
	ended := given
	ended.Version = 2
	for _, c := range []struct {
		name string
		save func(Tx) error
		want []string
	}{
		{"a consent", func(tx Tx) error {
			return tx.SaveConsents(ctx, []consent.Record{{ID: "c-1", Version: 1, Subject: "s-1"}})
		}, []string{"t-1"}},
		{"two consents", func(tx Tx) error {
			return tx.SaveConsents(ctx, []consent.Record{{ID: "c-2", Version: 1, Subject: "s-2"}, {ID: "c-3", Version: 1, Subject: "s-1"}})
		}, []string{"t-1", "t-2"}},
		{"a consent of nobody in it", func(tx Tx) error {
			return tx.SaveConsents(ctx, []consent.Record{{ID: "c-4", Version: 1, Subject: "s-9"}})
		}, nil},
		{"a hold of a person", saves(holdKind(), ctx, rights.Hold{ID: "h-1", Version: 1, Subject: "s-2"}), []string{"t-1", "t-2"}},
		{"a hold of a transfer", saves(holdKind(), ctx, rights.Hold{ID: "h-2", Version: 1, Transfer: "t-6"}), []string{"t-6"}},
		{"a hold of what was pulled", saves(holdKind(), ctx, rights.Hold{ID: "h-3", Version: 1, Transfer: "t-4"}), nil},
		{"a partner", saves(partyKind(), ctx, parties.Party{ID: "x-1", Version: 1}), []string{"t-1", "t-3", "t-6"}},
		{"an incident", saves(incidentKind(), ctx, incidents.Incident{ID: "i-1", Version: 1, Partner: "x-2"}), []string{"t-2"}},
		{"a mission", saves(missionKind(), ctx, mission("m-2")), []string{"t-3"}},
		{"an agreement", saves(agreementKind(), ctx, judged), []string{"t-1", "t-6"}},
		{"an assessment", saves(assessmentKind(), ctx, fit), []string{"t-2"}},
		{"a draft of one", saves(assessmentKind(), ctx, draft), nil},
		{"what makes an assessment stale", saves(causeKind(), ctx, assessment.Cause{
			ID: "k-1", Version: 1, Trigger: assessment.TemplateWithdrawn, Template: 7, Subject: "template 7", At: Epoch(),
		}), []string{"t-2"}},
		{"what makes none stale", saves(causeKind(), ctx, assessment.Cause{
			ID: "k-2", Version: 1, Trigger: assessment.ConflictAlert, Country: "CO", Subject: "country CO", At: Epoch(),
		}), nil},
		{"R40 what is raised of its categories", func(tx Tx) error { return tx.SaveRaise(ctx, raise("k-3", "photo", Epoch().Add(time.Hour))) }, []string{"t-2"}},
		{"what is raised of no category of it", func(tx Tx) error { return tx.SaveRaise(ctx, raise("k-4", "health", Epoch())) }, nil},
		{"an approval of an agreement", saves(approvalKind(), ctx, approvals.DPOApproval{ID: "d-1", Version: 1, Scope: approvals.ForAgreement, Agreement: "a-3"}), []string{"t-3"}},
		{"an approval of one transfer", saves(approvalKind(), ctx, approvals.DPOApproval{ID: "d-2", Version: 1, Scope: approvals.ForTransfer, Transfer: "t-5", Spent: "t-1"}), []string{"t-1"}},
		{"an approval of a pathway", saves(approvalKind(), ctx, pathway), []string{"t-2"}},
		{"that a release used one", saves(approvalKind(), ctx, used), nil},
		{"a clearance that is new", saves(clearanceKind(), ctx, given), nil},
		{"a clearance", saves(clearanceKind(), ctx, ended), []string{"t-3"}},
		{"a disclosure assessment", saves(disclosureKind(), ctx, anonymous.DisclosureAssessment{ID: "f-1", Version: 1, Mission: "m-1"}), []string{"t-6"}},
	} {
		b.must(t, c.save)
		if got := b.rejudged(t, Epoch(), "", 10); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		b.must(t, func(tx Tx) error {
			for _, id := range c.want {
				if err := tx.TakeRejudgings(ctx, id, Epoch()); err != nil {
					return err
				}
			}
			return tx.SaveMission(ctx, mission("of "+c.name)) // what an entry names
		})
	}
	later := Epoch().Add(time.Hour)
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.RejudgeAt(ctx, "t-2", Epoch()), tx.RejudgeAt(ctx, "t-2", later), tx.RejudgeAt(ctx, "t-1", Epoch()), tx.RejudgeAt(ctx, "t-3", Epoch()),
			tx.SaveHold(ctx, rights.Hold{ID: "h-4", Version: 1, Transfer: "t-2"}), tx.SaveHold(ctx, rights.Hold{ID: "h-5", Version: 1, Transfer: "t-2"}))
	})
	for _, c := range []struct {
		now   time.Time
		after string
		most  int
		want  []string
	}{
		{Epoch(), "", 10, []string{"t-1", "t-2", "t-3"}},
		{Epoch(), "", 2, []string{"t-1", "t-2"}},
		{Epoch(), "t-1", 2, []string{"t-2", "t-3"}},
		{Epoch().Add(-time.Microsecond), "", 10, []string{"t-2"}},
	} {
		if got := b.rejudged(t, c.now, c.after, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.TakeRejudgings(ctx, "t-2", Epoch()), tx.SaveMission(ctx, mission("m-9")))
	})
	if got := b.rejudged(t, later, "t-1", 10); !slices.Equal(got, []string{"t-2", "t-3"}) { // what is due later stays
		t.Errorf("left: %v", got)
	}
}

// saves is the saving of one record.
func saves[T any](k kind[T], ctx context.Context, v T) func(Tx) error {
	return func(tx Tx) error { return k.save(tx, ctx, v) }
}

func (b *bench) rejudged(t *testing.T, now time.Time, after string, most int) (ids []string) {
	t.Helper()
	b.view(t, func(tx Tx) (err error) {
		ids, err = tx.Rejudgings(t.Context(), now, after, most)
		return err
	})
	return ids
}
