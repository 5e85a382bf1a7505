package servertest_test

import (
	"testing"

	"safeconduct/e2e/servers/servertest"
)

func TestServersForATest(t *testing.T) {
	p := servertest.Postgres(t)
	if one, two := servertest.Database(t, p), servertest.Database(t, p); one == two {
		t.Error("two tests would share a database")
	}
	if v := servertest.Vault(t); v.Role.RoleIDFile == "" {
		t.Error("Vault has no role")
	}
	s := servertest.VersityGW(t)
	if one, two := servertest.Bucket(t, s, false), servertest.Bucket(t, s, true); one == two {
		t.Error("two tests would share a bucket")
	}
	servertest.MinIO(t)
}
