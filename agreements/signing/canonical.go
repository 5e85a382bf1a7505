package signing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"

	"github.com/gowebpki/jcs"
)

const (
	maxSafeInteger  = 1<<53 - 1 // RFC 7493 section 2.2
	maxNumberDigits = 32        // a float64 needs at most 25 characters
)

// Canonical returns the RFC 8785 form of v, which is marshalled with
// encoding/json first. It refuses, with ErrCanonical, what would not survive
// the journey unchanged: a number outside ±(2^53-1) or one that a float64
// cannot hold (RFC 7493 section 2.2), text that is not UTF-8, a lone surrogate,
// and two members of one name. It never rounds and never replaces.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: marshal: %w", ErrCanonical, err)
	}
	return canonicalJSON(raw)
}

func canonicalJSON(raw []byte) ([]byte, error) {
	if err := checkNumbers(raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCanonical, err)
	}
	// encoding/json writes the escape where it replaced bytes that are not
	// UTF-8; a genuine U+FFFD it writes as itself.
	if hasReplacementEscape(raw) {
		return nil, fmt.Errorf("%w: text is not UTF-8", ErrCanonical)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCanonical, err)
	}
	return out, nil
}

func checkNumbers(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		if num, ok := tok.(json.Number); ok {
			if err := checkNumber(num.String()); err != nil {
				return err
			}
		}
	}
}

// checkNumber refuses a literal that an I-JSON reader would round.
func checkNumber(literal string) error {
	if len(literal) > maxNumberDigits {
		return errors.New("number has too many digits")
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || f > maxSafeInteger || f < -maxSafeInteger {
		return errors.New("number outside the I-JSON safe range")
	}
	// A value that underflows would make the exact comparison below costly
	// (its exponent is bounded only by the length), and is rounded anyway.
	if f == 0 && bytes.ContainsAny([]byte(mantissa(literal)), "123456789") {
		return errors.New("number too small for I-JSON")
	}
	if f == 0 {
		return nil
	}
	exact, ok := new(big.Rat).SetString(literal)
	shortest, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok || !ok2 || exact.Cmp(shortest) != 0 {
		return errors.New("number would be rounded")
	}
	return nil
}

func mantissa(literal string) string {
	for i := range len(literal) {
		if literal[i] == 'e' || literal[i] == 'E' {
			return literal[:i]
		}
	}
	return literal
}

func hasReplacementEscape(raw []byte) bool {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if raw[i+1] == 'u' && i+6 <= len(raw) && bytes.EqualFold(raw[i+2:i+6], []byte("fffd")) {
			return true
		}
		i++ // the escaped character, which may itself be a backslash
	}
	return false
}
