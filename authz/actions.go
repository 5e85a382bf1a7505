package authz

// Action is something that a person does, as the policy names it.
type Action string

// The actions. Those under role.grant carry the role that is granted, so that
// the policy says who may grant what.
const (
	MissionCreate Action = "mission.create"
	MissionRead   Action = "mission.read"
	MissionAmend  Action = "mission.amend" // its contact

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

	PartyAmend   Action = "party.amend"
	PartySuspend Action = "party.suspend"
	PartyLift    Action = "party.lift"
	PartyBlock   Action = "party.block"

	AuthorityReport Action = "authority.report" // that an authority asks for data (R34)
	AuthorityRead   Action = "authority.read"
	AuthorityDecide Action = "authority.decide"

	IncidentReport Action = "incident.report"
	IncidentRead   Action = "incident.read"
	IncidentTriage Action = "incident.triage"
	IncidentLead   Action = "incident.lead"

	ClearanceRecord   Action = "clearance.record" // of an originator, for data that others collected
	ClearanceRead     Action = "clearance.read"
	ClearanceWithdraw Action = "clearance.withdraw"

	DestructionRead    Action = "destruction.read"
	DestructionCertify Action = "destruction.certify"
	DestructionAccept  Action = "destruction.accept"

	TermsWrite   Action = "terms.write"   // purposes, categories, retention rules
	TermsApprove Action = "terms.approve" // or reject
	TermsRead    Action = "terms.read"

	RulesDraft   Action = "rules.draft"   // of the rulebook, which is policy data
	RulesApprove Action = "rules.approve" // or reject
	RulesRead    Action = "rules.read"

	AgreementDraft     Action = "agreement.draft"
	AgreementRead      Action = "agreement.read"
	AgreementReview    Action = "agreement.review" // send to review
	AgreementApprove   Action = "agreement.approve"
	AgreementSign      Action = "agreement.sign"
	AgreementActivate  Action = "agreement.activate"
	AgreementSuspend   Action = "agreement.suspend"
	AgreementLift      Action = "agreement.lift"
	AgreementTerminate Action = "agreement.terminate"

	AgreementTemplateWrite   Action = "agreement.template.write"
	AgreementTemplateApprove Action = "agreement.template.approve"
	AgreementAmend           Action = "agreement.amend"
	AgreementDeviate         Action = "agreement.deviate" // decide on a clause that deviates
	AgreementCloseOut        Action = "agreement.closeout"
	AgreementScanAdd         Action = "agreement.scan.add"
	AgreementScanRead        Action = "agreement.scan.read"
	AgreementAttest          Action = "agreement.attest" // a signature in wet ink
	AgreementImport          Action = "agreement.import"

	AssessmentCreate  Action = "assessment.create"
	AssessmentRead    Action = "assessment.read"
	AssessmentSubmit  Action = "assessment.submit"
	AssessmentApprove Action = "assessment.approve"

	AssessmentClose            Action = "assessment.close_condition"
	AssessmentEnd              Action = "assessment.end"      // of one that is approved
	AssessmentDerogate         Action = "assessment.derogate" // Legal and the DPO jointly
	AssessmentTemplateWrite    Action = "assessment.template.write"
	AssessmentTemplateApprove  Action = "assessment.template.approve"
	AssessmentTemplateWithdraw Action = "assessment.template.withdraw"
	AlertRaise                 Action = "alert.raise" // and lift

	ConsentRecord   Action = "consent.record"
	ConsentRead     Action = "consent.read"
	ConsentWithdraw Action = "consent.withdraw"

	ConsentAttach  Action = "consent.attach"  // evidence of it
	ConsentCertify Action = "consent.certify" // what was said without writing
	ConsentAssess  Action = "consent.assess"  // capacity, guardian, own views

	HoldOpen       Action = "hold.open" // an objection, a request for erasure or rectification
	HoldClose      Action = "hold.close"
	HoldPlaceLegal Action = "hold.legal.place"
	HoldLiftLegal  Action = "hold.legal.lift"
	HoldRead       Action = "hold.read"

	HoldPlaceReview Action = "hold.review.place" // on one transfer, until it has been looked into
	HoldLiftReview  Action = "hold.review.lift"

	DPODecide       Action = "dpo_approval.decide"
	DPOApprovalRead Action = "dpo_approval.read"

	NoticeWrite   Action = "notice.write"
	NoticeApprove Action = "notice.approve"

	DisclosureWrite    Action = "disclosure.write"
	DisclosureSign     Action = "disclosure.sign"
	DisclosureWithdraw Action = "disclosure.withdraw"
	DisclosureRead     Action = "disclosure.read"

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
	LogExport     Action = "log.export"

	roleGrant Action = "role.grant."
)

// GrantRole is the action of granting, or of ending, role.
func GrantRole(role Role) Action { return roleGrant + Action(role) }

// Actions are all actions that a policy may name.
func Actions() []Action {
	all := []Action{
		MissionCreate, MissionRead, MissionAmend,
		PersonCreate, PersonRead,
		KeyEnrol, KeyConfirm,
		TokenIssue, TokenRevoke,
		TrainingRecord, TrainingRead, UndertakingSign,
		PersonSuspend, PersonLift, MissionSuspend, MissionLift, PostDelegate,
		PersonNominate, NominationRead, NominationDecide,
		PartyCreate, PartyVet, PartyRead,
		PartyAmend, PartySuspend, PartyLift, PartyBlock,
		AuthorityReport, AuthorityRead, AuthorityDecide,
		IncidentReport, IncidentRead, IncidentTriage, IncidentLead,
		ClearanceRecord, ClearanceRead, ClearanceWithdraw,
		DestructionRead, DestructionCertify, DestructionAccept,
		TermsWrite, TermsApprove, TermsRead,
		RulesDraft, RulesApprove, RulesRead,
		AgreementDraft, AgreementRead, AgreementReview, AgreementApprove, AgreementSign, AgreementActivate, AgreementSuspend, AgreementLift, AgreementTerminate,
		AgreementTemplateWrite, AgreementTemplateApprove, AgreementAmend, AgreementDeviate, AgreementCloseOut,
		AgreementScanAdd, AgreementScanRead, AgreementAttest, AgreementImport,
		AssessmentCreate, AssessmentRead, AssessmentSubmit, AssessmentApprove,
		ConsentRecord, ConsentRead, ConsentWithdraw, ConsentAttach, ConsentCertify, ConsentAssess, HoldOpen, HoldClose, HoldPlaceLegal,
		HoldLiftLegal, HoldPlaceReview, HoldLiftReview, HoldRead, DPODecide, DPOApprovalRead, NoticeWrite, NoticeApprove, DisclosureWrite, DisclosureSign, DisclosureWithdraw,
		DisclosureRead, AssessmentClose, AssessmentDerogate, AssessmentEnd, AssessmentTemplateWrite, AssessmentTemplateApprove, AssessmentTemplateWithdraw,
		AlertRaise,
		TransferRequest, TransferUpload, TransferCommit, TransferApprove, TransferRead, TransferReadReduced, TransferPull, TransferAcknowledge, TransferRecall,
		LogRead, LogCheckpoint, LogExport,
	}
	for _, role := range []Role{RO, HOM, FP, LEG, DPO, PSG, PDL, OIG} {
		all = append(all, GrantRole(role))
	}
	return all
}
