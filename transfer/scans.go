package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/seal"
)

// Scans keeps scans of signed papers as payloads are kept: sealed under a data
// key of their own, which the key of the agreement wraps, in the object store.
// Each is announced before its first object is put, so that the sweeper removes
// what no record came to refer to.
type Scans struct{ Office *Office }

var _ agreements.Scans = Scans{}

// sealedScan is what opens a scan again. It lies in the scan's record, which is
// authenticated.
type sealedScan struct {
	Key      seal.KeyName  `json:"key"`
	Wrapped  seal.Wrapped  `json:"wrapped"`
	Manifest seal.Manifest `json:"manifest"`
}

// Keep implements agreements.Scans.
func (s Scans) Keep(ctx context.Context, agreement string, r io.Reader) (agreements.KeptScan, error) {
	o := s.Office
	u := Upload{ID: o.Office.NewID(), Transfer: agreement, Key: KeyOf(agreement), State: UploadOpen, Started: o.Office.Time()}
	u.Touched = u.Started
	key, wrapped, err := o.Keys.NewDataKey(ctx, u.Key, seal.NewBinding(agreement, u.ID))
	if err != nil {
		return agreements.KeptScan{}, fmt.Errorf("making a data key: %w", err)
	}
	defer key.Destroy()
	u.Wrapped = wrapped
	if _, err := o.Store.Update(ctx, func(tx Tx) error { return tx.AddUpload(ctx, u) }); err != nil {
		return agreements.KeptScan{}, fmt.Errorf("announcing a scan: %w", err)
	}
	held := &lease{touched: u.Touched}
	m, err := seal.Seal(ctx, key, scanAddress(u.ID), r, func(ctx context.Context, seq int, c seal.Chunk, sealed []byte) error {
		now := o.Office.Time()
		if err := held.renew(now, func() error { return o.touch(ctx, u, now) }); err != nil {
			return err
		}
		return o.putChunk(ctx, u.Prefix(), seq, sealed, blob.Digest(c.SHA256))
	})
	if err != nil {
		return agreements.KeptScan{}, errors.Join(fmt.Errorf("landing a scan: %w", err), s.broken(context.WithoutCancel(ctx), u))
	}
	sealed, err := json.Marshal(sealedScan{u.Key, wrapped, m})
	if err != nil {
		return agreements.KeptScan{}, fmt.Errorf("encoding how a scan is opened: %w", err)
	}
	return agreements.KeptScan{ID: u.ID, SHA256: hexOf(m.SHA256), Size: m.Size, Sealed: sealed}, nil
}

// broken hands what an attempt left behind to the sweeper. Where that fails too
// the sweeper finds it when its lease is over.
func (s Scans) broken(ctx context.Context, u Upload) error {
	o := s.Office
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		if err := tx.MarkUpload(ctx, u.ID, o.Office.Time(), UploadDoomed, UploadOpen); err != nil {
			return err
		}
		e := o.Office.Entry(authz.System(""), authz.SYS, evidence.Abort, authz.AgreementScanAdd, authz.Resource{Kind: agreements.KindScan, ID: u.ID})
		return tx.Record(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("recording a broken scan: %w", err)
	}
	return nil
}

// Open implements agreements.Scans.
func (s Scans) Open(ctx context.Context, scan agreements.Scan, w io.Writer) error {
	o := s.Office
	var of sealedScan
	if err := json.Unmarshal(scan.Sealed, &of); err != nil {
		return fmt.Errorf("reading how a scan is opened: %w", err)
	}
	if of.Key != KeyOf(scan.Agreement) || of.Manifest.Size != scan.Size || hexOf(of.Manifest.SHA256) != scan.SHA256 {
		return fmt.Errorf("%w: the scan is not the one that was sealed", seal.ErrCorrupt)
	}
	key, err := o.Keys.Unwrap(ctx, of.Key, seal.NewBinding(scan.Agreement, scan.ID), of.Wrapped)
	if err != nil {
		return fmt.Errorf("unwrapping the data key: %w", err)
	}
	defer key.Destroy()
	prefix := Upload{ID: scan.ID, Transfer: scan.Agreement}.Prefix()
	return seal.Open(ctx, key, scanAddress(scan.ID), of.Manifest, 0, func(ctx context.Context, seq int) (io.ReadCloser, error) {
		name, err := chunkName(prefix, seq)
		if err != nil {
			return nil, err
		}
		return o.Blobs.Open(ctx, name)
	}, w)
}

// scanAddress is where the chunks of a scan stand: each is a payload of its own.
func scanAddress(id string) seal.Address { return seal.Address{Transfer: id, File: 1} }
