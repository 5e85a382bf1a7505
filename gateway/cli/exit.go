package cli

import (
	"errors"
	"net/http"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/edge"
)

// Exit codes. They are part of the interface, and listed by safeconduct --help.
const (
	exitOK          = 0 // done
	exitFailure     = 1 // failed; the message says what and how to mend it
	exitUsage       = 2 // the command line is wrong
	exitRefused     = 3 // refused by the gate; the codes say why
	exitNoAccess    = 4 // not there, or not for this token
	exitFinding     = 5 // a verification found something
	exitUnavailable = 6 // the gateway cannot be reached or cannot answer now
)

const exitHelp = `Exit codes:
  0  done
  1  failed; the message says what, and how to mend it
  2  the command line is wrong
  3  refused by the gate; the codes say why and whom to ask
  4  not there, or the token is missing, not valid or not allowed to see it
  5  a verification found something
  6  the gateway cannot be reached, or cannot answer now; try again`

// coded is an error with an exit code of its own.
type coded struct {
	code int
	err  error
}

func (c *coded) Error() string { return c.err.Error() }
func (c *coded) Unwrap() error { return c.err }

func usage(err error) error { return &coded{exitUsage, err} }

func usagef(text string) error { return usage(errors.New(text)) }

// errSaid is joined to an error whose message was printed already.
var errSaid = errors.New("said")

// exitCode is what the process ends with for err.
func exitCode(err error) int {
	var c *coded
	var p *edge.Problem
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, demo.ErrUnexpected):
		return exitFailure // whatever the step ended with
	case errors.As(err, &p):
		return problemCode(p)
	case errors.Is(err, client.ErrAddress):
		return exitUsage
	case errors.Is(err, client.ErrUnreachable):
		return exitUnavailable
	}
	return exitFailure
}

func problemCode(p *edge.Problem) int {
	switch {
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusNotFound:
		return exitNoAccess
	case p.Type == refusedType:
		return exitRefused
	case p.Status == http.StatusForbidden:
		return exitNoAccess
	case p.Status == http.StatusServiceUnavailable, p.Status == http.StatusBadGateway, p.Status == http.StatusGatewayTimeout:
		return exitUnavailable
	}
	return exitFailure
}

const refusedType = "urn:safeconduct:refused"
