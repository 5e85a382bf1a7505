package parties

import (
	"maps"
	"slices"

	"safeconduct/authz/rulebook"
)

// Classes are the recipient classes under which a transfer may name the partner:
// those that the rules give to its kind and, where it was registered as of one
// class, that one alone. Other participants, the public and the media are of none
// (R21).
func (p Party) Classes(r rulebook.Rules) []string {
	var of []string
	for _, class := range slices.Sorted(maps.Keys(r.Classes)) {
		if slices.Contains(r.Classes[class], string(p.Kind)) && (p.Class == "" || p.Class == class) {
			of = append(of, class)
		}
	}
	return of
}

// MayEnrol reports whether people of the partner may hold roles: of a partner
// under whose classes nothing is ever sent, nobody signs or downloads (R21,
// RECIPIENT_CLASS_DENIED).
func (p Party) MayEnrol(r rulebook.Rules) bool { return len(p.Classes(r)) > 0 }

// IsAuthority reports whether the partner is, or reports to, an authority: it
// may be registered, and what it asks for is a case of Legal (R34).
func (p Party) IsAuthority() bool { return p.AuthorityLink || p.Kind == Government }

// isClass reports whether a partner may be registered as of the class: of any, or
// of none in particular.
func isClass(class string) bool { return class == "" || rulebook.IsClass(class) }
