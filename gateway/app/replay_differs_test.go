package app_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// told is what comes out where the entry is told again.
func told(w *apptest.World, entry string) (transfer.Replay, error) {
	w.T.Helper()
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.ID == entry {
			return w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
		}
	}
	w.T.Fatalf("no entry %s", entry)
	return transfer.Replay{}, nil
}

// asRecorded writes an entry like that of the decision, by another hand on its facts or codes.
func asRecorded(w *apptest.World, of evidence.Entry, facts func(recorded map[string]any), codes ...string) (entry string) {
	w.T.Helper()
	_, err := store.For[transfer.Tx](w.Store).Update(w.Ctx, func(tx transfer.Tx) error {
		body, err := tx.Facts(w.Ctx, of.Facts)
		if err != nil {
			return err
		}
		var recorded map[string]any
		if err := json.Unmarshal(body, &recorded); err != nil {
			return err
		}
		facts(recorded)
		if body, err = evidence.Canonical(recorded); err != nil {
			return err
		}
		e := w.Office.Entry(w.As(authz.RO), authz.RO, evidence.Decision, authz.TransferRequest, authz.Resource{Kind: transfer.KindTransfer, ID: of.Subject.ID, Mission: w.Mission.ID})
		e.Policy, e.Phase, e.Codes, e.Facts = of.Policy, of.Phase, codes, evidence.DigestOf(body)
		if len(codes) > 0 {
			e.Verdict = evidence.Refused
		}
		entry = e.ID
		return errors.Join(tx.KeepFacts(w.Ctx, body), tx.Record(w.Ctx, e))
	})
	w.Must(err)
	return entry
}

// R37: where the verdict does not come out as it was, replay says what differs.
func TestReplaySaysWhatDiffers(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	asked(w, w.Order())
	all := lines(w, authz.OIG)
	i := slices.IndexFunc(all, func(l transfer.LogLine) bool { return l.Entry.Facts != "" })
	if i < 0 || len(all[i].Entry.Codes) > 0 {
		t.Fatalf("no decision that lets pass among %d entries", len(all))
	}
	decision := all[i].Entry
	as := func(map[string]any) {}
	for _, row := range []struct {
		name  string
		facts func(map[string]any)
		codes []string
		same  bool
		says  string
	}{
		{"as it was", as, nil, true, ""},
		{"a version that is missing", func(r map[string]any) { r["agreement"].(map[string]any)["version"] = 99 }, nil, false, "version 99, is not kept any more"},
		{"another table of conditions", func(r map[string]any) { r["conditions"] = "0123456789abcdef" }, nil, true, "the gate has other conditions now: table 0123456789abcdef then, " + gate.TableDigest() + " now"},
		{"another verdict", as, []string{"AGR_EXPIRED"}, false, "then refused: AGR_EXPIRED, now released"},
		{"other facts", func(r map[string]any) { delete(r, "assessment") }, nil, false, "then released, now refused: RBA_MISSING"},
		{"R23 what an earlier program told who may not send", func(r map[string]any) {
			r["facts"].(map[string]any)["actor"].(map[string]any)["allowed"] = false
			r["conditions"] = "0123456789abcdef"
		}, []string{"AUTH_ROLE_DENIED", "CONSENT_MISSING"}, false, " now; then refused: AUTH_ROLE_DENIED CONSENT_MISSING, now refused: AUTH_ROLE_DENIED"},
		{"people who are not kept", func(r map[string]any) { r["people"] = strings.Repeat("00", 32) }, nil, false, "what it rested on is not kept any more"},
	} {
		t.Run("R37 "+row.name, func(t *testing.T) {
			r, err := told(w, asRecorded(w, decision, row.facts, row.codes...))
			if err != nil || r.Same != row.same {
				t.Fatalf("%+v, %v", r, err)
			}
			if says := strings.Join(r.Differs, "; "); row.says == "" && says != "" || !strings.Contains(says, row.says) {
				t.Errorf("it says %q, want %q", says, row.says)
			}
		})
	}
	// What is gone is found by who verifies the log, too.
	if found := w.Findings(); len(found) != 1 || !strings.Contains(found[0].What, "is gone") {
		t.Errorf("%+v", found)
	}
}

// R37: of a refusal for which nothing was gathered, replay says so.
func TestReplayOfARefusalWithoutFacts(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	o := w.Order()
	o.Files[0].SHA256 = strings.Repeat("0a", 32)
	sent := asked(w, o)
	_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
	var r *transfer.RefusedError
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	sent = asked(w, w.Order())
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	both := w.Also(w.As(authz.RO), authz.HOM)
	if _, err = w.Transfers.Approve(w.Ctx, both, sent.ID, true, ""); !errors.As(err, &r) {
		t.Fatal(err)
	}
	for _, code := range []string{"PAYLOAD_HASH", "APPROVAL_SELF"} {
		t.Run("R37 "+code, func(t *testing.T) {
			all := lines(w, authz.OIG)
			i := slices.IndexFunc(all, func(l transfer.LogLine) bool { return slices.Contains(l.Entry.Codes, code) })
			if i < 0 {
				t.Fatal("the refusal is not in the log")
			}
			if all[i].Entry.Phase != "COMMIT" {
				t.Errorf("R43 the entry is of phase %q", all[i].Entry.Phase)
			}
			_, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), all[i].Seq)
			if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "a refusal ("+code+")") || !strings.Contains(err.Error(), "no facts were gathered") {
				t.Errorf("%v", err)
			}
		})
	}
	w.Verify()
}
