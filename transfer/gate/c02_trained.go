package gate

// Codes of condition 2.
const (
	TrainingExpired        Code = "TRAINING_EXPIRED"
	ConfidentialityMissing Code = "CONFIDENTIALITY_MISSING"
)

// trained is condition 2: who acts has passed the course (R44) and signed the
// undertaking (R23), and neither is over. At PULL it is the downloader who is
// judged. Who is not known is condition 1's.
func trained() condition {
	return condition{
		number: "2", phases: always, codes: never(TrainingExpired, ConfidentialityMissing),
		check: func(f *Facts) []Finding {
			if f.Actor.Person == "" {
				return nil
			}
			var found []Finding
			if !f.Actor.Trained {
				found = one(TrainingExpired, f.Actor.Lapsed)
			}
			if !f.Actor.Bound {
				found = append(found, one(ConfidentialityMissing, f.Actor.Unbinding)...)
			}
			return found
		},
	}
}
