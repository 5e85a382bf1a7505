package transfer

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/ledger"
)

// ExportEnd is the last line of an export: one without it was cut. The entry that
// it carries has the digest of all lines before it, so that none can be taken out,
// added or altered by whoever has not the log's key. Where that entry did not come
// under a signed checkpoint in time it is only named, and nothing is proved.
type ExportEnd struct {
	Ended      string      `json:"ended"`                // id of that entry
	Evidence   *ExportLine `json:"evidence,omitempty"`   // nil where it is not proved
	Checkpoint string      `json:"checkpoint,omitempty"` // the signed note that it lies under
	Unproved   string      `json:"unproved,omitempty"`   // ExportUnproved where there is no evidence
}

// How an export ended.
const (
	exportComplete = "complete" // all lines but the last
	exportCut      = "cut"
)

// ExportUnproved is what the last line says where nothing proves the others, and all
// that it may say: whoever carries the file can take its proof away.
const ExportUnproved = "the log did not prove in time how the export ended"

// sent is what was handed on of an export.
type sent struct {
	w            io.Writer
	digest       hash.Hash
	lines, bytes int64
}

// Flushing is a writer that can send on its way what was written to it.
type Flushing interface {
	FlushError() error
}

func (s *sent) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.count(p[:n])
	if err != nil {
		return n, ErrRecipientGone // what the network says holds addresses (R55)
	}
	return n, nil
}

// leave sends on its way what was written. Where it fails, or who is sent it is
// known to be gone, it did not get there.
func (s *sent) leave(ctx context.Context) error {
	if w, ok := s.w.(Flushing); ok && w.FlushError() != nil || ctx.Err() != nil {
		return ErrRecipientGone
	}
	return nil
}

func (s *sent) count(p []byte) {
	s.digest.Write(p)
	s.lines, s.bytes = s.lines+int64(bytes.Count(p, []byte("\n"))), s.bytes+int64(len(p))
}

// result is what the entry says of it.
func (s *sent) result(outcome string) string {
	return fmt.Sprintf("%s: %d lines, %d bytes, sha256 %x", outcome, s.lines, s.bytes, s.digest.Sum(nil))
}

// ended records how the export ended, and answers with the id of the entry.
func (x *Export) ended(ctx context.Context, outcome string, out *sent) (string, error) {
	e := x.log.office.Entry(x.taker, x.role, evidence.Access, authz.LogExport, x.resource())
	e.Result = out.result(outcome)
	if _, err := x.log.store.Update(ctx, func(tx LogTx) error { return tx.Record(ctx, e) }); err != nil {
		return "", fmt.Errorf("%w: recording how an export ended: %w", ErrLogUnavailable, err)
	}
	return e.ID, nil
}

// prove writes the last line, once the entry that proves the others is under a
// signed checkpoint, or did not come under one in time.
func (x *Export) prove(ctx context.Context, out *sent) error {
	id, err := x.ended(context.WithoutCancel(ctx), exportComplete, out)
	if err != nil {
		return err
	}
	end, err := x.end(ctx, id)
	if err != nil { // which the lines before can do without
		end = ExportEnd{Ended: id, Unproved: ExportUnproved}
	}
	if err := exportLines(out).Encode(end); err != nil {
		return fmt.Errorf("ending an export: %w", err)
	}
	return nil
}

// end is the last line with the proof of the entry.
func (x *Export) end(ctx context.Context, id string) (ExportEnd, error) {
	end := ExportEnd{Ended: id}
	if err := x.log.log.Wait(ctx, id); err != nil {
		return end, fmt.Errorf("waiting for how an export ended: %w", err)
	}
	err := x.log.store.View(ctx, func(tx LogTx) error {
		line, note, err := tx.LogProof(ctx, id)
		end.Evidence, end.Checkpoint = &line, string(note)
		return err
	})
	return end, err
}

// end opens the last line: the entry that it carries must say, under a signed
// checkpoint, that what was sent to whom the first line names is what lies here.
func (c *checking) end(keys *ledger.Verifier, here *sent) {
	x := c.End
	switch {
	case x.Evidence == nil && x.Checkpoint == "" && x.Unproved == ExportUnproved:
		if c.Narrowed {
			c.found("nothing shows whether lines were taken out: %s", ExportUnproved)
		}
		return
	case x.Evidence == nil || x.Checkpoint == "" || x.Unproved != "":
		c.found("the last line neither proves the others nor is that of an export that the log did not prove in time")
		return
	}
	signed, _, err := keys.Open([]byte(x.Checkpoint))
	if err != nil {
		c.found("the checkpoint in the last line: %v", err)
		return
	}
	e, err := included(*x.Evidence, signed)
	if err != nil {
		c.found("the last line: entry %d: %v", x.Evidence.Seq, err)
		return
	}
	var said evidence.Entry
	switch h := c.Head; {
	case json.Unmarshal(e.Body, &said) != nil:
		c.found("the last line: %v", errBody)
	case e.ID != x.Ended || said.Kind != evidence.Access || said.Action != authz.LogExport || said.Verdict != evidence.Allowed ||
		said.Actor != h.By || said.Role != h.Role || said.Subject.ID != evidence.Opaque(h.Mission) || e.Seq < h.Size:
		c.found("the entry in the last line is not of how this export ended")
	case said.Result != here.result(exportComplete):
		c.found("this is not what was sent: the log says %q, and here is %q", said.Result, here.result(exportComplete))
	default:
		c.Whole = true
	}
}

// included is the entry of a line, once it is proved to be in the signed tree.
func included(l ExportLine, signed ledger.Checkpoint) (ledger.Entry, error) {
	e := ledger.Entry{ID: l.ID, Seq: l.Seq, Version: l.Version, Kind: l.Kind, Body: l.Body}
	var err error
	if e.Commitment, err = hex.DecodeString(l.Commitment); err != nil {
		return e, errHex
	}
	if e.Salt, err = hex.DecodeString(l.Salt); err != nil {
		return e, errHex
	}
	if err := ledger.CheckEntry(e); err != nil {
		return e, err
	}
	if leaf := tlog.RecordHash(ledger.Leaf(e)); hex.EncodeToString(leaf[:]) != l.Leaf {
		return e, errLeaf
	}
	proof := make(tlog.RecordProof, len(l.Proof))
	for i, p := range l.Proof {
		h, err := hex.DecodeString(p)
		if err != nil || len(h) != tlog.HashSize {
			return e, errHex
		}
		proof[i] = tlog.Hash(h)
	}
	return e, ledger.CheckInclusion(proof, signed, e)
}
