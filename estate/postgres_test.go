package estate_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

const databases = `
estate: shop
sources:
  one: {kind: postgres, dsn: "postgres://bob@h:5432/db", passfile: secrets/pgpass, actions: {user: act}}
  two: {kind: postgres, dsn: "host=h user=bob password=${PW}", every: 30s, optional: true, actions: {user: act, password: "${PW}"}}
  web: {kind: docker}
containers: {shop: {}}
services:
  shop: {database: [one, two]}
  cart: {database: one, container: shop}
limits: {database: {connections_percent: 70, slot_retains_mb: 10, blocked: 1m}}
`

func TestDatabasesAndTheirLogins(t *testing.T) {
	dir := write(t, map[string]string{"e.yaml": databases})
	path := filepath.Join(dir, "e.yaml")
	f, err := estate.Load(path, env("PW", "s3cr3t"))
	if err != nil {
		t.Fatal(err)
	}
	pass := filepath.Join(dir, "secrets", "pgpass")
	want := []estate.Postgres{
		{Source: estate.Source{Name: "one", Every: 4 * time.Second, Timeout: 4 * time.Second, Required: true}, Login: estate.Login{DSN: "postgres://bob@h:5432/db", Written: "postgres://bob@h:5432/db", Passfile: pass},
			Actor: &estate.Login{DSN: "postgres://bob@h:5432/db", Written: "postgres://bob@h:5432/db", User: "act", Passfile: pass}},
		{Source: estate.Source{Name: "two", Every: 30 * time.Second, Timeout: 5 * time.Second}, Login: estate.Login{DSN: "host=h user=bob password=s3cr3t", Written: "host=h user=bob password=${PW}"},
			Actor: &estate.Login{DSN: "host=h user=bob password=s3cr3t", Written: "host=h user=bob password=${PW}", User: "act", Password: "s3cr3t"}},
	}
	if !reflect.DeepEqual(f.Postgres, want) {
		t.Errorf("%+v", f.Postgres)
	}
	one, two, shop := ops.NewRef(ops.KindDatabase, "one", "one"), ops.NewRef(ops.KindDatabase, "two", "two"), ops.NewRef(ops.KindContainer, "web", "shop")
	if b := f.Estate.Services[0].Behind; !reflect.DeepEqual(b, []ops.Ref{shop, one, two}) {
		t.Errorf("%v", b)
	}
	if b := f.Estate.Services[1].Behind; !reflect.DeepEqual(b, []ops.Ref{shop, one}) {
		t.Errorf("%v", b)
	}
	if l := f.Estate.Limits.Database; l.Connections != 70 || l.SlotRetains != 10<<20 || l.Blocked != time.Minute || l.ArchiveAge != 15*time.Minute {
		t.Errorf("%+v", l)
	}
	shown, err := estate.Show(path, env("PW", "s3cr3t"))
	if err != nil || strings.Contains(string(shown), "s3cr3t") {
		t.Errorf("%v\n%s", err, shown)
	}
}
