package authz

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	fileadapter "github.com/casbin/casbin/v2/persist/string-adapter"
)

// ErrDenied is the answer to whoever may not. It says no more than that.
var ErrDenied = errors.New("denied")

// LockedError is ErrDenied for who lacks what unlocks every role: a valid
// training record (R44), a signed confidentiality undertaking (R23), rules that
// can be believed (LockUnruled).
type LockedError struct {
	Codes []string // TRAINING_EXPIRED, CONFIDENTIALITY_MISSING, GATE_UNAVAILABLE
}

// Error names the codes.
func (e *LockedError) Error() string { return "the roles are locked: " + strings.Join(e.Codes, " ") }

// Is makes every LockedError an ErrDenied.
func (*LockedError) Is(target error) bool { return target == ErrDenied }

// codeDenied stands in the log for a denial by the policy.
const codeDenied = "AUTH_ROLE_DENIED"

// Codes are the refusal codes of a denial.
func Codes(denied error) []string {
	var locked *LockedError
	if errors.As(denied, &locked) {
		return locked.Codes
	}
	return []string{codeDenied}
}

//go:embed policy/model.conf
var modelText string

//go:embed policy/policy.csv
var policyText string

// Config names the policy to enforce.
type Config struct {
	// PolicyFile replaces the embedded policy; empty keeps it.
	PolicyFile string `koanf:"policy_file" doc:"casbin policy that replaces the embedded one"`
}

// Validate reports a policy file that cannot be used.
func (c Config) Validate() error {
	if c.PolicyFile == "" {
		return nil
	}
	if _, err := os.Stat(c.PolicyFile); err != nil {
		return fmt.Errorf("policy_file: %w: name a readable casbin policy, or leave it empty for the embedded one", err)
	}
	return nil
}

// Enforcer answers Check from one policy, fixed for its life. It is safe for
// concurrent use: it never changes.
type Enforcer struct {
	casbin *casbin.Enforcer
	digest string
}

// NewEnforcer loads the policy that c names. A policy that is not well formed
// is an error, and nothing is enforced by halves.
func NewEnforcer(c Config) (*Enforcer, error) {
	policy := policyText
	if c.PolicyFile != "" {
		b, err := os.ReadFile(c.PolicyFile)
		if err != nil {
			return nil, fmt.Errorf("reading policy_file: %w", err)
		}
		policy = string(b)
	}
	return newEnforcer(policy)
}

func newEnforcer(policy string) (*Enforcer, error) {
	lines, err := policyLines(policy)
	if err != nil {
		return nil, err
	}
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("reading the casbin model: %w", err)
	}
	e, err := casbin.NewEnforcer(m, fileadapter.NewAdapter(strings.Join(lines, "\n")))
	if err != nil {
		return nil, fmt.Errorf("loading the policy: %w", err)
	}
	e.AddFunction("within", within)
	sum := sha256.Sum256([]byte(modelText + "\x00" + strings.Join(lines, "\n")))
	return &Enforcer{casbin: e, digest: hex.EncodeToString(sum[:8])}, nil
}

// policyLines strips comments and refuses lines that casbin would read in
// another sense than their writer: the csv reader is lenient.
func policyLines(text string) ([]string, error) {
	var lines []string
	actions := Actions()
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, ",")
		for j := range f {
			f[j] = strings.TrimSpace(f[j])
		}
		if len(f) != 4 || f[0] != "p" {
			return nil, fmt.Errorf("policy line %d: want \"p, ROLE, action, scope\"", i+1)
		}
		if _, ok := PlaceOf(Role(f[1])); !ok {
			return nil, fmt.Errorf("policy line %d: unknown role %q", i+1, f[1])
		}
		if !slices.Contains(actions, Action(f[2])) {
			return nil, fmt.Errorf("policy line %d: unknown action %q", i+1, f[2])
		}
		if !slices.Contains([]string{"any", "mission", "partner", "own"}, f[3]) {
			return nil, fmt.Errorf("policy line %d: unknown scope %q; want any, mission, partner or own", i+1, f[3])
		}
		lines = append(lines, strings.Join(f, ", "))
	}
	if len(lines) == 0 {
		return nil, errors.New("the policy has no line: everything would be denied")
	}
	return lines, nil
}

// Digest identifies the policy; every decision cites it (R37).
func (e *Enforcer) Digest() string { return e.digest }

// Check answers with the role under which the caller may do action to res, or
// with ErrDenied; with ErrNoTask where nothing but a task is missing (R23), of
// which the tasks of all grants of a role count together. Any other failure is
// ErrDenied too: it fails closed (R53).
func (e *Enforcer) Check(c Caller, action Action, res Resource) (Role, error) {
	if !c.Reaches(action) {
		return "", fmt.Errorf("%w: the token does not reach %s", ErrDenied, action)
	}
	// But for asking for a transfer: that is the gate's to refuse, with all its
	// codes (gate condition 2).
	if locks := c.locks(action, action == TransferRequest); len(locks) > 0 {
		return "", &LockedError{Codes: locks}
	}
	tasks := map[Role][]string{}
	for _, g := range c.Grants {
		if _, ok := PlaceOf(g.Role); !ok {
			continue // separation of duties 8: SYS holds no business role
		}
		ok, err := e.casbin.Enforce(string(g.Role), string(action), g, res, c.Person)
		if err != nil {
			return "", fmt.Errorf("%w: asking the policy: %w", ErrDenied, err)
		}
		if !ok {
			continue
		}
		tasks[g.Role] = append(tasks[g.Role], g.Purposes...)
		if !Tasked(g.Role) || action.within(tasks[g.Role], res.Purposes) {
			return g.Role, nil
		}
	}
	if len(tasks) > 0 {
		return "", fmt.Errorf("%w: %s", ErrNoTask, action)
	}
	return "", fmt.Errorf("%w: no role allows %s", ErrDenied, action)
}

// CheckOwn is Check for what a person does to nothing but themselves, which no
// role allows: the token must reach it, and the roles be unlocked.
func (e *Enforcer) CheckOwn(c Caller, action Action) error {
	if !c.Reaches(action) {
		return fmt.Errorf("%w: the token does not reach %s", ErrDenied, action)
	}
	// But for what unlocks them, and for giving up what one holds.
	if locks := c.locks(action, action == UndertakingSign || action == TokenRevoke || action == PostDelegate); len(locks) > 0 {
		return &LockedError{Codes: locks}
	}
	return nil
}

func within(args ...any) (any, error) {
	if len(args) != 4 {
		return false, errors.New("within takes scope, grant, resource and person")
	}
	scope, ok1 := args[0].(string)
	g, ok2 := args[1].(Grant)
	res, ok3 := args[2].(Resource)
	person, ok4 := args[3].(string)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return false, errors.New("within was given something else than scope, grant, resource and person")
	}
	inMission := res.Mission != "" && g.Mission == res.Mission
	ofPartner := res.Partner != "" && g.Partner == res.Partner
	switch scope {
	case "any":
		return true, nil
	case "mission":
		return inMission, nil
	case "partner":
		return ofPartner, nil
	case "own":
		return res.Owner != "" && res.Owner == person && (inMission || ofPartner), nil
	default:
		return false, fmt.Errorf("unknown scope %q", scope)
	}
}
