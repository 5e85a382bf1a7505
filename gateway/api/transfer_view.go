package api

import (
	"context"
	"time"

	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
)

// transferView is a transfer as it may be read. Members that a partner may not see are left out for one.
type transferView struct {
	ID             string              `json:"id"`
	Version        int                 `json:"version"`
	State          transfer.State      `json:"state" enum:"draft,refused,uploading,sealed,awaiting_approval,available,held,pulled,acknowledged,recalled,unclaimed"`
	Mission        string              `json:"mission"`
	Partner        string              `json:"partner"`
	Purpose        string              `json:"purpose"`
	Nature         string              `json:"nature"`
	RecipientClass string              `json:"recipient_class"`
	Categories     []string            `json:"categories" nullable:"false"`
	Fields         []string            `json:"fields" nullable:"false"`
	Subjects       int                 `json:"subjects" doc:"how many"`
	Origin         originBody          `json:"data_origin,omitzero"`
	Onward         []string            `json:"onward_recipients,omitempty"`
	Pathway        string              `json:"pathway,omitempty" doc:"name of the pathway of referrals that it follows"`
	Files          []fileView          `json:"files" nullable:"false"`
	Agreement      string              `json:"agreement,omitempty" doc:"the agreement that it rests on"`
	Assessment     string              `json:"assessment,omitempty" doc:"the assessment that it cites (R47)"`
	Sender         string              `json:"sender,omitempty"`
	NeedsApproval  bool                `json:"needs_approval,omitempty" doc:"whether a second person must approve"`
	Approvals      []transfer.Approval `json:"approvals,omitempty"`
	Attested       string              `json:"content_attested,omitempty" doc:"version of the statement by which the sender attested the content of what cannot be matched to what is declared"`
	Released       *time.Time          `json:"released,omitempty"`
	ReleaseEntry   string              `json:"release_entry,omitempty" doc:"id of the log entry that released it"`
	WindowEnds     *time.Time          `json:"window_ends,omitempty" doc:"exclusive; while the transfer is held it stands still, and what was left is given back afterwards"`
	PullLimit      int                 `json:"pull_limit,omitempty" doc:"pull sessions per file"`
	HeldSince      *time.Time          `json:"held_since,omitempty"`
	Delivered      *time.Time          `json:"delivered,omitempty" doc:"when a whole file was first written to the recipient; the state says held where it is held since"`
	Receipts       []transfer.Receipt  `json:"receipts,omitempty"`
	RecallReason   string              `json:"recall_reason,omitempty"`
	// Destruction is read from the duty, and where the transfer itself is read only.
	Destruction retention.Destruction `json:"destruction,omitempty" enum:"due,certified,destroyed" doc:"how far what was pulled is destroyed (GET /destructions/{id}); left out before the first pull, and in the answers of acts"`
	Codes       []string              `json:"codes,omitempty" doc:"the codes of the decision, the primary one first"`
	Decision    *decisionView         `json:"decision,omitempty" doc:"the gate's last answer"`
	Created     time.Time             `json:"created"`
	Updated     time.Time             `json:"updated"`
}

// fileView is one file of a transfer.
type fileView struct {
	N         int    `json:"n" doc:"number of the file, from 1"`
	MediaType string `json:"media_type"`
	Size      *int64 `json:"size,omitempty" doc:"bytes: as sealed, or as declared while it is expected"`
	SHA256    string `json:"sha256,omitempty" doc:"of the content, hex: as sealed, or as declared while it is expected"`
	State     string `json:"state" enum:"expected,sealed"`
}

// decisionView is an answer of the gate, with how to mend what it refused.
type decisionView struct {
	Phase    gate.Phase         `json:"phase" enum:"REQUEST,COMMIT,PULL"`
	Policy   string             `json:"policy_version"`
	Released bool               `json:"released" doc:"whether the transfer may go on"`
	Refusals []edge.RefusalView `json:"refusals" nullable:"false"`
}

// viewTransfer shows the transfer that an act answered with, unless it failed. What the gate refused names whom to ask (R56).
func (r *routes) viewTransfer(ctx context.Context, t transfer.Transfer, err error) (transferView, error) {
	if err != nil {
		return transferView{}, err
	}
	var told transfer.Contacts
	if len(t.Decision.Refusals) > 0 {
		told = edge.Told(ctx, t.ID)
	}
	return r.shown(ctx, t, told), nil
}

// shown is the transfer with whom its refusals name.
func (r *routes) shown(ctx context.Context, t transfer.Transfer, told transfer.Contacts) transferView {
	lang := edge.Language(ctx)
	v := transferView{
		ID: t.ID, Version: t.Version, State: t.State, Mission: t.Mission, Partner: t.Partner, Purpose: t.Purpose, Nature: t.Nature,
		RecipientClass: t.RecipientClass, Categories: full(t.Categories), Fields: full(t.Fields), Subjects: t.Subjects, Files: []fileView{},
		Origin: originBody(t.Origin), Onward: t.Onward, Pathway: t.Pathway,
		Agreement: t.Agreement, Assessment: t.Assessment, Sender: t.Sender, NeedsApproval: t.NeedsApproval, Approvals: t.Approvals, Attested: t.ContentAttested,
		Released: t.Released, ReleaseEntry: t.ReleaseEntry, WindowEnds: t.WindowEnds, PullLimit: t.PullLimit, HeldSince: t.HeldSince, Delivered: t.Delivered,
		Receipts: t.Receipts, RecallReason: t.RecallReason, Created: t.Created, Updated: t.Updated,
	}
	for _, f := range t.Files {
		v.Files = append(v.Files, viewFile(f))
	}
	if t.Decision.Phase == "" {
		return v // the reduced view of a partner, who is never told why
	}
	v.Codes = t.Decision.Codes()
	d := &decisionView{Phase: t.Decision.Phase, Policy: t.Decision.Policy, Released: t.Decision.Released(), Refusals: []edge.RefusalView{}}
	for _, f := range t.Decision.Refusals {
		shown := edge.ViewRefusal(r.Mends, f, lang)
		shown.Contacts = edge.AskedOf(told, f.Code, shown.Ask)
		d.Refusals = append(d.Refusals, shown)
	}
	v.Decision = d
	return v
}

func viewFile(f transfer.File) fileView {
	v := fileView{N: f.N, MediaType: f.MediaType, Size: f.Size, SHA256: f.SHA256, State: "expected"}
	if f.Sealed != nil {
		size := f.Sealed.Size
		v.Size, v.SHA256, v.State = &size, f.Sealed.SHA256, "sealed"
	}
	return v
}
