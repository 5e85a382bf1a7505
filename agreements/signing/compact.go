package signing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
)

// maxCompact bounds a compact JWS, so that a stranger's text costs little.
const maxCompact = 8 << 10

type header struct {
	Algorithm string
	KeyID     string
	Type      string
}

// signCompact signs the canonical form of payload.
func signCompact(key PrivateKey, typ string, payload any) (string, error) {
	private, err := key.expand()
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	body, err := Canonical(payload)
	if err != nil {
		return "", err
	}
	opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", key.Public().Thumbprint())
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, opts)
	if err != nil {
		return "", fmt.Errorf("open signer: %w", err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("serialise signature: %w", err)
	}
	if len(text) > maxCompact {
		return "", fmt.Errorf("%w: longer than %d bytes once signed", ErrStatement, maxCompact)
	}
	return text, nil
}

// openCompact verifies text under key and decodes its payload into out, which
// must marshal back to the very bytes that were signed.
func openCompact(text, typ string, key PublicKey, out any) error {
	if key.IsZero() {
		return fmt.Errorf("%w: no key to verify with", ErrSignature)
	}
	protected, err := splitCompact(text)
	if err != nil {
		return err
	}
	if err := checkHeader(protected, typ, key.Thumbprint()); err != nil {
		return err
	}
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return fmt.Errorf("%w: malformed", ErrSignature)
	}
	payload, err := parsed.Verify(key.Bytes())
	if err != nil {
		return fmt.Errorf("%w: not made by this key over this content", ErrSignature)
	}
	return decodeExact(payload, out)
}

// splitCompact answers the protected header of a text that is exactly three
// non-empty parts of strict base64url. An empty payload would be a detached
// signature (RFC 7515 appendix F), an empty signature an unsecured one.
func splitCompact(text string) ([]byte, error) {
	if len(text) > maxCompact {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrSignature, maxCompact)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: not a compact serialisation", ErrSignature)
	}
	protected, err := decodeSegment(parts[0])
	if err != nil {
		return nil, fmt.Errorf("%w: malformed header", ErrSignature)
	}
	for _, part := range parts[1:] {
		if part == "" {
			continue // judged after the header, which may say "none"
		}
		if _, err := decodeSegment(part); err != nil {
			return nil, fmt.Errorf("%w: malformed part", ErrSignature)
		}
	}
	if parts[1] == "" {
		return nil, fmt.Errorf("%w: detached payload", ErrSignature)
	}
	return protected, nil
}

// decodeSegment is base64url without padding, line breaks (which the standard
// library skips) or stray bits, so that one signature has one text.
func decodeSegment(segment string) ([]byte, error) {
	if segment == "" || strings.ContainsAny(segment, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	out, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return nil, fmt.Errorf("decode base64url: %w", err)
	}
	return out, nil
}

// checkHeader demands exactly alg, kid and typ. The algorithm is judged first,
// and by this package, not by what the text would like (RFC 8725 section 3.1).
func checkHeader(protected []byte, typ, thumbprint string) error {
	head, extra, err := readHeader(protected)
	switch {
	case err != nil:
		return fmt.Errorf("%w: malformed header", ErrSignature)
	case head.Algorithm != string(jose.EdDSA):
		return ErrAlgorithm
	case extra:
		// crit, b64, jwk, jku, x5c, x5u, zip ...: nothing here needs them.
		return fmt.Errorf("%w: header parameter that is not alg, kid or typ", ErrSignature)
	case head.Type != typ:
		return fmt.Errorf("%w: typ is not %s", ErrSignature, typ)
	case head.KeyID != thumbprint:
		return fmt.Errorf("%w: made with another key", ErrSignature)
	}
	return nil
}

func readHeader(protected []byte) (header, bool, error) {
	// The canonical form refuses duplicate names (RFC 7515 section 4).
	if _, err := canonicalJSON(protected); err != nil {
		return header{}, false, err
	}
	var members map[string]any
	if err := json.Unmarshal(protected, &members); err != nil {
		return header{}, false, fmt.Errorf("read header: %w", err)
	}
	var head header
	extra := false
	for name, value := range members {
		text, _ := value.(string)
		switch name {
		case "alg":
			head.Algorithm = text
		case "kid":
			head.KeyID = text
		case "typ":
			head.Type = text
		default:
			extra = true
		}
	}
	return head, extra, nil
}

func decodeExact(payload []byte, out any) error {
	if err := json.Unmarshal(payload, out); err != nil {
		return fmt.Errorf("%w: payload is not the statement", ErrSignature)
	}
	again, err := Canonical(out)
	if err != nil {
		return errors.Join(ErrSignature, err)
	}
	if !bytes.Equal(again, payload) {
		return fmt.Errorf("%w: payload is not the canonical statement", ErrSignature)
	}
	return nil
}
