package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// maxNote bounds a signed checkpoint in bytes.
const maxNote = 4096

// ErrCheckpoint says that a checkpoint is malformed.
var ErrCheckpoint = errors.New("checkpoint is not valid")

// Checkpoint states the root of the log at a size, and the checkpoint before.
type Checkpoint struct {
	Origin   string
	Size     int64
	Root     tlog.Hash
	Prev     int64             // size of the previous checkpoint; 0 for the first
	PrevHash [sha256.Size]byte // NoteHash of the previous one; zero for the first
}

// StoredCheckpoint is one row of log_checkpoints. Note is the signed note.
type StoredCheckpoint struct {
	Size int64
	Prev int64
	Note []byte
}

// Next returns the checkpoint of the given size and root that follows the
// signed note last, which must have been verified; nil for the first one.
// Errors wrap ErrCheckpoint.
func Next(origin string, size int64, root tlog.Hash, last []byte) (Checkpoint, error) {
	c := Checkpoint{Origin: origin, Size: size, Root: root}
	if last != nil {
		signed, err := splitNote(last)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("reading the checkpoint before size %d: %w", size, err)
		}
		prev, err := ParseCheckpoint([]byte(signed.text))
		if err != nil {
			return Checkpoint{}, fmt.Errorf("reading the checkpoint before size %d: %w", size, err)
		}
		c.Prev, c.PrevHash = prev.Size, NoteHash(last)
	}
	return c, c.check()
}

// Marshal returns the text of the note that is signed. Errors wrap ErrCheckpoint.
func (c Checkpoint) Marshal() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s\n%d\n%s\nprev %d %s\n", c.Origin, c.Size, c.Root,
		c.Prev, base64.StdEncoding.EncodeToString(c.PrevHash[:])), nil
}

// ParseCheckpoint is the inverse of Marshal: it takes exactly what Marshal
// gives. Errors wrap ErrCheckpoint.
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 5 || lines[4] != "" {
		return Checkpoint{}, fmt.Errorf("%w: it does not have four lines", ErrCheckpoint)
	}
	prev := strings.Split(lines[3], " ")
	if len(prev) != 3 || prev[0] != "prev" {
		return Checkpoint{}, fmt.Errorf("%w: the fourth line is not 'prev SIZE HASH'", ErrCheckpoint)
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = parseSize(lines[1]); err != nil {
		return Checkpoint{}, err
	}
	if c.Prev, err = parseSize(prev[1]); err != nil {
		return Checkpoint{}, err
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return Checkpoint{}, err
	}
	if c.PrevHash, err = parseHash(prev[2]); err != nil {
		return Checkpoint{}, err
	}
	return c, c.check()
}

func (c Checkpoint) check() error {
	switch {
	case !validOrigin(c.Origin):
		return fmt.Errorf("%w: the origin is not 1 to %d printable characters without '+'", ErrCheckpoint, maxOrigin)
	case c.Size == 0: // RFC 6962, 2.1.2: consistency is between trees that have an entry
		return fmt.Errorf("%w: it is of an empty log, which every log begins with: it proves nothing", ErrCheckpoint)
	case c.Size < 0 || c.Size > MaxSize:
		return fmt.Errorf("%w: size %d is out of range", ErrCheckpoint, c.Size)
	case c.Prev < 0 || c.Prev >= c.Size:
		return fmt.Errorf("%w: size %d cannot follow size %d", ErrCheckpoint, c.Size, c.Prev)
	case (c.Prev == 0) != (c.PrevHash == [sha256.Size]byte{}):
		return fmt.Errorf("%w: only the first checkpoint has prev 0 and a zero hash", ErrCheckpoint)
	}
	return nil
}

const maxOrigin = 128

func validOrigin(s string) bool {
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '+' }
	return s != "" && len(s) <= maxOrigin && strings.IndexFunc(s, bad) < 0
}

func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%w: a size is not a decimal number", ErrCheckpoint)
	}
	return n, nil
}

func parseHash(s string) (tlog.Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != tlog.HashSize || len(s) != base64.StdEncoding.EncodedLen(tlog.HashSize) {
		return tlog.Hash{}, fmt.Errorf("%w: a hash is not base64 of %d bytes", ErrCheckpoint, tlog.HashSize)
	}
	return tlog.Hash(raw), nil
}

// NotedSize is the size that a signed note states. Nothing is verified: it is of
// use to whoever hands the note on with what it covers. Errors wrap
// ErrCheckpoint.
func NotedSize(signed []byte) (int64, error) {
	parts, err := splitNote(signed)
	if err != nil {
		return 0, err
	}
	c, err := ParseCheckpoint([]byte(parts.text))
	return c.Size, err
}
