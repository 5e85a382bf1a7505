package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// orderBody is a transfer as it is asked for. Only the mission must be there: what else is missing is for the gate to
// name (REQ_INCOMPLETE), so that the refusal is logged.
type orderBody struct {
	Mission        string     `json:"mission" maxLength:"128" doc:"the mission that sends"`
	Partner        string     `json:"partner,omitempty" maxLength:"128" doc:"who receives"`
	Purpose        string     `json:"purpose,omitempty" maxLength:"128" doc:"id of the purpose"`
	Nature         string     `json:"nature,omitempty" maxLength:"40" doc:"personal, pseudonymised, anonymised or aggregate" example:"personal"`
	RecipientClass string     `json:"recipient_class,omitempty" maxLength:"60" doc:"what the recipient is (R21)" example:"service_provider"`
	Categories     []string   `json:"categories,omitempty" nullable:"false" doc:"codes of the categories of data" example:"[\"contact\"]"`
	Fields         []string   `json:"fields,omitempty" nullable:"false" doc:"fields in the payload" example:"[\"phone\",\"location\"]"`
	Subjects       []string   `json:"subjects,omitempty" nullable:"false" doc:"case numbers, each once; refusals name them by row, from 1" example:"[\"NE-2026-00417\"]" personal:"true"`
	Origin         originBody `json:"data_origin,omitzero" doc:"where the data come from (R39)"`
	Onward         []string   `json:"onward_recipients,omitempty" nullable:"false" doc:"organisations to which the recipient will give the data on, as the agreement names them"`
	Pathway        string     `json:"pathway,omitempty" maxLength:"200" doc:"name of the pathway of referrals that it follows, as the data protection officer's standing approval has it" example:"Referral of survivors to the clinic"`
	Files          []fileBody `json:"files,omitempty" nullable:"false" doc:"what will be sent, in order"`
	Agreement      string     `json:"agreement,omitempty" maxLength:"128" doc:"picks one where several could rule"`
	AttestsContent bool       `json:"attests_content,omitempty" doc:"needed where a file cannot be matched to what is declared, such as a scan or a video: the sender has looked at every such file, and each holds data of the subjects listed, of the categories and fields declared, and nothing else"`
}

// originBody is where data come from. What it lacks is for the gate to name.
type originBody struct {
	Source    string `json:"source,omitempty" maxLength:"40" doc:"own: the organisation collected them; third_party: somebody else did" example:"own"`
	Country   string `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1 alpha-2; the mission's where it is left out" example:"NE"`
	Clearance string `json:"clearance,omitempty" maxLength:"128" doc:"id of the clearance by who collected them, for third_party"`
}

type fileBody struct {
	MediaType string `json:"media_type,omitempty" maxLength:"200" example:"text/csv"`
	Size      *int64 `json:"size,omitempty" minimum:"0" doc:"bytes, where it is known" example:"18204"`
	SHA256    string `json:"sha256,omitempty" maxLength:"64" doc:"of the content, hex, where it is known"`
}

func (b orderBody) order() transfer.Order {
	o := transfer.Order{
		Mission: b.Mission, Partner: b.Partner, Purpose: b.Purpose, Nature: b.Nature, RecipientClass: b.RecipientClass,
		Categories: b.Categories, Fields: b.Fields, Subjects: b.Subjects, Agreement: b.Agreement, Origin: gate.Origin(b.Origin), Onward: b.Onward, Pathway: b.Pathway,
		AttestsContent: b.AttestsContent,
	}
	for i, f := range b.Files {
		o.Files = append(o.Files, transfer.File{N: i + 1, MediaType: f.MediaType, Size: f.Size, SHA256: f.SHA256})
	}
	return o
}

type approvalBody struct {
	Granted     bool   `json:"granted"`
	Attestation string `json:"attestation,omitempty" maxLength:"4000" doc:"needed to approve files that cannot be matched to what is declared: why these files, and not less, are needed for the purpose" example:"The border authority accepts nothing but the scanned certificate"`
}

type receiptsBody struct {
	Files []receiptBody `json:"files" nullable:"false" minItems:"1" maxItems:"10000"`
}

type receiptBody struct {
	N      int    `json:"n" minimum:"1" doc:"number of the file"`
	SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of what was pulled, hex"`
}

// hashes refuses two hashes of one file.
func (b receiptsBody) hashes() (map[int]string, error) {
	sums := make(map[int]string, len(b.Files))
	for _, f := range b.Files {
		if _, twice := sums[f.N]; twice {
			return nil, fmt.Errorf("%w: file %d is there twice", people.ErrInvalid, f.N)
		}
		sums[f.N] = f.SHA256
	}
	return sums, nil
}

// transfersQuery narrows a list of transfers.
type transfersQuery struct {
	Mission string         `query:"mission" maxLength:"128" doc:"that sends"`
	Partner string         `query:"partner" maxLength:"128" doc:"who receives"`
	State   transfer.State `query:"state" enum:"draft,refused,uploading,sealed,awaiting_approval,available,held,pulled,acknowledged,recalled,unclaimed" doc:"as you are shown it: a partner is not told that a transfer is held"`
	PageQuery
}

func (r *routes) transfers() {
	const tag = "transfers"
	create(r, spec{
		tag: tag, id: "request-transfer", path: "/transfers", large: true, summary: "Ask to send personal data to a partner",
		about: "The gate is asked before a byte is taken. A refused transfer keeps its id, which the problem names, and is final.",
	}, func(v transferView) string { return v.ID },
		r.transferAgain, func(ctx context.Context, c authz.Caller, in *of[orderBody]) (transferView, error) {
			t, err := r.Transfers.Request(ctx, c, in.Body.order())
			return r.viewTransfer(ctx, t, err)
		})
	handle(r, spec{
		tag: tag, id: "list-transfers", method: http.MethodGet, path: "/transfers", summary: "List the transfers that you may read",
		about: "Newest first, page by page, each as get-transfer shows it to you, but for whom to ask about a refusal. The sender reads their own, a partner what was released to it.",
	}, func(ctx context.Context, c authz.Caller, in *transfersQuery) (page[transferView], error) {
		f := transfer.Filter{Mission: in.Mission, Partner: in.Partner, State: in.State}
		l, err := r.Transfers.Transfers(ctx, c, f, in.page())
		views := evidence.Listed[transferView]{Next: l.Next}
		for _, t := range l.Items {
			views.Items = append(views.Items, r.shown(ctx, t, transfer.Contacts{}))
		}
		return paged(views, err)
	})
	handle(r, spec{
		tag: tag, id: "get-transfer", method: http.MethodGet, path: "/transfers/{id}", summary: "Read a transfer",
		about: "The sender, the mission and headquarters read the gate's last decision; the partner does not.",
	}, func(ctx context.Context, c authz.Caller, in *RecordID) (transferView, error) {
		t, err := r.Transfers.Transfer(ctx, c, in.ID)
		if err != nil {
			return transferView{}, err
		}
		v, err := r.viewTransfer(ctx, t, nil)
		if err == nil {
			v.Destruction, err = r.Transfers.Destruction(ctx, t)
		}
		return v, err
	})
}

// transferActs mounts what moves a transfer through its life. Each answers with the transfer as it is then.
func (r *routes) transferActs() {
	post := func(id, act, summary, about string) spec {
		return spec{tag: "transfers", id: id, method: http.MethodPost, path: "/transfers/{id}/" + act, summary: summary, about: about}
	}
	write(r, urgent(post("commit-transfer", "commit", "Release a sealed transfer",
		"The gate is asked again. It answers when the release is in the log under a signed checkpoint; repeating it then answers alike.")),
		r.transferAgain, func(ctx context.Context, c authz.Caller, in *RecordID) (transferView, error) {
			t, err := r.Transfers.Commit(ctx, c, in.ID)
			return r.viewTransfer(ctx, t, err)
		})
	write(r, urgent(post("approve-transfer", "approvals", "Answer as the second person",
		"The last approval that is needed releases the transfer, through the gate. To deny one answers with the transfer, refused.")),
		r.approvalAgain, func(ctx context.Context, c authz.Caller, in *with[approvalBody]) (transferView, error) {
			t, err := r.Transfers.Approve(ctx, c, in.ID, in.Body.Granted, in.Body.Attestation)
			return r.approved(ctx, t, in.Body.Granted, err)
		})
	write(r, urgent(post("acknowledge-transfer", "acknowledgement", "Confirm what was pulled, by its hash", "By the recipient; some files or all.")),
		r.transferAgain, func(ctx context.Context, c authz.Caller, in *with[receiptsBody]) (transferView, error) {
			sums, err := in.Body.hashes()
			if err != nil {
				return transferView{}, err
			}
			t, err := r.Transfers.Acknowledge(ctx, c, in.ID, sums)
			return r.viewTransfer(ctx, t, err)
		})
	write(r, urgent(post("recall-transfer", "recall", "Take a transfer back", "No pull succeeds from then on; its keys and objects are destroyed.")),
		r.transferAgain, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (transferView, error) {
			t, err := r.Transfers.Recall(ctx, c, in.ID, in.Body.Reason)
			return r.viewTransfer(ctx, t, err)
		})
}

// approved answers who was asked as the second person.
func (r *routes) approved(ctx context.Context, t transfer.Transfer, granted bool, err error) (transferView, error) {
	var refused *transfer.RefusedError
	if errors.As(err, &refused) && !granted && t.State == transfer.Refused {
		err = nil // a denial that is recorded is what was asked for
	}
	return r.viewTransfer(ctx, t, err)
}
