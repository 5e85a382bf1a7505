package agreements

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/bounded"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindScan is the record kind of scans of signed papers.
const KindScan = "agreement_scan"

// MaxScan bounds a scan, in bytes of plaintext.
const MaxScan = 32 << 20

// Sentinels of scans.
var (
	// ErrScanTooLarge: the scan is longer than MaxScan.
	ErrScanTooLarge = errors.New("a scan has at most 32 MiB")
	// ErrScanType: it is none of PDF, PNG, JPEG and TIFF.
	ErrScanType = errors.New("a scan is a PDF, PNG, JPEG or TIFF file")
	// ErrScanDigest: what arrived is not what was declared.
	ErrScanDigest = errors.New("the scan has another digest than was declared; send it again")
)

// Scan is a scan of a signed paper. Its bytes lie sealed in the object store;
// the record says how they are opened again, and nothing of what they show.
type Scan struct {
	ID        string `json:"id"`
	Version   int    `json:"version"`
	Agreement string `json:"agreement"`
	// Document is the version of the document that was under way when it came.
	Document  int             `json:"document"`
	SHA256    string          `json:"sha256"` // of the plaintext, hex
	Size      int64           `json:"size"`
	MediaType string          `json:"media_type"`
	Sealed    json.RawMessage `json:"sealed,omitempty"` // what Scans.Open needs
	Uploader  string          `json:"uploader"`
	Actor     string          `json:"actor"`
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`
}

// KeptScan is what the store of scans says of one that it has taken.
type KeptScan struct {
	ID     string
	SHA256 string // of the plaintext, hex
	Size   int64
	Sealed json.RawMessage
}

// Scans keeps scans sealed: no plaintext at rest (R49). Adapters are chosen in
// gateway/app.
type Scans interface {
	// Keep seals what r holds under the agreement's key as it comes. What no
	// record refers to in time is removed again.
	Keep(ctx context.Context, agreement string, r io.Reader) (KeptScan, error)
	// Open writes the scan to w; where it fails nothing that was written counts.
	Open(ctx context.Context, s Scan, w io.Writer) error
}

// ScanTx reads and writes scans.
type ScanTx interface {
	AgreementScan(ctx context.Context, id string) (Scan, error)
	AgreementScans(ctx context.Context, agreement string) ([]Scan, error)
	SaveAgreementScan(ctx context.Context, s Scan) error
	// ScanLanded says that a record refers to the scan from now on; ErrConflict
	// where it was taken for left behind.
	ScanLanded(ctx context.Context, id string, now time.Time) error
}

func (s Scan) resource(a Agreement) authz.Resource {
	return authz.Resource{Kind: KindScan, ID: s.ID, Mission: a.Document.Mission, Partner: a.Document.Partner}
}

// AddScan keeps the scan of a paper that was signed, streaming it. declared is
// its hex SHA-256, which must be what arrives; a scan that is there already is
// answered as it is. Nothing is signed by it: Legal attests it.
func (d *Desk) AddScan(ctx context.Context, c authz.Caller, id, declared string, body io.Reader) (Scan, error) {
	a, role, err := d.may(ctx, c, authz.AgreementScanAdd, id)
	if err != nil {
		return Scan{}, err
	}
	if !isSHA256(declared) {
		return Scan{}, fmt.Errorf("%w: declare the SHA-256 of the scan", people.ErrInvalid)
	}
	if err := a.takesScan(); err != nil {
		return Scan{}, errors.Join(err, d.office.Deny(ctx, c, authz.AgreementScanAdd, resource(a), lifecycle.Code))
	}
	if known, err := d.scanOf(ctx, a, declared); err != nil || known.ID != "" {
		return known, err
	}
	mediaType, body, err := sniff(bounded.NewReader(body, MaxScan, ErrScanTooLarge))
	if err != nil {
		return Scan{}, err
	}
	kept, err := d.scans.Keep(ctx, a.ID, body)
	if err != nil {
		return Scan{}, fmt.Errorf("keeping a scan: %w", err)
	}
	if kept.SHA256 != declared {
		return Scan{}, ErrScanDigest
	}
	s := Scan{
		ID: kept.ID, Version: 1, Agreement: a.ID, SHA256: kept.SHA256, Size: kept.Size, MediaType: mediaType,
		Sealed: kept.Sealed, Uploader: c.Person, Actor: c.Person, Created: d.office.Time(),
	}
	s.Updated = s.Created
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if a, err = tx.Agreement(ctx, id); err != nil {
			return err
		}
		if err := a.takesScan(); err != nil {
			return err
		}
		s.Document = a.UnderWay().Document.Version
		if err := tx.ScanLanded(ctx, s.ID, s.Created); err != nil {
			return err
		}
		if err := tx.SaveAgreementScan(ctx, s); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, authz.AgreementScanAdd, s.resource(a))
		e.Result = s.SHA256
		return tx.Record(ctx, e)
	})
	return s, err
}

// takesScan: while the document under way is to be signed.
func (a Agreement) takesScan() error {
	return a.UnderWay().in("scan", Approved, PartSigned)
}

func (d *Desk) scanOf(ctx context.Context, a Agreement, sum string) (Scan, error) {
	var all []Scan
	if err := d.store.View(ctx, func(tx Tx) (err error) { all, err = tx.AgreementScans(ctx, a.ID); return err }); err != nil {
		return Scan{}, err
	}
	if i := slices.IndexFunc(all, func(s Scan) bool { return s.SHA256 == sum }); i >= 0 {
		return all[i], nil
	}
	return Scan{}, nil
}

// ScansOf lists the scans of an agreement: what is known of them, not what they
// show.
func (d *Desk) ScansOf(ctx context.Context, c authz.Caller, id string) ([]Scan, error) {
	a, _, err := d.may(ctx, c, authz.AgreementRead, id)
	if err != nil {
		return nil, err
	}
	var all []Scan
	if err := d.store.View(ctx, func(tx Tx) (err error) { all, err = tx.AgreementScans(ctx, id); return err }); err != nil {
		return nil, err
	}
	if !a.outside(c) {
		return all, nil
	}
	all = slices.DeleteFunc(all, func(s Scan) bool {
		return a.Amendment != nil && !a.Amendment.State.given() && s.Document == a.Amendment.Document.Version
	})
	for i := range all {
		all[i].Uploader, all[i].Actor = "", "" // who acted for the signing mission is not told outside
	}
	return all, nil
}

// ReadScan opens a scan for a reader of the organisation: the entry is in the
// log before the first byte. WriteTo of what it answers writes the bytes.
func (d *Desk) ReadScan(ctx context.Context, c authz.Caller, id, scan string) (*Reading, error) {
	a, role, err := d.may(ctx, c, authz.AgreementScanRead, id)
	if err != nil {
		return nil, err
	}
	var s Scan
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if s, err = tx.AgreementScan(ctx, scan); err != nil {
			return err
		}
		if s.Agreement != a.ID {
			return evidence.ErrNotFound
		}
		return tx.Record(ctx, d.office.Entry(c, role, evidence.Access, authz.AgreementScanRead, s.resource(a)))
	})
	if err != nil {
		return nil, err
	}
	return &Reading{Scan: s, open: d.scans.Open}, nil
}

// Reading is a scan that is about to be read.
type Reading struct {
	Scan
	open func(ctx context.Context, s Scan, w io.Writer) error
}

// Send writes the scan to w. Where it fails the caller breaks the connection, so
// that it never looks complete.
func (r *Reading) Send(ctx context.Context, w io.Writer) error {
	if err := r.open(ctx, r.Scan, w); err != nil {
		return fmt.Errorf("opening a scan: %w", err)
	}
	return nil
}

// Attest is Legal's word that the scan shows the signatures named, on the
// document under way. sum is the scan's SHA-256 as the attester has read it;
// of an imported paper who signed stands in its document.
func (d *Desk) Attest(ctx context.Context, c authz.Caller, id, scan, sum, authority string, signed []PaperSignatory) (Agreement, error) {
	return d.change(ctx, c, authz.AgreementAttest, id, "attest", "", func(tx Tx, a Agreement, act Act) (Agreement, error) {
		s, err := tx.AgreementScan(ctx, scan)
		if errors.Is(err, evidence.ErrNotFound) || err == nil && s.Agreement != a.ID {
			return a, fmt.Errorf("%w: the agreement has no such scan", people.ErrInvalid)
		} else if err != nil {
			return a, err
		}
		if s.SHA256 != sum {
			return a, fmt.Errorf("%w: the scan has another sha256; read it again", people.ErrInvalid)
		}
		for _, p := range signed {
			if strings.TrimSpace(p.Name) == "" || strings.TrimSpace(p.Title) == "" || p.SignedAt.IsZero() {
				return a, fmt.Errorf("%w: who signed is named with title and date", people.ErrInvalid)
			}
		}
		of := Attestation{Scan: s.ID, SHA256: s.SHA256, Authority: strings.TrimSpace(authority)}
		next, err := a.onDocument(act, func(a Agreement, act Act) (Agreement, error) {
			if s.Document != a.Document.Version {
				return a, a.illegal(act.Event, "the scan is of the document under way", "scan the paper that was signed, and send that")
			}
			return a.Attest(of, s.Uploader, signed, act)
		})
		return next, cmp.Or(err, a.notItsAuthor(ctx, tx, act, s.Uploader))
	})
}

// sniff tells the media type by the first bytes, whatever the sender calls it.
func sniff(r io.Reader) (mediaType string, _ io.Reader, err error) {
	b := bufio.NewReaderSize(r, 4<<10)
	head, err := b.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, fmt.Errorf("reading a scan: %w", err)
	}
	for _, known := range []struct{ begins, mediaType string }{
		{"%PDF-", "application/pdf"},
		{"\x89PNG\r\n\x1a\n", "image/png"},
		{"\xff\xd8\xff", "image/jpeg"},
		{"II*\x00", "image/tiff"},
		{"MM\x00*", "image/tiff"},
	} {
		if bytes.HasPrefix(head, []byte(known.begins)) {
			return known.mediaType, b, nil
		}
	}
	return "", nil, ErrScanType
}
