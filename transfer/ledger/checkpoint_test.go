package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

const (
	zero64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	one64  = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

func build(t testing.TB, batches ...int) *ledgertest.Builder {
	t.Helper()
	b, err := ledgertest.NewBuilder(ledgertest.NewKeys("log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range batches {
		if err := b.Add(n); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func open(t testing.TB, b *ledgertest.Builder, signed []byte) ledger.Checkpoint {
	t.Helper()
	v, err := ledger.NewVerifier(ledgertest.Origin, b.Keys.Public())
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := v.Open(signed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var goodCheckpoints = []string{
	"log\n1\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"log.example.org/x\n20\n" + one64 + "\nprev 19 " + one64 + "\n",
}

var badCheckpoints = map[string]string{
	"empty":           "",
	"no origin":       "\n1\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"origin space":    "a b\n1\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"origin plus":     "a+b\n1\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"size zero":       "log\n0\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"size padded":     "log\n01\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"size signed":     "log\n+1\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"size huge":       "log\n9223372036854775807\n" + zero64 + "\nprev 0 " + zero64 + "\n",
	"root short":      "log\n1\nAAAA\nprev 0 " + zero64 + "\n",
	"root stray bits": "log\n1\n" + zero64[:42] + "B=\nprev 0 " + zero64 + "\n",
	"root carriage":   "log\n1\n" + zero64 + "\r\nprev 0 " + zero64 + "\n",
	"prev missing":    "log\n1\n" + zero64 + "\n",
	"prev later":      "log\n1\n" + zero64 + "\nprev 1 " + one64 + "\n",
	"first has hash":  "log\n1\n" + zero64 + "\nprev 0 " + one64 + "\n",
	"later has none":  "log\n2\n" + zero64 + "\nprev 1 " + zero64 + "\n",
	"prev two spaces": "log\n1\n" + zero64 + "\nprev  0 " + zero64 + "\n",
	"no final end":    "log\n1\n" + zero64 + "\nprev 0 " + zero64,
	"more lines":      "log\n1\n" + zero64 + "\nprev 0 " + zero64 + "\nmore\n",
}

func TestCheckpointText(t *testing.T) {
	if len(goodCheckpoints) != 2 || len(badCheckpoints) != 18 {
		t.Errorf("%d good and %d bad seeds", len(goodCheckpoints), len(badCheckpoints))
	}
	for _, text := range goodCheckpoints {
		c, err := ledger.ParseCheckpoint([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.Marshal(); err != nil || string(again) != text {
			t.Errorf("%q became %q (%v)", text, again, err)
		}
	}
	for name, text := range badCheckpoints {
		if c, err := ledger.ParseCheckpoint([]byte(text)); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%s: %v %v", name, c, err)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	for _, s := range goodCheckpoints {
		f.Add([]byte(s))
	}
	for _, s := range badCheckpoints {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ledger.ParseCheckpoint(text)
		if err != nil {
			if !errors.Is(err, ledger.ErrCheckpoint) {
				t.Error(err)
			}
			return
		}
		if again, err := c.Marshal(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q became %q (%v)", text, again, err)
		}
	})
}

func FuzzNote(f *testing.F) {
	b := build(f, 1, 2)
	if len(b.Rows.Checkpoints) != 2 {
		f.Fatalf("%d seeds", len(b.Rows.Checkpoints))
	}
	for _, row := range b.Rows.Checkpoints {
		f.Add(row.Note)
	}
	v, err := ledger.NewVerifier(ledgertest.Origin, b.Keys.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, signed []byte) {
		_, _, err := v.Open(signed)
		for _, row := range b.Rows.Checkpoints {
			if bytes.Equal(row.Note, signed) {
				return
			}
		}
		if err == nil {
			t.Errorf("a note that nobody signed stands: %q", signed)
		}
	})
}

// A C2SP verifier that knows nothing of this package reads the note.
func TestNoteIsC2SP(t *testing.T) {
	b := build(t, 3)
	key, err := note.NewEd25519VerifierKey(ledgertest.Origin, b.Keys.Public()[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(b.Rows.Checkpoints[0].Note, note.VerifierList(verifier))
	if err != nil || !strings.HasPrefix(n.Text, ledgertest.Origin+"\n3\n") {
		t.Fatalf("%+v %v", n, err)
	}
}

func TestNoteEveryByteCounts(t *testing.T) {
	b := build(t, 3, 4)
	v, err := ledger.NewVerifier(ledgertest.Origin, b.Keys.Public())
	if err != nil {
		t.Fatal(err)
	}
	signed := b.Rows.Checkpoints[1].Note
	for i := range signed {
		for bit := range 8 {
			bad := bytes.Clone(signed)
			bad[i] ^= 1 << bit
			if _, _, err := v.Open(bad); err == nil {
				t.Fatalf("byte %d bit %d does not count", i, bit)
			}
		}
		if _, _, err := v.Open(signed[:i]); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	line := signed[bytes.LastIndexByte(signed[:len(signed)-1], '\n')+1:]
	if _, _, err := v.Open(append(bytes.Clone(signed), line...)); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Fatalf("signature line twice: %v", err)
	}
}

func TestOpenNamesTheSigner(t *testing.T) {
	b := build(t, 3)
	mine, other := b.Keys.Public(), ledgertest.NewKeys("other").Public()
	signed := b.Rows.Checkpoints[0].Note
	for _, c := range []struct {
		name   string
		origin string
		signed []byte
		want   error
	}{
		{"another origin", "elsewhere", signed, ledger.ErrOrigin},
		{"altered text", ledgertest.Origin, bytes.Replace(signed, []byte("\n3\n"), []byte("\n4\n"), 1), ledger.ErrSignature},
	} {
		v, err := ledger.NewVerifier(c.origin, mine)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := v.Open(c.signed); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	v, err := ledger.NewVerifier(ledgertest.Origin, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Open(signed); !errors.Is(err, ledger.ErrForeign) {
		t.Errorf("foreign: %v", err)
	}
}

func TestNotary(t *testing.T) {
	ctx := context.Background()
	keys := ledgertest.NewKeys("log")
	n, err := ledger.NewNotary(ledgertest.Origin, keys)
	if err != nil {
		t.Fatal(err)
	}
	var last []byte
	for version := 1; version <= 3; version++ {
		c, err := ledger.Next(ledgertest.Origin, int64(version*10), tlog.Hash{byte(version)}, last)
		if err != nil {
			t.Fatal(err)
		}
		if last, err = n.Sign(ctx, c); err != nil {
			t.Fatal(err)
		}
		if got, by, err := n.Open(ctx, last); err != nil || got != c || by != version {
			t.Errorf("%+v by %d: %v", got, by, err)
		}
		keys.Rotate()
	}
	down := errors.New("down")
	keys.Fail(down)
	if _, err := n.Sign(ctx, ledger.Checkpoint{Origin: ledgertest.Origin, Size: 1}); !errors.Is(err, down) {
		t.Error(err)
	}
	if _, _, err := n.Open(ctx, last); err != nil {
		t.Errorf("a known key needs no key service: %v", err)
	}
	if _, err := n.Sign(ctx, ledger.Checkpoint{Origin: ledgertest.Origin}); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Error(err)
	}
	if _, err := ledger.Next(ledgertest.Origin, 30, tlog.Hash{}, last); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Errorf("a size that does not grow: %v", err)
	}
	if _, err := ledger.NewNotary("a b", keys); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Error(err)
	}
}
