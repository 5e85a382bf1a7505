// Package storetest is the contract suite of the store: the ports of every
// package, its transactions and its evidence. It runs over each engine.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/queue"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

// Tx is a transaction with every port of the system.
type Tx interface {
	transfer.Tx
	transfer.LogTx
	people.PersonTx
	people.ListTx
	agreements.ListTx
	assessment.ListTx
	people.GrantTx
	people.KeyTx
	people.GrantSetTx
	people.GrantTurnTx
	people.TrainingTx
	people.UndertakingTx
	people.NominationTx
	identity.TokenTx
	terms.PurposeTx
	terms.RaiseTx
	agreements.AgreementTx
	agreements.ScanTx
	agreements.DestructionTx
	templates.Tx
	assessment.AssessmentTx
	assessment.DueTx
	assessment.CauseTx
	assessment.TemplateTx
	consent.ConsentTx
	consent.CaseKeyTx
	rulebook.Tx
	rights.HoldTx
	approvals.ApprovalTx
	anonymous.DisclosureTx
	terms.NoticeTx
	AwaitingDPO(ctx context.Context, p evidence.Page) (evidence.Listed[approvals.Waiting], error)
	LockMission(ctx context.Context, id string) error
	rights.FactTx
	rights.TargetTx
	parties.LockTx
	parties.DueTx
	authorities.CaseTx
	incidents.IncidentTx
	clearance.ClearanceTx
	retention.Tx
	people.EnrolmentTx
	people.TaskTx
	queue.Tx
}

// Epoch is when everything in the suite happens.
func Epoch() time.Time { return time.Date(2031, 5, 6, 7, 8, 9, 123456000, time.UTC) }

// Options are those with which a store of the suite is opened.
func Options() store.Options {
	var n atomic.Int64
	return store.Options{
		Now: Epoch, Random: rand.Reader, Authority: evidencetest.Authority(),
		NewID: func() string { return fmt.Sprintf("more-%08d", n.Add(1)) },
	}
}

// Run checks the contract of the store. open gives an empty one, migrated and
// made with Options, for each subtest.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *bench){
		"transactions": testTransactions,
		"records":      testRecords,
		"natural keys": testNaturalKeys,
		"batches":      testBatches,
		"uploads":      testUploads,
		"people":       testPeople,
		"agreements":   testAgreements, "choice of agreement": testChoice, "near": testNear,
		"partners": testPartners, "assessments": testAssessments, "raises": testRaises, "transfers": testTransfers, "rejudgings": testRejudgings, "queues": testQueues, "subjects": testSubjects,
		"holds": testHolds, "approvals": testApprovals, "notices": testNotices, "disclosures": testDisclosures,
		"log lines": testLogLines, "log excerpts": testExcerpts, "race": testRace, "rules": testRules, "facts": testFacts, "claims": testClaims,
		"rates": testRates, "tallies": testTallies, "papers": testPapers, "endings": testEndings, "lists": testLists, "told": testTold,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			test(t, &bench{Store: s, tx: store.For[Tx](s)})
		})
	}
}

// bench is a store under test.
type bench struct {
	*store.Store
	tx evidence.Store[Tx]
	n  atomic.Int64
}

// entry is one that names what was saved before it.
func (b *bench) entry() evidence.Entry {
	return evidence.Entry{
		ID: fmt.Sprintf("entry-%08d", b.n.Add(1)), Time: Epoch(), Kind: evidence.Change, Actor: "somebody",
		Action: "test", Verdict: evidence.Allowed, Policy: "policy",
	}
}

// try changes records and names them in an entry.
func (b *bench) try(t *testing.T, fn func(Tx) error) error {
	t.Helper()
	_, err := b.tx.Update(t.Context(), func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Record(t.Context(), b.entry())
	})
	return err
}

// must is try that must not fail.
func (b *bench) must(t *testing.T, fn func(Tx) error) {
	t.Helper()
	if err := b.try(t, fn); err != nil {
		t.Fatal(err)
	}
}

// view reads.
func (b *bench) view(t *testing.T, fn func(Tx) error) {
	t.Helper()
	if err := b.tx.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
