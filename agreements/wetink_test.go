package agreements_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/imports"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

func pdf(text string) []byte { return []byte("%PDF-1.7\n" + text) }

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (w *world) scan(name, id string, b []byte) agreements.Scan {
	w.t.Helper()
	s, err := w.AddScan(w.ctx, w.people[name], id, hexSum(b), bytes.NewReader(b))
	w.must(err)
	return s
}

func (w *world) onPaper() []agreements.PaperSignatory {
	return []agreements.PaperSignatory{
		{Party: signing.PartyIOM, Name: "A. Example", Title: "Chief of Mission", SignedAt: noon().Add(-time.Hour)},
		{Party: w.partner, Name: "B. Example", Title: "Director", SignedAt: noon().Add(-time.Hour)},
	}
}

func TestScans(t *testing.T) {
	w := newWorld(t)
	a := w.approved()
	t.Run("a draft takes none", func(t *testing.T) {
		_, err := w.AddScan(w.ctx, w.people["FP"], w.draft().ID, hexSum(pdf("x")), bytes.NewReader(pdf("x")))
		refused(t, err, "the state is")
	})
	for name, c := range map[string]struct {
		body io.Reader
		sum  string
		want error
	}{
		"text":            {strings.NewReader("hello, it is a text"), hexSum([]byte("hello, it is a text")), agreements.ErrScanType},
		"nothing":         {strings.NewReader(""), hexSum(nil), agreements.ErrScanType},
		"too much":        {io.MultiReader(bytes.NewReader(pdf("")), bytes.NewReader(make([]byte, agreements.MaxScan))), hexSum(nil), agreements.ErrScanTooLarge},
		"another digest":  {bytes.NewReader(pdf("x")), hexSum(pdf("y")), agreements.ErrScanDigest},
		"no digest":       {bytes.NewReader(pdf("x")), "", people.ErrInvalid},
		"a broken stream": {io.MultiReader(bytes.NewReader(pdf("x")), broken{}), hexSum(pdf("x")), io.ErrUnexpectedEOF},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := w.AddScan(w.ctx, w.people["FP"], a.ID, c.sum, c.body); !errors.Is(err, c.want) {
				t.Error(err)
			}
			if all, err := w.ScansOf(w.ctx, w.people["LEG"], a.ID); err != nil || len(all) != 0 {
				t.Errorf("%d are there, %v", len(all), err)
			}
		})
	}
	for begins, mediaType := range map[string]string{
		"%PDF-1.4": "application/pdf", "\x89PNG\r\n\x1a\n": "image/png", "\xff\xd8\xff\xe0": "image/jpeg", "II*\x00": "image/tiff", "MM\x00*": "image/tiff",
	} {
		if s := w.scan("FP", a.ID, []byte(begins+" and more")); s.MediaType != mediaType || s.Document != 1 {
			t.Errorf("%q: %+v", begins, s)
		}
	}
	s := w.scan("HOM", a.ID, pdf("mine"))
	if again := w.scan("LEG", a.ID, pdf("mine")); again.ID != s.ID || again.Uploader != w.people["HOM"].Person {
		t.Errorf("sent again it is another: %+v", again)
	}
	for name, want := range map[string]error{
		"LEG": nil, "DPO": nil, "OIG": nil, "HOM": nil, "FP": nil, "RO": authz.ErrDenied, "PSG": authz.ErrDenied, "PDL": authz.ErrDenied,
		"there HOM": evidence.ErrNotFound, "there PSG": evidence.ErrNotFound,
	} {
		t.Run("R49 read by "+name, func(t *testing.T) {
			r, err := w.ReadScan(w.ctx, w.people[name], a.ID, s.ID)
			if !errors.Is(err, want) {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err == nil && (r.Send(w.ctx, &out) != nil || !bytes.Equal(out.Bytes(), pdf("mine"))) {
				t.Errorf("%q", out.Bytes())
			}
		})
	}
	if _, err := w.ReadScan(w.ctx, w.people["LEG"], w.approved().ID, s.ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("through another agreement: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAttest(t *testing.T) {
	w := newWorld(t)
	a := w.approved()
	s := w.scan("FP", a.ID, pdf("both"))
	own := w.scan("LEG", a.ID, pdf("of Legal"))
	attest := func(name string, s agreements.Scan, sum string, signed ...agreements.PaperSignatory) (agreements.Agreement, error) {
		return w.Attest(w.ctx, w.people[name], a.ID, s.ID, sum, "minutes seen", signed)
	}
	for _, name := range []string{"FP", "HOM", "DPO", "PSG", "OIG", "RO"} {
		if _, err := attest(name, s, s.SHA256, w.onPaper()...); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Run("not with another hash, of another agreement, or of nobody", func(t *testing.T) {
		for _, err := range []error{
			second(attest("LEG", s, hexSum(nil), w.onPaper()...)),
			second(attest("LEG", agreements.Scan{ID: newID()}, s.SHA256, w.onPaper()...)),
			second(attest("LEG", s, s.SHA256, agreements.PaperSignatory{Party: signing.PartyIOM})),
		} {
			if !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		}
		refused(t, second(attest("LEG", s, s.SHA256)), "somebody signed")
	})
	t.Run("SoD 3 not by who brought the scan, and not by who drafted", func(t *testing.T) {
		refused(t, second(attest("LEG", own, own.SHA256, w.onPaper()...)), "who brought the scan")
		b, err := w.Create(w.ctx, w.people["second LEG"], w.document())
		w.must(err)
		_, err = w.SendToReview(w.ctx, w.people["FP"], b.ID)
		w.must(err)
		_, err = w.Decide(w.ctx, w.people["LEG"], b.ID, "approved", "")
		w.must(err)
		x := w.scan("FP", b.ID, pdf("b"))
		_, err = w.Attest(w.ctx, w.people["second LEG"], b.ID, x.ID, x.SHA256, "seen", w.onPaper())
		refused(t, err, "who drafted")
	})
	t.Run("a party that is none, and a signature of tomorrow", func(t *testing.T) {
		third := w.onPaper()
		third[0].Party = newID()
		refused(t, second(attest("LEG", s, s.SHA256, third...)), "the signatory is of")
		later := w.onPaper()
		later[1].SignedAt = w.clock.Now().Add(time.Hour)
		refused(t, second(attest("LEG", s, s.SHA256, later...)), "signed before")
	})
	part, err := attest("LEG", s, s.SHA256, w.onPaper()[1])
	if err != nil || part.State != agreements.PartSigned {
		t.Fatalf("AGR_PART_SIGNED: %s, %v", part.State, err)
	}
	whole, err := w.sign("HOM", part)
	if err != nil || whole.State != agreements.Signed || whole.Signatures[0].Method != agreements.MethodWetInk || whole.Signatures[1].Method != agreements.MethodJWS {
		t.Fatalf("one of each method: %+v, %v", whole.Signatures, err)
	}
	w.checkAttestations(t, whole)
}

func second(_ agreements.Agreement, err error) error { return err }

// checkAttestations verifies the wet-ink signature, which is the first, as the gate does.
func (w *world) checkAttestations(t *testing.T, whole agreements.Agreement) {
	t.Helper()
	grants := func(role authz.Role, from time.Time) []people.Grant {
		return []people.Grant{{Person: w.people["LEG"].Person, Role: role, From: from}}
	}
	const none, unauthorised, mismatch = agreements.NoFault, agreements.SignatoryUnauthorised, agreements.HashMismatch
	for _, c := range []struct {
		name   string
		edit   func(*agreements.Agreement, *agreements.Signature, *agreements.Attestation)
		grants []people.Grant
		want   agreements.SignatureFault
	}{
		{"untouched", func(*agreements.Agreement, *agreements.Signature, *agreements.Attestation) {}, nil, none},
		{"AGR_HASH_MISMATCH another document", func(a *agreements.Agreement, _ *agreements.Signature, _ *agreements.Attestation) {
			a.Document.Title = "x"
			a.Digest, _ = a.Document.DigestOf()
		}, nil, mismatch},
		{"AGR_HASH_MISMATCH another digest attested", func(_ *agreements.Agreement, _ *agreements.Signature, at *agreements.Attestation) { at.Digest[0] ^= 1 }, nil, mismatch},
		{"AGR_HASH_MISMATCH no hash of the scan", func(_ *agreements.Agreement, _ *agreements.Signature, at *agreements.Attestation) { at.SHA256 = "" }, nil, mismatch},
		{"AGR_HASH_MISMATCH another paper", func(a *agreements.Agreement, _ *agreements.Signature, at *agreements.Attestation) {
			a.Document.Paper = &agreements.Paper{SHA256: hexSum(nil), Signatories: w.onPaper()}
			a.Digest, _ = a.Document.DigestOf()
			at.Digest = a.Digest
		}, nil, mismatch},
		{"AGR_SIGNATORY_UNAUTHORISED no attestation", func(_ *agreements.Agreement, s *agreements.Signature, _ *agreements.Attestation) { s.Attestation = nil }, nil, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED no authority", func(_ *agreements.Agreement, _ *agreements.Signature, at *agreements.Attestation) { at.Authority = "" }, nil, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED nobody named", func(_ *agreements.Agreement, s *agreements.Signature, _ *agreements.Attestation) { s.Name = "" }, nil, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED attested by the drafter", func(a *agreements.Agreement, _ *agreements.Signature, at *agreements.Attestation) {
			a.Drafter = at.Person
		}, nil, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED attested at another time", func(_ *agreements.Agreement, s *agreements.Signature, _ *agreements.Attestation) {
			s.Received = s.Received.Add(1)
		}, nil, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED attested by somebody else than Legal", func(*agreements.Agreement, *agreements.Signature, *agreements.Attestation) {}, grants(authz.DPO, noon()), unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED attested before being of Legal", func(*agreements.Agreement, *agreements.Signature, *agreements.Attestation) {}, grants(authz.LEG, w.clock.Now()), unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED an unknown method", func(_ *agreements.Agreement, s *agreements.Signature, _ *agreements.Attestation) { s.Method = "fax" }, nil, unauthorised},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, s := whole, whole.Signatures[0]
			at := *s.Attestation
			s.Attestation = &at
			c.edit(&a, &s, &at)
			if c.grants == nil {
				c.grants = grants(authz.LEG, noon())
			}
			if got := a.CheckSignature(s, nil, c.grants); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func (w *world) rows(n int) []imports.Row {
	var rows []imports.Row
	for i := range n {
		rows = append(rows, imports.Row{
			Line: i + 2, Partner: w.partner, Mission: w.here, Type: "data_sharing", Title: "Old paper", Language: "en", Purposes: []string{w.purpose},
			SubjectTypes: []string{"beneficiary"}, Categories: []string{"identity"}, Fields: []string{"given_name"},
			RecipientCountries: []string{"CO"}, StorageCountries: []string{"CO"}, MaxSubjectsPerTransfer: 10, MaxSubjectsPerYear: 100,
			RetentionDays: map[string]int{"identity": 90}, EffectiveFrom: noon().Add(-time.Hour), ValidUntil: noon().Add(1000 * time.Hour),
			Clauses: templates.Codes(), ScanSHA256: hexSum(pdf("paper" + string(rune('a'+i)))),
			IOM:   imports.Signatory{Name: "A. Example", Title: "Chief of Mission", SignedAt: noon().Add(-time.Hour)},
			Other: imports.Signatory{Name: "B. Example", Title: "Director", SignedAt: noon().Add(-time.Hour)},
		})
	}
	return rows
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["LEG"]
	t.Run("each bad row is named by line and column, and nothing is made", func(t *testing.T) {
		rows := w.rows(13)
		for i, spoil := range []func(*imports.Row){
			func(*imports.Row) {},
			func(r *imports.Row) { r.Partner = newID() },
			func(r *imports.Row) { r.Purposes = []string{newID()} },
			func(r *imports.Row) { r.Categories = []string{"biometrics"} },
			func(r *imports.Row) { r.Clauses = r.Clauses[:19] },
			func(r *imports.Row) { r.ValidUntil = r.EffectiveFrom },
			func(r *imports.Row) { r.ValidUntil = noon().Add(-time.Minute) },
			func(r *imports.Row) { r.RetentionDays = nil },
			func(r *imports.Row) { r.IOM.SignedAt = noon().AddDate(1, 0, 0) },
			func(r *imports.Row) { r.Language = "de" },
			func(r *imports.Row) { r.Fields = nil },
			func(r *imports.Row) { r.ScanSHA256 = hexSum(pdf("papera")) },
			func(r *imports.Row) { r.ConsentCollectedBy = "them" },
		} {
			spoil(&rows[i])
		}
		_, err := w.Import(w.ctx, fp, rows, false)
		var bad *imports.Error
		if !errors.As(err, &bad) {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, f := range bad.Findings {
			if got[f.Line] += f.Column + " "; f.Problem == "" || f.Mend == "" {
				t.Errorf("%+v", f)
			}
		}
		for line, column := range map[int]string{
			3: "partner", 4: "purposes", 5: "retention_days", 6: "clauses", 7: "valid_until", 8: "valid_until", 9: "retention_days", 10: "iom_signed_at", 11: "type", 12: "fields", 13: "scan", 14: "consent_collected_by",
		} {
			if !strings.Contains(got[line], column) {
				t.Errorf("line %d: %q, want %s", line, got[line], column)
			}
		}
		if got[2] != "" {
			t.Errorf("the good row: %s", got[2])
		}
		if len(w.keys.made) != 0 {
			t.Error("keys were made")
		}
	})
	for name, want := range map[string]error{"HOM": authz.ErrDenied, "DPO": authz.ErrDenied, "OIG": authz.ErrDenied, "PSG": evidence.ErrNotFound, "there FP": evidence.ErrNotFound} {
		if _, err := w.Import(w.ctx, w.people[name], w.rows(1), true); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if done, err := w.Import(w.ctx, fp, w.rows(2), true); err != nil || len(done) != 0 || len(w.keys.made) != 0 {
		t.Errorf("a check made something: %v, %v", done, err)
	}
	done, err := w.Import(w.ctx, legal, w.rows(2), false)
	if err != nil || len(done) != 2 || done[0].Before || !w.keys.made[done[1].Agreement] {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := w.Import(w.ctx, legal, w.rows(3), false)
	if err != nil || len(again) != 3 || again[0] != (agreements.Imported{Agreement: done[0].Agreement, SHA256: w.rows(1)[0].ScanSHA256, Before: true}) || again[2].Before {
		t.Errorf("the same papers again: %+v, %v", again, err)
	}
	t.Run("R10 the paper says who collects consent", func(t *testing.T) {
		rows := w.rows(5)[3:]
		rows[0].ConsentCollectedBy = agreements.ByPartner
		made, err := w.Import(w.ctx, legal, rows, false)
		w.must(err)
		for i, want := range []string{w.partner, ""} {
			a, err := w.Agreement(w.ctx, legal, made[i].Agreement)
			if err != nil || a.Document.ConsentCollector() != want || len(a.UnapprovedDeviations()) != 25 {
				t.Errorf("%+v, %v", a.Document.Clauses, err)
			}
			if words, err := w.Text(w.ctx, legal, a.ID); err != nil || (words[5].Parameters["consent_collected_by"] == "partner") != (want != "") {
				t.Errorf("%+v, %v", words, err)
			}
		}
	})
	id := done[0].Agreement
	t.Run("AGR_UNSIGNED it does not count before Legal has attested it", func(t *testing.T) {
		a, err := w.Agreement(w.ctx, legal, id)
		if err != nil || a.State != agreements.Approved || len(a.Signatures) != 0 || len(a.UnapprovedDeviations()) != 25 {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = w.Activate(w.ctx, w.people["second LEG"], id)
		refused(t, err, "the state is signed")
	})
	paper, other := w.scan("FP", id, pdf("papera")), w.scan("FP", id, pdf("other"))
	attest := func(name string, s agreements.Scan) (agreements.Agreement, error) {
		return w.Attest(w.ctx, w.people[name], id, s.ID, s.SHA256, "seen", nil)
	}
	t.Run("SoD 3 the importer does not attest", func(t *testing.T) { refused(t, second(attest("LEG", paper)), "who drafted or imported") })
	t.Run("AGR_HASH_MISMATCH another scan does not do", func(t *testing.T) { refused(t, second(attest("second LEG", other)), "imported paper") })
	a, err := attest("second LEG", paper)
	if err != nil || a.State != agreements.Signed || len(a.Signatures) != 2 || len(a.UnapprovedDeviations()) != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	if iom, partner := w.verdictsOfPaper(a); iom != agreements.NoFault || partner != agreements.NoFault {
		t.Errorf("%d, %d", iom, partner)
	}
	t.Run("R40 it needs an assessment as any other", func(t *testing.T) {
		_, err := w.Activate(w.ctx, w.people["second LEG"], id)
		refused(t, err, "R40")
	})
	w.assess(a, assessment.Approved, nil)
	if a, err = w.Activate(w.ctx, w.people["second LEG"], id); err != nil || a.State != agreements.Active {
		t.Errorf("%s, %v", a.State, err)
	}
}

// verdictsOfPaper verifies both signatures under the attester's grants, from what is stored.
func (w *world) verdictsOfPaper(a agreements.Agreement) (iom, partner agreements.SignatureFault) {
	w.t.Helper()
	var faults []agreements.SignatureFault
	w.must(store.For[agreements.Tx](w.store).View(w.ctx, func(tx agreements.Tx) error {
		for _, s := range a.Signatures {
			grants, err := tx.GrantsOf(w.ctx, s.ProvenBy())
			if err != nil {
				return err
			}
			faults = append(faults, a.CheckSignature(s, nil, grants))
		}
		return nil
	}))
	return faults[0], faults[1]
}
