package api

import (
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// What stands in examples.
const (
	anyID       = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	anySHA256   = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
	exampleRoot = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	anyKey      = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
)

// word is an example of a text: of its format, of its pattern, or what a member of that name usually holds.
func word(name string, s *huma.Schema) string {
	switch s.Format {
	case "date-time":
		return moment(name)
	case "date":
		return moment(name)[:len("2026-03-02")]
	case "uri", "uri-reference":
		return "https://gateway.example.org"
	}
	text := usual(name)
	if s.Pattern != "" {
		text = fitting(s.Pattern, text)
	}
	if s.MinLength != nil && len(text) < *s.MinLength {
		text += strings.Repeat(" and so on", *s.MinLength/len(" and so on")+1)
	}
	if s.MaxLength != nil && len(text) > *s.MaxLength {
		text = text[:*s.MaxLength]
	}
	return text
}

// fitting is the first text that the pattern takes; the word where none does, which the test of the examples finds.
func fitting(pattern, word string) string {
	form, err := regexp.Compile(pattern)
	if err != nil {
		return word
	}
	for _, text := range []string{word, "NE", "C01", "contact", anySHA256, "sha256:" + anySHA256, anyID, anyKey} {
		if form.MatchString(text) {
			return text
		}
	}
	return word
}

// moment is a time in the life of what the member dates.
func moment(name string) string {
	for _, end := range []string{"until", "expires", "review", "due", "lapses"} {
		if strings.Contains(name, end) {
			return "2027-03-01T00:00:00Z"
		}
	}
	return "2026-03-02T09:30:00Z"
}

// usual is what a member of that name holds. Whatever has no other form is an opaque id: most members that are texts
// name a record or a person.
func usual(name string) string {
	const because = "what it rests on, in a few words, without names"
	switch name {
	case "reason", "note", "text", "evidence", "detail", "attestation", "done", "lessons", "deviation", "message", "problem", "ground",
		"exceptions", "consequence", "impact", "vulnerability":
		return because
	case "digest", "text_digest", "facts_digest", "subjects_digest", "template_digest":
		return "sha256:" + anySHA256
	case "country", "countrie", "restricted", "mechanism_needed":
		return "NE"
	case "category", "categorie":
		return "contact"
	case "field":
		return "given_name"
	case "subject_type":
		return "beneficiary"
	case "role", "owner_role", "approval", "pending_approval", "derogation", "ask":
		return "LEG"
	case "code", "codes_then", "codes_now", "stop", "lock":
		return "CONSENT_MISSING"
	case "band", "legal_singly_band":
		return "LOW"
	case "sensitivity", "sensitivitie":
		return "high"
	case "media_type":
		return "text/csv"
	case "nature":
		return "personal"
	case "recipient_class":
		return "service_provider"
	case "state":
		return "active"
	case "language":
		return "en"
	case "case_reference":
		return "NE-2026-00417"
	case "name", "title", "originator":
		return "Example"
	case "email", "contact", "dpo", "legal", "course":
		return "dp@example.org"
	case "key", "kid":
		return anyKey
	case "jws", "proof":
		return "eyJhbGciOiJFZERTQSJ9.eyJ2ZXJzaW9uIjoxfQ.c2lnbmF0dXJl"
	case "secret":
		return "sct_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	case "action", "assurance", "authority", "backups", "decision", "event", "expressed_by", "form", "group", "institutional", "kind", "legal_basis",
		"medium", "method", "onward_rule", "outcome", "phase", "physical", "result", "scope", "severity", "source",
		"technical", "trigger", "type", "verdict", "witness":
		return "as_agreed"
	}
	switch {
	case strings.HasSuffix(name, "_reason"), strings.HasSuffix(name, "_ground"):
		return because
	case strings.HasSuffix(name, "sha256"), strings.HasSuffix(name, "_digest"), name == "dataset", name == "leaf":
		return anySHA256
	case strings.HasSuffix(name, "_countrie"):
		return "NE"
	case strings.HasSuffix(name, "version"):
		return "1"
	}
	return anyID
}
