package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"safeconduct/authz/evidence"
)

// A record's version lies with the tag that authenticates it and, after it, the newest schema that its writer knew, which
// the tag covers. While a new program takes over from an old one, both write: the old one leaves the columns that it does
// not know as they were, and what they say of the record then is not held against it. Versions from before there was such
// a number have none, and know the first columns.

const (
	knownSize = 4
	tagSize   = 36
)

func recordParts(kind, id string, version int, body []byte, known []byte) [][]byte {
	parts := [][]byte{[]byte(kind), []byte(id), binary.BigEndian.AppendUint64(nil, uint64(version)), body} // versions are positive
	if len(known) > 0 {
		parts = append(parts, known)
	}
	return parts
}

// tag is what is stored beside a version of a record.
func (s *Store) tag(kind, id string, version int, body []byte) []byte {
	known := binary.BigEndian.AppendUint32(nil, s.schema)
	return append(s.opts.Authority.Tag(useRecord, recordParts(kind, id, version, body, known)...), known...)
}

// tagged reports whether this system wrote the version, and the newest schema that its writer knew.
func tagged(a *evidence.Authority, tag []byte, kind, id string, version int, body []byte) (known uint32, ok bool) {
	if len(tag) != tagSize && len(tag) != tagSize+knownSize {
		return 0, false
	}
	tag, after := tag[:tagSize], tag[tagSize:]
	return knownBy(after), a.Check(tag, useRecord, recordParts(kind, id, version, body, after)...)
}

func knownBy(after []byte) uint32 {
	if len(after) != knownSize {
		return 0
	}
	return binary.BigEndian.Uint32(after)
}

// knew reports whether who knew the schema wrote the column.
func (r record[T]) knew(known uint32, column string) bool { return r.since[column] <= known }

// decodeAll refuses a record of a newer program that says more than this one knows: it would be lost with the next save.
func decodeAll(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: a %T of a newer program says what this one does not know: %w", ErrSchema, v, err)
	}
	return nil
}
