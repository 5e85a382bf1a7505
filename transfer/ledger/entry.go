package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	// Version is the entry and leaf format that this package writes.
	Version = 1
	// SaltSize is the length of an entry's salt in bytes.
	SaltSize = 32
	// CommitmentSize is the length of an entry's commitment in bytes.
	CommitmentSize = sha256.Size
	// Unsequenced is the Seq of an entry that has no place in the tree yet.
	Unsequenced = int64(-1)

	maxName          = 64
	commitmentDomain = "safeconduct log entry v1\n"
)

// ErrEntry says that an entry is malformed or contradicts its commitment.
var ErrEntry = errors.New("log entry is not valid")

// Entry is one row of log_entries. Salt and Body are empty when erased; both
// stay out of JSON, of formatted output and of logs.
type Entry struct {
	ID         string `json:"id"`
	Seq        int64  `json:"seq"` // Unsequenced, or the leaf index from 0
	Version    int    `json:"version"`
	Kind       string `json:"kind"`
	Commitment []byte `json:"commitment"`
	Salt       []byte `json:"-"`
	Body       []byte `json:"-"`
}

// NewEntry makes an unsequenced entry over body, which must be canonical JSON
// (RFC 8785) and not empty, with a fresh salt from rand. The id is 1 to 64
// printable ASCII characters that sort by time; the kind is 1 to 64 of a-z,
// 0-9, '.', '_' and '-'. The entry keeps body without copying it. Errors wrap
// ErrEntry, or are those of rand.
func NewEntry(id, kind string, body []byte, rand io.Reader) (Entry, error) {
	e := Entry{ID: id, Seq: Unsequenced, Version: Version, Kind: kind, Body: body}
	if err := checkNames(e); err != nil {
		return Entry{}, err
	}
	if len(body) == 0 {
		return Entry{}, fmt.Errorf("%w: the body is empty", ErrEntry)
	}
	e.Salt = make([]byte, SaltSize)
	if _, err := io.ReadFull(rand, e.Salt); err != nil {
		return Entry{}, fmt.Errorf("drawing the salt of a log entry: %w", err)
	}
	e.Commitment = commit(e)
	return e, nil
}

// Leaf returns the bytes that the tree hashes for e. Two entries have the same
// leaf only if version, kind and commitment are the same.
func Leaf(e Entry) []byte {
	leaf := make([]byte, 0, 12+len(e.Kind)+len(e.Commitment))
	leaf = binary.BigEndian.AppendUint64(leaf, uint64(e.Version)) // G115: a negative version must hash too, and differ
	leaf = appendString(leaf, e.Kind)
	return append(leaf, e.Commitment...)
}

// CheckEntry recomputes the commitment of e and compares. For an erased entry
// only the form can be checked. Errors wrap ErrEntry and name no content.
func CheckEntry(e Entry) error {
	if e.Version != Version {
		return fmt.Errorf("%w: version %d is unknown", ErrEntry, e.Version)
	}
	if err := checkNames(e); err != nil {
		return err
	}
	if len(e.Commitment) != CommitmentSize {
		return fmt.Errorf("%w: the commitment has %d bytes, not %d", ErrEntry, len(e.Commitment), CommitmentSize)
	}
	switch {
	case e.Erased():
		return nil
	case len(e.Body) == 0:
		return fmt.Errorf("%w: the body is gone but the salt is not", ErrEntry)
	case len(e.Salt) != SaltSize: // HMAC pads keys: a shorter salt could pass
		return fmt.Errorf("%w: the salt has %d bytes, not %d", ErrEntry, len(e.Salt), SaltSize)
	case !hmac.Equal(commit(e), e.Commitment):
		return fmt.Errorf("%w: id, kind, salt, body and commitment do not belong together", ErrEntry)
	}
	return nil
}

// Erased reports whether salt and body are gone.
func (e Entry) Erased() bool { return len(e.Salt) == 0 && len(e.Body) == 0 }

// String names the entry without its salt, body or commitment.
func (e Entry) String() string {
	return fmt.Sprintf("entry id=%s seq=%d kind=%s [redacted]", e.ID, e.Seq, e.Kind)
}

// GoString is String, so that %#v shows no content either.
func (e Entry) GoString() string { return e.String() }

// LogValue is the entry for a log line: id, seq and kind.
func (e Entry) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", e.ID), slog.Int64("seq", e.Seq), slog.String("kind", e.Kind))
}

func commit(e Entry) []byte {
	head := make([]byte, 0, len(commitmentDomain)+16+len(e.ID)+len(e.Kind))
	head = append(head, commitmentDomain...)
	head = binary.BigEndian.AppendUint64(head, uint64(e.Version)) // G115: see Leaf
	head = appendString(head, e.ID)
	head = appendString(head, e.Kind)
	mac := hmac.New(sha256.New, e.Salt)
	mac.Write(head)
	mac.Write(e.Body)
	return mac.Sum(nil)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s))) // G115: names are far shorter than 4 GiB
	return append(dst, s...)
}

func checkNames(e Entry) error {
	printable := func(r rune) bool { return r > ' ' && r < 0x7f }
	if !validName(e.ID, printable) {
		return fmt.Errorf("%w: the id is not 1 to %d printable characters", ErrEntry, maxName)
	}
	inKind := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
	}
	if !validName(e.Kind, inKind) {
		return fmt.Errorf("%w: the kind is not 1 to %d of a-z, 0-9, '.', '_', '-'", ErrEntry, maxName)
	}
	return nil
}

func validName(s string, allowed func(rune) bool) bool {
	return s != "" && len(s) <= maxName && strings.IndexFunc(s, func(r rune) bool { return !allowed(r) }) < 0
}
