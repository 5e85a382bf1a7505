package demo

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
)

// System is the gateway that the story is played on, from the inside: what an
// operator has. Everything else goes through the API at URL.
type System struct {
	Services *app.Services
	Parts    app.Parts
	Origin   string // of the log
	URL      string
}

// bootstrap enrols the first two role-granters.
func (s System) bootstrap(ctx context.Context) ([]app.Enrolled, error) {
	founder := func(name string) app.Founder {
		return app.Founder{Person: people.Person{Name: name, Title: "Legal officer"}, Completed: people.Completion{
			CourseVersion: courseVersion, Language: "en", Passed: passed(s.Services.Office.Time()),
		}}
	}
	enrolled, err := s.Services.Bootstrap(ctx, s.Parts.Store, founder("First Invented"), founder("Second Invented"))
	if errors.Is(err, app.ErrBootstrapped) {
		return nil, fmt.Errorf("%w: the demo plays on empty parts only; name an empty database", err)
	}
	return enrolled, err
}

// verify verifies the log of the living system. Its last entries may be a moment
// from their checkpoint: it is asked again before that is believed.
func (s System) verify(ctx context.Context, kept []byte, pause func(context.Context) error) (store.Verification, error) {
	keys, err := s.Parts.Signer.PublicKeys(ctx)
	if err != nil {
		return store.Verification{}, fmt.Errorf("reading the public keys of the log: %w", err)
	}
	const tries = 20
	for n := 1; ; n++ {
		v, err := s.Parts.Store.Verify(ctx, keys, s.Origin, kept)
		if err != nil || v.Waiting == 0 && v.Signed == v.Size || n == tries {
			return v, err
		}
		if err := pause(ctx); err != nil {
			return v, err
		}
	}
}

// Proof is what shows that a payload lies sealed where it should.
type Proof struct {
	Object     string `json:"object"`
	Size       int64  `json:"size"`
	First      string `json:"first_bytes"` // the first 32, hex
	Key        string `json:"key"`
	KeyVersion int    `json:"key_version"`
	Entries    int64  `json:"entries"`
}

const firstBytes = 32

// Prove reads what the object store and the database hold of the first file of
// a transfer.
func (s System) Prove(ctx context.Context, id string) (Proof, error) {
	var u transfer.Upload
	err := store.For[transfer.Tx](s.Parts.Store).View(ctx, func(tx transfer.Tx) error {
		t, err := tx.Transfer(ctx, id)
		if err != nil {
			return err
		}
		if len(t.Files) == 0 || t.Files[0].Sealed == nil {
			return errors.New("it has no sealed file")
		}
		u, err = tx.Upload(ctx, t.Files[0].Sealed.Upload)
		return err
	})
	if err != nil {
		return Proof{}, fmt.Errorf("reading the transfer: %w", err)
	}
	p := Proof{Key: string(u.Key)}
	if p.KeyVersion, err = u.Wrapped.Version(); err != nil {
		return Proof{}, fmt.Errorf("reading the wrapped key: %w", err)
	}
	for info, err := range s.Parts.Blobs.List(ctx, blob.Name(u.Prefix()).Folder()) {
		if err != nil {
			return Proof{}, fmt.Errorf("listing the objects: %w", err)
		}
		p.Object, p.Size = string(info.Name), info.Size
		break
	}
	if p.Object == "" {
		return Proof{}, errors.New("the object store holds nothing of the transfer")
	}
	if p.First, err = s.first(ctx, blob.Name(p.Object)); err != nil {
		return Proof{}, err
	}
	v, err := s.verify(ctx, nil, shortPause)
	p.Entries = v.Signed
	return p, err
}

func (s System) first(ctx context.Context, name blob.Name) (string, error) {
	r, err := s.Parts.Blobs.Open(ctx, name)
	if err != nil {
		return "", fmt.Errorf("opening the object: %w", err)
	}
	b := make([]byte, firstBytes)
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return "", fmt.Errorf("reading the object: %w", err)
	}
	return hex.EncodeToString(b[:n]), nil
}
