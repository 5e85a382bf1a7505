package e2e

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const (
	small  = 10_000
	large  = 9 << 20 // three chunks
	chunk  = 4 << 20
	either = -1 // not looked at
	// opening is how many bytes leave while all that the release rests on is held still.
	opening = 1 << 10
)

// last is how far the log is with the last thing that the killed act records.
type last string

const (
	none    last = "not recorded"
	waiting last = "recorded, without a place"
	placed  last = "placed, without a checkpoint"
	covered last = "under a checkpoint"
)

// killing is one step at which the gateway is killed.
type killing struct {
	step  string
	size  int    // of the payload; small where 0
	from  string // the state in which the act finds the transfer that the kill interrupts
	act   func(w *walk, s *snare)
	at    func() where
	first func(w *walk) // done at the moment, before the kill
	ends  bool          // the act ends the transfer
	entry []string      // members of the entry that the act records last
	// What lies there while the gateway is dead.
	state       string
	announced   int // uploads that have not landed, or are doomed
	objects     int
	has, lacks  string // the ending of an object's name
	deliveries  int    // left open: the log says that they began, and not how they ended
	log         last   // not looked at where empty
	least, most int    // bytes that have come to the partner
}

// Errors of the interrupted act are the point; the test looks at what it left.
func asking(w *walk, _ *snare)        { _ = w.request() }
func uploading(w *walk, _ *snare)     { _ = w.upload() }
func approving(w *walk, _ *snare)     { _ = w.approve() }
func pulling(w *walk, _ *snare)       { _ = w.pull() }
func acknowledging(w *walk, _ *snare) { _ = w.acknowledge() }
func recalling(w *walk, _ *snare)     { _ = w.recall() }

// TestKilled kills the gateway at each step between the first byte of an upload
// and the acknowledged pull, and of what destroys: a real process on real
// servers, by SIGKILL. It is started again on the same configuration, and what
// was interrupted is done again.
func TestKilled(t *testing.T) {
	g := newGround(t)
	s := newSnare(t, g)
	alive := g.start(s.config)
	for _, k := range slices.Concat(uploadKillings(), commitKillings(), pullKillings(), endKillings()) {
		t.Run("R49 R53 killed "+k.step, func(t *testing.T) {
			g.now = t
			w := g.walk(t, alive.url(t), max(k.size, small))
			w.ends = k.ends
			sent := scalar[int](g, "SELECT count(*) FROM transfers")
			k.begin(w)
			s.arm(k.at(), func() {
				if k.first != nil {
					k.first(w)
				}
				w.seenOnlyUnderCheckpoint()
			}) <- alive
			k.act(w, s)
			s.wait(t)
			k.examine(g, w)
			if n := w.underWay(); n != k.deliveries {
				t.Errorf("%d deliveries are open, and this step leaves %d", n, k.deliveries)
			}
			kept := g.keep()
			alive.searchDisk(t)

			ripe := g.age(t)
			g.endLeases(t)
			s.reset()
			alive = g.start(s.config)
			w.url = alive.url(t)
			w.recovered(ripe)
			alive.complains(t)
			if n := scalar[int](g, "SELECT count(*) FROM transfers"); n != sent+1 {
				t.Errorf("%d transfers came of one", n-sent)
			}
			g.verify(kept)
		})
	}
	for _, k := range sweepKillings() {
		t.Run("R49 R53 killed "+k.step, func(t *testing.T) {
			g.now = t
			w := g.walk(t, alive.url(t), large)
			k.doomed(w, s, alive)
			ripe := g.age(t)
			victim := s.arm(k.at(), nil)
			alive = g.start(s.config) // it sweeps at once
			victim <- alive
			s.wait(t)
			k.examine(g, w)
			kept := g.keep()
			alive.searchDisk(t)

			g.age(t) // what it doomed last has its grace
			s.reset()
			alive = g.start(s.config)
			w.url = alive.url(t)
			w.recovered(ripe)
			alive.complains(t)
			g.verify(kept)
		})
	}
	searchBucket(t, g.all.MinIO, g.bucket, planted())
}

// begin brings the transfer to where the act finds it, with everything recorded
// and under a checkpoint.
func (k killing) begin(w *walk) {
	w.t.Helper()
	w.to(k.from)
	if k.from == "pulled" {
		eventually(w.t, "the delivery is recorded", func() bool { return w.stored() == k.from })
	}
	w.g.settle(w.t)
}

// examine looks at what a killed gateway left: that it was killed where the step
// says, that nothing of it is plain, and that nothing went out unlogged.
func (k killing) examine(g *ground, w *walk) {
	t := w.t
	t.Helper()
	if state := w.stored(); state != k.state {
		t.Errorf("the transfer is %q, and this step leaves it %q", state, k.state)
	}
	if n := scalar[int](g, "SELECT count(*) FROM uploads WHERE transfer = $1 AND state <> 'sealed'", w.id); n != k.announced {
		t.Errorf("%d uploads have not landed or are doomed, and this step leaves %d", n, k.announced)
	}
	if w.id != "" {
		if n := g.searchObjects(t, "transfers/"+w.id+"/"); n != k.objects && k.objects != either {
			t.Errorf("%d objects lie there, and this step leaves %d", n, k.objects)
		}
		names := slices.Collect(g.names(t, "transfers/"+w.id+"/"))
		lies := func(ending string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ending) })
		}
		if k.has != "" && !lies(k.has) || k.lacks != "" && lies(k.lacks) {
			t.Errorf("%v lie there, and this step leaves %q, and not %q", names, k.has, k.lacks)
		}
	}
	if is := w.stands(k.entry...); is != k.log && k.log != "" {
		t.Errorf("its entry is %s, and this step leaves it %s", is, k.log)
	}
	if len(w.got) < k.least || len(w.got) > k.most || !bytes.HasPrefix(w.content, w.got) {
		t.Errorf("%d bytes came, and this step lets %d to %d come", len(w.got), k.least, k.most)
	}
	if len(w.got) > 0 && w.stands(`"kind":"release"`) != covered {
		t.Error("bytes came, and no release is under a checkpoint")
	}
	searchDatabase(t, g.dsn, planted())
}

// heldStill looks, while the gateway is handing the first bytes over, whether
// nothing that the release rests on can change.
func (w *walk) heldStill() {
	for table, id := range map[string]string{"transfers": w.id, "missions": w.g.world.Mission, "parties": w.g.world.Partner} {
		there := scalar[int](w.g, "SELECT count(*) FROM "+table+" WHERE id = $1", id)
		free := scalar[int](w.g, "SELECT count(*) FROM (SELECT id FROM "+table+" WHERE id = $1 FOR UPDATE SKIP LOCKED) f", id)
		if there != 1 || free != 0 {
			w.t.Errorf("of %d rows in %s nobody holds %d", there, table, free)
		}
	}
	if n := w.underWay(); n != 1 {
		w.t.Errorf("%d deliveries are under way", n)
	}
}

// underWay is how many deliveries have begun, and not ended.
func (w *walk) underWay() int {
	return scalar[int](w.g, "SELECT count(*) FROM pull_sessions WHERE transfer = $1 AND open_since > 0", w.id)
}
