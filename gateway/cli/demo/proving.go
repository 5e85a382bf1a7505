package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// prove keeps a checkpoint, verifies the log against it, and shows that an
// alteration is found.
func (p *Player) prove(ctx context.Context) error {
	c := call{step: "keep-checkpoint", role: authz.OIG, what: "keeps the log's newest checkpoint", method: http.MethodGet, path: "/log/checkpoint"}
	var kept client.Raw
	if err := p.do(ctx, c, &kept); err != nil {
		return err
	}
	v, err := p.System.verify(ctx, kept, shortPause)
	if err != nil {
		return unexpected("verify-log", err)
	}
	if !v.OK() || v.Waiting != 0 || v.Signed != v.Size || v.Size == 0 {
		return fmt.Errorf("%w: step verify-log: %s", ErrUnexpected, summary(v))
	}
	if err := p.local("verify-log", "verifies the log, against the checkpoint that the auditor kept", summary(v)); err != nil {
		return err
	}
	if err := p.replay(ctx); err != nil {
		return err
	}
	return p.alter(ctx)
}

// replay has the release decided again, from the records as they were then.
func (p *Player) replay(ctx context.Context) error {
	const step = "replay-release"
	var page struct {
		Items []transfer.LogLine `json:"items"`
	}
	find := call{step: step, role: authz.OIG, method: http.MethodGet, path: "/log/entries?kind=decision&object=" + p.transfer}
	if err := p.quiet(ctx, find, &page); err != nil {
		return err
	}
	at := slices.IndexFunc(page.Items, func(l transfer.LogLine) bool {
		return l.Entry.Phase == string(gate.Commit) && l.Entry.Verdict == evidence.Allowed
	})
	if at < 0 {
		return fmt.Errorf("%w: step %s: the log has no release of the transfer", ErrUnexpected, step)
	}
	seq := page.Items[at].Seq
	c := call{
		step: step, role: authz.OIG, what: "has the release decided again, from the records as they were then", method: http.MethodGet,
		path: fmt.Sprintf("/log/%d/replay", seq),
	}
	var r transfer.Replay
	if err := p.quiet(ctx, c, &r); err != nil {
		return err
	}
	if !r.Same || len(r.Then)+len(r.Now) > 0 {
		return fmt.Errorf("%w: step %s: then %v, now %v: %v", ErrUnexpected, step, r.Then, r.Now, r.Differs)
	}
	c.notes = []string{
		fmt.Sprintf("safeconduct log replay %d: then released, now released, from the %d records that were read", seq, len(r.Read)),
		"what changed since, such as the consent taken back, changes nothing of it",
	}
	return p.report(c.telling(http.StatusOK, Done))
}

func summary(v store.Verification) string {
	text := fmt.Sprintf("%d entries, %d of them under a signed checkpoint, %d checkpoints, %d records, root %s", v.Size, v.Signed, v.Checkpoints, v.Records, v.Root)
	for _, f := range v.Findings {
		text += "; " + f.String()
	}
	return text
}

// alter changes one row in a copy of the database, and verifies the copy.
func (p *Player) alter(ctx context.Context) (err error) {
	made, err := p.System.copyOf(ctx)
	if err != nil {
		return unexpected("alter-copy", err)
	}
	defer func() { err = errors.Join(err, made.remove()) }()
	what, err := made.alter()
	if err != nil {
		return unexpected("alter-copy", err)
	}
	if err := p.local("alter-copy", "alters one row in a copy of the database, as somebody with the disk could", what); err != nil {
		return err
	}
	v, err := made.verify(ctx)
	if err != nil {
		return unexpected("find-alteration", err)
	}
	if v.OK() {
		return fmt.Errorf("%w: step find-alteration: the alteration was not found", ErrUnexpected)
	}
	var notes []string
	for i, f := range v.Findings {
		if i == 3 {
			notes = append(notes, fmt.Sprintf("and %d more", int64(len(v.Findings)-i)+v.More))
			break
		}
		notes = append(notes, f.String())
	}
	return p.local("find-alteration", "verifies the copy: the alteration is found", notes...)
}
