package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
)

type delegationBody struct {
	Role     authz.Role `json:"role" enum:"HOM,FP,LEG,DPO" doc:"your own post" example:"HOM"`
	Mission  string     `json:"mission,omitempty" maxLength:"128" doc:"for HOM and FP; left out for LEG and DPO, whose posts go to a person of headquarters"`
	Purposes []string   `json:"purposes,omitempty" maxItems:"50" doc:"for FP: the tasks that go with the post, of one of your own grants of it (R23); left out: all of the one that has the most"`
	From     *time.Time `json:"from,omitempty" doc:"left out: from now on" example:"2026-04-01T00:00:00Z"`
	Until    time.Time  `json:"until" doc:"exclusive; the rulebook says how long after it begins at most" example:"2026-04-15T00:00:00Z"`
}

type nominationBody struct {
	Partner string `json:"partner" minLength:"1" maxLength:"128"`
	Name    string `json:"name" minLength:"1" maxLength:"200" example:"Ibrahim Example" personal:"true"`
	Title   string `json:"title,omitempty" maxLength:"200" example:"Case manager" personal:"true"`
	Email   string `json:"email,omitempty" maxLength:"254" example:"i.example@example.org" personal:"true"`
}

type nominationDecision struct {
	Granted bool   `json:"granted"`
	Reason  string `json:"reason,omitempty" maxLength:"4000" doc:"needed for a refusal"`
}

func (r *routes) suspensions() {
	post := func(tag, id, path, summary, about string) spec {
		return spec{tag: tag, id: id, method: http.MethodPost, path: path, summary: summary, about: about}
	}
	write(r, urgent(post("people", "suspend-person", "/people/{id}/suspension", "Suspend a user at once",
		"From then on no token of theirs is honoured and no role counts; what they delegated ends (R42). By Legal, the data protection officer, and the head of the person's mission.")),
		changed(r.People.Suspendable), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (people.Person, error) {
			return r.People.SuspendPerson(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, post("people", "lift-person", "/people/{id}/suspension/lift", "Lift the suspension of a user", "By Legal or the data protection officer, and another than who suspended."),
		changed(r.People.Suspendable), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (people.Person, error) {
			return r.People.LiftPerson(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, urgent(post("missions", "suspend-mission", "/missions/{id}/suspension", "Suspend a mission at once",
		"It sends nothing, and its people keep reading (R42). By Legal or the data protection officer.")),
		changed(r.People.Mission), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (people.Mission, error) {
			return r.People.SuspendMission(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, post("missions", "lift-mission", "/missions/{id}/suspension/lift", "Lift the suspension of a mission", "By Legal or the data protection officer, and another than who suspended."),
		changed(r.People.Mission), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (people.Mission, error) {
			return r.People.LiftMission(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, spec{
		tag: "people", id: "delegate-post", method: http.MethodPost, path: "/people/{id}/delegations", status: http.StatusCreated,
		summary: "Delegate your post to this person, for a time",
		about:   "By the head of mission, the focal point, Legal and the data protection officer. Both hold the post then, and count as one where an act takes two. It ends with your own grant; end-role takes it back, or gives it back where it was delegated to you.",
	}, r.grantAgain, func(ctx context.Context, c authz.Caller, in *with[delegationBody]) (people.Grant, error) {
		d := people.Delegation{To: in.ID, Role: in.Body.Role, Mission: in.Body.Mission, Purposes: in.Body.Purposes, Until: in.Body.Until}
		if in.Body.From != nil {
			d.From = *in.Body.From
		}
		return r.People.Delegate(ctx, c, d)
	})
}

func (r *routes) nominations() {
	const tag = "people"
	create(r, spec{
		tag: tag, id: "nominate", path: "/nominations", summary: "Nominate a downloader of your partner",
		about: "By the partner's signatory. Legal grants or refuses it; who is nominated is nobody here until then.",
	}, func(n people.Nomination) string { return n.ID }, made(people.KindNomination, r.People.Nomination),
		func(ctx context.Context, c authz.Caller, in *of[nominationBody]) (people.Nomination, error) {
			b := in.Body
			return r.People.Nominate(ctx, c, people.Nomination{Partner: b.Partner, Name: b.Name, Title: b.Title, Email: b.Email})
		})
	handle(r, spec{tag: tag, id: "list-nominations", method: http.MethodGet, path: "/nominations", summary: "List the nominations that you may see"},
		func(ctx context.Context, c authz.Caller, _ *none) (list[people.Nomination], error) {
			return listed(r.People.Nominations(ctx, c))
		})
	handle(r, spec{tag: tag, id: "get-nomination", method: http.MethodGet, path: "/nominations/{id}", summary: "Read a nomination"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (people.Nomination, error) {
			return r.People.Nomination(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "decide-nomination", method: http.MethodPost, path: "/nominations/{id}/decision", summary: "Grant or refuse a nomination",
		about: "By Legal. Granted, it registers the person as a downloader of the partner; training, undertaking and token follow.",
	}, changed(r.People.Nomination), func(ctx context.Context, c authz.Caller, in *with[nominationDecision]) (people.Nomination, error) {
		return r.People.DecideNomination(ctx, c, in.ID, in.Body.Granted, in.Body.Reason)
	})
}
