package authz

// Reach is where a caller may do one action: a list is read by it, so that it
// holds what reading each record would answer with, and nothing else.
type Reach struct {
	All      bool     // wherever the record lies: headquarters
	Missions []string // whatever lies in these missions
	Partners []string // whatever is of these partners
	OwnIn    []string // of what lies in these missions, what Person made
	Person   string
}

// Nowhere reports whether the caller may do it to no record at all.
func (r Reach) Nowhere() bool { return !r.All && len(r.Missions)+len(r.Partners)+len(r.OwnIn) == 0 }

// Reach asks Check about each place in which the caller holds a role, for a kind
// of record.
func (e *Enforcer) Reach(c Caller, action Action, kind string) Reach {
	may := func(res Resource) bool {
		res.Kind = kind
		_, denied := e.Check(c, action, res)
		return denied == nil
	}
	r := Reach{All: c.AtHQ() && may(Resource{}), Person: c.Person}
	for _, m := range c.Missions() {
		switch {
		case may(Resource{Mission: m}):
			r.Missions = append(r.Missions, m)
		case may(Resource{Mission: m, Owner: c.Person}):
			r.OwnIn = append(r.OwnIn, m)
		}
	}
	for _, p := range c.Partners() {
		if may(Resource{Partner: p}) {
			r.Partners = append(r.Partners, p)
		}
	}
	return r
}
