package gate

import "slices"

// Codes of condition 7.
const (
	RecipientNoUser     Code = "RECIPIENT_NO_USER"
	RecipientKeyInvalid Code = "RECIPIENT_KEY_INVALID"
)

// downloader is condition 7: the partner has a named active downloader with a
// live credential.
func downloader() condition {
	return condition{
		number: "7", phases: always, codes: never(RecipientNoUser, RecipientKeyInvalid),
		check: func(f *Facts) []Finding {
			p := f.recipient()
			if p == nil {
				return nil // PARTNER_UNKNOWN, or REQ_INCOMPLETE
			}
			named := func(d Downloader) bool { return d.Person != "" }
			able := func(d Downloader) bool { return named(d) && d.Credential }
			switch {
			case !slices.ContainsFunc(f.Downloaders, named):
				return one(RecipientNoUser, partyRef(p))
			case !slices.ContainsFunc(f.Downloaders, able):
				return one(RecipientKeyInvalid, partyRef(p))
			}
			return nil
		},
	}
}
