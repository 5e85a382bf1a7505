package transfer

import (
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/gate"
)

// Pullers is what is kept of those who pull for a partner, whether it counts now
// or not: the grants, and the tokens of whose they are, but for those that were
// revoked or of which the log says that they are over, which never count again.
type Pullers struct {
	Grants []people.Grant
	Tokens []identity.Token
}

// persons are whose grants they are.
func (p Pullers) persons() []string {
	all := make([]string, len(p.Grants))
	for i, g := range p.Grants {
		all[i] = g.Person
	}
	return all
}

// At are those who may pull at an instant, each with whether they have a live
// credential then.
func (p Pullers) At(now time.Time) []gate.Downloader {
	// A token that its holder made ends with the one that was handed over; both
	// are the holder's, and so in the list.
	live := func(k identity.Token) bool {
		i := slices.IndexFunc(p.Tokens, func(root identity.Token) bool { return root.ID == k.Root })
		if i < 0 {
			return k.LiveUnder(nil, now)
		}
		return k.LiveUnder(&p.Tokens[i], now)
	}
	var all []gate.Downloader
	for _, g := range p.Grants {
		if !g.LiveAt(now) {
			continue
		}
		d := gate.Downloader{Person: g.Person, Grant: evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version}}
		if i := slices.IndexFunc(p.Tokens, func(k identity.Token) bool {
			return k.Person == g.Person && live(k) && !g.From.After(k.RolesAsOf) && authz.Caller{Scope: k.Scope}.Reaches(authz.TransferPull)
		}); i >= 0 {
			d.Credential, d.Token = true, evidence.Ref{Kind: identity.KindToken, ID: p.Tokens[i].ID, Version: p.Tokens[i].Version}
		}
		all = append(all, d)
	}
	return all
}

// active are those of At whose roles give something: neither suspended nor
// locked (gate condition 7). It names what was read beside their grants and
// tokens: what their roles rest on, and what does not count of the others.
func (p Pullers) active(held map[string]people.Standing, r rulebook.Rules, now time.Time) (all []gate.Downloader, read []evidence.Ref) {
	var grants, tokens []evidence.Ref
	able := map[string]bool{}
	for _, d := range p.At(now) {
		c := held[d.Person].Clearance(r, now)
		if read = append(read, c.Refs()...); c.Stopped() || len(c.Locks()) > 0 {
			continue
		}
		all = append(all, d)
		able[d.Person] = able[d.Person] || d.Credential
	}
	for _, g := range p.Grants {
		ref := evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version}
		if !slices.ContainsFunc(all, func(d gate.Downloader) bool { return d.Grant == ref }) {
			grants = append(grants, ref)
		}
	}
	for _, k := range p.Tokens {
		if !able[k.Person] {
			tokens = append(tokens, evidence.Ref{Kind: identity.KindToken, ID: k.ID, Version: k.Version})
		}
	}
	return all, slices.Concat(read, grants, tokens)
}
