// Package demo plays one referral from refusal to proof through the public API
// of a gateway, over HTTP: what a newcomer should see first, and what shows that
// the parts work together. People, agreement and, for a file of the user's own,
// consent are invented; nothing else is: no step goes round the gate.
package demo
