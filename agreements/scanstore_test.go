package agreements_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"safeconduct/agreements"
	"safeconduct/transfer"
)

// scanStore keeps scans in memory, and announces each as the real one does.
type scanStore struct {
	w      *world
	kept   map[string][]byte
	broken error
}

// Keep implements agreements.Scans.
func (s *scanStore) Keep(_ context.Context, agreement string, r io.Reader) (agreements.KeptScan, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return agreements.KeptScan{}, err
	}
	id := newID()
	s.kept[id] = b
	s.w.write(func(tx allTx) error {
		return tx.AddUpload(s.w.ctx, transfer.Upload{ID: id, Transfer: agreement, State: transfer.UploadOpen, Started: noon(), Touched: noon()})
	})
	sum := sha256.Sum256(b)
	return agreements.KeptScan{ID: id, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b)), Sealed: []byte(`{}`)}, nil
}

// Open implements agreements.Scans.
func (s *scanStore) Open(_ context.Context, scan agreements.Scan, w io.Writer) error {
	if s.broken != nil {
		return s.broken
	}
	_, err := io.Copy(w, bytes.NewReader(s.kept[scan.ID]))
	return err
}
