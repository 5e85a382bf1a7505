package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// sending makes a bench that may send, and a transfer of so many files.
func sending(t *testing.T, files int) (b *bench, transfer string) {
	t.Helper()
	b = newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	all := make([]object, files)
	for i := range all {
		all[i] = object{"media_type": "text/csv"}
	}
	return b, b.make(authz.RO, v1+"/transfers", b.order(all...))
}

func TestAFileUnderAKey(t *testing.T) {
	b, id := sending(t, 4)
	content := []byte("given_name\nAna\n")
	sum := sha256.Sum256(content)
	digest := digestField(hex.EncodeToString(sum[:]))
	first := b.upload(id, 1, content, "Idempotency-Key", "one")
	effects := b.effects()
	t.Run("the same again is answered alike, and done once", func(t *testing.T) {
		again := b.upload(id, 1, content, "Idempotency-Key", "one")
		if first.StatusCode != http.StatusCreated || again.StatusCode != http.StatusCreated || !bytes.Equal(first.body, again.body) || b.effects() != effects {
			t.Errorf("first %d %s\nagain %d %s", first.StatusCode, first.body, again.StatusCode, again.body)
		}
	})
	for name, other := range map[string]answer{
		"another file":   b.upload(id, 2, content, "Idempotency-Key", "one"),
		"another length": b.upload(id, 1, content[1:], "Idempotency-Key", "one"),
		"another digest": b.upload(id, 1, content, "Idempotency-Key", "one", "Content-Digest", digest),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			b.problem(other, http.StatusUnprocessableEntity, "key-reused")
		})
	}
	t.Run("PAYLOAD_HASH is answered again", func(t *testing.T) {
		wrong := digestField(strings.Repeat("00", 32))
		refused := b.upload(id, 2, content, "Idempotency-Key", "wrong", "Content-Digest", wrong)
		effects := b.effects()
		again := b.upload(id, 2, content, "Idempotency-Key", "wrong", "Content-Digest", wrong)
		b.problem(refused, http.StatusForbidden, "refused")
		if again.StatusCode != http.StatusForbidden || plain(refused) != plain(again) || b.effects() != effects {
			t.Errorf("first %s\nagain %s", refused.body, again.body)
		}
	})
	t.Run("an upload that broke off leaves it free", func(t *testing.T) {
		for range 2 {
			b.cutOff(t, id, 2, "free")
			if left := b.rows("SELECT slot FROM claims WHERE entries = ''"); len(left) != 0 {
				t.Errorf("%d claims are left", len(left))
			}
		}
		if a := b.upload(id, 2, content, "Idempotency-Key", "free"); a.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	})
	t.Run("an upload that broke off the transfer's first leaves it free", func(t *testing.T) {
		fresh := b.make(authz.RO, v1+"/transfers", b.order())
		b.cutOff(t, fresh, 1, "fresh")
		if a := b.upload(fresh, 1, content, "Idempotency-Key", "fresh"); a.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	})
	t.Run("what has landed by its digest needs no key, and takes none", func(t *testing.T) {
		b.upload(id, 3, content)
		if a := b.upload(id, 3, content, "Idempotency-Key", "late", "Content-Digest", digest); a.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if a := b.upload(id, 4, content, "Idempotency-Key", "late"); a.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	})
	for name, key := range map[string]string{"empty": "", "a space": "a b", "too long": strings.Repeat("k", 256)} {
		t.Run("a key that is "+name+" is malformed", func(t *testing.T) {
			b.problem(b.upload(id, 1, content, "Idempotency-Key", key), http.StatusBadRequest, "malformed")
		})
	}
}

// cutOff sends half a file, and waits until the gateway has answered for it.
func (b *bench) cutOff(t *testing.T, transfer string, n int, key string) {
	t.Helper()
	u := b.begin(transfer, n, key)
	u.write(t, "given_name\n")
	must(t, u.body.CloseWithError(errors.New("gone")))
	if got := <-u.ended; got.err == nil {
		t.Fatal("half a file was answered")
	}
	b.eventually(t, "no claim is held", func() bool { return len(b.rows("SELECT slot FROM claims WHERE entries = ''")) == 0 })
}

// uploading is an upload whose bytes come as the test writes them.
type uploading struct {
	body  *io.PipeWriter
	ended chan result
}

type result struct {
	answer
	err error
}

// begin sends the head of an upload under a key, and waits until the gateway is at work on it.
func (b *bench) begin(transfer string, n int, key string) *uploading {
	b.Helper()
	before := len(b.rows("SELECT id FROM uploads"))
	in, out := io.Pipe()
	r := b.request(authz.RO, http.MethodPut, v1+"/transfers/"+transfer+"/files/"+strconv.Itoa(n), in)
	r.Header.Set("Idempotency-Key", key)
	u := &uploading{out, make(chan result, 1)}
	go func() {
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			u.ended <- result{err: err}
			return
		}
		body, err := io.ReadAll(res.Body)
		u.ended <- result{answer{res, body}, errors.Join(err, res.Body.Close())}
	}()
	b.eventually(b, "the upload has begun", func() bool { return len(b.rows("SELECT id FROM uploads")) > before })
	return u
}

func (u *uploading) write(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(u.body, text)
	must(t, err)
}

// end sends the end of the file, and answers with what came back.
func (u *uploading) end(t *testing.T) answer {
	t.Helper()
	must(t, u.body.Close())
	got := <-u.ended
	must(t, got.err)
	return got.answer
}

func (b *bench) eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
	}
}

const lateBy = evidence.ClaimLease + time.Second

// again repeats, whole, what begin began; of a length that is not told, as there.
func (b *bench) again(t *testing.T, transfer, key string) answer {
	t.Helper()
	r := b.request(authz.RO, http.MethodPut, v1+"/transfers/"+transfer+"/files/1", io.MultiReader(strings.NewReader("given_name\nAna\n")))
	r.Header.Set("Idempotency-Key", key)
	return b.exchange(r)
}

func TestALongUploadKeepsItsKeyWhileBytesCome(t *testing.T) {
	b, id := sending(t, 1)
	u := b.begin(id, 1, "long")
	for range 3 {
		lease := b.rows("SELECT lease FROM claims")[0]
		b.clock.add(lateBy)
		u.write(t, "given_name\n")
		b.eventually(t, "the lease is taken anew", func() bool { return b.rows("SELECT lease FROM claims")[0] != lease })
		p := b.again(t, id, "long")
		b.problem(p, http.StatusConflict, "in-progress")
		if p.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to try again")
		}
	}
	landed := u.end(t)
	repeated := b.again(t, id, "long")
	if landed.StatusCode != http.StatusCreated || repeated.StatusCode != http.StatusCreated || !bytes.Equal(landed.body, repeated.body) {
		t.Errorf("first %d %s\nagain %d %s", landed.StatusCode, landed.body, repeated.StatusCode, repeated.body)
	}
}

// Where nothing came for as long as a lease a repetition takes the slot; whatever both do then, one file lands, whole.
func TestTwoUploadsUnderOneKeyLandOnce(t *testing.T) {
	const content = "given_name\nAna\n"
	for name, race := range map[string]func(t *testing.T, b *bench, id string, stalled *uploading){
		"the second ends while the first stands still": func(t *testing.T, b *bench, id string, stalled *uploading) {
			if a := b.again(t, id, "twice"); a.StatusCode != http.StatusCreated {
				t.Errorf("the second: %d %s", a.StatusCode, a.body)
			}
			stalled.write(t, content)
			b.problem(stalled.end(t), http.StatusConflict, "illegal-transition")
		},
		"the first ends while the second is at work": func(t *testing.T, b *bench, id string, stalled *uploading) {
			second := b.begin(id, 1, "twice")
			stalled.write(t, "given_name\nEva\n") // not the same bytes: what is answered must have landed
			b.problem(stalled.end(t), http.StatusConflict, "conflict")
			second.write(t, content)
			if a := second.end(t); a.StatusCode != http.StatusCreated {
				t.Errorf("the second: %d %s", a.StatusCode, a.body)
			}
		},
		"the second breaks off": func(t *testing.T, b *bench, id string, stalled *uploading) {
			b.cutOff(t, id, 1, "twice")
			stalled.write(t, content)
			if a := stalled.end(t); a.StatusCode != http.StatusCreated {
				t.Errorf("the first: %d %s", a.StatusCode, a.body)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, id := sending(t, 1)
			stalled := b.begin(id, 1, "twice")
			b.clock.add(lateBy)
			race(t, b, id, stalled)
			sum := sha256.Sum256([]byte(content))
			if a := b.again(t, id, "twice"); a.StatusCode != http.StatusCreated || a.object(t)["sha256"] != hex.EncodeToString(sum[:]) {
				t.Errorf("afterwards: %d %s", a.StatusCode, a.body)
			}
			if sealed := b.rows("SELECT id FROM uploads WHERE state = 'sealed'"); len(sealed) != 1 {
				t.Errorf("%d uploads have landed", len(sealed))
			}
			b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+id+"/commit", nil)
			if pulled := b.pull(id, 1); string(pulled.body) != content {
				t.Errorf("pulled %d %q", pulled.StatusCode, pulled.body)
			}
		})
	}
}
