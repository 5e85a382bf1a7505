package gate

// Codes of condition 30. LOG_UNAVAILABLE is answered by whoever writes the log;
// GATE_UNAVAILABLE also at other phases, where facts could not be read.
const (
	CryptoFailed        Code = "CRYPTO_FAILED"
	LogUnavailable      Code = "LOG_UNAVAILABLE"
	ChangedDuringUpload Code = "CHANGED_DURING_UPLOAD"
	GateUnavailable     Code = "GATE_UNAVAILABLE"
)

// landed is condition 30: every file is sealed, under a key of the agreement
// that ruled at REQUEST and still rules, by the same document.
func landed() condition {
	return condition{
		number: "30", phases: atCommit,
		codes: never(CryptoFailed, LogUnavailable, ChangedDuringUpload, GateUnavailable),
		check: func(f *Facts) []Finding {
			var found []Finding
			if !f.Landing.Sealed {
				found = one(CryptoFailed, f.Transfer)
			}
			start := &f.Landing
			if a := f.ruling(); a != nil && (a.ID != start.AgreementAtStart || a.Document.Version != start.DocumentAtStart) {
				found = append(found, one(ChangedDuringUpload, agreementRef(a))...)
			}
			return found
		},
	}
}
