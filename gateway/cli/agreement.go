package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
)

func (s *shell) agreement() *cobra.Command {
	return group("agreement", "Sign agreements, print them, and bring in those on paper", s.agreementSign(), s.agreementPDF(), s.agreementImport())
}

// signature is the flags of agreement sign.
type signature struct {
	connection
	key, title string
	yes        bool
	amendment  bool
}

func (s *shell) agreementSign() *cobra.Command {
	var f signature
	cmd := &cobra.Command{
		Use:   "sign --url URL --key FILE AGREEMENT",
		Short: "Sign an agreement with your own key",
		Long: `Fetches the document that the parties sign, works out its digest from its bytes,
shows what it is, asks, signs on this machine and posts the signature. The key
never leaves this machine. It must be enrolled (safeconduct key enrol) and your
authority confirmed by Legal.`,
		Args: exactly("the id of the AGREEMENT"),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0]) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.key, "key", "", "`FILE` with your private key")
	cmd.Flags().StringVar(&f.title, "title", "", "title under which you sign (default the one you are registered with)")
	cmd.Flags().BoolVar(&f.amendment, "amendment", false, "sign the amendment that is on its way")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "sign without asking")
	return cmd
}

// caller is who a token belongs to (GET /tokens/current).
type caller struct {
	Person struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"person"`
	Roles []struct {
		Role    authz.Role `json:"role"`
		Mission string     `json:"mission"`
		Partner string     `json:"partner"`
	} `json:"roles"`
}

func (f *signature) run(ctx context.Context, s *shell, id string) error {
	if f.key == "" {
		return usagef("which key? Give --key FILE; safeconduct key generate makes one")
	}
	key, err := signing.LoadPrivateKey(f.key)
	if err != nil {
		return fmt.Errorf("reading --key: %w", err)
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	doc, digest, err := fetchDocument(ctx, c, id, f.amendment)
	if err != nil {
		return err
	}
	var me caller
	if _, err := c.Get(ctx, "/tokens/current", &me); err != nil {
		return err
	}
	statement, err := f.statement(me, doc, digest)
	if err != nil {
		return err
	}
	if err := f.confirm(ctx, s, doc, statement); err != nil {
		return err
	}
	jws, err := signing.Sign(key, statement)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	var a agreements.Agreement
	body := map[string]string{"key": key.Public().Thumbprint(), "jws": jws}
	if _, err := c.Call(ctx, http.MethodPost, "/agreements/"+url.PathEscape(id)+"/signatures", body, &a); err != nil {
		return err
	}
	result := map[string]string{"agreement": id, "state": string(a.UnderWay().State), "digest": digest.String(), "party": statement.Party, "key": key.Public().Thumbprint()}
	return s.result(result, func() error {
		return s.print("Signed. The agreement is %s.", strings.ReplaceAll(string(a.UnderWay().State), "_", " "))
	})
}

// fetchDocument reads the bytes that are signed. What is shown is read from
// them, and their digest is worked out here: neither is taken from what the
// gateway says of them.
func fetchDocument(ctx context.Context, c *client.Client, id string, amendment bool) (agreements.Document, signing.Digest, error) {
	var doc agreements.Document
	path := "/agreements/" + url.PathEscape(id)
	if amendment {
		path += "/amendment"
	}
	text, err := c.Bytes(ctx, path+"/document")
	if err != nil {
		return doc, signing.Digest{}, err
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return doc, signing.Digest{}, errors.New("reading the document: it is not of the form that this program knows")
	}
	digest := signing.Digest(sha256.Sum256(text))
	// The form that is shown must be all of what is signed: a member that this
	// program does not know would be signed unseen.
	again, err := signing.DigestOf(doc)
	if err != nil || again != digest {
		return doc, digest, errors.New("the document holds more than this program can show, or is not in RFC 8785 form: do not sign it; use the program of the gateway's version")
	}
	if doc.Agreement != id {
		return doc, digest, errors.New("the gateway answered with the document of another agreement: do not sign it, and tell Legal")
	}
	return doc, digest, nil
}

// statement says what is signed, and for whom: the party whose role one holds.
func (f *signature) statement(me caller, doc agreements.Document, digest signing.Digest) (signing.Statement, error) {
	st := signing.Statement{
		Agreement: doc.Agreement, Version: doc.Version, Digest: digest, Signatory: me.Person.ID, Title: f.title, SignedAt: time.Now().UTC(),
	}
	if st.Title == "" {
		st.Title = me.Person.Title
	}
	if st.Title == "" {
		return st, usagef("under which title do you sign? Give --title, such as --title \"Chief of Mission\"")
	}
	for _, r := range me.Roles {
		switch {
		case r.Role == authz.HOM && r.Mission == doc.Mission:
			st.Party = signing.PartyIOM
		case r.Role == authz.PSG && r.Partner == doc.Partner:
			st.Party = doc.Partner
		}
	}
	if st.Party == "" {
		return st, &coded{exitNoAccess, errors.New("you sign for neither party: the head of the mission (HOM) and the partner's signatory (PSG) do")}
	}
	return st, nil
}

func (f *signature) confirm(ctx context.Context, s *shell, doc agreements.Document, st signing.Statement) error {
	codes := make([]string, len(doc.Clauses))
	var deviating []string
	for i, c := range doc.Clauses {
		codes[i] = c.Code
		if c.Deviation != "" {
			deviating = append(deviating, c.Code+": "+c.Deviation)
		}
	}
	template := "none"
	if doc.Template != nil {
		template = fmt.Sprintf("%s, version %d", doc.Template.Name, doc.Template.Version)
	}
	for _, line := range [][2]string{
		{"Title", doc.Title},
		{"Agreement", fmt.Sprintf("%s, version %d, %s", doc.Agreement, doc.Version, doc.Type)},
		{"Parties", "IOM, by mission " + doc.Mission + ", and partner " + doc.Partner},
		{"Valid", doc.EffectiveFrom.Format(time.RFC3339) + " until " + doc.ValidUntil.Format(time.RFC3339)},
		{"Purposes", strings.Join(doc.Scope.Purposes, ", ")},
		{"Categories", strings.Join(doc.Scope.Categories, ", ")},
		{"Fields", strings.Join(doc.Scope.Fields, ", ")},
		{"Persons", fmt.Sprintf("at most %d in a transfer, %d in a year", doc.Scope.MaxSubjectsPerTransfer, doc.Scope.MaxSubjectsPerYear)},
		{"Template", template},
		{"Clauses", strings.Join(slices.Compact(codes), " ")},
		{"Deviating", strings.Join(deviating, " / ")},
		{"Digest", st.Digest.String()},
		{"You sign", "for " + st.Party + " as " + st.Title},
	} {
		s.say("%-11s %s", line[0], printable(line[1]))
	}
	if f.yes {
		return nil
	}
	if !terminal(s.In) {
		return usagef("nobody is there to ask: give --yes to sign")
	}
	return s.ask(ctx, "Sign it? Type yes: ")
}

var errDeclined = errors.New("not confirmed: nothing was done")

// ask wants a whole yes from the terminal.
func (s *shell) ask(ctx context.Context, question string) error {
	fmt.Fprint(s.Err, question) //nolint:errcheck // a question that cannot be shown gets no answer
	answer := make(chan string, 1)
	go func() { // it ends with the process at the latest: a terminal cannot be asked to give up
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- line
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case line := <-answer:
		if strings.TrimSpace(strings.ToLower(line)) != "yes" {
			return errDeclined
		}
		return nil
	}
}
