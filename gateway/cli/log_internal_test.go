package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckpointOfAnEmptyLog(t *testing.T) {
	const hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	path := filepath.Join(t.TempDir(), "kept")
	text := "log\n0\n" + hash + "\nprev 0 " + hash + "\n\n\u2014 log AAAAAAAAAAAA\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("R52 it is refused, since it proves nothing", func(t *testing.T) {
		kept, err := readCheckpoint(path, "log")
		if kept != nil || err == nil || exitCode(err) != exitUsage || !strings.Contains(err.Error(), "it is of an empty log, which every log begins with: it proves nothing") {
			t.Errorf("%q, %v", kept, err)
		}
	})
}
