package seal_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"testing"

	"safeconduct/transfer/seal"
)

const benchSize = 64 << 20

// BenchmarkRawGCM is the yardstick: AES-256-GCM over the same bytes, in
// segments of 64 KiB, with neither digests nor copies.
func BenchmarkRawGCM(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	plain := make([]byte, 64<<10)
	out := make([]byte, 0, len(plain)+aead.Overhead())
	nonce := make([]byte, aead.NonceSize())
	b.SetBytes(benchSize)
	for b.Loop() {
		for range benchSize / len(plain) {
			aead.Seal(out, nonce, plain, nil)
		}
	}
}

// BenchmarkRawSHA256 is the other yardstick: the digests of the format, one of
// the plaintext and one of what is stored, cost twice this.
func BenchmarkRawSHA256(b *testing.B) {
	plain := payload(benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		sha256.Sum256(plain)
	}
}

func BenchmarkSeal(b *testing.B) {
	plain, key := payload(benchSize), keyOf(b, 1)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		_, err := seal.Seal(b.Context(), key, here, bytes.NewReader(plain), func(context.Context, int, []byte) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	o, m := sealed(b, payload(benchSize), seal.ChunkSize)
	key := keyOf(b, 1)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if err := seal.Open(b.Context(), key, here, m, 0, o.get, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
