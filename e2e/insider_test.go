package e2e

import (
	"database/sql"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver

	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app/apptest"
)

// TestInsider: an administrator of PostgreSQL, a superuser, writes by hand.
func TestInsider(t *testing.T) {
	sharedPostgres(t)
	apptest.RunInsider(t, func(t *testing.T, o apptest.Options) (*apptest.World, *apptest.Hand) {
		dsn := servertest.Database(t, sharedPostgres(t))
		o.Store = storeOn(t, dsn)
		w := apptest.Ready(t, o)
		db, err := sql.Open("pgx", asSuperuser(t, dsn))
		w.Must(err)
		t.Cleanup(func() { w.Must(db.Close()) })
		h := apptest.NewHand(t, db, true)
		if h.Text("SELECT CAST(usesuper AS TEXT) FROM pg_user WHERE usename = current_user") != "true" {
			t.Fatal("the hand is not a superuser's")
		}
		return w, h
	})
}

// asSuperuser is the database of dsn as the server's superuser reaches it.
func asSuperuser(t *testing.T, dsn string) string {
	t.Helper()
	there, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	super, err := url.Parse(sharedPostgres(t).AdminDSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	super.Path = there.Path
	return super.String()
}
