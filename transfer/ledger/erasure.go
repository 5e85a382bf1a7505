package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
)

// KindErasure is the kind of an entry that evidences the erasure of others.
const KindErasure = "log.erasure"

// ErrErasure says that the body of an erasure entry cannot be read.
var ErrErasure = errors.New("erasure evidence is not valid")

// ErasedRef names one erased entry by its id and its place.
type ErasedRef struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// ErasedRefs reads which entries the body of a KindErasure entry declares
// erased: the member "erased" of a JSON object, not empty. An erased erasure
// entry declares nothing. Errors wrap ErrErasure and name no content.
func ErasedRefs(body []byte) ([]ErasedRef, error) {
	var doc struct {
		Erased []ErasedRef `json:"erased"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("%w: not a JSON object of the right shape", ErrErasure)
	}
	if len(doc.Erased) == 0 {
		return nil, fmt.Errorf(`%w: the member "erased" names nothing`, ErrErasure)
	}
	for _, ref := range doc.Erased {
		if ref.ID == "" || ref.Seq < 0 {
			return nil, fmt.Errorf(`%w: a member of "erased" lacks id or seq`, ErrErasure)
		}
	}
	return doc.Erased, nil
}
