package seal_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"safeconduct/transfer/seal"
)

const benchSize = 64 << 20

// rawGCM gives what seals 64 KiB by AES-256-GCM into the same buffer at each call, and those bytes in plain.
func rawGCM(b *testing.B) (func() []byte, []byte) {
	b.Helper()
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
	return func() []byte { return aead.Seal(out, nonce, plain, nil) }, plain
}

// BenchmarkRawGCM is the yardstick: AES-256-GCM over the same bytes, in
// segments of 64 KiB, with neither digests nor copies.
func BenchmarkRawGCM(b *testing.B) {
	sealed, plain := rawGCM(b)
	b.SetBytes(benchSize)
	for b.Loop() {
		for range benchSize / len(plain) {
			sealed()
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

// BenchmarkRawSeal is what one core does for every byte that the format seals,
// at the least: it is encrypted once, and hashed before and after.
func BenchmarkRawSeal(b *testing.B) {
	sealed, plain := rawGCM(b)
	before, after := sha256.New(), sha256.New()
	b.SetBytes(benchSize)
	for b.Loop() {
		for range benchSize / len(plain) {
			_, _ = before.Write(plain)
			_, _ = after.Write(sealed())
		}
	}
}

// BenchmarkCipher is Tink's stream alone, chunk by chunk as the format has it.
func BenchmarkCipher(b *testing.B) {
	plain := payload(seal.ChunkSize)
	aead, err := subtle.NewAESGCMHKDF(bytes.Repeat([]byte{1}, seal.DataKeySize), "SHA256", seal.DataKeySize, 64<<10, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchSize)
	for b.Loop() {
		for range benchSize / len(plain) {
			w, err := aead.NewEncryptingWriter(io.Discard, []byte("associated"))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	plain, key := payload(benchSize), keyOf(b, 1)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		_, err := seal.Seal(b.Context(), key, here, bytes.NewReader(plain), func(context.Context, int, seal.Chunk, []byte) error { return nil })
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
