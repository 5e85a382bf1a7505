package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Expire says each once, whatever becomes of the others, and asks for no more than it can do.
func TestExpire(t *testing.T) {
	at := time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)
	broken := errors.New("a row is locked")
	made := 0
	for name, c := range map[string]struct {
		list   error
		fails  map[string]error
		want   []string
		failed error
	}{
		"all":                      {want: []string{"a", "b", "c"}},
		"one was said meanwhile":   {fails: map[string]error{"b": evidence.ErrConflict}, want: []string{"a", "c"}},
		"one fails":                {fails: map[string]error{"a": broken}, want: []string{"b", "c"}, failed: broken},
		"they cannot be read":      {list: broken, failed: broken},
		"several fail, each known": {fails: map[string]error{"a": broken, "c": evidence.ErrConflict}, want: []string{"b"}, failed: broken},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			o := &evidence.Office{Denials: d, Now: func() time.Time { return at }, NewID: func() string { made++; return fmt.Sprint("entry-", made) }}
			var asked int
			n, err := evidence.Expire(t.Context(), o, d, evidence.Ending[string, evidence.Recorder]{
				Action: "thing.expire",
				Due: func(_ evidence.Recorder, _ context.Context, now time.Time, most int) ([]string, error) {
					asked = most
					if !now.Equal(at.Truncate(time.Microsecond)) {
						t.Errorf("asked at %s", now)
					}
					return []string{"a", "b", "c"}, c.list
				},
				End: func(_ context.Context, _ evidence.Recorder, was string, _ time.Time) (authz.Resource, error) {
					return authz.Resource{Kind: was}, c.fails[was]
				},
			})
			if n != len(c.want) || !errors.Is(err, c.failed) || errors.Is(err, evidence.ErrConflict) || asked != 100 {
				t.Errorf("%d, %v, of at most %d", n, err, asked)
			}
			var said []string
			for _, e := range d.entries {
				if e.Role != authz.SYS || e.Kind != evidence.Change || e.Action != "thing.expire" || e.Result != "expired" {
					t.Errorf("%+v", e)
				}
				said = append(said, e.Subject.Kind)
			}
			if !slices.Equal(said, c.want) {
				t.Errorf("said %v, want %v", said, c.want)
			}
		})
	}
}

func TestIsDigest(t *testing.T) {
	for s, want := range map[string]bool{
		evidence.DigestOf([]byte("x")): true, "": false, evidence.DigestOf(nil)[1:]: false, evidence.DigestOf(nil) + "0": false,
		"G" + evidence.DigestOf(nil)[1:]: false, "A" + evidence.DigestOf(nil)[1:]: false, evidence.DigestOf(nil)[:63] + "\n": false,
	} {
		if evidence.IsDigest(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}
