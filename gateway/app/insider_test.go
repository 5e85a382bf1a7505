package app_test

import (
	"testing"

	"safeconduct/gateway/app/apptest"
)

// TestInsider: on embedded parts; on PostgreSQL it runs with the real servers.
func TestInsider(t *testing.T) {
	apptest.RunInsider(t, func(t *testing.T, o apptest.Options) (*apptest.World, *apptest.Hand) {
		w := apptest.Ready(t, o)
		return w, w.Hand()
	})
}
