package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
)

// walk is one transfer on its way, with what its clients were told.
type walk struct {
	g       *ground
	t       *testing.T
	url     string // of the gateway that it uses
	content []byte
	sum     string
	id      string
	told    string // the farthest state that an answer has told of
	got     []byte // the most that the partner received in one go
	there   atomic.Int64
	ends    bool   // by recall, where the others end acknowledged
	seed    string // of its keys
}

const recalled = "recalled"

func (g *ground) walk(t *testing.T, url string, size int) *walk {
	w := &walk{g: g, t: t, url: url, content: payload(size), seed: rand.Text()}
	sum := sha256.Sum256(w.content)
	w.sum = hex.EncodeToString(sum[:])
	return w
}

// as is the client of the role's person. It tries each call once.
func (w *walk) as(role authz.Role) *client.Client { return w.doing(role, rand.Text()) }

// doing is as for one act, which goes under the same Idempotency-Key when it is
// done again.
func (w *walk) doing(role authz.Role, act string) *client.Client {
	w.t.Helper()
	once := func(context.Context, time.Duration) error { return errors.New("tried once") }
	c, err := client.New(w.url, w.g.world.Tokens[role], client.Options{Pause: once, Random: same(w.seed + act)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// same is the randomness that is always the same.
type same string

func (s same) Read(p []byte) (int, error) {
	sum := sha256.Sum256([]byte(s))
	return copy(p, sum[:]), nil
}

// progress are the states on the way, in order.
func progress() []string {
	return []string{"", "draft", "uploading", "sealed", "awaiting_approval", "available", "pulled", "acknowledged"}
}

func (w *walk) note(state string, err error) error {
	if err == nil && slices.Index(progress(), state) > slices.Index(progress(), w.told) {
		w.told = state
	}
	return err
}

func (w *walk) request() error {
	order := w.g.order()
	size := int64(len(w.content))
	order.Files[0].Size, order.Files[0].SHA256 = &size, w.sum
	sent, err := w.doing(authz.RO, "request").Request(w.t.Context(), order)
	if err == nil {
		w.id = sent.ID
	}
	return w.note("draft", err)
}

func (w *walk) upload() error {
	return w.note("awaiting_approval", w.as(authz.RO).Upload(w.t.Context(), w.id, 1, int64(len(w.content)), w.sum, bytes.NewReader(w.content), func(int64) {}))
}

func (w *walk) approve() error {
	_, err := w.doing(authz.HOM, "approve").Call(w.t.Context(), http.MethodPost, "/transfers/"+w.id+"/approvals", map[string]any{"granted": true}, nil)
	return w.note("available", err)
}

func (w *walk) recall() error {
	_, err := w.doing(authz.RO, "recall").Call(w.t.Context(), http.MethodPost, "/transfers/"+w.id+"/recall", map[string]any{"reason": "sent too early"}, nil)
	if err == nil {
		w.told = recalled
	}
	return err
}

func (w *walk) acknowledge() error {
	_, err := w.doing(authz.PDL, "acknowledge").Acknowledge(w.t.Context(), w.id, []client.Receipt{{N: 1, SHA256: w.sum}})
	return w.note("acknowledged", err)
}

func (w *walk) file() string { return w.url + client.API + "/transfers/" + w.id + "/files/1" }

func (w *walk) allow(r *http.Request, role authz.Role) {
	r.Header.Set("Authorization", "Bearer "+w.g.world.Tokens[role].Reveal())
}

// pull takes the file in one go, without resuming.
func (w *walk) pull() error {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.file(), nil)
	if err != nil {
		return err
	}
	w.allow(r, authz.PDL)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return &edge.Problem{Status: resp.StatusCode}
	}
	var got []byte
	for b := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(b)
		if got = append(got, b[:n]...); len(got) > len(w.got) {
			w.got = got
		}
		w.there.Store(int64(len(got)))
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	return w.note("pulled", nil)
}

// state is what the sender reads.
func (w *walk) state() string {
	w.t.Helper()
	read, err := w.as(authz.RO).Transfer(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatalf("reading the transfer: %v", err)
	}
	return read.State
}

func (w *walk) past(state string) bool {
	return slices.Index(progress(), w.state()) >= slices.Index(progress(), state)
}

// to goes on until the transfer is in the state, doing again what was not told
// to be done. Every act must succeed.
func (w *walk) to(state string) {
	w.t.Helper()
	for _, act := range []struct {
		ends string
		do   func() error
	}{
		{"draft", w.request},
		{"awaiting_approval", w.upload},
		{"available", w.approve},
		{"pulled", w.pull},
		{"acknowledged", w.acknowledge},
	} {
		if slices.Index(progress(), act.ends) > slices.Index(progress(), state) {
			return
		}
		if slices.Index(progress(), act.ends) <= slices.Index(progress(), w.told) {
			continue
		}
		if err := act.do(); err != nil {
			w.t.Fatalf("%s, up to %s: %v", w.id, act.ends, err)
		}
	}
	if w.told == "acknowledged" && !bytes.Equal(w.got, w.content) {
		w.t.Errorf("%d bytes came, and they are not those that were sent", len(w.got))
	}
}

// awaitBytes waits until the partner has at least n bytes.
func (w *walk) awaitBytes(n int64) {
	eventually(w.t, "the bytes come", func() bool { return w.there.Load() >= n })
}

// stored is the state that the database holds, whoever was told of it.
func (w *walk) stored() string {
	w.t.Helper()
	return scalar[string](w.g, "SELECT COALESCE((SELECT state FROM transfers WHERE id = $1), '')", w.id)
}

// stands is how far the log is with the entry of the transfer that has these
// members.
func (w *walk) stands(members ...string) last {
	w.t.Helper()
	query := `SELECT count(*), count(seq), count(seq) FILTER (WHERE seq < (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints))
FROM (SELECT seq, convert_from(body, 'UTF8') AS body FROM log_entries) e WHERE position($1 in body) > 0`
	args := []any{w.id}
	for _, m := range members {
		args = append(args, m)
		query += fmt.Sprintf(" AND position($%d in body) > 0", len(args))
	}
	var recorded, seq, under int
	if err := w.g.db.QueryRowContext(w.t.Context(), query, args...).Scan(&recorded, &seq, &under); err != nil {
		w.t.Error(err)
	}
	switch {
	case under > 0:
		return covered
	case seq > 0:
		return placed
	case recorded > 0:
		return waiting
	}
	return none
}

// seenOnlyUnderCheckpoint asks as the partner, who must not be answered before
// the release is under a checkpoint; nobody is kept waiting for one.
func (w *walk) seenOnlyUnderCheckpoint() {
	if w.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := w.as(authz.PDL).Call(ctx, http.MethodGet, "/transfers/"+w.id, nil, nil)
	if err == nil && w.stands(`"phase":"COMMIT"`, `"verdict":"allowed"`) != covered {
		w.t.Error("the partner sees what is under no checkpoint")
	}
}

// recovered goes on after a kill: nothing that was told is lost, what was
// interrupted can be done again, and the sweeper takes what is ripe.
func (w *walk) recovered(ripe []string) {
	w.t.Helper()
	told := w.told
	if told == "pulled" {
		told = "available" // bytes are no answer; that they came is recorded after the last of them
	}
	if told != "" && told != recalled && !w.past(told) && (!w.ends || w.state() != recalled) {
		w.t.Errorf("a client was told %s, and now it is %s", told, w.state())
	}
	if w.ends {
		if err := w.recall(); err != nil {
			w.t.Errorf("recalling again: %v", err)
		}
		if err := w.pull(); err == nil {
			w.t.Error("it was recalled, and is pulled")
		}
	} else {
		w.to("acknowledged")
	}
	eventually(w.t, "the sweeper took what nothing refers to", func() bool { return w.g.noOrphans(w.t, ripe) })
	w.g.settle(w.t)
	for told, members := range map[string][]string{
		"available":    {`"phase":"COMMIT"`, `"verdict":"allowed"`},
		"pulled":       {`"kind":"release"`},
		"acknowledged": {`"kind":"receipt"`},
		recalled:       {`"action":"transfer.recall"`},
	} {
		reached := told == w.told || w.told != recalled && told != recalled && slices.Index(progress(), told) <= slices.Index(progress(), w.told)
		if reached && w.stands(members...) != covered {
			w.t.Errorf("a client was told %s, and no entry under a checkpoint says so", told)
		}
	}
}

// noOrphans reports whether every object belongs to an upload that is known, and
// none of the given uploads is there any more.
func (g *ground) noOrphans(t *testing.T, swept []string) bool {
	t.Helper()
	known := map[string]bool{}
	rows, err := g.db.QueryContext(t.Context(), "SELECT id FROM uploads")
	g.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		g.must(rows.Scan(&id))
		known[id] = true
	}
	g.must(rows.Err())
	for _, id := range swept {
		if known[id] {
			return false
		}
	}
	for name := range g.names(t, "") {
		if parts := strings.Split(name, "/"); len(parts) != 5 || !known[parts[3]] {
			return false
		}
	}
	return true
}

// age makes every upload that nobody may wait for any more ripe for the sweeper,
// and names them.
func (g *ground) age(t *testing.T) (ripe []string) {
	t.Helper()
	// Each process that starts takes a part of a person's rate, a twentieth, for
	// the minute; none starts as often as here.
	_, err := g.db.ExecContext(t.Context(), "DELETE FROM rates")
	g.must(err)
	rows, err := g.db.QueryContext(t.Context(), "UPDATE uploads SET touched = touched - $1 WHERE state IN ('open', 'doomed') RETURNING id", (2 * time.Hour).Microseconds())
	g.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		g.must(rows.Scan(&id))
		ripe = append(ripe, id)
	}
	g.must(rows.Err())
	return ripe
}

// endLeases ends the lease of each Idempotency-Key under which a killed process
// has recorded nothing.
func (g *ground) endLeases(t *testing.T) {
	t.Helper()
	_, err := g.db.ExecContext(t.Context(), "UPDATE claims SET lease = lease - $1", time.Hour.Microseconds())
	g.must(err)
}
