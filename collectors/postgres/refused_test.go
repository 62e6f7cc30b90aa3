package postgres

import (
	"strings"
	"testing"

	"opsdeck/ops"
)

// TestALoginThatFindsNoConnectionIsToldWhose: one code stands for the server, for the role
// and for the database, and the words may be in any language.
func TestALoginThatFindsNoConnectionIsToldWhose(t *testing.T) {
	const (
		server, role, database = "the server takes no login", "for role reader", "for database postgres"
		any3                   = "of the server, of this role or of this database"
	)
	for name, x := range map[string]struct {
		routine, message string
		limits           [][]any // as the look before saw them
		says, helps      string
	}{
		"the server":              {"ProcessStartupPacket", "tut mir leid, schon zu viele Verbindungen", nil, server, "end idle sessions"},
		"its reserved ones":       {"InitPostgres", "die verbleibenden Verbindungen sind reserviert", nil, server, "superuser"},
		"the role":                {"InitializeSessionUserId", "zu viele Verbindungen von Rolle »reader«", nil, role, "ALTER ROLE reader CONNECTION LIMIT"},
		"the database":            {"CheckMyDatabase", "zu viele Verbindungen für Datenbank »postgres«", nil, database, "ALTER DATABASE postgres CONNECTION LIMIT"},
		"a pooler, a full role":   {"", "zu viele", [][]any{{false, "reader", 2, 2}}, role, "ALTER ROLE"},
		"a pooler, a full base":   {"", "zu viele", [][]any{{true, "postgres", 9, 9}}, database, "ALTER DATABASE"},
		"a pooler, others full":   {"", "zu viele", [][]any{{false, "app", 2, 2}, {true, "shop", 9, 9}, {false, "reader", 9, 1}}, any3, "rolconnlimit"},
		"a pooler that says so":   {"", `too many connections for role "reader"`, nil, role, "ALTER ROLE"},
		"a pooler, of a database": {"", `too many connections for database "postgres"`, nil, database, "ALTER DATABASE"},
		"nobody knows":            {"", "zu viele", nil, any3, "datconnlimit"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			c := f.collector()
			if x.limits != nil {
				f.rows("connection limits", x.limits...)
				collect(t, c)
			}
			f.RefuseIn(x.routine, "53300", x.message)
			f.Cut()
			_, err := c.Collect(t.Context())
			told := ops.AsError(err)
			if told.Code != ops.CodeUnavailable || !strings.Contains(told.What.String(), "connections exhausted") || !strings.Contains(told.What.String(), x.says) || !strings.Contains(told.Remedy.String(), x.helps) {
				t.Errorf("%s: %v %q %q", name, told.Code, told.What, told.Remedy)
			}
		})
	}
}

func TestARefusalIsToldWithWhatLetsItIn(t *testing.T) {
	for name, x := range map[string]struct {
		routine, code, message string
		want                   ops.Code
		helps                  string
	}{
		"no line in pg_hba":       {"ClientAuthentication", "28000", "kein pg_hba.conf-Eintrag", ops.CodeDenied, "pg_hba.conf"},
		"no such role":            {"InitializeSessionUserId", "28000", "Rolle »reader« existiert nicht", ops.CodeDenied, "CREATE ROLE reader LOGIN"},
		"a wrong password":        {"auth_failed", "28P01", "Passwort-Authentifizierung fehlgeschlagen", ops.CodeDenied, "password"},
		"no such database":        {"InitPostgres", "3D000", "Datenbank existiert nicht", ops.CodeDenied, "dbname"},
		"no right to connect":     {"CheckMyDatabase", "42501", "keine Berechtigung für Datenbank", ops.CodeDenied, "GRANT CONNECT ON DATABASE postgres TO reader"},
		"a database that is shut": {"CheckMyDatabase", "55000", "Datenbank akzeptiert gegenwärtig keine Verbindungen", ops.CodeDenied, "ALLOW_CONNECTIONS"},
		"it starts or recovers":   {"ProcessStartupPacket", "57P03", "das Datenbanksystem startet", ops.CodeUnavailable, "hot_standby"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.RefuseIn(x.routine, x.code, x.message)
			_, err := f.collector().Collect(t.Context())
			if told := ops.AsError(err); told.Code != x.want || !strings.Contains(told.What.String(), x.message) || !strings.Contains(told.Remedy.String(), x.helps) || strings.Contains(told.Remedy.String(), "pg_monitor") {
				t.Errorf("%s: %v %q %q", name, told.Code, told.What, told.Remedy)
			}
		})
	}
}
