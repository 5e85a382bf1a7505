package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"

	"safeconduct/transfer/seal"
)

// openSeeds are edits of a sealed payload of three chunks, as FuzzOpen reads
// them: an operation, the object it is done to, a place in it, and bytes.
var openSeeds = []struct { // read only
	op, object byte
	place      uint16
	extra      []byte
	fix        bool
}{
	{0, 0, 0, nil, false},                        // nothing
	{1, 0, 50, []byte{1}, false},                 // a bit flipped
	{1, 1, 0, []byte{0xff}, true},                // in the header, the manifest made to fit
	{2, 2, 10, nil, false},                       // cut
	{2, 2, 0, nil, true},                         // to nothing
	{3, 0, 0, []byte("more"), false},             // longer
	{3, 2, 0, []byte("more"), true},              // and the manifest made to fit
	{4, 0, 1, nil, false},                        // swapped
	{4, 1, 2, nil, true},                         // in the manifest too
	{5, 1, 0, nil, true},                         // left out
	{6, 1, 0, bytes.Repeat([]byte{9}, 90), true}, // garbage
}

func TestOpenSeeds(t *testing.T) {
	if len(openSeeds) != 11 {
		t.Fatalf("%d seeds", len(openSeeds))
	}
}

// FuzzOpen: whatever was done to the objects, and to the manifest by one who
// lacks the key, Open fails, or returns the very plaintext.
func FuzzOpen(f *testing.F) {
	for _, s := range openSeeds {
		f.Add(s.op, s.object, s.place, s.extra, s.fix)
	}
	plain := payload(250)
	f.Fuzz(func(t *testing.T, op, object byte, place uint16, extra []byte, fix bool) {
		o, m := sealed(t, plain, 100)
		i := int(object) % 3
		b := o.sealed[i]
		at := int(place) % (len(b) + 1)
		switch op % 7 {
		case 1:
			for k := range extra {
				if at+k < len(b) {
					b[at+k] ^= extra[k]
				}
			}
		case 2:
			b = b[:at]
		case 3:
			b = append(b[:at:at], append(bytes.Clone(extra), b[at:]...)...)
		case 4:
			j := int(place) % 3
			o.sealed[i], o.sealed[j] = o.sealed[j], o.sealed[i]
			b = o.sealed[i]
		case 5:
			o.sealed, m.Chunks = append(o.sealed[:i:i], o.sealed[i+1:]...), append(m.Chunks[:i:i], m.Chunks[i+1:]...)
		case 6:
			b = extra
		}
		if op%7 != 5 {
			o.sealed[i] = b
		}
		if fix {
			m.Size = 0
			for k := range m.Chunks {
				c := &m.Chunks[k]
				*c = seal.Chunk{Plain: int64(len(o.sealed[k])) - 56, Sealed: int64(len(o.sealed[k])), SHA256: sha256.Sum256(o.sealed[k])}
				m.Size += c.Plain
			}
		}
		var out bytes.Buffer
		err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, &out)
		switch {
		case err == nil && !bytes.Equal(out.Bytes(), plain):
			t.Fatalf("opened to other bytes: %q", &out)
		case err != nil && !errors.Is(err, seal.ErrCorrupt):
			t.Fatalf("error %v", err)
		case err != nil && int64(out.Len()) >= max(m.Size, 1):
			t.Fatalf("%v, but all %d bytes were handed over", err, out.Len())
		case !bytes.HasPrefix(plain, out.Bytes()):
			t.Fatal("bytes that were not sealed were handed over")
		}
	})
}

var manifestSeeds = []string{ // read only
	`{"size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","chunks":[{"plain":0,"sealed":56,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`,
	`{"size":1,"chunks":[{"plain":1,"sealed":57}]}`,
	`{"size":2,"chunks":[{"plain":9223372036854775807,"sealed":1},{"plain":-9223372036854775805,"sealed":1}]}`,
	`{"size":0,"chunks":[]}`, `{"chunks":null}`, `{"sha256":"zz"}`, `{`, ``, `null`,
}

func TestManifestSeeds(t *testing.T) {
	valid := 0
	for _, s := range manifestSeeds {
		var m seal.Manifest
		if json.Unmarshal([]byte(s), &m) == nil && m.Validate() == nil {
			valid++
		}
	}
	if len(manifestSeeds) != 9 || valid != 2 {
		t.Fatalf("%d seeds, %d valid", len(manifestSeeds), valid)
	}
}

// FuzzManifest: a manifest that is read is refused or adds up, reads back, and
// never opens garbage.
func FuzzManifest(f *testing.F) {
	for _, s := range manifestSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, back seal.Manifest
		if json.Unmarshal(b, &m) != nil {
			return
		}
		if text, err := json.Marshal(m); err != nil || json.Unmarshal(text, &back) != nil || back.Digest() != m.Digest() {
			t.Fatalf("does not read back: %v", err)
		}
		var out bytes.Buffer
		o := &objects{sealed: [][]byte{make([]byte, 100), make([]byte, 100)}}
		err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, &out)
		if !errors.Is(err, seal.ErrCorrupt) && !errors.Is(err, errMissing) || out.Len() > 0 {
			t.Fatalf("opening garbage: %v, %d bytes", err, out.Len())
		}
	})
}
