package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

// logged is the whole log, read back as Legal reads it.
type logged struct {
	lines    []transfer.LogLine
	position map[string]int64       // of an entry, by its id
	version  map[evidence.Ref]int64 // of the entry that names a version of a record
}

func (a *arena) log() logged {
	a.w.Settled()
	l := logged{position: map[string]int64{}, version: map[evidence.Ref]int64{}}
	for after := int64(-1); ; {
		lines, next, err := a.w.Log.Entries(a.w.Ctx, a.leg, transfer.LogFilter{After: after, AtMost: 500})
		a.w.Must(err)
		for _, line := range lines {
			l.lines = append(l.lines, line)
			l.position[line.Entry.ID] = line.Seq
			for _, o := range line.Entry.Objects {
				l.version[evidence.Ref{Kind: o.Kind, ID: o.ID, Version: o.Version}] = line.Seq
			}
		}
		if next < 0 {
			return l
		}
		after = next
	}
}

// tally is what the rounds of one race came to: a race in which only one side
// ever wins shows nothing.
type tally struct{ rounds, won, lost int }

// judge checks every round of the world against its log. The order of the log
// is that of the transactions: whatever rests on a record, or changes it, holds
// the record's row when it makes the id of its entry, and ids grow.
//
//   - The change has its entry.
//   - Each release of the transfer that the log tells of, of phase COMMIT or
//     PULL, stands before the change.
//   - Each first byte, and each COMMIT that was answered, has its release in the
//     log, under a checkpoint that was signed before.
//   - At most one entry releases the transfer, and the record says which.
func (a *arena) judge(t *testing.T) tally {
	t.Helper()
	l := a.log()
	releases := map[string][]transfer.LogLine{}
	for _, line := range l.lines {
		e := line.Entry
		if e.Kind == evidence.Release || e.Kind == evidence.Decision && e.Phase == "COMMIT" && e.Verdict == evidence.Allowed {
			releases[e.Subject.ID] = append(releases[e.Subject.ID], line)
		}
	}
	sum := tally{rounds: len(a.rounds)}
	for i, r := range a.rounds {
		for _, f := range a.faultsOf(r, l, releases[r.transfer.ID]) {
			t.Errorf("round %d: %s", i, f)
		}
		if len(r.deliveries)+len(r.released) > 0 {
			sum.won++
		} else {
			sum.lost++
		}
	}
	a.w.Verify()
	return sum
}

func (a *arena) faultsOf(r *round, l logged, releases []transfer.LogLine) []string {
	faults := r.faults
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	change, ok := l.version[r.change]
	if !ok {
		fault("the change %v is in no entry", r.change)
		return faults
	}
	commits := 0
	for _, line := range releases {
		if line.Entry.Kind == evidence.Decision {
			commits++
		}
		if line.Seq > change && (r.releases || line.Entry.Kind == evidence.Release) {
			fault("entry %d releases, after the change at %d", line.Seq, change)
		}
	}
	seen, err := a.w.Transfers.Transfer(a.w.Ctx, a.leg, r.transfer.ID)
	a.w.Must(err)
	at, told := l.position[seen.ReleaseEntry]
	if commits > 1 || (seen.Released != nil) != (commits == 1 && told) {
		fault("%d entries release it, and the record says %q", commits, seen.ReleaseEntry)
	}
	for _, x := range r.released {
		if x.entry != seen.ReleaseEntry || at >= x.signed {
			fault("a release was answered with %d entries signed, and stands at %d", x.signed, at)
		}
	}
	for _, d := range r.deliveries {
		at, ok := l.version[evidence.Ref{Kind: transfer.KindPull, ID: d.session, Version: 1}]
		if !ok || at >= d.signed {
			fault("a first byte left with %d entries signed, and its release stands at %d (%v)", d.signed, at, ok)
		}
	}
	return faults
}

func TestChangeAgainstRelease(t *testing.T) {
	rounds, seed := int(number(t, envRounds, fewRounds)), number(t, envSeed, rand.Uint64())
	t.Logf("%s=%d %s=%d", envRounds, rounds, envSeed, seed)
	for ki, k := range takings() {
		for ai, against := range []string{"PULL", "COMMIT", "approval"} {
			t.Run(k.name+" against "+against, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, uint64(ki*10+ai)))
				var sum tally
				for left := rounds; left > 0; left -= worldWears {
					a := newArena(t, []byte("x"))
					for range min(left, worldWears) {
						a.play(k, against, rng)
					}
					got := a.judge(t)
					sum = tally{sum.rounds + got.rounds, sum.won + got.won, sum.lost + got.lost}
				}
				t.Logf("%d rounds: released in %d, stopped in %d", sum.rounds, sum.won, sum.lost)
			})
		}
	}
}
