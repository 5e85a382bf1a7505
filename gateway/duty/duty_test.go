package duty_test

import (
	"errors"
	"strings"
	"testing"

	"safeconduct/gateway/duty"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := duty.Parse([]string{"keeper", "intake"})
	if err != nil || !s.Has(duty.Keeper) || !s.Has(duty.Intake) || s.Has(duty.Release) {
		t.Errorf("%v, %v", s, err)
	}
	var other *duty.OtherError
	if err := s.Needs(duty.Release); !errors.As(err, &other) || other.Needs != duty.Release || !strings.Contains(err.Error(), "release") {
		t.Errorf("what is not played: %v", err)
	}
	if err := s.Needs(duty.Keeper); err != nil {
		t.Errorf("what is played: %v", err)
	}
	for name, names := range map[string][]string{
		"none": {}, "unknown": {"intake", "janitor"}, "twice": {"intake", "intake"}, "capitals": {"Intake"},
	} {
		if got, err := duty.Parse(names); err == nil || got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := duty.Parse([]string{"janitor"}); !errors.Is(err, duty.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if all, err := duty.Parse(duty.Names()); err != nil || len(all) != 4 {
		t.Errorf("all: %v, %v", all, err)
	}
}
