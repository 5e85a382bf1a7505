package authz

// Action is something that a person does, as the policy names it.
type Action string

// The actions. Those under role.grant carry the role that is granted, so that
// the policy says who may grant what.
const (
	MissionCreate Action = "mission.create"
	MissionRead   Action = "mission.read"

	PersonCreate Action = "person.create"
	PersonRead   Action = "person.read"
	KeyEnrol     Action = "key.enrol"
	KeyConfirm   Action = "key.confirm"
	TokenIssue   Action = "token.issue"
	TokenRevoke  Action = "token.revoke"

	TrainingRecord  Action = "training.record" // import course completions
	TrainingRead    Action = "training.read"   // who is trained, by mission and role
	UndertakingSign Action = "undertaking.sign"

	PersonSuspend  Action = "person.suspend"
	PersonLift     Action = "person.lift"
	MissionSuspend Action = "mission.suspend"
	MissionLift    Action = "mission.lift"
	PostDelegate   Action = "post.delegate"

	PersonNominate   Action = "person.nominate"
	NominationRead   Action = "nomination.read"
	NominationDecide Action = "nomination.decide"

	PartyCreate Action = "party.create"
	PartyVet    Action = "party.vet"
	PartyRead   Action = "party.read"

	TermsWrite Action = "terms.write" // purposes, categories, retention rules
	TermsRead  Action = "terms.read"

	AgreementDraft     Action = "agreement.draft"
	AgreementRead      Action = "agreement.read"
	AgreementReview    Action = "agreement.review" // send to review
	AgreementApprove   Action = "agreement.approve"
	AgreementSign      Action = "agreement.sign"
	AgreementActivate  Action = "agreement.activate"
	AgreementSuspend   Action = "agreement.suspend"
	AgreementLift      Action = "agreement.lift"
	AgreementTerminate Action = "agreement.terminate"

	AssessmentCreate  Action = "assessment.create"
	AssessmentRead    Action = "assessment.read"
	AssessmentSubmit  Action = "assessment.submit"
	AssessmentApprove Action = "assessment.approve"

	ConsentRecord   Action = "consent.record"
	ConsentRead     Action = "consent.read"
	ConsentWithdraw Action = "consent.withdraw"

	TransferRequest     Action = "transfer.request"
	TransferUpload      Action = "transfer.upload"
	TransferCommit      Action = "transfer.commit"
	TransferApprove     Action = "transfer.approve"
	TransferRead        Action = "transfer.read"
	TransferReadReduced Action = "transfer.read.reduced"
	TransferPull        Action = "transfer.pull"
	TransferAcknowledge Action = "transfer.acknowledge"
	TransferRecall      Action = "transfer.recall"

	LogRead       Action = "log.read"
	LogCheckpoint Action = "log.checkpoint"

	roleGrant Action = "role.grant."
)

// GrantRole is the action of granting, or of ending, role.
func GrantRole(role Role) Action { return roleGrant + Action(role) }

// Actions are all actions that a policy may name.
func Actions() []Action {
	all := []Action{
		MissionCreate, MissionRead,
		PersonCreate, PersonRead,
		KeyEnrol, KeyConfirm,
		TokenIssue, TokenRevoke,
		TrainingRecord, TrainingRead, UndertakingSign,
		PersonSuspend, PersonLift, MissionSuspend, MissionLift, PostDelegate,
		PersonNominate, NominationRead, NominationDecide,
		PartyCreate, PartyVet, PartyRead,
		TermsWrite, TermsRead,
		AgreementDraft, AgreementRead, AgreementReview, AgreementApprove, AgreementSign, AgreementActivate, AgreementSuspend, AgreementLift, AgreementTerminate,
		AssessmentCreate, AssessmentRead, AssessmentSubmit, AssessmentApprove,
		ConsentRecord, ConsentRead, ConsentWithdraw,
		TransferRequest, TransferUpload, TransferCommit, TransferApprove, TransferRead, TransferReadReduced, TransferPull, TransferAcknowledge, TransferRecall,
		LogRead, LogCheckpoint,
	}
	for _, role := range []Role{RO, HOM, FP, LEG, DPO, PSG, PDL, OIG} {
		all = append(all, GrantRole(role))
	}
	return all
}
