package demo

import (
	"context"
	"errors"
	"fmt"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
)

const (
	category  = "referral"
	health    = "health" // sensitive: the data protection officer approves each transfer
	need      = "health_need"
	country   = "NE"
	keepDays  = 90
	tokenDays = 90 // the longest, as the shipped rules have it
)

// setUp enrols the people, the partner and the terms. Each is invented.
func (p *Player) setUp(ctx context.Context) error {
	enrolled, err := p.System.bootstrap(ctx)
	if err != nil {
		return err
	}
	if err := p.local("bootstrap", "enrols the first two who may grant roles, offline and once"); err != nil {
		return err
	}
	if err := p.granter(ctx, enrolled); err != nil {
		return err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := p.do(ctx, post("create-mission", authz.LEG, "registers the mission", "/missions", object{
		"name": "IOM Example Mission", "country": country, "contact": "focal point of the Example Mission, dp-example@example.org",
	}), &made); err != nil {
		return err
	}
	p.world.Mission = made.ID
	if err := p.do(ctx, post("register-partner", authz.LEG, "registers the partner", "/parties", object{
		"name": "Example Relief", "kind": "ngo", "country": country, "mission": p.world.Mission,
	}), &made); err != nil {
		return err
	}
	p.world.Partner = made.ID
	if err := p.enrol(ctx, authz.DPO); err != nil {
		return err
	}
	if err := p.purpose(ctx); err != nil { // before who has a task under it (R23)
		return err
	}
	for _, role := range Roles() {
		if role == authz.LEG || role == authz.DPO {
			continue
		}
		if err := p.enrol(ctx, role); err != nil {
			return err
		}
	}
	if err := p.do(ctx, post("vet-partner", authz.HOM, "vets the partner: not the one who registered it", "/parties/"+p.world.Partner+"/vetting", object{
		"passed": true, "note": "invented due diligence",
	}), nil); err != nil {
		return err
	}
	return p.terms(ctx)
}

// granter lets the first of the role-granters in, with a token that lives as
// long as the others.
func (p *Player) granter(ctx context.Context, enrolled []app.Enrolled) error {
	if len(enrolled) == 0 {
		return fmt.Errorf("%w: step bootstrap: nobody was enrolled", ErrUnexpected)
	}
	first, other := enrolled[0], enrolled[1]
	p.people[authz.LEG] = first.Person.ID
	// Nobody renews their own: the other of the two hands it over.
	if err := p.enter(authz.LEG, first.Secret); err != nil {
		return err
	}
	if err := p.refused(ctx, post("locked-leg", authz.LEG, "tries to register the mission before having signed", "/missions", object{
		"name": "IOM Example Mission", "country": country, "contact": "focal point of the Example Mission, dp-example@example.org",
	}), people.CodeUndertaking); err != nil {
		return err
	}
	if err := p.undertake(ctx, authz.LEG, first.Person.ID, true); err != nil {
		return err
	}
	if err := errors.Join(p.enter(authz.LEG, other.Secret), p.admit(second, other.Secret)); err != nil {
		return err
	}
	if err := p.undertake(ctx, authz.LEG, other.Person.ID, false); err != nil {
		return err
	}
	secret, err := p.token(ctx, post("token-leg", authz.LEG, "hands a colleague a token for the days to come, in person", "/tokens", nil), first.Person.ID, true)
	if err != nil {
		return err
	}
	return p.enter(authz.LEG, secret)
}

// token makes a person's token; loud reports it as a step of its own.
func (p *Player) token(ctx context.Context, c call, person string, loud bool) (identity.Secret, error) {
	c.in = object{"person": person, "expires_in_days": tokenDays}
	var issued struct {
		Secret string `json:"secret"`
	}
	make := p.quiet
	if loud {
		make = p.do
	}
	if err := make(ctx, c, &issued); err != nil {
		return identity.Secret{}, err
	}
	secret, err := identity.ParseSecret(issued.Secret)
	return secret, unexpected(c.step, err)
}

// post of a role, and the person who holds it in the demo.
func cast(role authz.Role) (name, title string) {
	switch role {
	case authz.HOM:
		return "Head Invented", "Chief of Mission"
	case authz.FP:
		return "Focal Invented", "Data protection focal point"
	case authz.RO:
		return "Officer Invented", "Referral officer"
	case authz.DPO:
		return "Protection Invented", "Data protection officer"
	case authz.PSG:
		return "Signatory Invented", "Country director, Example Relief"
	case authz.PDL:
		return "Downloader Invented", "Case manager, Example Relief"
	case authz.OIG:
		return "Auditor Invented", "Auditor"
	default:
		return "Legal Invented", "Legal officer"
	}
}

// enrol registers a person, grants the role and hands over a token.
func (p *Player) enrol(ctx context.Context, role authz.Role) error {
	name, title := cast(role)
	person, grant := object{"name": name, "title": title}, object{"role": role}
	switch place, _ := authz.PlaceOf(role); place {
	case authz.AtMission:
		person["mission"], grant["mission"] = p.world.Mission, p.world.Mission
	case authz.AtPartner:
		person["partner"], grant["partner"] = p.world.Partner, p.world.Partner
	case authz.AtHQ:
	}
	if authz.Tasked(role) {
		grant["purposes"] = []string{p.world.Purpose}
	}
	step := "enrol-" + lower(role)
	var made struct {
		ID string `json:"id"`
	}
	what := "enrols the " + Title(lower(role)) + ": registers them, grants the role, imports their course, hands over a token in person"
	if err := p.do(ctx, post(step, authz.LEG, what, "/people", person), &made); err != nil {
		return err
	}
	p.people[role] = made.ID
	if err := p.quiet(ctx, post(step, authz.LEG, "", "/people/"+made.ID+"/roles", grant), nil); err != nil {
		return err
	}
	if err := p.quiet(ctx, p.course(role, made.ID), nil); err != nil {
		return err
	}
	secret, err := p.token(ctx, post(step, authz.LEG, "", "/tokens", nil), made.ID, false)
	if err != nil {
		return err
	}
	if err := p.enter(role, secret); err != nil {
		return err
	}
	return p.undertake(ctx, role, made.ID, true)
}

// Title is what a role is called.
func Title(actor string) string {
	for role, title := range map[authz.Role]string{
		authz.RO: "referral officer", authz.HOM: "head of mission", authz.FP: "focal point", authz.LEG: "Legal", authz.DPO: "data protection officer",
		authz.PSG: "partner's signatory", authz.PDL: "partner's downloader", authz.OIG: "auditor",
		second: "a second person of Legal", newcomer: "new officer",
	} {
		if lower(role) == actor {
			return title
		}
	}
	return actor
}

// purpose has Legal propose what data is shared for, and the data protection officer approve it.
func (p *Player) purpose(ctx context.Context) (err error) {
	p.world.Purpose, err = p.term(ctx, post("record-purpose", authz.LEG, "proposes the purpose", "/purposes", object{
		"code": "referral_services", "text": "Referral of persons to services of a partner", "legal_basis": "consent",
	}))
	return err
}

func (p *Player) terms(ctx context.Context) error {
	if err := p.notice(ctx); err != nil {
		return err
	}
	return p.put(
		post("record-category", authz.LEG, "proposes the category of data", "/categories", object{"code": category, "fields": Fields(), "sensitivity": "high"}),
		post("record-health", authz.LEG, "proposes a sensitive category, health, of which the data protection officer approves each transfer", "/categories", object{
			"code": health, "fields": []string{need}, "sensitivity": "high", "sensitive": true, "approval_scope": "transfer",
		}),
		p.retention("record-retention", category), p.retention("record-retention-health", health),
	)(ctx)
}

// term proposes a purpose, a category or a retention rule, which counts when the data protection officer has approved it. It
// answers with its id.
func (p *Player) term(ctx context.Context, c call) (string, error) {
	var made struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	c.what += ", and the data protection officer approves that"
	if err := p.do(ctx, c, &made); err != nil {
		return "", err
	}
	return made.ID, p.quiet(ctx, post(c.step, authz.DPO, "", c.path+"/"+made.ID+"/approval", object{"version": made.Version}), nil)
}

// put is term for each of them, in order.
func (p *Player) put(calls ...call) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, c := range calls {
			if _, err := p.term(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}
}

func (p *Player) retention(step, category string) call {
	return post(step, authz.LEG, "proposes how long data of the category "+category+" may be kept", "/retention-rules", object{
		"purpose": p.world.Purpose, "category": category, "trigger": "case_closed", "days": keepDays, "action": "delete", "review": p.Now().AddDate(1, 0, 0).UTC(),
	})
}

// notice records what people are told before they are asked, and has it approved.
func (p *Player) notice(ctx context.Context) error {
	text := object{
		"controller": "The chief of mission", "contact": "The data protection focal point of the mission", "purpose": "Referral to services of a partner",
		"retention": "Until your case is closed, and the days that the rules allow after it", "recipients": "The partner who serves you",
		"rights": "You may see it, correct it, and take back your consent", "non_waiver": "Nothing here waives privileges and immunities.",
	}
	var notice struct {
		ID string `json:"id"`
	}
	if err := p.do(ctx, post("record-notice", authz.LEG, "writes the notice that people are given", "/notices", object{
		"purpose": p.world.Purpose, "notice_version": "1", "effective_from": p.Now().AddDate(-1, 0, 0).UTC(), "texts": object{"en": text, "fr": text, "es": text},
	}), &notice); err != nil {
		return err
	}
	return p.do(ctx, post("approve-notice", authz.DPO, "approves the notice", "/notices/"+notice.ID+"/approval", nil), nil)
}
