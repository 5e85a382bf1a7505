package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// exportLines are an export as the lines of a file.
func exportLines(w *apptest.World, x transfer.Excerpt) []string {
	w.T.Helper()
	out, err := w.Log.Export(w.Ctx, w.As(authz.OIG), x)
	w.Must(err)
	var written bytes.Buffer
	w.Must(out.Send(w.Ctx, &written))
	return slices.Collect(strings.Lines(written.String()))
}

func checkedBy(w *apptest.World, keys *ledger.Verifier, lines []string) transfer.ExportCheck {
	w.T.Helper()
	got, err := transfer.CheckExport(strings.NewReader(strings.Join(lines, "")), keys, nil)
	w.Must(err)
	if got.OK != (len(got.Findings) == 0) {
		w.T.Errorf("ok is %t with %q", got.OK, got.Findings)
	}
	return got
}

// foot is the last line with other counts.
func foot(w *apptest.World, line string, change func(*transfer.ExportFoot)) string {
	w.T.Helper()
	var f transfer.ExportFoot
	w.Must(json.Unmarshal([]byte(line), &f))
	change(&f)
	b, err := json.Marshal(f)
	w.Must(err)
	return string(b) + "\n"
}

func TestCheckExport(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Settled()
	public, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
	w.Must(err)
	keys, err := ledger.NewVerifier(apptest.Origin, public)
	w.Must(err)
	all := exportLines(w, transfer.Excerpt{})
	part := exportLines(w, transfer.Excerpt{Mission: w.Mission.ID})
	w.Hand().Exec("UPDATE log_entries SET salt = NULL, body = NULL WHERE seq = 3")
	blanked := exportLines(w, transfer.Excerpt{})

	t.Run("R52 all that was exported is proved", func(t *testing.T) {
		got := checkedBy(w, keys, all)
		if !got.OK || got.Narrowed || !got.Whole || got.Proved != got.Foot.Size || got.Erased != 0 || got.Origin != apptest.Origin {
			t.Errorf("%+v", got)
		}
	})
	t.Run("R52 what a filter left out is counted, the erased apart", func(t *testing.T) {
		got := checkedBy(w, keys, exportLines(w, transfer.Excerpt{Mission: w.Mission.ID}))
		if f := got.Foot; !got.OK || !got.Narrowed || !got.Whole || got.Proved == 0 || f.Outside == 0 || f.Erased != 1 || got.Proved+f.Outside+f.Erased != f.Size {
			t.Errorf("%+v", got)
		}
	})
	first := strings.Index(all[6], `"entry":{`) + len(`"entry":{`)
	last := len(all) - 1
	counts := last - 1
	fewer := func(n int64) func(*transfer.ExportFoot) { return func(f *transfer.ExportFoot) { f.Count -= n } }
	replaced := func(lines []string, i int, with ...string) []string {
		return slices.Replace(slices.Clone(lines), i, i+1, with...)
	}
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"an entry altered":          {replaced(all, 6, strings.Replace(all[6], `"time":"20`, `"time":"19`, 1)), "do not belong together"},
		"a member more":             {replaced(all, 6, all[6][:first]+`"x":1,`+all[6][first:]), "do not belong together"},
		"an entry twice in a line":  {replaced(all, 6, strings.Replace(all[6], `"entry":{`, `"entry":{},"entry":{`, 1)), "not as an export is written"},
		"a leaf hash altered":       {replaced(all, 6, otherLeaf(all[6])), "leaf hash"},
		"an erased one as it never": {replaced(blanked, 4, strings.Replace(blanked[4], `"kind":"`, `"kind":"x`, 1)), "leaf hash"},
		"an erasure by hand":        {blanked, "entry 3 was erased without evidence"},
		"two entries changed over":  {replaced(replaced(all, 6, all[7]), 7, all[6]), "stands behind"},
		"a line twice":              {replaced(all, 6, all[6], all[6]), "stands behind"},
		"a line removed":            {replaced(all, 6), "1 are missing"},
		"and counted so":            {replaced(replaced(all, counts, foot(w, all[counts], fewer(1))), 6), "1 are missing"},
		"one of a part removed":     {replaced(part, 2), "this is not what was sent"},
		"cut within a line":         {replaced(all, last, all[last][:40]), "cut"},
		"cut between lines":         {all[:last], "cut"},
		"cut before its foot":       {all[:counts], "cut"},
		"cut to nothing":            {nil, "cut"},
		"a part as if it were all":  {replaced(part, 0, all[0]), "are missing"},
		"a part of another mission": {replaced(part, 0, strings.Replace(part[0], w.Mission.ID, w.Partner.ID, 1)), "outside"},
		"another head":              {replaced(all, 0, strings.Replace(all[0], "waives", "raises", 1)), "privileges and immunities"},
		"of another form":           {replaced(all, 0, strings.Replace(all[0], "export 3", "export 2", 1)), "first line"},
		"another size":              {replaced(all, counts, foot(w, all[counts], func(f *transfer.ExportFoot) { f.Size++ })), "the last line but one says"},
		"ended before its end":      {replaced(all, last, `{"error":"the token ended"}`+"\n"), "before its end: the token ended"},
	} {
		t.Run("R52 "+name+" is found", func(t *testing.T) {
			if got := checkedBy(w, keys, c.lines); got.OK || !strings.Contains(strings.Join(got.Findings, "\n"), c.want) {
				t.Errorf("%q, want %q", got.Findings, c.want)
			}
		})
	}
	t.Run("R52 by the keys of another log nothing is", func(t *testing.T) {
		other, err := ledger.NewVerifier("other.example.org/log", public)
		w.Must(err)
		if got := checkedBy(w, other, all); got.OK || got.Proved != 0 || !strings.Contains(got.Findings[0], "belongs to another log") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("not more is listed than one can read", func(t *testing.T) {
		if got := checkedBy(w, keys, slices.Insert(slices.Clone(all), 1, slices.Repeat(all[9:10], 40)...)); len(got.Findings) != 20 || got.More < 19 {
			t.Errorf("%d findings, and %d more", len(got.Findings), got.More)
		}
	})
	t.Run("who cannot read is told", func(t *testing.T) {
		if _, err := transfer.CheckExport(brokenFile{}, keys, nil); !errors.Is(err, errBroken) {
			t.Error(err)
		}
	})
}

// TestExportUnsigned: the log takes the entry that an export ended, but signs
// nothing in time.
func TestExportUnsigned(t *testing.T) {
	signer := &mute{}
	w := apptest.Ready(t, apptest.Options{Wait: 300 * time.Millisecond, Parts: func(p *app.Parts) {
		signer.Signer = p.Signer
		p.Signer = signer
	}})
	w.Settled()
	signer.silent.Store(true)
	public, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
	w.Must(err)
	keys, err := ledger.NewVerifier(apptest.Origin, public)
	w.Must(err)
	t.Run("R52 a part says that it is not proved, and is not", func(t *testing.T) {
		got := checkedBy(w, keys, exportLines(w, transfer.Excerpt{Mission: w.Mission.ID}))
		if got.OK || got.Whole || len(got.Findings) != 1 || !strings.Contains(got.Findings[0], "the log did not prove in time") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("R52 everything is proved by its places", func(t *testing.T) {
		if got := checkedBy(w, keys, exportLines(w, transfer.Excerpt{})); !got.OK || got.Whole {
			t.Errorf("%+v", got)
		}
	})
	t.Run("R52 a signer that hangs holds no export up for longer than the log waits", func(t *testing.T) {
		signer.hangs.Store(true)
		if got := checkedBy(w, keys, exportLines(w, transfer.Excerpt{})); !got.OK || got.Whole {
			t.Errorf("%+v", got)
		}
	})
}

// TestExportOfAFailingStore: the records fail while the export is under way.
func TestExportOfAFailingStore(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Settled()
	t.Run("LOG_UNAVAILABLE where the first part cannot be read nothing is written", func(t *testing.T) {
		out, err := w.Log.Export(w.Ctx, w.As(authz.OIG), transfer.Excerpt{})
		w.Must(err)
		ctx, stop := context.WithCancel(w.Ctx)
		stop()
		var written bytes.Buffer
		if err := out.Send(ctx, &written); err == nil || written.Len() > 0 {
			t.Errorf("%v, and %q", err, written.String())
		}
	})
}

// otherLeaf is the line with another leaf hash.
func otherLeaf(line string) string {
	at := strings.Index(line, `"leaf_hash":"`) + len(`"leaf_hash":"`)
	digit, _ := strconv.ParseUint(line[at:at+1], 16, 8)
	return line[:at] + strconv.FormatUint(digit^1, 16) + line[at+1:]
}

var errBroken = errors.New("the stick was drawn")

type brokenFile struct{}

func (brokenFile) Read([]byte) (int, error)       { return 0, errBroken }
func (brokenFile) Seek(int64, int) (int64, error) { return 0, nil }
