package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// meter shows how far a file has come: on a terminal only.
type meter struct{ bar *progressbar.ProgressBar }

// meter makes one that shows what is being done to how many bytes, -1 for not
// known yet.
func (s *shell) meter(what string, size int64) *meter {
	if s.json || !terminal(s.Err) {
		return &meter{}
	}
	return &meter{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(s.Err), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))}
}

func (m *meter) at(n, size int64) {
	if m.bar == nil {
		return
	}
	if size > 0 && m.bar.GetMax64() != size {
		m.bar.ChangeMax64(size)
	}
	_ = m.bar.Set64(n) // a bar that cannot be drawn is no reason to stop
}

func (m *meter) done() {
	if m.bar != nil {
		_ = m.bar.Clear() // as in at
	}
}
