package transfer

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/ledger"
)

// ExportForm names the form of an export, in its first line.
const ExportForm = "safeconduct evidence log export 3"

// nonWaiver stands in every export (R33).
const nonWaiver = "Nothing in this export, and nothing in handing it over, waives any of the privileges and immunities of the International Organization for Migration."

// Excerpt is what part of the log is exported. Empty members do not narrow.
type Excerpt struct {
	From    time.Time
	To      time.Time // exclusive
	Mission string
}

// ExportHead is the first line of an export: what it is, who asked, and when.
type ExportHead struct {
	Export    string     `json:"export"` // ExportForm
	Asked     time.Time  `json:"asked"`
	By        string     `json:"by"`
	Role      authz.Role `json:"role"`
	Entry     string     `json:"entry"` // id of the entry that evidences it, which lies behind what is exported
	From      *time.Time `json:"from,omitempty"`
	To        *time.Time `json:"to,omitempty"` // exclusive
	Mission   string     `json:"mission,omitempty"`
	Size      int64      `json:"size"` // entries under the checkpoint, among which it looked
	NonWaiver string     `json:"non_waiver"`
}

// filter is what part of the log the head says.
func (h ExportHead) filter() LogFilter {
	f := LogFilter{Mission: h.Mission}
	if h.From != nil {
		f.From = *h.From
	}
	if h.To != nil {
		f.To = *h.To
	}
	return f
}

// narrowed reports whether anything is left out of what the head announces.
func (h ExportHead) narrowed() bool { return h.From != nil || h.To != nil || h.Mission != "" }

// ExportLine is one entry with all that proves it: with the other members the
// leaf is computed again, and with the proof the root that the checkpoint in the
// ExportFoot states (RFC 6962, 2.1.1; package ledger says how). Of an entry that
// was erased salt and body are left out.
type ExportLine struct {
	Seq        int64           `json:"seq"`
	ID         string          `json:"id"`
	Version    int             `json:"version"`
	Kind       string          `json:"kind"`
	Commitment string          `json:"commitment"` // hex
	Salt       string          `json:"salt,omitempty"`
	Leaf       string          `json:"leaf_hash"` // hex
	Proof      []string        `json:"proof"`     // hex, from the leaf up
	Body       json.RawMessage `json:"entry,omitempty"`
}

// ExportFoot is the last line but one of an export. Count, Outside and Erased add
// up to Size, so that no gap looks like no entries.
type ExportFoot struct {
	Checkpoint string `json:"checkpoint"` // the signed note
	Size       int64  `json:"size"`
	Count      int64  `json:"count"`   // of the entries between the first line and this one
	Outside    int64  `json:"outside"` // entries left out because they are outside of what was asked for
	Erased     int64  `json:"erased"`  // entries left out because they were erased: what narrows cannot be asked of them
}

// ExportBroken is the last line of an export that was ended before its end.
type ExportBroken struct {
	Error string `json:"error"`
}

// ExcerptPage is a part of an excerpt, and what was left out of that part.
type ExcerptPage struct {
	Lines           []ExportLine
	Outside, Erased int64
	Next            int64 // where to go on after; -1 at the end
}

// ExcerptTx reads parts of the log with their proofs.
type ExcerptTx interface {
	// LogExcerpt reads a bounded part of what the filter wants of the first size
	// entries, in order. Entries that were erased, of which nothing is known any
	// more, are among them where nothing narrows, and counted where something does.
	LogExcerpt(ctx context.Context, f LogFilter, size int64) (ExcerptPage, error)
	// LogProof reads the entry of that id with its proof under the newest
	// checkpoint, and that signed note; ErrNotFound where it is not under it.
	LogProof(ctx context.Context, id string) (ExportLine, []byte, error)
}

// Export is a part of the log that is about to be sent.
type Export struct {
	head  ExportHead
	note  []byte
	taker authz.Caller
	role  authz.Role
	log   *LogOffice
}

// Export evidences that the caller takes a part of the log with them (section 5:
// itself logged); Send sends it. The entry names the range in its result, and
// the mission as its subject alone: whoever is looked into is not told. What is
// exported lies under the newest checkpoint; it fails with ErrNotFound before
// the first.
func (l *LogOffice) Export(ctx context.Context, c authz.Caller, x Excerpt) (*Export, error) {
	res := authz.Resource{Kind: "log", ID: x.Mission}
	role, err := l.office.Authorise(ctx, c, authz.LogExport, res)
	if err != nil {
		return nil, err
	}
	if !x.From.IsZero() && !x.To.IsZero() && !x.From.Before(x.To) {
		return nil, fmt.Errorf("%w: from is not before to", people.ErrInvalid)
	}
	out := &Export{taker: c, role: role, log: l}
	_, err = l.store.Update(ctx, func(tx LogTx) error {
		if out.note, err = tx.LatestCheckpoint(ctx); err != nil {
			return err
		}
		size, err := ledger.NotedSize(out.note)
		if err != nil {
			return fmt.Errorf("reading the newest checkpoint: %w", err)
		}
		e := l.office.Entry(c, role, evidence.Access, authz.LogExport, res)
		e.Result = interval(x.From) + "/" + interval(x.To) + " of " + strconv.FormatInt(size, 10)
		out.head = ExportHead{
			Export: ExportForm, Asked: e.Time, By: c.Person, Role: role, Entry: e.ID,
			From: instant(x.From), To: instant(x.To), Mission: x.Mission, Size: size, NonWaiver: nonWaiver,
		}
		return tx.Record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// interval is one end of a range as ISO 8601-2 writes it, where ".." is open.
func interval(t time.Time) string {
	if t.IsZero() {
		return ".."
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// ID is the id of the entry that evidences the export.
func (x *Export) ID() string { return x.head.Entry }

// Send writes the export to w, as JSON Lines: an ExportHead, an ExportLine for
// each entry, an ExportFoot and an ExportEnd. A part of the log is held at a time.
// How it ended, and the digest of what was sent, is recorded whatever happens: as
// complete where all lines but the last, which proves that, are on their way to
// somebody who is still there. w should be a Flushing. Where it fails the caller
// breaks the connection; without its last line an export is not whole. Who was
// suspended meanwhile, or whose role or token ended, is sent no more: the last line
// says so, and the denial is recorded (R42).
func (x *Export) Send(ctx context.Context, w io.Writer) error {
	out := &sent{w: w, digest: sha256.New()}
	if err := x.send(ctx, out); err != nil {
		_, unrecorded := x.ended(context.WithoutCancel(ctx), exportCut, out)
		return errors.Join(err, unrecorded)
	}
	return x.prove(ctx, out)
}

// send writes all but the last line. Where it fails, what is buffered is left: of
// an export that fails at once nothing is written, so that it is answered by a problem.
func (x *Export) send(ctx context.Context, out *sent) error {
	w := bufio.NewWriter(out)
	lines := exportLines(w)
	if err := lines.Encode(x.head); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	f := x.head.filter()
	foot := ExportFoot{Checkpoint: string(x.note), Size: x.head.Size}
	for f.After = -1; ; {
		var page ExcerptPage
		var taker authz.Caller
		if err := x.log.store.View(ctx, func(tx LogTx) error {
			s, err := holding(ctx, tx, x.taker, []string{x.taker.Person})
			if err != nil {
				return err
			}
			taker = s.now(x.taker, x.log.office.Time())
			page, err = tx.LogExcerpt(ctx, f, x.head.Size)
			return err
		}); err != nil {
			return fmt.Errorf("reading a part of the log: %w", err)
		}
		if _, denied := x.log.office.Authorise(ctx, taker, authz.LogExport, x.resource()); denied != nil {
			return errors.Join(denied, lines.Encode(ExportBroken{"it is not whole: who asked for it may not export the log any more"}), w.Flush(), out.leave(ctx))
		}
		for _, line := range page.Lines {
			if err := lines.Encode(line); err != nil {
				return fmt.Errorf("writing an export: %w", err)
			}
		}
		foot.Count, foot.Outside, foot.Erased = foot.Count+int64(len(page.Lines)), foot.Outside+page.Outside, foot.Erased+page.Erased
		if page.Next < 0 {
			break
		}
		f.After = page.Next
	}
	if err := errors.Join(lines.Encode(foot), w.Flush(), out.leave(ctx)); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	return nil
}

func (x *Export) resource() authz.Resource { return authz.Resource{Kind: "log", ID: x.head.Mission} }

// exportLines writes lines of an export.
func exportLines(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // the bodies are canonical, and stay so
	return e
}
