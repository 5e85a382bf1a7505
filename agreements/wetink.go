package agreements

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/people"
)

// TextOnPaper is the text version of a clause whose text stands on an imported
// paper.
const TextOnPaper = "paper"

// Attestation is what a person of Legal says of a scan: that it shows the
// signature, on the document with the digest, by somebody who was authorised.
type Attestation struct {
	Person    string         `json:"person"`
	At        time.Time      `json:"at"`
	Scan      string         `json:"scan"`   // id of the scan that is kept
	SHA256    string         `json:"sha256"` // of the scan, hex
	Digest    signing.Digest `json:"digest"` // of the document
	Authority string         `json:"authority"`
}

// PaperSignatory is who signed on paper, for whom, under which title and when.
type PaperSignatory struct {
	Party    string    `json:"party"` // signing.PartyIOM, or the partner's id
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	SignedAt time.Time `json:"signed_at"`
}

// Paper is a signed paper that a document was imported from: the hash of its
// scan, and who signed it.
type Paper struct {
	SHA256      string           `json:"sha256"` // of the scan, hex
	Signatories []PaperSignatory `json:"signatories"`
}

// PaperSHA256 is that of the scan that the agreement was imported from, whatever
// amended it since; empty where it was not imported.
func (a Agreement) PaperSHA256() string {
	if a.Document.Paper != nil {
		return a.Document.Paper.SHA256
	}
	for _, f := range a.Former {
		if f.Document.Paper != nil {
			return f.Document.Paper.SHA256
		}
	}
	return ""
}

// Attest adds signatures in wet ink: approved -> part-signed -> signed. Guards:
// the attester wrote none of it and did not bring the scan; the paper of an
// import is the scan, which has every mandatory clause.
func (a Agreement) Attest(of Attestation, uploader string, signed []PaperSignatory, act Act) (Agreement, error) {
	before := a
	if err := a.in(act.Event, Approved, PartSigned); err != nil {
		return before, err
	}
	paper := a.Document.Paper
	switch {
	case a.wrote(act.Person):
		return before, a.illegal(act.Event, "who drafted or imported it does not attest it", "ask another person of Legal")
	case uploader == act.Person:
		return before, a.illegal(act.Event, "who brought the scan does not attest it", "ask another person of Legal")
	case paper != nil && paper.SHA256 != of.SHA256:
		return before, a.illegal(act.Event, "the scan is that of the imported paper", "send the scan that the import named")
	case paper != nil && len(a.Document.MissingClauses()) > 0:
		return before, a.illegal(act.Event, "every mandatory clause is present (R33)", "the paper lacks "+strings.Join(a.Document.MissingClauses(), ", ")+"; sign a new agreement")
	case strings.TrimSpace(of.Authority) == "":
		return before, a.illegal(act.Event, "the signatories' authority is proven", "say what proves it")
	}
	if paper != nil {
		signed = paper.Signatories
	}
	if len(signed) == 0 {
		return before, a.illegal(act.Event, "somebody signed", "name who signed the paper")
	}
	of.Person, of.At, of.Digest = act.Person, act.At, a.Digest
	for _, s := range signed {
		var err error
		at := of
		if a, err = a.AddSignature(Signature{
			Party: s.Party, Name: strings.TrimSpace(s.Name), Title: strings.TrimSpace(s.Title), Method: MethodWetInk,
			SignedAt: s.SignedAt.UTC().Truncate(time.Microsecond), Received: act.At, Attestation: &at,
		}, act); err != nil {
			return before, err
		}
	}
	a.Version = before.Version + 1
	if paper != nil {
		for _, code := range a.UnapprovedDeviations() { // who attests the paper has read it
			a.Deviations = append(slices.Clip(a.Deviations), Deviation{Code: code, Digest: a.Digest, Act: act})
		}
	}
	return a, nil
}

// checkAttestation is CheckSignature for wet ink: Legal attested this document
// and a scan of known hash, by somebody who was of Legal then and wrote none of
// it. grants are the attester's.
func (a Agreement) checkAttestation(s Signature, grants []people.Grant) SignatureFault {
	t := s.Attestation
	switch {
	case t == nil || s.Name == "" || s.Title == "" || t.Authority == "" || t.Scan == "" || a.wrote(t.Person) || !t.At.Equal(s.Received):
		return SignatoryUnauthorised
	case t.Digest != a.Digest || !isSHA256(t.SHA256):
		return HashMismatch
	case a.Document.Paper != nil && (a.Document.Paper.SHA256 != t.SHA256 || !a.Document.Paper.shows(s)):
		return HashMismatch
	}
	if !slices.ContainsFunc(grants, func(g people.Grant) bool { return g.Person == t.Person && g.Role == authz.LEG && g.HeldAt(t.At) }) {
		return SignatoryUnauthorised
	}
	return NoFault
}

// shows reports whether the signature is one of those on the paper.
func (p Paper) shows(s Signature) bool {
	return slices.ContainsFunc(p.Signatories, func(o PaperSignatory) bool {
		return o.Party == s.Party && o.Name == s.Name && o.Title == s.Title && o.SignedAt.Equal(s.SignedAt)
	})
}

// isSHA256 reports whether text is 64 lower-case hexadecimal digits.
func isSHA256(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 32 && strings.ToLower(text) == text
}
