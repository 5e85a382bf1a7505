// Package evidencetest has what tests of stores need.
package evidencetest

import (
	"bytes"

	"safeconduct/authz/evidence"
)

// Authority is one whose key everybody knows.
func Authority() *evidence.Authority {
	a, err := evidence.NewAuthority(map[uint32][]byte{1: bytes.Repeat([]byte{7}, evidence.AuthorityKeySize)})
	if err != nil {
		panic(err)
	}
	return a
}
