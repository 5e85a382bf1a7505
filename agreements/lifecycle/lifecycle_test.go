package lifecycle_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"safeconduct/agreements/lifecycle"
)

func TestTransitionError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("approve assessment: %w", &lifecycle.TransitionError{
		Entity: "assessment", State: "draft", Event: "approve", Guard: "not submitted", Mend: "submit it", Cause: io.EOF,
	})
	if !errors.Is(err, lifecycle.ErrIllegal) || !errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("chain of %v", err)
	}
	if want := "approve assessment: approve of assessment in state draft: not submitted; submit it"; err.Error() != want {
		t.Errorf("text %q", err)
	}
}
