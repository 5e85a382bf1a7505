package edge

import "golang.org/x/text/language"

// The languages of the organisation, in the order of every phrase.
const (
	english = "en" // the default
	french  = "fr"
	spanish = "es"
)

// maxAcceptLanguage bounds what is parsed of the header, in bytes.
const maxAcceptLanguage = 256

func matcher() language.Matcher {
	return language.NewMatcher([]language.Tag{language.English, language.French, language.Spanish})
}

// negotiate answers with the best language for an Accept-Language header (RFC 9110, 12.5.4).
func negotiate(m language.Matcher, header string) string {
	if header == "" || len(header) > maxAcceptLanguage {
		return english
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return english
	}
	_, i, confidence := m.Match(tags...)
	if confidence == language.No {
		return english
	}
	return [...]string{english, french, spanish}[i]
}

// phrase is one text in each language.
type phrase struct{ en, fr, es string }

func (p phrase) in(lang string) string {
	switch lang {
	case french:
		return p.fr
	case spanish:
		return p.es
	default:
		return p.en
	}
}
