package agreements

import (
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/agreements/typeset"
	"safeconduct/authz/people"
)

// everything is all that a sheet says.
func everything(s typeset.Sheet) string {
	lines := []string{s.Title, s.Lead, s.Mark, s.Head, s.Foot}
	for _, part := range s.Parts {
		lines = append(lines, part.Title, part.Note)
		for _, r := range part.Rows {
			lines = append(lines, r.Name, r.Value)
		}
		for _, x := range part.Texts {
			lines = append(lines, x.Head, x.Note, x.Body)
		}
	}
	return strings.Join(lines, "\n")
}

func aPaper(t *testing.T, language string) paper {
	t.Helper()
	template, err := templates.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	w, err := wordsIn(language)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	doc, err := Document{
		Agreement: "a", Version: 3, Type: DataSharing, Title: "Abri", Mission: "m", Partner: "p", Language: "fr",
		Scope: Scope{
			Missions: []string{"m"}, Purposes: []string{"u"}, SubjectTypes: []string{"beneficiary"}, Categories: []string{"identity"}, Fields: []string{"given_name"},
			RecipientCountries: []string{"CO"}, StorageCountries: []string{"NE"}, OnwardRule: "listed", OnwardRecipients: []string{"the clinic"},
			MaxSubjectsPerTransfer: 7, MaxSubjectsPerYear: 70, RetentionDays: map[string]int{"identity": 91},
		},
		Clauses: []Clause{{Code: "C17", Deviation: "Douze heures."}, {Code: "C18", Deviation: "Sans audit."}},
		Annexes: []Annex{{Title: "Annexe V", Digest: "sha256:abab"}}, EffectiveFrom: at, ValidUntil: at.Add(time.Hour),
	}.fill(template)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := doc.DigestOf()
	if err != nil {
		t.Fatal(err)
	}
	a := Agreement{
		ID: "a", Version: 5, State: PartSigned, Document: doc, Digest: digest, Updated: at,
		Deviations: []Deviation{{Code: "C17", Digest: digest, Act: Act{At: at}}, {Code: "C18", Digest: signing.Digest{}, Act: Act{At: at}}},
		Signatures: []Signature{
			{Party: signing.PartyIOM, Signatory: "h", Title: "Chief", Key: "thumbprint", Method: MethodJWS, SignedAt: at, Received: at.Add(time.Minute)},
			{Party: "p", Name: "Zoë", Title: "Directrice", Method: MethodWetInk, SignedAt: at, Received: at, Attestation: &Attestation{SHA256: "cafe", At: at.Add(time.Hour), Authority: "mandat"}},
		},
	}
	return paper{
		Agreement: a, words: w, language: language,
		named: named{
			template: template, partner: parties.Party{ID: "p", Name: "Œuvre", Kind: parties.NGO, Country: "CO", Immunities: true},
			missions: []people.Mission{{ID: "m", Name: "Niger", Country: "NE"}}, persons: map[string]people.Person{"h": {Name: "Ada"}},
		},
	}
}

func TestSheetSaysAll(t *testing.T) {
	fixed := []string{
		"Abri", "Œuvre (CO)", "Niger (NE)", "u", "identity", "given_name", "CO", "NE", "the clinic", "Annexe V", "sha256:abab", "2026-03-01 12:00:00 UTC", "2026-03-01 13:00:00 UTC",
		"Douze heures.", "Sans audit.", "Ada (h), Chief", "thumbprint", "2026-03-01 12:01:00 UTC", "Zoë, Directrice", "cafe", "mandat", "C01", "C25",
	}
	for language, words := range map[string][]string{
		"en": {"SIGNED IN PART", "A translation", "Non-governmental", "Beneficiaries", "At most 7 in a transfer and 70 in a year", "identity: 91 days", "Approved by Legal on 2026", "Not approved by Legal", "JWS", "Wet ink", "waiver", "document 3", "Encryption in storage", "Departs from the template", "holds privileges"},
		"fr": {"SIGNÉ EN PARTIE", "Bénéficiaires", "Au plus 7 par transfert et 70 par an", "identity: 91 jours", "Approuvée par le service juridique le 2026", "Non approuvée", "JWS", "manuscrite", "renonciation", "document 3", "Le chiffrement", "S'écarte du modèle"},
		"es": {"FIRMADO EN PARTE", "Traducción", "Beneficiarios", "Como máximo 7 por transferencia y 70 por año", "identity: 91 días", "Aprobada por el servicio jurídico el 2026", "No aprobada", "JWS", "manuscrita", "renuncia", "documento 3", "El cifrado", "Se aparta del modelo"},
	} {
		t.Run("R33 "+language, func(t *testing.T) {
			p := aPaper(t, language)
			s := p.sheet()
			said := everything(s)
			for _, want := range append(words, fixed...) {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not said", want)
				}
			}
			if !strings.Contains(s.Foot, p.Digest.String()) || !strings.Contains(s.Foot, NonWaiver) {
				t.Errorf("the foot is %q", s.Foot)
			}
			if strings.Contains(said, "{") {
				t.Error("a place is left open")
			}
		})
	}
}

func TestSheetHasTheAnnexesOfItsTemplate(t *testing.T) {
	for language, titles := range map[string][]string{
		"en": {"Annex II – Safeguards", "Annex III – Named users", "Annex IV – Destruction certificate", "Other annexes"},
		"fr": {"Annexe II – Garanties", "Annexe III – Utilisateurs désignés", "Annexe IV – Certificat de destruction", "Autres annexes"},
		"es": {"Anexo II – Salvaguardias", "Anexo III – Usuarios nombrados", "Anexo IV – Certificado de destrucción", "Otros anexos"},
	} {
		ordered := func(p paper) (got []string) {
			for _, part := range p.sheet().Parts[5:] {
				got = append(got, part.Title)
			}
			return got[:len(got)-1] // the signatures
		}
		t.Run("R27 R44 whose words bind are in "+language, func(t *testing.T) {
			p := aPaper(t, language)
			if got := ordered(p); !slices.Equal(got, titles) {
				t.Errorf("%v", got)
			}
			said := everything(p.sheet())
			for _, a := range p.template.Content.Annexes {
				if !strings.Contains(said, a.Text[language]) {
					t.Errorf("Annex %s is not said", a.Code)
				}
			}
		})
		t.Run("R37 one of a template without annexes, or on paper, has none in "+language, func(t *testing.T) {
			p := aPaper(t, language)
			p.template.Content.Annexes = nil
			if got := ordered(p); len(got) != 2 {
				t.Errorf("%v", got)
			}
			p.Document.Template, p.Document.Paper, p.template = nil, &Paper{SHA256: "beef"}, templates.Template{}
			if got := ordered(p); len(got) != 2 {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestSheetImpliesNoSubmission(t *testing.T) {
	for language, says := range map[string]string{"en": "no submission of IOM to Regulation (EU) 2016/679", "fr": "aucune soumission de l'OIM", "es": "no implica sumisión alguna de la OIM"} {
		t.Run("R39 "+language, func(t *testing.T) {
			p := aPaper(t, language)
			if strings.Contains(everything(p.sheet()), says) {
				t.Error("of an agreement that names no mechanism")
			}
			p.Document.Scope.TransferMechanism = "Standard contractual clauses"
			if said := everything(p.sheet()); !strings.Contains(said, says) || !strings.Contains(said, "Standard contractual clauses") {
				t.Error(said)
			}
		})
	}
}

// What the parties signed reads as they signed it: that a category is more sensitive since is no part of it.
func TestASignedSheetStays(t *testing.T) {
	p := aPaper(t, "en")
	p.categories = []terms.Category{{Code: "identity", Fields: []string{"given_name"}, Sensitivity: terms.Low}}
	signed := everything(p.sheet())
	p.categories = []terms.Category{{Code: "identity", Fields: []string{"given_name"}, Sensitivity: terms.Severe, Sensitive: true}}
	if now := everything(p.sheet()); now != signed || !strings.Contains(signed, "identity: given_name") {
		t.Errorf("R33 signed as\n%s\nit reads\n%s", signed, now)
	}
}

func TestSheetOfStates(t *testing.T) {
	p := aPaper(t, "en")
	for state, mark := range map[State]string{Draft: "DRAFT", Review: "UNDER REVIEW", Approved: "NOT SIGNED", Signed: "NOT IN FORCE", Active: "", Suspended: "SUSPENDED", ClosedOut: "CLOSED OUT"} {
		p.State = state
		if s := p.sheet(); s.Mark != mark || !strings.HasPrefix(s.Head, p.of("states", string(state))) {
			t.Errorf("%s: %q, %q", state, s.Mark, s.Head)
		}
	}
	t.Run("a paper that was imported says where its clauses stand", func(t *testing.T) {
		p := aPaper(t, "en")
		p.Document.Template, p.Document.Paper = nil, &Paper{SHA256: "beef"}
		p.Document.Clauses = []Clause{{Code: "C01", Text: TextOnPaper}}
		p.template = templates.Template{}
		if said := everything(p.sheet()); !strings.Contains(said, "beef") || strings.Contains(said, "Departs") {
			t.Error(said)
		}
	})
	t.Run("R54 it lists the safeguards of the paper, or says that they stand there", func(t *testing.T) {
		p := aPaper(t, "en")
		p.Document.Template, p.Document.Paper, p.template = nil, &Paper{SHA256: "beef"}, templates.Template{}
		p.Document.Safeguards = nil
		if said := everything(p.sheet()); !strings.Contains(said, "see the signed paper") {
			t.Error(said)
		}
		p.Document.Safeguards = &templates.Safeguards{Physical: []string{"a locked room"}}
		if said := everything(p.sheet()); !strings.Contains(said, "a locked room") || strings.Contains(said, "see the signed paper") {
			t.Error(said)
		}
	})
	t.Run("R10 it says who collects consent, on a form or on paper", func(t *testing.T) {
		for language, says := range map[string][2]string{
			"en": {"assigned to the partner", "collected by the partner too"}, "fr": {"confié au partenaire", "aussi recueilli par le partenaire"}, "es": {"encomienda al asociado", "recaba también el asociado"},
		} {
			p := aPaper(t, language)
			chosen := map[string]string{partnerCollects: ByPartner}
			for i, c := range p.Document.Clauses {
				if c.Code == consentClause {
					p.Document.Clauses[i].Parameters = chosen
				}
			}
			if said := everything(p.sheet()); !strings.Contains(said, says[0]) || strings.Contains(said, "{") {
				t.Errorf("%s: %s", language, said)
			}
			p.Document.Template, p.Document.Paper, p.template = nil, &Paper{SHA256: "beef"}, templates.Template{}
			p.Document.Clauses = []Clause{{Code: consentClause, Text: TextOnPaper, Parameters: chosen}}
			if said := everything(p.sheet()); !strings.Contains(said, says[1]) {
				t.Errorf("%s on paper: %s", language, said)
			}
			p.Document.Clauses[0].Parameters = nil
			if said := everything(p.sheet()); strings.Contains(said, says[1]) || !strings.Contains(said, p.of("clauses", "consent_by_organisation")) {
				t.Errorf("%s on paper, absent: %s", language, said)
			}
		}
	})
	t.Run("nobody signed", func(t *testing.T) {
		p := aPaper(t, "en")
		p.Signatures = nil
		if said := everything(p.sheet()); strings.Count(said, "Has not signed") != 2 || !strings.Contains(said, "Nobody has signed yet.") {
			t.Error(said)
		}
	})
}
