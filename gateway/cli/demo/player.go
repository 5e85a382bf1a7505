package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/gate"
)

// Player plays the story.
type Player struct {
	System  System
	Payload Payload
	Report  Reporter
	Now     func() time.Time
	Random  io.Reader

	people   map[authz.Role]string
	clients  map[authz.Role]*client.Client
	world    World
	draft    agreement
	records  []string // of consent
	transfer string
	met      map[string]bool // codes of refusals
	// turnedDown is the transfer that was refused last.
	turnedDown string
	chapter    string // of the step that comes next
}

// Play plays the whole story, and answers with the world that it leaves and
// the transfer that was sent. Where a step ends otherwise than it must, the
// error is ErrUnexpected.
func (p *Player) Play(ctx context.Context) (World, string, error) {
	p.people, p.clients, p.met = map[authz.Role]string{}, map[authz.Role]*client.Client{}, map[string]bool{}
	p.world = World{URL: p.System.URL, Tokens: map[authz.Role]identity.Secret{}, Categories: []string{category}}
	defer func() {
		for _, c := range p.clients {
			c.Close()
		}
	}()
	for _, c := range []struct {
		title string
		acts  []func(context.Context) error
	}{
		{"The people, the partner and the rules", []func(context.Context) error{p.setUp}},
		{"An agreement, and what it needs before anything leaves", []func(context.Context) error{p.agree, p.consent}},
		{"Refusals, each met and mended by the right person", []func(context.Context) error{p.meet}},
		{"One transfer, from the request to the receipt", []func(context.Context) error{p.send}},
		{"What the log shows", []func(context.Context) error{p.prove}},
	} {
		p.chapter = c.title
		for _, act := range c.acts {
			if err := act(ctx); err != nil {
				return World{}, "", err
			}
		}
	}
	return p.world, p.transfer, nil
}

// enter gives a role its token, which the world keeps.
func (p *Player) enter(role authz.Role, secret identity.Secret) error {
	p.world.Tokens[role] = secret
	return p.admit(role, secret)
}

// admit lets somebody call with a token.
func (p *Player) admit(role authz.Role, secret identity.Secret) error {
	c, err := client.New(p.System.URL, secret, client.Options{Language: "en"})
	if err != nil {
		return err
	}
	if old := p.clients[role]; old != nil {
		old.Close()
	}
	p.clients[role] = c
	return nil
}

type object = map[string]any

// call is one request that the story makes.
type call struct {
	step   string
	what   string
	role   authz.Role
	method string
	path   string
	in     any
	notes  []string
}

func post(step string, role authz.Role, what, path string, in any) call {
	return call{step: step, what: what, role: role, method: http.MethodPost, path: path, in: in}
}

// do makes a call that must succeed, and reports it.
func (p *Player) do(ctx context.Context, c call, out any) error { return p.as(ctx, c, Done, out) }

func (p *Player) as(ctx context.Context, c call, outcome Outcome, out any) error {
	status, err := p.clients[c.role].Call(ctx, c.method, c.path, c.in, out)
	return p.ended(c, status, outcome, err)
}

// quiet makes a call that must succeed and is part of a step.
func (p *Player) quiet(ctx context.Context, c call, out any) error {
	_, err := p.clients[c.role].Call(ctx, c.method, c.path, c.in, out)
	return unexpected(c.step, err)
}

// ended reports a call whose success was wanted.
func (p *Player) ended(c call, status int, outcome Outcome, err error) error {
	t := c.telling(status, outcome)
	var problem *edge.Problem
	if errors.As(err, &problem) {
		t.Outcome, t.Refusals, t.Codes = Refused, problem.Refusals, codesOf(problem)
	}
	if err == nil || problem != nil {
		if err := p.report(t); err != nil {
			return err
		}
	}
	return unexpected(c.step, err)
}

func unexpected(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: step %s: %w", ErrUnexpected, step, err)
}

func (c call) telling(status int, outcome Outcome) Telling {
	return Telling{
		Step: Step{
			Step: c.step, Actor: lower(c.role), Method: c.method, Path: client.API + c.path, Status: status, Outcome: outcome, Codes: []string{},
		},
		What: c.what, Notes: c.notes,
	}
}

// refused makes a call that the gate must refuse for exactly these codes, the
// primary one first.
func (p *Player) refused(ctx context.Context, c call, want ...gate.Code) error {
	status, err := p.clients[c.role].Call(ctx, c.method, c.path, c.in, nil)
	t := c.telling(status, Refused)
	var problem *edge.Problem
	switch {
	case err == nil:
		t.Outcome = Done
	case errors.As(err, &problem):
		t.Codes, t.Refusals, p.turnedDown = codesOf(problem), problem.Refusals, problem.Transfer
	default:
		return unexpected(c.step, err)
	}
	if err := p.report(t); err != nil {
		return err
	}
	for _, code := range t.Codes {
		p.met[code] = true
	}
	if status != http.StatusForbidden || !slices.Equal(t.Codes, texts(want)) {
		return fmt.Errorf("%w: step %s: wanted a refusal for %v, got %d %v", ErrUnexpected, c.step, want, status, t.Codes)
	}
	return nil
}

// report shows a step, in its chapter.
func (p *Player) report(t Telling) error {
	t.Chapter = p.chapter
	return p.Report.Step(t)
}

func codesOf(p *edge.Problem) []string {
	codes := []string{}
	for _, r := range p.Refusals {
		codes = append(codes, string(r.Code))
	}
	return codes
}

func texts(codes []gate.Code) []string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = string(c)
	}
	return all
}

// local reports what was done on the machine itself.
func (p *Player) local(step, what string, notes ...string) error {
	return p.report(Telling{Step: Step{Step: step, Actor: Operator, Outcome: Done, Codes: []string{}}, What: what, Notes: notes})
}

// shortPause is how long one waits for the checkpoint of the last entries.
func shortPause(ctx context.Context) error {
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
