package authz

import "strings"

// Holders are the roles that may do each action, somewhere, by the policy that
// comes with the program. They are for telling people whom to ask: whether one
// may is Check's to say.
func Holders() (map[Action][]Role, error) {
	lines, err := policyLines(policyText)
	if err != nil {
		return nil, err
	}
	holders := map[Action][]Role{}
	for _, line := range lines {
		f := strings.Split(line, ", ") // as policyLines writes them
		holders[Action(f[2])] = append(holders[Action(f[2])], Role(f[1]))
	}
	return holders, nil
}
