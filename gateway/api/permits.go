package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/authz"
)

// rolesMember is the member of an operation, in the document, that names the roles which may do it, by the policy that
// comes with the program. Which records they may do it to is the policy's too. Without it, everybody with a token may, for
// themselves or as far as they may see.
const rolesMember = "x-safeconduct-roles"

// permitted writes into the document who may do what.
func permitted(doc *huma.OpenAPI) error {
	holders, err := authz.Holders()
	if err != nil {
		return err
	}
	for _, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			var roles []authz.Role
			for _, action := range actionsOf(op.OperationID) {
				roles = append(roles, holders[action]...)
			}
			slices.Sort(roles)
			if len(roles) > 0 {
				op.Extensions[rolesMember] = slices.Compact(roles)
			}
		}
	}
	return nil
}

// actionsOf are the actions of which one opens the operation. The services ask for them; TestWalk shows that these are
// the same. None: everybody who is known.
func actionsOf(operation string) []authz.Action {
	switch operation {
	case "import-agreements":
		return []authz.Action{authz.AgreementImport}
	case "list-agreement-templates", "get-agreement-template", "list-assessment-templates", "get-assessment-template-version", "list-categories", "list-alerts", "list-notices", "list-purposes", "list-retention-rules":
		return []authz.Action{authz.TermsRead}
	case "write-agreement-template":
		return []authz.Action{authz.AgreementTemplateWrite}
	case "approve-agreement-template":
		return []authz.Action{authz.AgreementTemplateApprove}
	case "draft-agreement", "revise-agreement":
		return []authz.Action{authz.AgreementDraft}
	case "list-agreements", "get-agreement", "get-amendment-document", "get-agreement-document", "list-scans", "get-agreement-text", "print-agreement", "print-amendment":
		return []authz.Action{authz.AgreementRead}
	case "activate-agreement":
		return []authz.Action{authz.AgreementActivate}
	case "amend-agreement", "withdraw-amendment":
		return []authz.Action{authz.AgreementAmend}
	case "decide-agreement":
		return []authz.Action{authz.AgreementApprove}
	case "attest-signatures":
		return []authz.Action{authz.AgreementAttest}
	case "close-out-agreement":
		return []authz.Action{authz.AgreementCloseOut}
	case "approve-deviation":
		return []authz.Action{authz.AgreementDeviate}
	case "review-agreement":
		return []authz.Action{authz.AgreementReview}
	case "send-scan":
		return []authz.Action{authz.AgreementScanAdd}
	case "read-scan":
		return []authz.Action{authz.AgreementScanRead}
	case "sign-agreement":
		return []authz.Action{authz.AgreementSign}
	case "suspend-agreement":
		return []authz.Action{authz.AgreementSuspend}
	case "lift-suspension":
		return []authz.Action{authz.AgreementLift}
	case "terminate-agreement":
		return []authz.Action{authz.AgreementTerminate}
	case "draft-assessment-template":
		return []authz.Action{authz.AssessmentTemplateWrite}
	case "approve-assessment-template":
		return []authz.Action{authz.AssessmentTemplateApprove}
	case "withdraw-assessment-template":
		return []authz.Action{authz.AssessmentTemplateWithdraw}
	case "draft-assessment", "revise-assessment":
		return []authz.Action{authz.AssessmentCreate}
	case "list-assessments", "get-assessment":
		return []authz.Action{authz.AssessmentRead}
	case "decide-assessment", "add-condition":
		return []authz.Action{authz.AssessmentApprove}
	case "close-condition":
		return []authz.Action{authz.AssessmentClose}
	case "end-assessment":
		return []authz.Action{authz.AssessmentEnd}
	case "derogate", "withdraw-derogation":
		return []authz.Action{authz.AssessmentDerogate}
	case "submit-assessment":
		return []authz.Action{authz.AssessmentSubmit}
	case "report-authority-request":
		return []authz.Action{authz.AuthorityReport}
	case "get-authority-request":
		return []authz.Action{authz.AuthorityRead}
	case "take-authority-request", "close-authority-request", "decide-authority-request":
		return []authz.Action{authz.AuthorityDecide}
	case "create-category", "create-purpose", "create-retention-rule", "review-retention-rule", "amend-purpose", "amend-category", "amend-retention-rule":
		return []authz.Action{authz.TermsWrite}
	case "approve-purpose", "approve-category", "approve-retention-rule", "reject-purpose", "reject-category", "reject-retention-rule":
		return []authz.Action{authz.TermsApprove}
	case "record-clearance":
		return []authz.Action{authz.ClearanceRecord}
	case "get-clearance":
		return []authz.Action{authz.ClearanceRead}
	case "withdraw-clearance":
		return []authz.Action{authz.ClearanceWithdraw}
	case "raise-alert", "lift-alert":
		return []authz.Action{authz.AlertRaise}
	case "record-consent", "record-consents":
		return []authz.Action{authz.ConsentRecord}
	case "get-consent":
		return []authz.Action{authz.ConsentRead}
	case "assess-capacity":
		return []authz.Action{authz.ConsentAssess}
	case "certify-consent":
		return []authz.Action{authz.ConsentCertify}
	case "attach-evidence":
		return []authz.Action{authz.ConsentAttach}
	case "withdraw-consent":
		return []authz.Action{authz.ConsentWithdraw}
	case "get-destruction":
		return []authz.Action{authz.DestructionRead}
	case "certify-destruction":
		return []authz.Action{authz.DestructionCertify}
	case "decide-destruction":
		return []authz.Action{authz.DestructionAccept}
	case "write-disclosure":
		return []authz.Action{authz.DisclosureWrite}
	case "get-disclosure":
		return []authz.Action{authz.DisclosureRead}
	case "sign-disclosure":
		return []authz.Action{authz.DisclosureSign}
	case "withdraw-disclosure":
		return []authz.Action{authz.DisclosureWithdraw}
	case "list-sensitive-decisions", "get-sensitive-decision", "list-waiting-for-dpo":
		return []authz.Action{authz.DPOApprovalRead}
	case "decide-sensitive", "revoke-sensitive":
		return []authz.Action{authz.DPODecide}
	case "list-holds", "get-hold":
		return []authz.Action{authz.HoldRead}
	case "place-hold":
		return []authz.Action{authz.HoldOpen, authz.HoldPlaceLegal, authz.HoldPlaceReview}
	case "lift-hold":
		return []authz.Action{authz.HoldClose, authz.HoldLiftLegal, authz.HoldLiftReview}
	case "report-incident":
		return []authz.Action{authz.IncidentReport}
	case "get-incident":
		return []authz.Action{authz.IncidentRead}
	case "close-incident":
		return []authz.Action{authz.IncidentLead}
	case "triage-incident":
		return []authz.Action{authz.IncidentTriage}
	case "get-checkpoint":
		return []authz.Action{authz.LogCheckpoint}
	case "export-log":
		return []authz.Action{authz.LogExport}
	case "list-log-entries", "replay-decision":
		return []authz.Action{authz.LogRead}
	case "create-mission":
		return []authz.Action{authz.MissionCreate}
	case "get-mission":
		return []authz.Action{authz.MissionRead}
	case "change-mission-contact":
		return []authz.Action{authz.MissionAmend}
	case "suspend-mission":
		return []authz.Action{authz.MissionSuspend}
	case "lift-mission":
		return []authz.Action{authz.MissionLift}
	case "list-nominations", "get-nomination":
		return []authz.Action{authz.NominationRead}
	case "nominate":
		return []authz.Action{authz.PersonNominate}
	case "decide-nomination":
		return []authz.Action{authz.NominationDecide}
	case "write-notice":
		return []authz.Action{authz.NoticeWrite}
	case "approve-notice":
		return []authz.Action{authz.NoticeApprove}
	case "create-party":
		return []authz.Action{authz.PartyCreate}
	case "get-party":
		return []authz.Action{authz.PartyRead}
	case "amend-party":
		return []authz.Action{authz.PartyAmend}
	case "block-party":
		return []authz.Action{authz.PartyBlock}
	case "suspend-party":
		return []authz.Action{authz.PartySuspend}
	case "lift-party-suspension":
		return []authz.Action{authz.PartyLift}
	case "vet-party":
		return []authz.Action{authz.PartyVet}
	case "create-person":
		return []authz.Action{authz.PersonCreate}
	case "list-people", "get-person":
		return []authz.Action{authz.PersonRead}
	case "delegate-post":
		return []authz.Action{authz.PostDelegate}
	case "revoke-key", "confirm-key":
		return []authz.Action{authz.KeyConfirm}
	case "suspend-person":
		return []authz.Action{authz.PersonSuspend}
	case "lift-person":
		return []authz.Action{authz.PersonLift}
	case "get-rulebook":
		return []authz.Action{authz.RulesRead}
	case "draft-rules":
		return []authz.Action{authz.RulesDraft}
	case "approve-rules", "reject-rules":
		return []authz.Action{authz.RulesApprove}
	case "issue-token":
		return []authz.Action{authz.TokenIssue}
	case "revoke-token":
		return []authz.Action{authz.TokenRevoke}
	case "import-trainings":
		return []authz.Action{authz.TrainingRecord}
	case "training-coverage":
		return []authz.Action{authz.TrainingRead}
	case "request-transfer":
		return []authz.Action{authz.TransferRequest}
	case "list-transfers", "get-transfer":
		return []authz.Action{authz.TransferRead, authz.TransferReadReduced}
	case "get-cover", "print-cover":
		return []authz.Action{authz.TransferRead, authz.TransferPull}
	case "acknowledge-transfer":
		return []authz.Action{authz.TransferAcknowledge}
	case "approve-transfer":
		return []authz.Action{authz.TransferApprove}
	case "commit-transfer":
		return []authz.Action{authz.TransferCommit}
	case "pull-file":
		return []authz.Action{authz.TransferPull}
	case "send-file":
		return []authz.Action{authz.TransferUpload}
	case "recall-transfer":
		return []authz.Action{authz.TransferRecall}
	case "grant-role", "end-role":
		return grants()
	}
	return nil
}

// grants are the actions of granting each role.
func grants() []authz.Action {
	return slices.DeleteFunc(authz.Actions(), func(a authz.Action) bool { return !strings.HasPrefix(string(a), string(authz.GrantRole(""))) })
}
