package transfer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

const mission = "018f0000-0000-7000-8000-000000000001"

const waived = "Nothing in this export, and nothing in handing it over, waives any of the privileges and immunities of the International Organization for Migration."

// carried is an export in the hands of somebody who may change it.
type carried struct {
	t     *testing.T
	log   *ledgertest.Builder
	head  transfer.ExportHead
	lines []transfer.ExportLine
	foot  transfer.ExportFoot
	end   *transfer.ExportEnd // nil until the gateway has ended it
}

// logOf is a log with checkpoints of 5, 10 and 13 entries, of which the entry at
// 2 was erased, and named so by the one at 10.
func logOf(t *testing.T, name string) *ledgertest.Builder {
	t.Helper()
	b, err := ledgertest.NewBuilder(ledgertest.NewKeys(name))
	must(t, err)
	must(t, b.Add(5))
	must(t, b.Add(5))
	must(t, b.Erase(2))
	must(t, b.Add(2))
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// carry exports what lies under the checkpoint of that number: whoever holds an
// export of everything can compute the same of any older one.
func carry(t *testing.T, b *ledgertest.Builder, checkpoint int) *carried {
	t.Helper()
	row := b.Rows.Checkpoints[checkpoint]
	x := &carried{
		t: t, log: b, head: transfer.ExportHead{Export: transfer.ExportForm, By: "p-1", Role: authz.OIG, Entry: "e-1", Size: row.Size, NonWaiver: waived},
		foot: transfer.ExportFoot{Checkpoint: string(row.Note), Size: row.Size, Count: row.Size},
	}
	for _, e := range b.Rows.Entries[:row.Size] {
		x.lines = append(x.lines, proofOf(t, b, e, row.Size))
	}
	return x
}

// proofOf is the line of an entry under the checkpoint of that size.
func proofOf(t *testing.T, b *ledgertest.Builder, e ledger.Entry, size int64) transfer.ExportLine {
	t.Helper()
	proof, err := ledger.Inclusion(size, e.Seq, b.Rows)
	must(t, err)
	leaf := tlog.RecordHash(ledger.Leaf(e))
	line := transfer.ExportLine{
		Seq: e.Seq, ID: e.ID, Version: e.Version, Kind: e.Kind, Commitment: hex.EncodeToString(e.Commitment),
		Salt: hex.EncodeToString(e.Salt), Leaf: hex.EncodeToString(leaf[:]), Proof: []string{}, Body: e.Body,
	}
	for _, h := range proof {
		line.Proof = append(line.Proof, hex.EncodeToString(h[:]))
	}
	return line
}

// blank does to the line at seq what erasure does.
func (x *carried) blank(seq int) *carried {
	x.lines[seq].Salt, x.lines[seq].Body = "", nil
	return x
}

// narrow turns it into an export of a mission.
func (x *carried) narrow() *carried {
	x.head.Mission = mission
	return x
}

// without takes lines out and has the last line count them as left out.
func (x *carried) without(from, to int) *carried {
	x.lines = slices.Delete(x.lines, from, to)
	x.foot.Count, x.foot.Outside = x.foot.Count-int64(to-from), x.foot.Outside+int64(to-from)
	return x
}

// sent is every line but the last.
func (x *carried) sent() []byte {
	x.t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	must(x.t, e.Encode(x.head))
	for _, l := range x.lines {
		must(x.t, e.Encode(l))
	}
	must(x.t, e.Encode(x.foot))
	return b.Bytes()
}

// logged is the entry with which the log says how an export ended.
func (x *carried) logged() evidence.Entry {
	sent := x.sent()
	return evidence.Entry{
		Kind: evidence.Access, Action: authz.LogExport, Verdict: evidence.Allowed, Actor: x.head.By, Role: x.head.Role,
		Subject: evidence.Ref{Kind: "log", ID: x.head.Mission},
		Result:  fmt.Sprintf("complete: %d lines, %d bytes, sha256 %x", bytes.Count(sent, []byte("\n")), len(sent), sha256.Sum256(sent)),
	}
}

// endedBy ends it as the gateway does, with that entry in the log.
func (x *carried) endedBy(e evidence.Entry) *carried {
	x.t.Helper()
	body, err := evidence.Canonical(e)
	must(x.t, err)
	added, err := x.log.Insert(string(e.Kind), string(body))
	must(x.t, err)
	must(x.t, x.log.Add(0))
	row := x.log.Rows.Checkpoints[len(x.log.Rows.Checkpoints)-1]
	line := proofOf(x.t, x.log, x.log.Rows.Entries[row.Size-1], row.Size)
	x.end = &transfer.ExportEnd{Ended: added.ID, Evidence: &line, Checkpoint: string(row.Note)}
	return x
}

// ended is endedBy what was sent.
func (x *carried) ended() *carried { return x.endedBy(x.logged()) }

// check is what is found of the file; what the gateway has not ended yet it ends now.
func (x *carried) check(kept []byte) transfer.ExportCheck {
	x.t.Helper()
	if x.end == nil {
		x.ended()
	}
	file := bytes.NewBuffer(x.sent())
	e := json.NewEncoder(file)
	e.SetEscapeHTML(false)
	must(x.t, e.Encode(x.end))
	keys, err := ledger.NewVerifier(ledgertest.Origin, x.log.Keys.Public())
	must(x.t, err)
	got, err := transfer.CheckExport(bytes.NewReader(file.Bytes()), keys, kept)
	must(x.t, err)
	if got.OK != (len(got.Findings) == 0) {
		x.t.Errorf("ok is %t with %q", got.OK, got.Findings)
	}
	return got
}

// TestExportIsWhole: whoever carries a part of the log changes it after the
// gateway has sent it.
func TestExportIsWhole(t *testing.T) {
	part := func() *carried { return carry(t, ofMission(t), 1).narrow() }
	said := func(change func(*evidence.Entry)) *carried {
		x := part()
		e := x.logged()
		change(&e)
		return x.endedBy(e)
	}
	const notSent, notOfThis = "this is not what was sent", "not of how this export ended"
	twice := part().ended()
	twice.lines, twice.foot.Count = slices.Insert(twice.lines, 3, twice.lines[3]), twice.foot.Count+1
	unasked := part().ended()
	unasked.head.Asked = time.Unix(0, 0).UTC()
	another := part().ended()
	another.end = carry(t, another.log, 0).narrow().ended().end
	forged := part().ended()
	forged.end.Evidence.Body = bytes.Replace(forged.end.Evidence.Body, []byte("lines"), []byte("rows!"), 1)
	foreign := part().ended()
	other, err := ledgertest.NewBuilder(ledgertest.NewKeys("b"))
	must(t, err)
	must(t, other.Add(9))
	foreign.end.Checkpoint = string(other.Rows.Checkpoints[0].Note)
	unproved, all := part(), carry(t, logOf(t, "a"), 2)
	unproved.end = &transfer.ExportEnd{Ended: "e-2", Unproved: transfer.ExportUnproved}
	all.end = unproved.end
	ending := func(change func(*transfer.ExportEnd)) *carried {
		x := carry(t, logOf(t, "a"), 2).ended()
		x.head.By = "p-2"
		change(x.end)
		return x
	}
	reworded := ending(func(e *transfer.ExportEnd) { *e = transfer.ExportEnd{Ended: "x", Unproved: "p-2 took it"} })
	silent := ending(func(e *transfer.ExportEnd) { *e = transfer.ExportEnd{Ended: "x"} })
	noNote := ending(func(e *transfer.ExportEnd) { e.Checkpoint = "" })
	noEntry := ending(func(e *transfer.ExportEnd) { e.Evidence, e.Unproved = nil, transfer.ExportUnproved })
	both := ending(func(e *transfer.ExportEnd) { e.Unproved = transfer.ExportUnproved })
	const neither = "the last line neither proves the others"
	for name, c := range map[string]struct {
		x     *carried
		want  string
		whole bool
	}{
		"R52 a part as it was sent is whole":                {part(), "", true},
		"R52 everything as it was sent is whole":            {carry(t, logOf(t, "a"), 2), "", true},
		"R52 a line taken out of a part is found":           {part().ended().without(2, 3), notSent, false},
		"R52 a line more is found":                          {twice, notSent, false},
		"R52 another first line is found":                   {unasked, notSent, false},
		"R52 how another export ended is found":             {another, notSent, false},
		"R52 an entry that was altered is found":            {forged, "do not belong together", false},
		"R52 a checkpoint of another log is found":          {foreign, "the checkpoint in the last line: checkpoint is signed by a key that is not known", false},
		"R52 a part that nothing proves is found":           {unproved, "nothing shows whether lines were taken out: the log did not prove in time", false},
		"R52 everything is proved by its places all alike":  {all, "", false},
		"R52 a last line in other words is found":           {reworded, neither, false},
		"R52 a last line that says nothing is found":        {silent, neither, false},
		"R52 a proof without its checkpoint is found":       {noNote, neither, false},
		"R52 a checkpoint without its proof is found":       {noEntry, neither, false},
		"R52 a proof that says it is none is found":         {both, neither, false},
		"R52 an export that was cut proves nothing":         {said(func(e *evidence.Entry) { e.Result = "cut" + strings.TrimPrefix(e.Result, "complete") }), notSent, false},
		"R52 another act's entry proves nothing":            {said(func(e *evidence.Entry) { e.Action = authz.LogRead }), notOfThis, false},
		"R52 a denial proves nothing":                       {said(func(e *evidence.Entry) { e.Verdict = evidence.Refused }), notOfThis, false},
		"R52 what somebody else took proves nothing":        {said(func(e *evidence.Entry) { e.Actor = "p-2" }), notOfThis, false},
		"R52 what was taken of another mission proves none": {said(func(e *evidence.Entry) { e.Subject.ID = "" }), notOfThis, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.x.t = t
			got := c.x.check(nil)
			if said := strings.Join(got.Findings, "\n"); got.OK != (c.want == "") || !strings.Contains(said, c.want) || got.Whole != c.whole {
				t.Errorf("%q, want %q; whole is %t", said, c.want, got.Whole)
			}
			if !c.whole && (got.Head != transfer.ExportHead{} || got.End != transfer.ExportEnd{}) {
				t.Errorf("nothing proves %+v and %+v", got.Head, got.End)
			}
		})
	}
}

func TestErasuresAreEvidenced(t *testing.T) {
	b := logOf(t, "a")
	const without = "was erased without evidence"
	for name, c := range map[string]struct {
		x    *carried
		want string
	}{
		"R52 a true erasure passes":                                {carry(t, b, 2), ""},
		"R52 a line that was blanked is found":                     {carry(t, b, 2).blank(7), "entry 7 " + without},
		"R52 so is the evidence of an erasure":                     {carry(t, b, 2).blank(10), "entry 2 " + without},
		"R52 an erasure behind the checkpoint is not shown":        {carry(t, b, 1), "an erasure behind this checkpoint is not evidenced here"},
		"R52 an erased entry under another's name is not that one": {renamed(carry(t, b, 2)), "names another id"},
	} {
		t.Run(name, func(t *testing.T) {
			c.x.t = t
			got := c.x.check(nil)
			if said := strings.Join(got.Findings, "\n"); got.OK != (c.want == "") || !strings.Contains(said, c.want) || got.Erased == 0 {
				t.Errorf("%q, want %q, of %d erased", said, c.want, got.Erased)
			}
		})
	}
	t.Run("R52 what says that an entry was erased that is here is found", func(t *testing.T) {
		b := logOf(t, "a")
		_, err := b.Insert(ledger.KindErasure, `{"erased":[{"id":"entry-00000001","seq":0}]}`)
		must(t, err)
		_, err = b.Insert(ledger.KindErasure, `{"erased":[]}`)
		must(t, err)
		must(t, b.Add(0))
		said := strings.Join(carry(t, b, 3).check(nil).Findings, "\n")
		if !strings.Contains(said, "entry 13 says that entry 0 was erased") || !strings.Contains(said, "entry 14 should evidence an erasure") {
			t.Error(said)
		}
	})
}

func renamed(x *carried) *carried {
	x.lines[2].ID = "entry-00000099"
	return x
}

// ofMission is a log of three checkpoints of four entries each, all of the mission of narrow.
func ofMission(t *testing.T) *ledgertest.Builder {
	t.Helper()
	b, err := ledgertest.NewBuilder(ledgertest.NewKeys("a"))
	must(t, err)
	for range 3 {
		for range 4 {
			_, err := b.Insert("change", `{"mission":"`+mission+`"}`)
			must(t, err)
		}
		must(t, b.Add(0))
	}
	return b
}

func TestKeptElsewhere(t *testing.T) {
	b, other, parts := logOf(t, "a"), forked(t), ofMission(t)
	note := func(b *ledgertest.Builder, i int) []byte { return b.Rows.Checkpoints[i].Note }
	foreign, err := ledgertest.NewBuilder(ledgertest.NewKeys("b"))
	must(t, err)
	must(t, foreign.Add(3))
	for name, c := range map[string]struct {
		x     *carried
		kept  []byte
		shown transfer.Shown
		want  string
	}{
		"R52 everything, and the checkpoint of its end":       {carry(t, b, 2), note(b, 2), transfer.ShownRoot, ""},
		"R52 everything, and an older one":                    {carry(t, b, 2), note(b, 0), transfer.ShownRoot, ""},
		"R52 a tail that was cut is found":                    {carry(t, ofMission(t), 1), note(parts, 2), "", "it ends at 8 entries, and the checkpoint kept elsewhere is of 12"},
		"R52 a fork is found":                                 {carry(t, other, 2), note(b, 1), "", "it was forked or rewritten"},
		"R52 a fork at the end is found":                      {carry(t, other, 2), note(b, 2), "", "it was forked or rewritten"},
		"R52 where lines are missing nothing can be compared": {carry(t, b, 2).without(3, 4), note(b, 1), "", "cannot be compared"},
		"R52 another log's is found":                          {carry(t, b, 2), note(foreign, 0), "", "the checkpoint kept elsewhere: checkpoint is signed by a key that is not known"},
		"R52 of a part, the one before is named":              {carry(t, parts, 2).narrow().without(2, 5), note(parts, 1), transfer.ShownChain, ""},
		"R52 of a part, of an older one the size is compared": {carry(t, parts, 2).narrow().without(2, 5), note(parts, 0), transfer.ShownSize, ""},
		"R52 of a part, its own has the same root":            {carry(t, parts, 2).narrow(), note(parts, 2), transfer.ShownRoot, ""},
		"R52 of a part, a tail that was cut is found":         {carry(t, parts, 1).narrow(), note(parts, 2), "", "its tail was cut"},
		"R52 of a part, another one before is found":          {carry(t, parts, 2).narrow(), rewritten(t), "", "follows another one of 8 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			c.x.t = t
			got := c.x.check(c.kept)
			var shown transfer.Shown
			if got.Kept != nil {
				shown = got.Kept.Shown
			}
			if said := strings.Join(got.Findings, "\n"); got.OK != (c.want == "") || !strings.Contains(said, c.want) || shown != c.shown {
				t.Errorf("%q, want %q; shown %q, want %q", said, c.want, shown, c.shown)
			}
		})
	}
}

// forked is logOf with another first entry, under the same keys.
func forked(t *testing.T) *ledgertest.Builder {
	t.Helper()
	b, err := ledgertest.NewBuilder(ledgertest.NewKeys("a"))
	must(t, err)
	_, err = b.Insert("transfer.refused", `{}`)
	must(t, err)
	must(t, b.Add(4))
	must(t, b.Add(5))
	must(t, b.Add(3))
	return b
}

// rewritten is a checkpoint of 8 entries of another log under the same keys.
func rewritten(t *testing.T) []byte {
	t.Helper()
	b, err := ledgertest.NewBuilder(ledgertest.NewKeys("a"))
	must(t, err)
	must(t, b.Add(8))
	return b.Rows.Checkpoints[0].Note
}
