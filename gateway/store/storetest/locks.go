package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

const lockBound = 20 * time.Second

// RunLocks checks which transactions wait for which, on an engine on which
// several write at once.
func RunLocks(t *testing.T, open Open) {
	t.Helper()
	s, db := open(t)
	l := &logged{bench: &bench{Store: s, tx: store.For[Tx](s)}, db: db}
	said := l.lockable(t)
	ctx := t.Context()
	anchors := transfer.Anchors{Persons: []string{"p-2", "p-1", "p-1"}, Mission: "m-1", Partner: "x-1", Agreement: "a-1", Subjects: "t-1", Tokens: []string{"k-1", ""}}
	decide := func(tx Tx) error { return errors.Join(tx.LockTransfer(ctx, "t-1"), tx.LockAnchors(ctx, anchors)) }
	withdraw := func(tx Tx) error {
		said[0].Version, said[0].State = said[0].Version+1, consent.Withdrawn
		return errors.Join(tx.LockSubjects(ctx, []string{said[1].Subject, said[0].Subject}), tx.SaveConsents(ctx, said[:1]))
	}
	reads := func(want consent.State) func(Tx) error {
		return func(tx Tx) error {
			all, err := tx.SubjectsOf(ctx, "t-1")
			if err == nil && all[0].Consents[0].State != want {
				t.Errorf("the decision reads %s, want %s", all[0].Consents[0].State, want)
			}
			return err
		}
	}
	both := func(steps ...func(Tx) error) func(Tx) error {
		return func(tx Tx) error {
			for _, step := range steps {
				if err := step(tx); err != nil {
					return err
				}
			}
			return nil
		}
	}
	l.cases(t)
	t.Run("a withdrawal waits for the decision that reads it", func(t *testing.T) {
		l.waits(t, decide, reads(consent.Given), withdraw)
	})
	t.Run("a decision waits for a withdrawal, and reads it", func(t *testing.T) {
		said[0].Version, said[0].State = 2, consent.Given
		l.waits(t, withdraw, nil, both(decide, reads(consent.Withdrawn)))
	})
	hold := func(id string, h rights.Hold) func(Tx) error {
		return func(tx Tx) error {
			h.ID, h.Version, h.Placed = id, 1, Epoch()
			if h.Transfer != "" {
				return errors.Join(tx.LockTransfer(ctx, h.Transfer), tx.SaveHold(ctx, h))
			}
			return errors.Join(tx.LockSubjects(ctx, []string{h.Subject}), tx.SaveHold(ctx, h))
		}
	}
	t.Run("a hold on a person waits for the decision that reads it", func(t *testing.T) {
		l.waits(t, decide, nil, hold("h-1", rights.Hold{Subject: said[0].Subject}))
	})
	t.Run("a hold on a transfer waits for the decision that reads it", func(t *testing.T) {
		l.waits(t, decide, nil, hold("h-2", rights.Hold{Transfer: "t-1"}))
	})
	t.Run("a decision waits for a hold, and reads it", func(t *testing.T) {
		l.waits(t, hold("h-3", rights.Hold{Subject: said[1].Subject}), nil, both(decide, func(tx Tx) error {
			all, err := tx.HoldsOf(ctx, "t-1")
			lists(t, "holds", holdKind(), all, err, "h-1", "h-2", "h-3")
			return err
		}))
	})
	t.Run("what changes with its mission waits for the decision", func(t *testing.T) {
		l.waits(t, decide, nil, func(tx Tx) error { return tx.LockMission(ctx, "m-1") })
	})
	for name, change := range l.changes(t, 2) {
		t.Run(name+" waits for the decision that rests on it", func(t *testing.T) { l.waits(t, decide, nil, change) })
	}
	changes := l.changes(t, 3)
	delete(changes, "a change of the transfer") // nobody shares it
	changes["a withdrawal"] = func(tx Tx) error {
		said[0].Version = 3
		return withdraw(tx)
	}
	for name, change := range changes {
		t.Run(name+" goes before the decisions that come after it", func(t *testing.T) {
			later := anchors
			later.Subjects = "t-2"
			l.overtakes(t, decide, change, func(tx Tx) error { return errors.Join(tx.LockTransfer(ctx, "t-2"), tx.LockAnchors(ctx, later)) })
		})
	}
	t.Run("two decisions on one transfer wait for each other", func(t *testing.T) { l.waits(t, decide, nil, decide) })
	t.Run("two decisions on two transfers share", func(t *testing.T) {
		other := anchors
		other.Subjects = "t-2"
		if _, err := l.tx.Update(ctx, func(tx Tx) error {
			return errors.Join(decide(tx), l.work(t, func(tx Tx) error { return errors.Join(tx.LockTransfer(ctx, "t-2"), tx.LockAnchors(ctx, other)) }))
		}); err != nil {
			t.Error(err)
		}
	})
	t.Run("two releases under one agreement go one by one", func(t *testing.T) {
		release := func(tx Tx) error { return tx.LockVolume(ctx, "a-1") }
		l.waits(t, release, nil, release)
	})
	t.Run("two releases on the pathways from a mission to a partner go one by one, under whatever agreements", func(t *testing.T) {
		on := func(agreement, partner string) func(Tx) error {
			return func(tx Tx) error {
				return errors.Join(tx.LockVolume(ctx, agreement), tx.LockPathways(ctx, "m-1", partner))
			}
		}
		l.waits(t, on("a-1", "x-1"), nil, on("a-2", "x-1"))
		if _, err := l.tx.Update(ctx, func(tx Tx) error { return errors.Join(on("a-1", "x-1")(tx), l.work(t, on("a-2", "x-2"))) }); err != nil {
			t.Error(err)
		}
	})
	t.Run("two grants to one person go one by one, and the later reads the earlier", func(t *testing.T) {
		first := func(tx Tx) error {
			return errors.Join(tx.LockGrants(ctx, "p-9", "p-8"), tx.SaveGrant(ctx, grant("g-9", "p-9", authz.OIG, "", "")))
		}
		l.waits(t, first, nil, both(func(tx Tx) error { return tx.LockGrants(ctx, "p-9") }, func(tx Tx) error {
			all, err := tx.GrantsOf(ctx, "p-9")
			lists(t, "grants", grantKind(), all, err, "g-9")
			return err
		}))
	})
	t.Run("a grant waits for the decision on its holder", func(t *testing.T) {
		l.waits(t, decide, nil, func(tx Tx) error { return tx.LockGrants(ctx, "p-1") })
	})
	t.Run("releases under two agreements do not", func(t *testing.T) {
		under := func(agreement string) func(Tx) error {
			return func(tx Tx) error { return tx.LockVolume(ctx, agreement) }
		}
		if _, err := l.tx.Update(ctx, func(tx Tx) error { return errors.Join(under("a-1")(tx), l.work(t, under("a-2"))) }); err != nil {
			t.Error(err)
		}
	})
	t.Run("a decision takes few turns, on however much it rests", func(t *testing.T) { l.fewTurns(t, anchors) })
	t.Run("a deadlock is begun again", func(t *testing.T) { l.deadlock(t, said[0].Subject, said[1].Subject) })
}

// lockable saves what decisions rest on, and answers with what people said.
func (l *logged) lockable(t *testing.T) []consent.Record {
	t.Helper()
	people, said := batch("l", 2)
	saveEach(t, l.bench, missionKind(), mission("m-1"))
	saveEach(t, l.bench, partyKind(), partyKind().fresh("x-1", full))
	saveEach(t, l.bench, agreementKind(), agreements.Agreement{ID: "a-1", Version: 1})
	saveEach(t, l.bench, assessmentKind(), assessment.Assessment{ID: "s-1", Record: 1, Content: assessment.Content{Agreement: "a-1"}})
	saveEach(t, l.bench, grantKind(), grant("g-1", "p-1", authz.RO, "m-1", ""), grant("g-2", "p-2", authz.FP, "m-1", ""))
	saveEach(t, l.bench, tokenKind(), identity.Token{ID: "k-1", Version: 1, Person: "p-1", Hash: "h-1"})
	saveEach(t, l.bench, transferKind(), transfer.Transfer{ID: "t-1", Version: 1}, transfer.Transfer{ID: "t-2", Version: 1})
	l.must(t, func(tx Tx) error {
		return errors.Join(tx.SaveSubjects(t.Context(), people), tx.SaveConsents(t.Context(), said),
			tx.SaveTransferSubjects(t.Context(), "t-1", []string{people[0].ID, people[1].ID}),
			tx.SaveTransferSubjects(t.Context(), "t-2", []string{people[1].ID, people[0].ID}))
	})
	return said
}

// changes are those of each record that a decision rests on, to the version.
func (*logged) changes(t *testing.T, version int) map[string]func(Tx) error {
	t.Helper()
	ctx := t.Context()
	ended := grant("g-2", "p-2", authz.FP, "m-1", "")
	until := Epoch()
	ended.Version, ended.Until = version, &until
	revoked := identity.Token{ID: "k-1", Version: version, Person: "p-1", Hash: "h-1"}
	m, x := mission("m-1"), partyKind().fresh("x-1", full)
	m.Version, x.Version = version, version
	return map[string]func(Tx) error{
		"the end of a grant":        func(tx Tx) error { return tx.SaveGrant(ctx, ended) },
		"the end of a token":        func(tx Tx) error { return tx.SaveToken(ctx, revoked) },
		"a change of the mission":   func(tx Tx) error { return tx.SaveMission(ctx, m) },
		"a change of the partner":   func(tx Tx) error { return tx.SaveParty(ctx, x) },
		"a change of the agreement": func(tx Tx) error { return tx.SaveAgreement(ctx, agreements.Agreement{ID: "a-1", Version: version}) },
		"a change of the assessment": func(tx Tx) error {
			return tx.SaveAssessment(ctx, assessment.Assessment{ID: "s-1", Record: version, Content: assessment.Content{Agreement: "a-1"}})
		},
		"an incident at the partner": func(tx Tx) error {
			return errors.Join(tx.LockPartner(ctx, "x-1"), tx.SaveIncident(ctx, incidents.Incident{ID: "i-1", Version: version - 1, Partner: "x-1"}))
		},
		"the end of a clearance of the mission": func(tx Tx) error {
			return errors.Join(tx.LockMission(ctx, "m-1"), tx.SaveClearance(ctx, clearance.Clearance{ID: "e-1", Version: version - 1, Mission: "m-1"}))
		},
		"an edition of the rulebook": func(tx Tx) error {
			return errors.Join(tx.LockRules(ctx), tx.SaveRulebook(ctx, rulebook.Book{ID: rulebook.ID, Version: version - 1}))
		},
		"a change of the transfer": func(tx Tx) error { return tx.SaveTransfer(ctx, transfer.Transfer{ID: "t-1", Version: version}) },
	}
}

// waits runs first and, while its transaction is open, second, which must come
// to wait for it. before runs in the first transaction once the second waits.
func (l *logged) waits(t *testing.T, first, before, second func(Tx) error) {
	t.Helper()
	done := make(chan error, 1)
	var ended atomic.Bool
	if _, err := l.tx.Update(t.Context(), func(tx Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() {
			err := l.try(t, second)
			if !ended.Load() {
				err = errors.Join(err, errors.New("it did not wait"))
			}
			done <- err
		}()
		l.untilWaiting(t, 1)
		if before != nil {
			if err := before(tx); err != nil {
				return err
			}
		}
		if err := tx.Record(t.Context(), l.entry()); err != nil {
			return err
		}
		ended.Store(true) // the commit follows, and nothing else
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// overtakes runs first and, while its transaction is open, change, which comes
// to wait for it, and then later, which could share with first and must wait for
// the change.
func (l *logged) overtakes(t *testing.T, first, change, later func(Tx) error) {
	t.Helper()
	changed, decided := make(chan error, 1), make(chan error, 1)
	var ended atomic.Bool
	if err := l.try(t, func(tx Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() { changed <- l.try(t, change) }()
		l.untilWaiting(t, 1)
		go func() {
			err := l.try(t, later)
			if !ended.Load() {
				err = errors.Join(err, errors.New("it passed the change that waits"))
			}
			decided <- err
		}()
		l.untilWaiting(t, 2)
		ended.Store(true)
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := errors.Join(<-changed, <-decided); err != nil {
		t.Error(err)
	}
}

// fewTurns has people make what they may make without number: the server has
// room for some thousand locks of this kind in all.
func (l *logged) fewTurns(t *testing.T, anchors transfer.Anchors) {
	t.Helper()
	ctx := t.Context()
	people, said := batch("few", 300)
	l.must(t, func(tx Tx) error {
		ids := make([]string, 0, len(people))
		var err error
		for i, p := range people {
			n := strconv.Itoa(i)
			ids = append(ids, p.ID)
			err = errors.Join(err, tx.SaveToken(ctx, identity.Token{ID: "few-" + n, Version: 1, Person: "p-1", Hash: "few-" + n}),
				tx.SaveAssessment(ctx, assessment.Assessment{ID: "few-" + n, Record: 1, Content: assessment.Content{Agreement: "a-1"}}))
		}
		return errors.Join(err, tx.SaveSubjects(ctx, people), tx.SaveConsents(ctx, said),
			tx.SaveTransfer(ctx, transfer.Transfer{ID: "t-few", Version: 1}), tx.SaveTransferSubjects(ctx, "t-few", ids))
	})
	anchors.Subjects, anchors.Downloaders = "t-few", true
	for i := range 300 {
		anchors.Tokens = append(anchors.Tokens, "few-"+strconv.Itoa(i))
	}
	l.must(t, func(tx Tx) error {
		if err := errors.Join(tx.LockAnchors(ctx, anchors), tx.LockVolume(ctx, anchors.Agreement)); err != nil {
			return err
		}
		var turns int
		err := l.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND d.datname = current_database()`).Scan(&turns)
		if err == nil && (turns < 10 || turns > 80) {
			t.Errorf("a decision takes %d turns", turns)
		}
		return err
	})
}

// untilWaiting asks until so many transactions of this database wait for a lock.
func (l *logged) untilWaiting(t *testing.T, many int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lockBound)
	defer cancel()
	for {
		var waiting int
		err := l.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE a.datname = current_database() AND NOT l.granted`).Scan(&waiting)
		if err != nil {
			t.Errorf("nobody came to wait: %v", err)
			return
		}
		if waiting >= many {
			return
		}
	}
}

// deadlock has two transactions each lock what the other locks next. The
// database ends one, the store begins it again, and both succeed.
func (l *logged) deadlock(t *testing.T, a, b string) {
	var runs atomic.Int64
	var barrier, group sync.WaitGroup
	barrier.Add(2)
	cross := func(first, second string) {
		var met sync.Once
		if err := l.try(t, func(tx Tx) error {
			runs.Add(1)
			if err := tx.LockSubjects(t.Context(), []string{first}); err != nil {
				return err
			}
			met.Do(func() { barrier.Done(); barrier.Wait() })
			return tx.LockSubjects(t.Context(), []string{second})
		}); err != nil {
			t.Error(err)
		}
	}
	group.Go(func() { cross(a, b) })
	group.Go(func() { cross(b, a) })
	group.Wait()
	if runs.Load() < 3 {
		t.Errorf("%d runs: there was no deadlock", runs.Load())
	}
}
