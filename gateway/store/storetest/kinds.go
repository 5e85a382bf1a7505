package storetest

import (
	"context"
	"errors"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

// kind is one kind of record, with its port methods.
type kind[T any] struct {
	name    string
	id      func(*T) *string
	version func(*T) *int
	save    func(Tx, context.Context, T) error
	load    func(Tx, context.Context, T) (T, error)
}

func (k kind[T]) fresh(id string, x extent) T {
	v := filled[T](id, x)
	*k.id(&v), *k.version(&v) = id, 1
	return v
}

// byID loads through a method that takes the id.
func byID[T any](id func(*T) *string, load func(Tx, context.Context, string) (T, error)) func(Tx, context.Context, T) (T, error) {
	return func(tx Tx, ctx context.Context, v T) (T, error) { return load(tx, ctx, *id(&v)) }
}

func simple[T any](name string, id func(*T) *string, version func(*T) *int, save func(Tx, context.Context, T) error, load func(Tx, context.Context, string) (T, error)) kind[T] {
	return kind[T]{name, id, version, save, byID(id, load)}
}

// anyKind is a kind of record, whatever its type.
type anyKind interface {
	called() string
	contract(t *testing.T, b *bench)
	// add saves two versions of one record.
	add(t *testing.T, b *bench, id string)
}

// kinds are all kinds of records.
func kinds() []anyKind {
	return []anyKind{
		missionKind(), personKind(), grantKind(), keyKind(), tokenKind(), partyKind(), purposeKind(), categoryKind(), retentionKind(),
		agreementKind(), assessmentKind(), subjectKind(), consentKind(), transferKind(), fileKind(), pullKind(), holdKind(), approvalKind(),
		noticeKind(), disclosureKind(), caseKind(), incidentKind(), clearanceKind(), dutyKind(), causeKind(), templateKind(), scanKind(),
		editionKind(), trainingKind(), undertakingKind(), nominationKind(),
	}
}

func (k kind[T]) called() string { return k.name }

func (k kind[T]) add(t *testing.T, b *bench, id string) {
	t.Helper()
	v := k.fresh(id, full)
	for range 2 {
		if err := k.saved(t, b, v); err != nil {
			t.Fatal(err)
		}
		*k.version(&v)++
	}
}

func missionKind() kind[people.Mission] {
	return simple("mission", func(v *people.Mission) *string { return &v.ID }, func(v *people.Mission) *int { return &v.Version }, Tx.SaveMission, Tx.Mission)
}

func personKind() kind[people.Person] {
	return simple("person", func(v *people.Person) *string { return &v.ID }, func(v *people.Person) *int { return &v.Version }, Tx.SavePerson, Tx.Person)
}

func grantKind() kind[people.Grant] {
	return simple("grant", func(v *people.Grant) *string { return &v.ID }, func(v *people.Grant) *int { return &v.Version }, Tx.SaveGrant, Tx.Grant)
}

func keyKind() kind[people.Key] {
	return simple("key", func(v *people.Key) *string { return &v.ID }, func(v *people.Key) *int { return &v.Version }, Tx.SaveKey, Tx.Key)
}

func tokenKind() kind[identity.Token] {
	return simple("token", func(v *identity.Token) *string { return &v.ID }, func(v *identity.Token) *int { return &v.Version }, Tx.SaveToken, Tx.Token)
}

func trainingKind() kind[people.TrainingRecord] {
	return simple("training", func(v *people.TrainingRecord) *string { return &v.ID }, func(v *people.TrainingRecord) *int { return &v.Version },
		func(tx Tx, ctx context.Context, v people.TrainingRecord) error {
			return tx.SaveTrainings(ctx, []people.TrainingRecord{v})
		}, Tx.Training)
}

func undertakingKind() kind[people.Undertaking] {
	return simple("undertaking", func(v *people.Undertaking) *string { return &v.ID }, func(v *people.Undertaking) *int { return &v.Version }, Tx.SaveUndertaking, Tx.Undertaking)
}

func nominationKind() kind[people.Nomination] {
	return simple("nomination", func(v *people.Nomination) *string { return &v.ID }, func(v *people.Nomination) *int { return &v.Version }, Tx.SaveNomination, Tx.Nomination)
}

func partyKind() kind[parties.Party] {
	return simple("party", func(v *parties.Party) *string { return &v.ID }, func(v *parties.Party) *int { return &v.Version }, Tx.SaveParty, Tx.Party)
}

func purposeKind() kind[terms.Purpose] {
	return simple("purpose", func(v *terms.Purpose) *string { return &v.ID }, func(v *terms.Purpose) *int { return &v.Version }, Tx.SavePurpose, Tx.Purpose)
}

func categoryKind() kind[terms.Category] {
	return simple("category", func(v *terms.Category) *string { return &v.ID }, func(v *terms.Category) *int { return &v.Version }, Tx.SaveCategory, Tx.Category)
}

func retentionKind() kind[terms.RetentionRule] {
	return simple("retention_rule", func(v *terms.RetentionRule) *string { return &v.ID }, func(v *terms.RetentionRule) *int { return &v.Version }, Tx.SaveRetentionRule, Tx.RetentionRule)
}

func agreementKind() kind[agreements.Agreement] {
	return simple("agreement", func(v *agreements.Agreement) *string { return &v.ID }, func(v *agreements.Agreement) *int { return &v.Version }, Tx.SaveAgreement, Tx.Agreement)
}

func templateKind() kind[templates.Template] {
	return simple("agreement_template", func(v *templates.Template) *string { return &v.ID }, func(v *templates.Template) *int { return &v.Version }, Tx.SaveAgreementTemplate, Tx.AgreementTemplate)
}

func scanKind() kind[agreements.Scan] {
	return simple("agreement_scan", func(v *agreements.Scan) *string { return &v.ID }, func(v *agreements.Scan) *int { return &v.Version }, Tx.SaveAgreementScan, Tx.AgreementScan)
}

func assessmentKind() kind[assessment.Assessment] {
	return simple("assessment", func(v *assessment.Assessment) *string { return &v.ID }, func(v *assessment.Assessment) *int { return &v.Record }, Tx.SaveAssessment, Tx.Assessment)
}

func causeKind() kind[assessment.Cause] {
	return simple("stale_cause", func(v *assessment.Cause) *string { return &v.ID }, func(v *assessment.Cause) *int { return &v.Version }, Tx.SaveStaleCause, Tx.StaleCause)
}

func editionKind() kind[assessment.Edition] {
	return kind[assessment.Edition]{
		"assessment_template", func(v *assessment.Edition) *string { return &v.ID }, func(v *assessment.Edition) *int { return &v.Version }, Tx.SaveAssessmentTemplate,
		func(tx Tx, ctx context.Context, e assessment.Edition) (assessment.Edition, error) {
			all, err := tx.AssessmentTemplates(ctx)
			for _, known := range all {
				if known.ID == e.ID {
					return known, err
				}
			}
			return assessment.Edition{}, errors.Join(err, evidence.ErrNotFound)
		},
	}
}

func subjectKind() kind[consent.Subject] {
	return kind[consent.Subject]{
		"subject", func(v *consent.Subject) *string { return &v.ID }, func(v *consent.Subject) *int { return &v.Version },
		func(tx Tx, ctx context.Context, s consent.Subject) error {
			return tx.SaveSubjects(ctx, []consent.Subject{s})
		},
		func(tx Tx, ctx context.Context, s consent.Subject) (consent.Subject, error) {
			known, err := tx.SubjectsByReference(ctx, s.Mission, []string{"none", s.Reference})
			found, ok := known[s.Reference]
			if err == nil && !ok {
				err = evidence.ErrNotFound
			}
			return found, err
		},
	}
}

func consentKind() kind[consent.Record] {
	return simple("consent", func(v *consent.Record) *string { return &v.ID }, func(v *consent.Record) *int { return &v.Version },
		func(tx Tx, ctx context.Context, c consent.Record) error {
			return tx.SaveConsents(ctx, []consent.Record{c})
		}, Tx.Consent)
}

func holdKind() kind[rights.Hold] {
	return simple("hold", func(v *rights.Hold) *string { return &v.ID }, func(v *rights.Hold) *int { return &v.Version }, Tx.SaveHold, Tx.Hold)
}

func transferKind() kind[transfer.Transfer] {
	return simple("transfer", func(v *transfer.Transfer) *string { return &v.ID }, func(v *transfer.Transfer) *int { return &v.Version }, Tx.SaveTransfer, Tx.Transfer)
}

func fileKind() kind[transfer.SealedFile] {
	return simple("sealed_file", func(v *transfer.SealedFile) *string { return &v.ID }, func(v *transfer.SealedFile) *int { return &v.Version }, Tx.SaveSealedFile, Tx.SealedFile)
}

func pullKind() kind[transfer.PullSession] {
	return simple("pull", func(v *transfer.PullSession) *string { return &v.ID }, func(v *transfer.PullSession) *int { return &v.Version }, Tx.SavePullSession, Tx.PullSession)
}
