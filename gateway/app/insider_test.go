package app_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"safeconduct/gateway/app/apptest"
)

// TestInsider: on embedded parts; on PostgreSQL it runs with the real servers.
func TestInsider(t *testing.T) {
	apptest.RunInsider(t, func(t *testing.T, o apptest.Options) (*apptest.World, *apptest.Hand) {
		w := apptest.Ready(t, o)
		db, err := sql.Open("sqlite", filepath.Join(w.Dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
		w.Must(err)
		t.Cleanup(func() { w.Must(db.Close()) })
		return w, apptest.NewHand(t, db, false)
	})
}
