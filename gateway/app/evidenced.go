package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// errAuthorityReplaced says that the authority key is not the one of this log.
var errAuthorityReplaced = errors.New("authority_keys does not hold the key that the evidence log names: somebody replaced it, or it is of another system; run safeconduct log verify, and restore the table from a backup of this database")

// firstEntries bounds where the authority key is looked for: nothing can be recorded without one, so its entry is the first,
// but for the clocks of processes that start together.
const firstEntries = 100

// proving marks what is read under a key that is not proven yet.
type proving struct{}

// checkEvidenced refuses an authority key that is not the one which the log evidences. The tag of that entry is under the key
// itself and so proves nothing; that the entry lies under the newest checkpoint does, which the key of the log signed. A log
// in which nothing has its place yet, or which nobody signed yet, has no evidence to compare with (ADR 6).
func checkEvidenced(ctx context.Context, p Parts, key store.AuthorityKey) error {
	ctx = context.WithValue(ctx, proving{}, true)
	var lines []transfer.LogLine
	var note []byte
	err := store.For[transfer.LogTx](p.Store).View(ctx, func(tx transfer.LogTx) (err error) {
		if lines, _, err = tx.LogLines(ctx, transfer.LogFilter{After: -1, AtMost: firstEntries}); err != nil {
			return err
		}
		note, err = newestCheckpoint(ctx, tx)
		return err
	})
	if errors.Is(err, evidence.ErrTampered) {
		return fmt.Errorf("%w: %w", errAuthorityReplaced, err)
	}
	if err != nil {
		return fmt.Errorf("reading what the log says of the authority key: %w", err)
	}
	if len(lines) == 0 && note == nil {
		return nil
	}
	for _, line := range lines {
		if line.Entry.Action != store.ActionAuthority || line.Entry.Subject.Version != int(key.Version) {
			continue
		}
		if line.Entry.Result != string(key.Name)+":"+evidence.DigestOf([]byte(key.Wrapped)) {
			return errAuthorityReplaced
		}
		if note == nil {
			return nil
		}
		return checkSigned(ctx, p, line, note)
	}
	return fmt.Errorf("%w: its first entries name none", errAuthorityReplaced)
}

// checkSigned proves that the line lies under the signed checkpoint.
func checkSigned(ctx context.Context, p Parts, line transfer.LogLine, note []byte) error {
	keys, err := p.Signer.PublicKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading the keys of the log: %w", err)
	}
	origin, _, _ := strings.Cut(string(note), "\n") // that it is the configured one is checkOrigin's
	verifier, err := ledger.NewVerifier(origin, keys)
	if err != nil {
		return fmt.Errorf("%w: %w", errAuthorityReplaced, err)
	}
	signed, _, err := verifier.Open(note)
	if err != nil {
		return fmt.Errorf("%w: the newest checkpoint: %w", errAuthorityReplaced, err)
	}
	log := store.Log{Store: p.Store}
	placed, err := log.Placed(ctx, line.Entry.ID)
	if err != nil {
		return fmt.Errorf("finding the entry of the authority key: %w", err)
	}
	if len(placed) != 1 || placed[0].Seq != line.Seq || hex.EncodeToString(placed[0].Commitment) != line.Leaf {
		return fmt.Errorf("%w: its entry is not where the log has it", errAuthorityReplaced)
	}
	if signed.Size <= line.Seq {
		return nil // it is about to be signed for the first time
	}
	proof, err := ledger.Inclusion(signed.Size, line.Seq, log.Hashes(ctx))
	if err != nil {
		return fmt.Errorf("proving the entry of the authority key: %w", err)
	}
	if err := ledger.CheckInclusion(proof, signed, placed[0]); err != nil {
		return fmt.Errorf("%w: %w", errAuthorityReplaced, err)
	}
	return nil
}
