package agreements

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements/parties"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/agreements/typeset"
	"safeconduct/authz/people"
)

// named is what an agreement names by id or code, as far as it is known.
type named struct {
	template   templates.Template
	partner    parties.Party
	missions   []people.Mission
	purposes   []terms.Purpose
	categories []terms.Category
	persons    map[string]people.Person // signatories
}

func (n named) mission(id string) people.Mission {
	for _, m := range n.missions {
		if m.ID == id {
			return m
		}
	}
	return people.Mission{ID: id, Name: id}
}

// paper is an agreement as it is set in a language. It says what the document says, what its names and codes stand for, and
// what has been done with it.
type paper struct {
	Agreement
	named
	words
	language string
	// amends says that the document is one that is on its way, beside another in force.
	amends bool
}

// sheet is the paper to be set (R33: the non-waiver stands at the foot of every page, with the digest).
func (p paper) sheet() typeset.Sheet {
	state := p.of("states", string(p.State))
	digest := p.Digest.String()
	s := typeset.Sheet{
		Language: p.language, Title: p.Document.Title, Lead: p.of("text", "lead"), Page: p.of("text", "page"), Unset: p.of("text", "unset"),
		Mark: p.words["marks"][string(p.State)],
		Head: p.with("text", "head", "title", p.Document.Title, "agreement", p.ID, "version", strconv.Itoa(p.Document.Version), "state", state),
		Foot: p.with("text", "foot", "digest", digest),
		Made: p.Updated,
	}
	if p.language != p.Document.Language {
		s.Lead += "\n" + p.with("text", "translation", "language", p.of("languages", p.Document.Language))
	}
	s.Parts = []typeset.Part{p.about(state, digest), p.parties(), p.term(), p.annexI(), p.clauses(), p.safeguards()}
	s.Parts = append(append(s.Parts, p.annexes()...), p.others(), p.signed())
	return s
}

func (p paper) about(state, digest string) typeset.Part {
	const group = "document"
	d := p.Document
	rows := []typeset.Row{
		{Name: p.of(group, "agreement"), Value: p.ID},
		{Name: p.of(group, "version"), Value: strconv.Itoa(d.Version)},
		{Name: p.of(group, "type"), Value: p.of("kinds", string(d.Type))},
		{Name: p.of(group, "state"), Value: state},
		{Name: p.of(group, "language"), Value: p.of("languages", d.Language)},
	}
	if p.amends {
		rows = append(rows, typeset.Row{Name: p.of(group, "amendment"), Value: p.of(group, "amendment_is")})
	}
	for _, r := range []typeset.Row{{Name: "parent", Value: d.Parent}, {Name: "supersedes", Value: d.Supersedes}} {
		if r.Value != "" {
			rows = append(rows, typeset.Row{Name: p.of(group, r.Name), Value: r.Value})
		}
	}
	if t := d.Template; t != nil {
		of := p.with(group, "template_is", "name", t.Name, "version", strconv.Itoa(t.Version))
		rows = append(rows, typeset.Row{Name: p.of(group, "template"), Value: of + "\n" + t.Digest.String()})
	}
	part := typeset.Part{Title: p.of(group, "title"), Rows: append(rows, typeset.Row{Name: p.of(group, "digest"), Value: digest})}
	if d.Scope.TransferMechanism != "" { // R39: no submission to GDPR is implied. It is about the document, and no part of what was signed.
		part.Note = p.of(group, "note")
	}
	return part
}

func (p paper) parties() typeset.Part {
	const group = "parties"
	m, of := p.mission(p.Document.Mission), p.partner
	partner := of.Name + " (" + of.Country + ")\n" + p.of("organisations", string(of.Kind))
	if of.Immunities {
		partner += ", " + p.of(group, "immunities")
	}
	return typeset.Part{Title: p.of(group, "title"), Rows: []typeset.Row{
		{Name: p.of(group, "iom"), Value: p.with(group, "iom_is", "name", m.Name, "country", m.Country) + "\n" + p.Document.Mission},
		{Name: p.of(group, "partner"), Value: partner + "\n" + p.Document.Partner},
	}}
}

func (p paper) term() typeset.Part {
	return typeset.Part{Title: p.of("term", "title"), Rows: []typeset.Row{
		{Name: p.of("term", "from"), Value: instant(p.Document.EffectiveFrom)},
		{Name: p.of("term", "until"), Value: instant(p.Document.ValidUntil)},
	}}
}

func (p paper) annexI() typeset.Part {
	const group = "scope"
	s := p.Document.Scope
	var missions, purposes, categories, retention []string
	for _, id := range s.Missions {
		missions = append(missions, p.mission(id).Name)
	}
	for _, id := range s.Purposes {
		text := id
		if i := slices.IndexFunc(p.purposes, func(o terms.Purpose) bool { return o.ID == id }); i >= 0 {
			text = p.purposes[i].Code + ": " + p.purposes[i].Text
		}
		purposes = append(purposes, text)
	}
	for _, code := range s.Categories {
		text := code
		if i := slices.IndexFunc(p.categories, func(o terms.Category) bool { return o.Code == code }); i >= 0 {
			of := slices.DeleteFunc(slices.Clone(p.categories[i].Fields), func(f string) bool { return !slices.Contains(s.Fields, f) })
			// Neither its code nor its fields ever change; how sensitive it is may, after the parties have signed.
			text += ": " + p.list(of)
		}
		categories = append(categories, text)
		retention = append(retention, code+": "+p.with(group, "days", "days", strconv.Itoa(s.RetentionDays[code])))
	}
	onward := p.of(group, "onward_none")
	if s.OnwardRule == "listed" {
		onward = p.with(group, "onward_listed", "recipients", p.list(s.OnwardRecipients))
	}
	volume := p.with(group, "volume_is", "transfer", strconv.Itoa(s.MaxSubjectsPerTransfer), "year", strconv.Itoa(s.MaxSubjectsPerYear))
	part := typeset.Part{Title: p.of(group, "title")}
	for _, r := range [][2]string{
		{"missions", p.list(missions)},
		{"programmes", p.list(s.Programmes)},
		{"purposes", p.lines(purposes)},
		{"subjects", p.list(p.each("subjects", s.SubjectTypes))},
		{"categories", p.lines(categories)},
		{"fields", p.list(s.Fields)},
		{"recipient_countries", p.list(s.RecipientCountries)},
		{"storage_countries", p.list(s.StorageCountries)},
		{"transfer_mechanism", s.TransferMechanism},
		{"onward", onward},
		{"volume", volume},
		{"retention", p.lines(retention)},
	} {
		part.Rows = append(part.Rows, typeset.Row{Name: p.of(group, r[0]), Value: r[1]})
	}
	return part
}

func (p paper) clauses() typeset.Part {
	const group = "clauses"
	part := typeset.Part{Title: p.of(group, "title")}
	for _, c := range p.WordsIn(p.template, p.language) {
		t := typeset.Text{Head: strings.TrimSpace(c.Code + "  " + c.Title), Body: c.Text}
		if paper := p.Document.Paper; c.Text == "" && paper != nil {
			t.Body = p.with(group, "paper", "sha256", paper.SHA256)
			if c.Code == consentClause { // R10: whose duty it is shows, also where the text stands elsewhere
				t.Body += "\n" + p.of(group, "consent_by_"+cmp.Or(collectedBy(p.Document), ByOrganisation))
			}
		}
		if c.Deviates && p.Document.Template != nil {
			t.Note = p.of(group, "deviates") + " " + p.approval(c.Code)
		}
		part.Texts = append(part.Texts, t)
	}
	return part
}

// approval says whether and when Legal approved a clause that deviates.
func (p paper) approval(code string) string {
	for _, d := range p.Deviations {
		if d.Code == code && d.Digest == p.Digest {
			return p.with("clauses", "approved", "at", instant(d.At))
		}
	}
	return p.of("clauses", "open")
}

func (p paper) safeguards() typeset.Part {
	const group = "safeguards"
	part := typeset.Part{Title: p.of(group, "title")}
	s := p.Document.Safeguards
	if s == nil && p.Document.Paper != nil {
		part.Note = p.of(group, "on_paper")
		return part
	}
	if s == nil {
		s = &templates.Safeguards{}
	}
	for _, r := range []struct {
		name string
		all  []string
	}{{"institutional", s.Institutional}, {"technical", s.Technical}, {"physical", s.Physical}} {
		part.Rows = append(part.Rows, typeset.Row{Name: p.of(group, r.name), Value: p.lines(p.translated(r.all))})
	}
	return part
}

// translated are safeguards in the language of the paper, those of the template; others stand in the document's.
func (p paper) translated(all []string) []string {
	from, to := p.template.Content.Safeguards[p.Document.Language], p.template.Content.Safeguards[p.language]
	out := slices.Clone(all)
	for _, kind := range [][2][]string{{from.Institutional, to.Institutional}, {from.Technical, to.Technical}, {from.Physical, to.Physical}} {
		for i, text := range kind[0] {
			if at := slices.Index(all, text); at >= 0 && len(kind[0]) == len(kind[1]) {
				out[at] = kind[1][i]
			}
		}
	}
	return out
}

// annexes are the template's: named users, and destruction certificates (C08, C16). What is on paper alone has none of them.
func (p paper) annexes() []typeset.Part {
	var all []typeset.Part
	for _, a := range p.template.Content.Annexes {
		all = append(all, typeset.Part{Title: p.with("annexes", "of_template", "code", a.Code, "title", a.Title[p.language]), Note: a.Text[p.language]})
	}
	return all
}

func (p paper) others() typeset.Part {
	part := typeset.Part{Title: p.of("annexes", "title")}
	for _, a := range p.Document.Annexes {
		part.Texts = append(part.Texts, typeset.Text{Head: a.Title, Body: p.with("annexes", "digest", "digest", a.Digest)})
	}
	if len(part.Texts) == 0 {
		part.Note = p.of("annexes", "none")
	}
	return part
}

// signed tells of each party who signed, how, and when by whose clock: the method is part of the evidence.
func (p paper) signed() typeset.Part {
	const group = "signatures"
	part := typeset.Part{Title: p.of(group, "title"), Note: p.with(group, "note", "digest", p.Digest.String())}
	if len(p.Signatures) == 0 {
		part.Note += "\n" + p.of(group, "none")
	}
	for _, party := range []string{signing.PartyIOM, p.Document.Partner} {
		head := p.with(group, "for", "party", p.partner.Name)
		if party == signing.PartyIOM {
			head = p.of(group, "for_iom")
		}
		t := typeset.Text{Head: head, Body: p.of(group, "waiting")}
		if i := slices.IndexFunc(p.Signatures, func(s Signature) bool { return s.Party == party }); i >= 0 {
			t.Body = p.signature(p.Signatures[i])
		}
		part.Texts = append(part.Texts, t)
	}
	return part
}

func (p paper) signature(s Signature) string {
	const group = "signatures"
	who := s.Name
	if who == "" {
		if who = s.Signatory; p.persons[s.Signatory].Name != "" {
			who = p.persons[s.Signatory].Name + " (" + s.Signatory + ")"
		}
	}
	lines := []string{who + ", " + s.Title, p.of(group, s.Method)}
	if s.Key != "" {
		lines = append(lines, p.with(group, "key", "key", s.Key))
	}
	lines = append(lines, p.with(group, "signed", "at", instant(s.SignedAt)), p.with(group, "received", "at", instant(s.Received)))
	if a := s.Attestation; a != nil {
		lines = append(lines, p.with(group, "attested", "sha256", a.SHA256, "at", instant(a.At), "authority", a.Authority))
	}
	return strings.Join(lines, "\n")
}

// lines is a list with a line for each.
func (p paper) lines(all []string) string {
	if len(all) == 0 {
		return p.of("text", "none")
	}
	return "• " + strings.Join(all, "\n• ")
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
