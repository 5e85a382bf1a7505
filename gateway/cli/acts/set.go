package acts

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// What is wrong with a name and a value.
var (
	ErrUnknown  = errors.New("there is no such field")
	ErrPersonal = errors.New("it tells who somebody is, and other users of this machine can read arguments: give the body in a file")
	ErrText     = errors.New("a text may tell who somebody is, and other users of this machine can read arguments: give the body in a file, or a code without blanks")
	ErrValue    = errors.New("the value is of another kind")
	ErrTwice    = errors.New("it is given twice")
)

// codeForm is what a text may be among arguments, where nothing else bounds it:
// an id, a code, a time.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:+-]{0,127}$`)

// Put puts values, each as name=value, into a body and a query. A name with dots
// is of a member of a member; the values of a list are separated by commas.
func (a Act) Put(values []string) (body map[string]any, query url.Values, err error) {
	body, query = map[string]any{}, url.Values{}
	for _, given := range values {
		name, value, ok := strings.Cut(given, "=")
		if !ok {
			return nil, nil, fmt.Errorf("%w: write name=value", ErrValue)
		}
		if p := a.param(name); p != nil {
			if query.Has(name) {
				return nil, nil, fmt.Errorf("%s: %w", name, ErrTwice)
			}
			query.Set(name, value)
			continue
		}
		if a.body == nil || a.Takes != JSON {
			return nil, nil, ErrUnknown
		}
		if err := a.put(body, a.body, name, value); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", known(name, err), err)
		}
	}
	return body, query, nil
}

// known is a name that may be repeated: one of the document.
func known(name string, err error) string {
	if errors.Is(err, ErrUnknown) {
		return "one of the names"
	}
	return name
}

func (a Act) param(name string) *Param {
	for i := range a.Query {
		if a.Query[i].Name == name {
			return &a.Query[i]
		}
	}
	return nil
}

func (a Act) put(into map[string]any, of *schema, name, value string) error {
	first, rest, nested := strings.Cut(name, ".")
	member := a.resolve(of).Properties[first]
	if member == nil {
		return ErrUnknown
	}
	s := a.resolve(member)
	switch {
	case member.Personal || s.Personal:
		return ErrPersonal
	case nested:
		below, ok := into[first].(map[string]any)
		if into[first] != nil && !ok {
			return ErrTwice
		}
		if below == nil {
			below = map[string]any{}
			into[first] = below
		}
		return a.put(below, member, rest, value)
	case into[first] != nil:
		return ErrTwice
	}
	v, err := a.parse(s, value)
	if err != nil {
		return err
	}
	into[first] = v
	return nil
}

func (a Act) parse(s *schema, value string) (any, error) {
	switch s.kind() {
	case "string":
		if len(s.Enum) == 0 && s.Pattern == "" && !codeForm.MatchString(value) {
			return nil, ErrText
		}
		return value, nil
	case "integer", "number":
		if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
			return nil, fmt.Errorf("%w: a number is wanted", ErrValue)
		}
		return json.Number(value), nil
	case "boolean":
		if value != "true" && value != "false" {
			return nil, fmt.Errorf("%w: true or false is wanted", ErrValue)
		}
		return value == "true", nil
	case "array":
		all := []any{}
		if a.resolve(s.Items).kind() == "array" {
			break
		}
		for one := range strings.SplitSeq(value, ",") {
			v, err := a.parse(a.resolve(s.Items), one)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	}
	return nil, fmt.Errorf("%w: it holds others; name them with dots, or give the body in a file", ErrValue)
}
