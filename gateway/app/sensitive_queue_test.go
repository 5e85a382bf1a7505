package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
)

// atOfficer are the transfers that wait for the officer, as both of their queues say.
func atOfficer(w *apptest.World) []string {
	w.T.Helper()
	list, err := w.Approvals.Queue(w.Ctx, w.As(authz.DPO), evidence.Page{})
	w.Must(err)
	own, err := w.Queues.Queue(w.Ctx, w.As(authz.DPO), "", 100)
	w.Must(err)
	var all, posts []string
	for _, x := range list.Items {
		all = append(all, x.Transfer)
	}
	for _, i := range own.Items {
		if i.What == "decide_sensitive" {
			posts = append(posts, i.ID)
		}
	}
	if !slices.Equal(all, posts) {
		w.T.Errorf("one queue holds %v, the other %v", all, posts)
	}
	return all
}

// An approval of any scope takes from the officer's queues what it covers, whether that was refused or is held, and nothing else.
func TestApprovalsClearTheQueues(t *testing.T) {
	for name, c := range map[string]struct {
		of    string // approval scope of the category
		scope approvals.Scope
	}{
		"DPO_REQUIRED a transfer":   {"transfer", approvals.ForTransfer},
		"DPO_REQUIRED an agreement": {"agreement", approvals.ForAgreement},
		"DPO_REQUIRED a pathway":    {"transfer", approvals.ForPathway},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := sensitive(t, c.of)
			o.Pathway = "Clinic"
			refused := asked(w, o, "DPO_REQUIRED")
			if got := atOfficer(w); !slices.Equal(got, []string{refused.ID}) {
				t.Fatalf("%v waits, want %s", got, refused.ID)
			}
			decide := func(d approvals.Decision) approvals.DPOApproval {
				d.Scope, d.Granted, d.Purposes, d.Categories, d.Most = c.scope, true, []string{w.Purpose.ID}, []string{"gbv"}, 5
				switch c.scope {
				case approvals.ForTransfer:
					d.Transfer = refused.ID
				case approvals.ForAgreement:
					d.Agreement = refused.Agreement
				case approvals.ForPathway:
					d.Mission, d.Partner = w.Mission.ID, w.Partner.ID
				}
				a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), d)
				w.Must(err)
				return a
			}
			if c.scope == approvals.ForPathway {
				decide(approvals.Decision{Pathway: "Shelter"})
				if got := atOfficer(w); !slices.Equal(got, []string{refused.ID}) {
					t.Errorf("under another pathway's approval %v waits", got)
				}
			}
			a := decide(approvals.Decision{Pathway: "Clinic"})
			if got := atOfficer(w); len(got) > 0 {
				t.Errorf("%v still waits", got)
			}
			sent := release(w, asked(w, o))
			_, err := w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), a.ID, "reconsidered")
			w.Must(err)
			if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
				t.Fatal("pulled after the approval was revoked")
			}
			if got := atOfficer(w); !slices.Contains(got, sent.ID) {
				t.Errorf("what is held does not wait: %v", got)
			}
			refused = sent
			decide(approvals.Decision{Pathway: "Clinic"})
			if got := atOfficer(w); len(got) > 0 {
				t.Errorf("%v still waits", got)
			}
		})
	}
}

// What no one agreement was found for waits for nobody's approval, which could never cover the request that names one.
func TestNoAgreementDoesNotWaitForTheOfficer(t *testing.T) {
	w, o := sensitive(t, "transfer")
	second := w.Agreement()
	w.Enforce(second)
	refused := func(codes ...string) string {
		t.Helper()
		_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
			t.Fatalf("%v, want %v", err, codes)
		}
		return r.Transfer
	}
	t.Run("AGR_AMBIGUOUS", func(t *testing.T) {
		refused("AGR_AMBIGUOUS", "DPO_REQUIRED")
		if got := atOfficer(w); len(got) > 0 {
			t.Errorf("%v waits", got)
		}
	})
	t.Run("DPO_REQUIRED of the request that names one waits", func(t *testing.T) {
		o.Agreement = second.ID
		id := refused("DPO_REQUIRED")
		if got := atOfficer(w); !slices.Equal(got, []string{id}) {
			t.Errorf("%v waits, want %s", got, id)
		}
	})
}

// Of who may not send nothing waits for the officer: once they may, they ask anew.
func TestWhoMayNotSendDoesNotWaitForTheOfficer(t *testing.T) {
	w, o := sensitive(t, "agreement")
	tasked(w, another, medical(w))
	ask := func(role authz.Role, codes ...string) transfer.Transfer {
		t.Helper()
		x, err := w.Transfers.Request(w.Ctx, w.As(role), o)
		refusedFor(t, err, codes...)
		return x
	}
	ask(another, "AUTH_ROLE_DENIED", "DPO_REQUIRED")
	ask(another, "AUTH_ROLE_DENIED", "DPO_REQUIRED")
	t.Run("R23 AUTH_ROLE_DENIED", func(t *testing.T) {
		if got := atOfficer(w); len(got) > 0 {
			t.Errorf("%v waits", got)
		}
	})
	t.Run("DPO_REQUIRED of who may send is hidden by none of them", func(t *testing.T) {
		id := ask(authz.RO, "DPO_REQUIRED").ID
		if got := atOfficer(w); !slices.Equal(got, []string{id}) {
			t.Errorf("%v waits, want %s", got, id)
		}
		p, err := w.Approvals.Queue(w.Ctx, w.As(authz.DPO), evidence.Page{Most: 1})
		if err != nil || len(p.Items) != 1 || p.Items[0].Transfer != id || p.Next != "" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("R23 DPO_REQUIRED once they have the task", func(t *testing.T) {
		grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: []string{w.Purpose.ID}})
		id := ask(another, "DPO_REQUIRED").ID
		if got := atOfficer(w); !slices.Contains(got, id) {
			t.Errorf("%v waits, and not %s", got, id)
		}
	})
}

// What the sender tried to commit too early waits for the officer as soon as that says that their approval is missing: the head of
// mission's would refuse it for good.
func TestAnEarlyCommitAsksTheOfficer(t *testing.T) {
	w, o := sensitive(t, "transfer")
	refused := asked(w, o, "DPO_REQUIRED")
	give := func(x transfer.Transfer) approvals.DPOApproval {
		a, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
			Scope: approvals.ForTransfer, Granted: true, Transfer: x.ID, Purposes: []string{w.Purpose.ID}, Categories: []string{"gbv"},
		})
		w.Must(err)
		return a
	}
	a := give(refused)
	sent, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), asked(w, o).ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	_, err = w.Approvals.Revoke(w.Ctx, w.As(authz.DPO), a.ID, "reconsidered")
	w.Must(err)
	t.Run("DPO_REQUIRED APPROVAL_PENDING it stands in both queues", func(t *testing.T) {
		early(w, sent.ID, "DPO_REQUIRED", "APPROVAL_PENDING")
		if got := atOfficer(w); !slices.Contains(got, sent.ID) {
			t.Errorf("%v waits", got)
		}
		if got := look(w, sent.ID); !slices.Equal(got.Decision.Codes(), []string{"DPO_REQUIRED", "APPROVAL_PENDING"}) {
			t.Errorf("the head of mission reads %v", got.Decision.Codes())
		}
	})
	t.Run("DPO_REQUIRED it is approved, and released by the last approval", func(t *testing.T) {
		give(sent)
		if got := atOfficer(w); slices.Contains(got, sent.ID) {
			t.Errorf("it still waits")
		}
		got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		if err != nil || got.State != transfer.Available {
			t.Errorf("%s, %v", got.State, err)
		}
	})
	toldAgain(w)
	w.Verify()
}
