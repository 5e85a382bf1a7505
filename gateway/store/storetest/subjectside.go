package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
)

func approvalKind() kind[approvals.DPOApproval] {
	return simple("dpo_approval", func(v *approvals.DPOApproval) *string { return &v.ID }, func(v *approvals.DPOApproval) *int { return &v.Version }, Tx.SaveDPOApproval, Tx.DPOApproval)
}

func noticeKind() kind[terms.Notice] {
	return simple("notice", func(v *terms.Notice) *string { return &v.ID }, func(v *terms.Notice) *int { return &v.Version }, Tx.SaveNotice, Tx.Notice)
}

func disclosureKind() kind[anonymous.DisclosureAssessment] {
	return simple("disclosure_assessment", func(v *anonymous.DisclosureAssessment) *string { return &v.ID }, func(v *anonymous.DisclosureAssessment) *int { return &v.Version }, Tx.SaveDisclosure, Tx.Disclosure)
}

func testApprovals(t *testing.T, b *bench) {
	saveEach(t, b, approvalKind(),
		approvals.DPOApproval{ID: "d-2", Version: 1, Scope: approvals.ForAgreement, Agreement: "a-1", Mission: "m-1"},
		approvals.DPOApproval{ID: "d-1", Version: 1, Scope: approvals.ForTransfer, Transfer: "t-1", Manifest: "s", Mission: "m-1"},
		approvals.DPOApproval{ID: "d-4", Version: 1, Scope: approvals.ForTransfer, Granted: true, Transfer: "t-2", Manifest: "s2", Mission: "m-4"},
		approvals.DPOApproval{ID: "d-3", Version: 1, Scope: approvals.ForPathway, Mission: "m-2", Partner: "x"})
	granted := approvals.DPOApproval{ID: "e-1", Version: 1, Scope: approvals.ForPathway, Granted: true, Mission: "m-3", Partner: "x", Until: Epoch()}
	gone, told, later := granted, granted, granted
	gone.ID, gone.Revoked, told.ID, told.Ended, later.ID, later.Until = "e-2", &granted.Until, "e-3", true, "e-4", Epoch().Add(time.Microsecond)
	saveEach(t, b, approvalKind(), granted, gone, told, later)
	b.view(t, func(tx Tx) error {
		due, err := tx.DPOApprovalsDue(t.Context(), Epoch(), 10)
		lists(t, "over", approvalKind(), due, err, "e-1")
		due, err = tx.DPOApprovalsDue(t.Context(), Epoch().Add(-time.Microsecond), 10)
		lists(t, "not over", approvalKind(), due, err)
		due, err = tx.DPOApprovalsDue(t.Context(), Epoch().Add(time.Second), 1)
		lists(t, "one at once", approvalKind(), due, err, "e-1")
		return nil
	})
	wants := func(id string, state transfer.State, codes ...gate.Code) transfer.Transfer {
		x := transfer.Transfer{ID: id, Version: 1, State: state, Agreement: "a-1", Decision: gate.Decision{Phase: gate.Request}}
		for _, code := range codes {
			x.Decision.Refusals = append(x.Decision.Refusals, gate.Refusal{Code: code})
		}
		return x
	}
	ambiguous := wants("t-22", transfer.Refused, "AGR_AMBIGUOUS", "DPO_REQUIRED")
	ambiguous.Agreement = ""
	saveEach(t, b, transferKind(), wants("t-1", transfer.Refused, "DPO_REQUIRED"), wants("t-2", transfer.Held, "DPO_EXPIRED"),
		wants("t-3", transfer.Refused, "DPO_REQUIRED"), wants("t-4", transfer.Refused, "AGR_EXPIRED"), wants("t-5", transfer.Recalled, "DPO_EXPIRED"),
		wants("t-6", transfer.AwaitingApproval, "TRAINING_EXPIRED", "DPO_REQUIRED", "APPROVAL_PENDING"), wants("t-1a", transfer.Refused, "AUTH_ROLE_DENIED", "DPO_REQUIRED"), wants("t-21", transfer.Refused, "TRAINING_EXPIRED", "DPO_REQUIRED"), ambiguous)
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		of := func(about ...string) []approvals.DPOApproval {
			t.Helper()
			all, err := tx.DPOApprovals(ctx, about, Epoch())
			if err != nil {
				t.Error(err)
			}
			return all
		}
		lists(t, "about all", approvalKind(), of("agreement:a-1", "manifest:s", "pathway:m-2:x"), nil, "d-1", "d-2", "d-3")
		lists(t, "about another", approvalKind(), of("agreement:a-2", "pathway:m-1:x"), nil)
		lists(t, "about nothing", approvalKind(), of(), nil)
		in, err := tx.DPOApprovalsIn(ctx, "m-1", evidence.Page{After: "d-1"})
		lists(t, "in a mission", approvalKind(), in.Items, err, "d-2")
		in, err = tx.DPOApprovalsIn(ctx, "", evidence.Page{Most: 2})
		lists(t, "in all", approvalKind(), in.Items, err, "d-1", "d-2")
		waiting, err := tx.AwaitingDPO(ctx, evidence.Page{})
		if err != nil || len(waiting.Items) != 3 || waiting.Items[0].Transfer != "t-2" || waiting.Items[1].Transfer != "t-3" || waiting.Items[2].Transfer != "t-6" || waiting.Next != "" {
			t.Errorf("DPO_REQUIRED waits of whom and what may be sent: %v, %v", waiting, err)
		}
		first, err := tx.AwaitingDPO(ctx, evidence.Page{Most: 1})
		rest, failed := tx.AwaitingDPO(ctx, evidence.Page{After: first.Next, Most: 2})
		if err != nil || failed != nil || len(first.Items) != 1 || first.Next != "t-2" || len(rest.Items) != 2 || rest.Items[0].Transfer != "t-3" || rest.Next != "" {
			t.Errorf("page by page: %v, %v", first, rest)
		}
		return nil
	})
}

func testNotices(t *testing.T, b *bench) {
	saveEach(t, b, noticeKind(), terms.Notice{ID: "n-1", Version: 1, Purpose: "p-1", Number: "2"}, terms.Notice{ID: "n-2", Version: 1, Purpose: "p-1", Number: "1"},
		terms.Notice{ID: "n-3", Version: 1, Purpose: "p-2", Number: "1"})
	b.view(t, func(tx Tx) error {
		of, err := tx.Notices(t.Context(), "p-1")
		lists(t, "of a purpose", noticeKind(), of, err, "n-2", "n-1")
		of, err = tx.Notices(t.Context(), "")
		lists(t, "of all", noticeKind(), of, err, "n-2", "n-3", "n-1")
		return nil
	})
}

func testDisclosures(t *testing.T, b *bench) {
	one, two := strings.Repeat("1a", 32), strings.Repeat("2b", 32)
	about := func(id, mission string, until time.Time, files ...string) anonymous.DisclosureAssessment {
		return anonymous.DisclosureAssessment{ID: id, Version: 1, Mission: mission, Datasets: files, ValidUntil: until}
	}
	later := Epoch().Add(time.Hour)
	saveEach(t, b, disclosureKind(), about("e-2", "m-1", later, one, two), about("e-1", "m-1", later, two), about("e-3", "m-1", Epoch(), one), about("e-4", "m-2", later, one))
	b.view(t, func(tx Tx) error {
		for want, files := range map[string][]string{"e-2": {one}, "e-1 e-2": {two, "", two, one}, "": {"", strings.Repeat("3c", 32)}} {
			all, err := tx.DisclosuresOf(t.Context(), "m-1", files, Epoch())
			lists(t, want, disclosureKind(), all, err, strings.Fields(want)...)
		}
		return nil
	})
}

// approvalsFilled saves approvals as the schema before had them: when they end is what their content says.
func approvalsFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 15); err != nil {
		t.Fatal(err)
	}
	until := Epoch().Truncate(time.Second).Add(100 * time.Millisecond)
	for id, a := range map[string]approvals.DPOApproval{
		"1-granted": {Granted: true, Until: until},
		"2-refused": {Until: until},
		"3-revoked": {Granted: true, Until: until, Revoked: &until},
	} {
		a.ID, a.Version, a.Scope, a.Mission, a.Partner = id, 1, approvals.ForPathway, "m", "x"
		older(t, l, "dpo_approval", "dpo_approvals", id, a, "about", a.About(), "transfer", "", "mission", "m")
	}
	one := approvals.DPOApproval{ID: "4-one", Version: 1, Scope: approvals.ForTransfer, Transfer: "t", Mission: "m", Partner: "x", Until: until}
	older(t, l, "dpo_approval", "dpo_approvals", one.ID, one, "about", "subjects:1a2b", "transfer", "t", "mission", "m")
	l.migrate(t)
	got := l.texts(t, "SELECT id || ' ' || ends FROM dpo_approvals ORDER BY id")
	if want := []string{fmt.Sprintf("1-granted %d", until.UnixMicro()), "2-refused 0", "3-revoked 0", "4-one 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := l.texts(t, "SELECT about FROM dpo_approvals WHERE id = '4-one'"); !slices.Equal(got, []string{one.About()}) {
		t.Errorf("it is looked up by %q, and says %q", got, one.About())
	}
}

// askedFilled saves transfers as the schema before had them: the officer's queue lists those that saving them would have it list.
func askedFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 27); err != nil {
		t.Fatal(err)
	}
	save := func(id, agreement string, state transfer.State, codes ...gate.Code) {
		x := transfer.Transfer{ID: id, Version: 1, State: state, Agreement: agreement, Decision: gate.Decision{Phase: gate.Request}}
		for _, code := range codes {
			x.Decision.Refusals = append(x.Decision.Refusals, gate.Refusal{Code: code})
		}
		awaits := map[bool]string{true: "1", false: "0"}[slices.Contains(codes, gate.DPORequired)]
		older(t, l, "transfer", "transfers", id, x, "mission", "m", "partner", "x", "state", string(state), "agreement", agreement, "subjects", "1",
			"released", "0", "window_ends", "0", "held_since", "0", "awaits_dpo", awaits, "sender", "s")
	}
	save("1-refused", "a", transfer.Refused, gate.DPORequired)
	save("2-not-theirs", "a", transfer.Refused, gate.AuthRoleDenied, gate.DPORequired)
	save("3-waits", "a", transfer.AwaitingApproval, gate.TrainingExpired, gate.DPORequired)
	save("4-of-none", "", transfer.Refused, gate.DPORequired)
	save("5-passed", "a", transfer.Available)
	l.migrate(t)
	got := l.texts(t, "SELECT id || ' ' || asks_dpo FROM transfers ORDER BY id")
	if want := []string{"1-refused 1", "2-not-theirs 0", "3-waits 1", "4-of-none 0", "5-passed 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Run("what the program of the schema before writes is listed too", func(t *testing.T) {
		l.exec(t, "UPDATE transfers SET asks_dpo = -1 WHERE id = '1-refused'")
		if got := l.texts(t, "SELECT id FROM transfers WHERE asks_dpo <> 0 AND awaits_dpo > 0 ORDER BY id"); !slices.Equal(got, []string{"1-refused", "3-waits"}) {
			t.Errorf("%q", got)
		}
	})
}
