package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"slices"
	"strings"

	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/gate"
)

// batch is how many consents are recorded at once.
const batch = 20_000

func (p *Player) order() client.Order {
	return client.Order{
		Mission: p.world.Mission, Partner: p.world.Partner, Purpose: p.world.Purpose, Nature: "personal", RecipientClass: gate.ClassServiceProvider, Origin: client.Origin{Source: gate.OwnData},
		Categories: []string{category}, Fields: p.Payload.Fields, Subjects: p.Payload.Cases, Files: []client.File{{MediaType: p.Payload.MediaType}},
		AttestsContent: !p.Payload.matched(),
	}
}

// approval is the second person's answer. What cannot be matched to the manifest they attest to be needed.
func (p *Player) approval() object {
	if p.Payload.matched() {
		return object{"granted": true}
	}
	return object{"granted": true, "attestation": "The partner cannot do its part without this file, and nothing less would do."}
}

// send sends, has it approved and pulled, and shows what a withdrawal does.
func (p *Player) send(ctx context.Context) error {
	size, sum, err := client.Describe(p.Payload)
	if err != nil {
		return err
	}
	order := p.order()
	order.Files[0].Size, order.Files[0].SHA256 = &size, sum
	var t client.Transfer
	if err := p.do(ctx, post("request-transfer", authz.RO, "asks again: every condition holds", "/transfers", order), &t); err != nil {
		return err
	}
	p.transfer = t.ID
	path := "/transfers/" + t.ID
	up := call{
		step: "upload-file", role: authz.RO, what: "sends the file, which is sealed as it comes", method: http.MethodPut, path: path + "/files/1",
		notes: []string{fmt.Sprintf("%d bytes, SHA-256 %s", size, sum)},
	}
	err = p.clients[authz.RO].Upload(ctx, t.ID, 1, size, sum, p.Payload, func(int64) {})
	if err := p.ended(up, answered(http.StatusCreated, err), Done, err); err != nil {
		return err
	}
	if err := p.refused(ctx, post("refused-unapproved", authz.RO, "wants to release it alone", path+"/commit", nil), gate.ApprovalPending); err != nil {
		return err
	}
	if err := p.as(ctx, post("approve-transfer", authz.HOM, "approves: the gate is asked again, and it is released", path+"/approvals",
		p.approval()), Released, &t); err != nil {
		return err
	}
	if t.State != "available" {
		return fmt.Errorf("%w: step approve-transfer: the transfer is %s", ErrUnexpected, t.State)
	}
	if err := p.suspend(ctx); err != nil {
		return err
	}
	if err := p.pull(ctx, sum); err != nil {
		return err
	}
	if err := p.local("count-refusals", fmt.Sprintf("counts: %d different refusals were met and mended before the partner had the file", len(p.met)),
		strings.Join(slices.Sorted(maps.Keys(p.met)), ", ")); err != nil {
		return err
	}
	return p.withdraw(ctx)
}

// consent records that everybody in the payload consents.
func (p *Player) consent(ctx context.Context) error {
	n := 0
	for cases := range slices.Chunk(p.Payload.Cases, batch) {
		n++
		step := "record-consent"
		if n > 1 {
			step = fmt.Sprintf("record-consent-%d", n)
		}
		var records struct {
			Records []string `json:"records"`
		}
		if err := p.do(ctx, post(step, authz.RO, "records the consent of "+persons(len(cases)), "/consents/batch",
			p.statement(cases, []string{category})), &records); err != nil {
			return err
		}
		p.records = append(p.records, records.Records...)
	}
	if len(p.records) != len(p.Payload.Cases) {
		return fmt.Errorf("%w: step record-consent: %d records of %d persons", ErrUnexpected, len(p.records), len(p.Payload.Cases))
	}
	return nil
}

// statement is what people said who consent to the sharing of the categories.
func (p *Player) statement(cases, categories []string) object {
	return object{
		"mission": p.world.Mission, "decision": "given", "notice_version": "1", "language": "fr", "could_ask_questions": true, "understood": true,
		"purposes": []string{p.world.Purpose}, "recipients": []string{p.world.Partner}, "categories": categories, "form": "written",
		"event_time": p.Now().UTC(), "subject_type": "beneficiary", "case_references": cases,
		"evidence": object{"kind": "signed_document", "sha256": strings.Repeat("0a", 32)},
		"capacity": object{"aspects": []string{"age", "cognitive", "physical", "psychological"}, "method": "interview", "result": "capable"},
	}
}

func persons(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d persons", n)
}

// pull pulls the file as the partner, and compares it with what was sent.
func (p *Player) pull(ctx context.Context, sum string) error {
	c := call{step: "pull-file", role: authz.PDL, what: "pulls the file", method: http.MethodGet, path: "/transfers/" + p.transfer + "/files/1"}
	same := &comparison{want: p.Payload}
	pulled, err := p.clients[authz.PDL].Download(ctx, p.transfer, 1, same, func(int64, int64) {})
	if err == nil && (!same.identical(pulled.Size) || pulled.SHA256 != sum) {
		err = errors.New("what was pulled is not what was sent")
	}
	c.notes = []string{"identical to what was sent, byte for byte"}
	if err := p.ended(c, answered(http.StatusOK, err), Released, err); err != nil {
		return err
	}
	return p.do(ctx, post("acknowledge", authz.PDL, "confirms the receipt by its hash", "/transfers/"+p.transfer+"/acknowledgement", object{
		"files": []client.Receipt{{N: 1, SHA256: pulled.SHA256}},
	}), nil)
}

// answered is the status of a call that the client made: that of its success,
// or of the problem.
func answered(success int, err error) int {
	var problem *edge.Problem
	switch {
	case err == nil:
		return success
	case errors.As(err, &problem):
		return problem.Status
	}
	return 0
}

// comparison is a sink that compares what comes with what was sent, and keeps
// nothing.
type comparison struct {
	want      client.Source
	hash      hash.Hash
	got       int64
	different bool
}

// Begin implements client.Sink.
func (c *comparison) Begin() error {
	c.hash, c.got, c.different = sha256.New(), 0, false
	_, err := c.want.Seek(0, 0)
	return err
}

// Write implements io.Writer.
func (c *comparison) Write(b []byte) (int, error) {
	sent := make([]byte, len(b))
	n, err := readFull(c.want, sent)
	if err != nil {
		return 0, err
	}
	c.different = c.different || n != len(b) || !bytes.Equal(sent, b)
	c.hash.Write(b) // a hash never fails
	c.got += int64(len(b))
	return len(b), nil
}

func (c *comparison) identical(size int64) bool {
	rest, err := c.want.Read(make([]byte, 1))
	return !c.different && c.got == size && rest == 0 && err != nil && hex.EncodeToString(c.hash.Sum(nil)) != ""
}
