package gate

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// PayloadHash is the code of condition 29 that is judged so far.
const PayloadHash Code = "PAYLOAD_HASH"

// payload is condition 29: what was sealed is what was declared, file by file.
func payload() condition {
	return condition{
		number: "29", phases: atCommit, codes: never(PayloadHash),
		check: func(f *Facts) []Finding {
			if wrong := f.wrongFiles(); len(wrong) > 0 {
				return one(PayloadHash, f.Transfer, wrong...)
			}
			return nil
		},
	}
}

// wrongFiles names the files whose digest is not the declared one. Of a payload
// that is not sealed only what was sealed is judged; the rest is CRYPTO_FAILED.
func (f *Facts) wrongFiles() []string {
	var wrong []string
	numbers := make([]int, 0, len(f.Files))
	for _, file := range f.Files {
		numbers = append(numbers, file.N)
		if file.Sealed == "" && !f.Landing.Sealed {
			continue
		}
		declared := file.Declared == "" || strings.EqualFold(file.Declared, file.Sealed)
		if !isSHA256(file.Sealed) || !declared {
			wrong = append(wrong, fmt.Sprintf("file %d", file.N))
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 { // numbered from 1, each once
			return append(wrong, "numbering of the files")
		}
	}
	if f.Landing.Sealed && f.Manifest.Files > 0 && len(numbers) != f.Manifest.Files {
		wrong = append(wrong, "number of files")
	}
	return wrong
}

func isSHA256(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 32
}
