package app_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// taken is an export that was read and proved line by line, as whoever was handed it would.
type taken struct {
	head    transfer.ExportHead
	entries []evidence.Entry
	foot    transfer.ExportFoot
}

func export(t *testing.T, w *apptest.World, x transfer.Excerpt) taken {
	t.Helper()
	out, err := w.Log.Export(w.Ctx, w.As(authz.OIG), x)
	w.Must(err)
	var written bytes.Buffer
	w.Must(out.Send(w.Ctx, &written))
	var all [][]byte
	for lines := bufio.NewScanner(&written); lines.Scan(); {
		all = append(all, bytes.Clone(lines.Bytes()))
	}
	var got taken
	w.Must(json.Unmarshal(all[0], &got.head))
	w.Must(json.Unmarshal(all[len(all)-2], &got.foot))
	keys, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
	w.Must(err)
	verifier, err := ledger.NewVerifier(apptest.Origin, keys)
	w.Must(err)
	signed, _, err := verifier.Open([]byte(got.foot.Checkpoint))
	w.Must(err)
	if signed.Size != got.foot.Size || signed.Size != got.head.Size {
		t.Errorf("the checkpoint is of %d entries, the export says %d and %d", signed.Size, got.head.Size, got.foot.Size)
	}
	for _, raw := range all[1 : len(all)-2] {
		got.entries = append(got.entries, proved(t, signed, raw))
	}
	if got.foot.Count != int64(len(got.entries)) {
		t.Errorf("%d entries, the last line but one says %d", len(got.entries), got.foot.Count)
	}
	return got
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// proved proves with nothing but the line that it is in the tree that was signed.
func proved(t *testing.T, signed ledger.Checkpoint, raw []byte) evidence.Entry {
	t.Helper()
	var line transfer.ExportLine
	if err := json.Unmarshal(raw, &line); err != nil {
		t.Fatal(err)
	}
	e := ledger.Entry{
		ID: line.ID, Seq: line.Seq, Version: line.Version, Kind: line.Kind,
		Commitment: unhex(t, line.Commitment), Salt: unhex(t, line.Salt), Body: line.Body,
	}
	if err := ledger.CheckEntry(e); err != nil {
		t.Fatal(err)
	}
	if leaf := tlog.RecordHash(ledger.Leaf(e)); hex.EncodeToString(leaf[:]) != line.Leaf {
		t.Errorf("entry %d: the leaf hash is %s", line.Seq, line.Leaf)
	}
	proof := make(tlog.RecordProof, len(line.Proof))
	for i, h := range line.Proof {
		proof[i] = tlog.Hash(unhex(t, h))
	}
	if err := ledger.CheckInclusion(proof, signed, e); err != nil {
		t.Error(err)
	}
	var said evidence.Entry
	if err := json.Unmarshal(line.Body, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

func TestExport(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Settled()
	t.Run("R52 every line proves itself under the checkpoint of the last", func(t *testing.T) {
		got := export(t, w, transfer.Excerpt{})
		if got.foot.Count != got.foot.Size || got.foot.Count < 20 {
			t.Errorf("%d of %d entries", got.foot.Count, got.foot.Size)
		}
		if got.head.Export != transfer.ExportForm || got.head.By != w.Persons[authz.OIG] || got.head.Role != authz.OIG || w.Clock.Now().Sub(got.head.Asked) > time.Minute {
			t.Errorf("%+v", got.head)
		}
	})
	t.Run("R33 it waives nothing", func(t *testing.T) {
		if got := export(t, w, transfer.Excerpt{}); !strings.Contains(got.head.NonWaiver, "privileges and immunities") {
			t.Error(got.head.NonWaiver)
		}
	})
	t.Run("of a mission, and of a time", func(t *testing.T) {
		got := export(t, w, transfer.Excerpt{Mission: w.Mission.ID})
		if len(got.entries) == 0 || slices.ContainsFunc(got.entries, func(e evidence.Entry) bool { return e.Mission != w.Mission.ID }) {
			t.Errorf("%d entries", len(got.entries))
		}
		now := w.Clock.Now()
		if got := export(t, w, transfer.Excerpt{From: now.Add(time.Hour)}); got.foot.Count != 0 || got.foot.Checkpoint == "" {
			t.Errorf("of what is to come: %+v", got.foot)
		}
		if _, err := w.Log.Export(w.Ctx, w.As(authz.OIG), transfer.Excerpt{From: now, To: now}); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("from is to: %v", err)
		}
	})
	t.Run("R53 by Legal, the data protection officer and the auditor alone", func(t *testing.T) {
		for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.PDL, authz.OIG} {
			_, err := w.Log.Export(w.Ctx, w.As(role), transfer.Excerpt{Mission: w.Mission.ID})
			if may := role == authz.LEG || role == authz.DPO || role == authz.OIG; may != (err == nil) || !may && !errors.Is(err, authz.ErrDenied) {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
	exportIsLogged(t, w)
}

func exportIsLogged(t *testing.T, w *apptest.World) {
	t.Run("section 5: it is itself logged, and the mission is not told", func(t *testing.T) {
		from := w.Clock.Now().Add(-time.Hour)
		mine := export(t, w, transfer.Excerpt{From: from, Mission: w.Mission.ID})
		w.Settled()
		all := export(t, w, transfer.Excerpt{}).entries
		i := slices.IndexFunc(all, func(e evidence.Entry) bool { return e.ID == mine.head.Entry })
		if i < 0 {
			t.Fatal("no entry says so")
		}
		e := all[i]
		if e.Kind != evidence.Access || e.Action != authz.LogExport || e.Actor != w.Persons[authz.OIG] || e.Subject.ID != w.Mission.ID ||
			e.Mission != "" || !strings.HasPrefix(e.Result, from.Format(time.RFC3339Nano)+"/.. of ") {
			t.Errorf("%+v", e)
		}
		if !slices.ContainsFunc(all, func(end evidence.Entry) bool {
			return end.Kind == evidence.Access && end.Action == authz.LogExport && end.Actor == e.Actor && end.Subject == e.Subject &&
				strings.HasPrefix(end.Result, fmt.Sprintf("complete: %d lines, ", len(mine.entries)+2))
		}) {
			t.Error("no entry says how it ended")
		}
	})
	t.Run("LOG_UNAVAILABLE an export of which the log cannot say how it ended has no end", func(t *testing.T) {
		out, err := w.Log.Export(w.Ctx, w.As(authz.OIG), transfer.Excerpt{})
		w.Must(err)
		hand := w.Hand()
		stop := &stopping{act: func() {
			hand.Exec("CREATE TRIGGER ends BEFORE INSERT ON log_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
		}}
		if err := out.Send(w.Ctx, stop); !errors.Is(err, transfer.ErrLogUnavailable) || strings.Contains(stop.String(), `{"ended":`) {
			t.Error(err)
		}
		hand.Exec("DROP TRIGGER ends")
	})
	t.Run("LOG_UNAVAILABLE nothing is exported of which no entry can be written", func(t *testing.T) {
		w.Hand().Exec("CREATE TRIGGER full BEFORE INSERT ON log_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
		if out, err := w.Log.Export(w.Ctx, w.As(authz.OIG), transfer.Excerpt{}); err == nil || out != nil {
			t.Errorf("%v, %v", out, err)
		}
	})
}
