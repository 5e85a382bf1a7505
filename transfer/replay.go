package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

// keep keeps what a decision rested on, once, and answers with its digest. The
// people are apart, since the decisions on one transfer share them.
func keep(ctx context.Context, tx Tx, f gate.Facts) (digest string, err error) {
	recorded, persons := f.Record()
	var bodies [][]byte
	if len(persons) > 0 {
		body, err := evidence.Canonical(persons)
		if err != nil {
			return "", err
		}
		recorded.People = evidence.DigestOf(body)
		bodies = append(bodies, body)
	}
	body, err := evidence.Canonical(recorded)
	if err != nil {
		return "", err
	}
	return evidence.DigestOf(body), tx.KeepFacts(ctx, append(bodies, body)...)
}

// Replay is a decision told again: from the records as they were read then, by
// the gate as it is now.
type Replay struct {
	Seq    int64          `json:"seq"`
	Entry  string         `json:"entry"`
	Time   time.Time      `json:"time"`
	Phase  gate.Phase     `json:"phase"`
	Policy string         `json:"policy_version"` // under which it was decided
	Facts  string         `json:"facts_digest"`
	Read   []evidence.Ref `json:"read"` // the records that it rested on
	Then   []string       `json:"codes_then"`
	Now    []string       `json:"codes_now"`
	// Same reports that the same verdict comes out, with the same codes in the
	// same order. Differs says what is different otherwise, and whether the gate
	// has other conditions since.
	Same    bool     `json:"same"`
	Differs []string `json:"differs"`
}

// Replay decides again what the entry seq decided. It fails with ErrNotFound
// for an entry that the caller may not see, and with people.ErrInvalid for one
// that is no decision of the gate, or a refusal that rested on no facts.
func (l *LogOffice) Replay(ctx context.Context, c authz.Caller, seq int64) (Replay, error) {
	var f LogFilter
	if err := l.narrow(ctx, c, &f); err != nil {
		return Replay{}, err
	}
	var r Replay
	err := l.store.View(ctx, func(tx LogTx) error {
		line, err := tx.LogLine(ctx, seq)
		if err == nil && !f.Shows(line.Entry) {
			err = evidence.ErrNotFound
		}
		if err != nil {
			return err
		}
		r, err = replay(ctx, tx, line)
		return err
	})
	return r, err
}

func replay(ctx context.Context, tx FactsTx, line LogLine) (Replay, error) {
	e := line.Entry
	if e.Facts == "" {
		return Replay{}, withoutFacts(e)
	}
	r := Replay{
		Seq: line.Seq, Entry: e.ID, Time: e.Time, Phase: gate.Phase(e.Phase), Policy: e.Policy, Facts: e.Facts,
		Read: []evidence.Ref{}, Then: append([]string{}, e.Codes...), Now: []string{}, Differs: []string{},
	}
	recorded, persons, err := ReadFacts(ctx, tx, e.Facts)
	if errors.Is(err, evidence.ErrNotFound) {
		r.Differs = append(r.Differs, "what it rested on is not kept any more")
		return r, nil
	} else if err != nil {
		return Replay{}, err
	}
	r.Read = append(r.Read, recorded.Refs(persons)...)
	bodies, err := tx.Versions(ctx, r.Read)
	if err != nil {
		return Replay{}, err
	}
	for _, ref := range r.Read {
		if _, ok := bodies[ref]; !ok {
			r.Differs = append(r.Differs, fmt.Sprintf("%s %s, version %d, is not kept any more", ref.Kind, ref.ID, ref.Version))
		}
	}
	if recorded.Conditions != gate.TableDigest() {
		r.Differs = append(r.Differs, "the gate has other conditions now: table "+recorded.Conditions+" then, "+gate.TableDigest()+" now")
	}
	body := func(ref evidence.Ref) ([]byte, bool) { b, ok := bodies[ref]; return b, ok }
	facts, err := recorded.Restore(persons, body)
	if errors.Is(err, evidence.ErrNotFound) {
		return r, nil // which record is among what differs
	} else if err != nil {
		return Replay{}, err
	}
	d := gate.Decide(facts)
	r.Now = append(r.Now, d.Codes()...)
	if r.Same = d.Same(e.Codes); !r.Same {
		r.Differs = append(r.Differs, "then "+told(e.Codes)+", now "+told(r.Now))
	}
	chosen, err := recorded.ChosenAgain(facts, body)
	r.Differs = append(r.Differs, chosen...)
	return r, err
}

// withoutFacts says why there is nothing to tell again: the entry is of no
// decision, or of a refusal for one reason, such as bytes that are not those
// declared or an approver who is the sender, on which no other fact was gathered.
func withoutFacts(e evidence.Entry) error {
	if len(e.Codes) == 0 {
		return fmt.Errorf("%w: the entry is of no decision of the gate", people.ErrInvalid)
	}
	return fmt.Errorf("%w: the entry is of a refusal (%s) for which nothing but what it names was judged: no facts were gathered, and there is nothing to decide again",
		people.ErrInvalid, strings.Join(e.Codes, ", "))
}

func told(codes []string) string {
	if len(codes) == 0 {
		return "released"
	}
	return "refused: " + strings.Join(codes, " ")
}

// ReadFacts reads what a decision rested on, by the digest in its entry.
func ReadFacts(ctx context.Context, tx FactsTx, digest string) (gate.Recorded, gate.RecordedPeople, error) {
	var r gate.Recorded
	var persons gate.RecordedPeople
	body, err := tx.Facts(ctx, digest)
	if err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, nil, fmt.Errorf("reading the facts of a decision: %w", err)
	}
	if r.People == "" {
		return r, nil, nil
	}
	if body, err = tx.Facts(ctx, r.People); err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal(body, &persons); err != nil {
		return r, nil, fmt.Errorf("reading the people of a decision: %w", err)
	}
	return r, persons, nil
}
