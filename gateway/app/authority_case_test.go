package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/authorities"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
)

// TestAnAuthoritysRequestOpensACase: the refusal names the case, which is Legal's, and whoever asked follows it.
func TestAnAuthoritysRequestOpensACase(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	ro := w.As(authz.RO)
	cases := func() []authorities.Case {
		list, err := w.Authorities.Cases(w.Ctx, w.As(authz.LEG), evidence.Page{})
		w.Must(err)
		return list.Items
	}
	refused := func(t *testing.T, o transfer.Order) (*transfer.RefusedError, string) {
		t.Helper()
		_, err := w.Transfers.Request(w.Ctx, ro, o)
		var r *transfer.RefusedError
		if !errors.As(err, &r) {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Decision.Refusals, func(f gate.Refusal) bool { return f.Code == gate.RecipientAuthority })
		if i < 0 || r.Decision.Refusals[i].Object.Kind != authorities.KindCase {
			t.Fatalf("%+v", r.Decision.Refusals)
		}
		return r, r.Decision.Refusals[i].Object.ID
	}
	end := func(id string) {
		legal := w.As(authz.LEG)
		c, err := w.Authorities.Case(w.Ctx, legal, id)
		w.Must(err)
		if c.State == authorities.Received {
			c, err = w.Authorities.Take(w.Ctx, legal, id)
			w.Must(err)
		}
		if c.State == authorities.Assessing {
			c, err = w.Authorities.Decide(w.Ctx, legal, id, c.Version, authorities.Refused, "no basis", strings.Repeat("0a", 32))
			w.Must(err)
		}
		_, err = w.Authorities.Close(w.Ctx, legal, id, c.Version)
		w.Must(err)
	}
	order := w.Order()
	order.RecipientClass = gate.ClassGovernmentAuthority
	t.Run("R34 RECIPIENT_AUTHORITY opens a Legal case", func(t *testing.T) {
		r, id := refused(t, order)
		all := cases()
		if len(all) != 1 || all[0].ID != id {
			t.Fatalf("%+v", all)
		}
		c := all[0]
		if c.State != authorities.Received || c.Transfer != r.Transfer || c.Mission != w.Mission.ID || c.Partner != w.Partner.ID || c.Actor != string(authz.SYS) || c.Owner != "" {
			t.Errorf("%+v", c)
		}
		kept, err := w.Transfers.Transfer(w.Ctx, ro, r.Transfer)
		if err != nil || kept.Decision.Refusals[0].Object.ID != id {
			t.Errorf("the transfer has %+v, %v", kept.Decision.Refusals, err)
		}
		if n := w.Hand().Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%\"action\":\"authority.open\"%' AND CAST(body AS TEXT) LIKE '%\"role\":\"SYS\"%' AND CAST(body AS TEXT) LIKE '%" + id + "%'"); n != "1" {
			t.Errorf("the log has %s entries of it", n)
		}
	})
	t.Run("R34 who asked reads it, and the partner does not", func(t *testing.T) {
		id := cases()[0].ID
		if _, err := w.Authorities.Case(w.Ctx, ro, id); err != nil {
			t.Error(err)
		}
		_, err := w.Authorities.Case(w.Ctx, w.As(authz.PSG), id)
		is(t, err, evidence.ErrNotFound)
	})
	t.Run("R34 asked again for the same partner it is the same case", func(t *testing.T) {
		first := cases()[0].ID
		r, id := refused(t, order)
		if id != first || len(cases()) != 1 {
			t.Errorf("%s, and there are %d", id, len(cases()))
		}
		c := cases()[0]
		if act := c.History[len(c.History)-1]; c.Version != 2 || c.State != authorities.Received || act.Event != "asked_again" || act.Reason != r.Transfer {
			t.Errorf("the case does not tell of it: %+v", c)
		}
		if ref := r.Decision.Refusals[0].Object; ref.Version != 2 {
			t.Errorf("the refusal names %+v", ref)
		}
		if n := w.Hand().Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%\"action\":\"authority.asked_again\"%' AND CAST(body AS TEXT) LIKE '%" + id + "%'"); n != "1" {
			t.Errorf("the log has %s entries of it", n)
		}
		q, err := w.Queues.Queue(w.Ctx, w.As(authz.LEG), "", 500)
		w.Must(err)
		i := slices.IndexFunc(q.Items, func(i queue.Item) bool { return i.ID == id })
		if i < 0 || !slices.Equal(q.Items[i].Details, []string{"asked_again"}) || !q.Items[i].Since.Equal(c.Created) {
			t.Errorf("Legal's queue has %+v", q.Items)
		}
	})
	t.Run("R34 Legal decides and closes in the version that they read", func(t *testing.T) {
		legal, letter := w.As(authz.LEG), strings.Repeat("0a", 32)
		read := cases()[0]
		stale := func(err error) {
			t.Helper()
			var illegal *lifecycle.TransitionError
			if !errors.As(err, &illegal) || illegal.Guard != "the case has changed since you read it" || illegal.Mend != "read it again" {
				t.Error(err)
			}
		}
		taken, err := w.Authorities.Take(w.Ctx, legal, read.ID)
		w.Must(err)
		if _, other := refused(t, order); other == taken.ID {
			t.Error("a further request changes the case under who decides on it")
		}
		_, err = w.Authorities.Decide(w.Ctx, legal, taken.ID, read.Version, authorities.Refused, "no basis", letter)
		stale(err)
		if c, err := w.Authorities.Case(w.Ctx, legal, taken.ID); err != nil || c.State != authorities.Assessing || c.Decision != nil || c.Version != taken.Version {
			t.Errorf("%+v, %v", c, err)
		}
		c, err := w.Authorities.Decide(w.Ctx, legal, taken.ID, taken.Version, authorities.Refused, "no basis", letter)
		w.Must(err)
		_, err = w.Authorities.Close(w.Ctx, legal, c.ID, c.Version-1)
		stale(err)
	})
	t.Run("R34 one that was taken or answered is not asked again: a further request is another case, and so is one after its end", func(t *testing.T) {
		answered := cases()[1]
		if answered.State != authorities.Refused {
			t.Fatalf("%+v", answered)
		}
		_, second := refused(t, order)
		c, err := w.Authorities.Case(w.Ctx, w.As(authz.LEG), answered.ID)
		if w.Must(err); second == answered.ID || c.Version != answered.Version {
			t.Errorf("the answer stands in %+v, and the request in %s", c, second)
		}
		if _, again := refused(t, order); again != second {
			t.Errorf("the one that waits is %s, and the request is in %s", second, again)
		}
		end(answered.ID)
		end(second)
		if _, third := refused(t, order); third == second || third == answered.ID {
			t.Error("a closed case is named again")
		}
	})
	t.Run("R34 whoever of the mission asks, it is a case of their own; who has no role in it opens none", func(t *testing.T) {
		unlocked, noTask := w.Another(authz.RO), w.As(authz.RO)
		locked := w.Another(authz.RO)
		locked.Locks = []string{"TRAINING_EXPIRED"}
		otherwise, narrow := order, w.Another(authz.RO)
		otherwise.Purpose = app.NewID() // nobody has a task under it
		narrow.Scope = []authz.Action{authz.TransferRead}
		for name, c := range map[string]struct {
			by    authz.Caller
			order transfer.Order
			more  int
		}{
			"another officer": {unlocked, order, 1}, "an officer without a task, in the case that there is": {noTask, otherwise, 0},
			"an officer without a task":                    {w.Another(authz.RO), otherwise, 1},
			"an officer whose training is over":            {locked, order, 1},
			"a focal point, who does not send":             {w.As(authz.FP), order, 1},
			"a head of mission, who does not send":         {w.As(authz.HOM), order, 1},
			"an auditor":                                   {w.As(authz.OIG), order, 0},
			"Legal":                                        {w.As(authz.LEG), order, 0},
			"an officer by a token that is for other acts": {narrow, order, 0},
		} {
			before := len(cases())
			_, err := w.Transfers.Request(w.Ctx, c.by, c.order)
			var r *transfer.RefusedError
			if !errors.As(err, &r) || !slices.Contains(r.Decision.Codes(), string(gate.RecipientAuthority)) || len(cases()) != before+c.more {
				t.Errorf("%s: %d more cases, %v", name, len(cases())-before, err)
			}
		}
	})
	t.Run("R34 a refusal for something else opens none", func(t *testing.T) {
		before := len(cases())
		other := w.Order()
		other.Purpose = "unknown"
		_, err := w.Transfers.Request(w.Ctx, ro, other)
		var r *transfer.RefusedError
		if !errors.As(err, &r) || len(cases()) != before {
			t.Errorf("%d cases, %v", len(cases()), err)
		}
	})
	t.Run("R55 of a partner that is not registered the case holds nothing", func(t *testing.T) {
		unknown := order
		unknown.Partner = "Ana Gonzalez"
		_, id := refused(t, unknown)
		if c, err := w.Authorities.Case(w.Ctx, w.As(authz.LEG), id); err != nil || c.Partner != "" || c.Country != w.Mission.Country {
			t.Errorf("%+v, %v", c, err)
		}
		t.Run("R34 what one sender asks of all such partners is one case, however many they name", func(t *testing.T) {
			before := len(cases())
			for _, name := range []string{"Ana Gonzalez", app.NewID(), ""} {
				unknown.Partner = name
				if _, again := refused(t, unknown); again != id {
					t.Errorf("of %q it is %s", name, again)
				}
			}
			c, err := w.Authorities.Case(w.Ctx, w.As(authz.LEG), id)
			if w.Must(err); len(cases()) != before || c.Version != 4 || len(c.History) != 4 {
				t.Errorf("%d more cases, %+v", len(cases())-before, c)
			}
		})
	})
	t.Run("R34 a partner that turns out to be an authority before the release", func(t *testing.T) {
		for _, c := range cases() {
			if c.State != authorities.Closed {
				end(c.ID)
			}
		}
		x := sent(w)
		before := len(cases())
		_, err := w.Parties.Amend(w.Ctx, w.As(authz.LEG), w.Partner.ID, parties.Amendment{AuthorityLink: new(true), Reason: "it reports to the police"})
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), x.ID, true, "")
		var r *transfer.RefusedError
		if all := cases(); !errors.As(err, &r) || len(all) != before+1 || all[0].Transfer != x.ID || !slices.Contains(r.Decision.Codes(), "RECIPIENT_AUTHORITY") {
			t.Errorf("%+v, %v", all, err)
		}
	})
	w.Verify()
}
