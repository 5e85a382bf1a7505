package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"safeconduct/transfer/seal"
)

var update = flag.Bool("update", false, "seal testdata/vectors.json afresh") // a test flag

const (
	vectorsFile = "testdata/vectors.json"
	vectorCount = 6
)

// vector is one sealed payload, for this and other implementations to open.
type vector struct {
	Name      string        `json:"name"`
	Key       string        `json:"key"` // hexadecimal
	Transfer  string        `json:"transfer"`
	File      int           `json:"file"`
	Plaintext string        `json:"plaintext"` // hexadecimal of what is repeated
	Repeat    int           `json:"repeat"`
	Objects   []string      `json:"objects"` // hexadecimal
	Manifest  seal.Manifest `json:"manifest"`
	Digest    string        `json:"manifest_digest"` // hexadecimal
}

func sources() []struct {
	vector
	chunk int
} {
	const key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	return []struct {
		vector
		chunk int
	}{
		{vector{Name: "empty", Key: key, Transfer: "trf-0", File: 1}, 16},
		{vector{Name: "one byte", Key: key, Transfer: "trf-1", File: 1, Plaintext: "00", Repeat: 1}, 16},
		{vector{Name: "one full chunk", Key: key, Transfer: "trf-1", File: 2, Plaintext: "0a", Repeat: 16}, 16},
		{vector{Name: "three chunks, the last short", Key: key, Transfer: "trf-1", File: 300, Plaintext: "636173650a", Repeat: 7}, 16},
		{vector{Name: "id beyond ASCII", Key: key[2:] + "ff", Transfer: "trf-é", File: 1, Plaintext: "c3a9", Repeat: 5}, 4},
		{vector{Name: "two segments", Key: key, Transfer: "trf-2", File: 1, Plaintext: "5a", Repeat: 65_481}, 1 << 17},
	}
}

func (v vector) parts(t *testing.T) (seal.DataKey, seal.Address, []byte) {
	t.Helper()
	key, err := seal.NewDataKey(unhex(t, v.Key))
	if err != nil {
		t.Fatal(err)
	}
	return key, seal.Address{Transfer: v.Transfer, File: v.File}, bytes.Repeat(unhex(t, v.Plaintext), v.Repeat)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) != vectorCount {
		t.Fatalf("%d vectors, want %d", len(vectors), vectorCount)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			key, at, plain := v.parts(t)
			o := &objects{}
			for _, object := range v.Objects {
				o.sealed = append(o.sealed, unhex(t, object))
			}
			var out bytes.Buffer
			if err := seal.Open(t.Context(), key, at, v.Manifest, 0, o.get, &out); err != nil || !bytes.Equal(out.Bytes(), plain) {
				t.Fatalf("%v, or other bytes", err)
			}
			if digest := v.Manifest.Digest(); hex.EncodeToString(digest[:]) != v.Digest {
				t.Fatalf("digest of the manifest: %x", digest)
			}
		})
	}
}

func writeVectors(t *testing.T) {
	t.Helper()
	var vectors []vector
	for _, s := range sources() {
		v := s.vector
		key, at, plain := v.parts(t)
		o := &objects{}
		var err error
		if v.Manifest, err = seal.Seal(t.Context(), key, at, bytes.NewReader(plain), o.put, seal.WithChunkSize(s.chunk)); err != nil {
			t.Fatal(err)
		}
		for _, object := range o.sealed {
			v.Objects = append(v.Objects, hex.EncodeToString(object))
		}
		digest := v.Manifest.Digest()
		v.Digest = hex.EncodeToString(digest[:])
		vectors = append(vectors, v)
	}
	b, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, append(b, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}
