package estate

import (
	"regexp"
	"strings"
	"time"

	"opsdeck/ops"
)

// postgresOf is one PostgreSQL server and who logs in to it.
func postgresOf(s member, every, timeout time.Duration, required bool) Postgres {
	p := Postgres{Name: s.name, Every: every, Timeout: timeout, Required: required, Login: loginOf(s.value)}
	if v := s.value.at("actions"); v != nil {
		a := loginOf(v)
		a.DSN, a.User = p.Login.DSN, v.str("user")
		if a.Passfile == "" {
			a.Passfile = p.Login.Passfile
		}
		p.Actor = &a
	}
	return p
}

func loginOf(v *value) Login {
	return Login{DSN: v.str("dsn"), Password: v.str("password"), PasswordFile: v.str("password_file"), Passfile: v.str("passfile")}
}

func databaseLimits(root *value) ops.DatabaseLimits {
	num := func(name string) int { return int(root.num("limits", "database", name)) }
	dur := func(name string) time.Duration { return root.dur("limits", "database", name) }
	return ops.DatabaseLimits{
		Connections: num("connections_percent"), Blocked: dur("blocked"), IdleInTx: dur("idle_in_transaction"), Transaction: dur("transaction"),
		ReplicaLag: dur("replica_lag"), SlotRetains: ops.Bytes(num("slot_retains_mb")) << 20, ArchiveAge: dur("archive_age"), FreezeAge: num("freeze_age"),
	}
}

// dsnPassword finds a password within a connection string.
var dsnPassword = regexp.MustCompile(`(?i)(?:^|[\s?&])(?:ssl)?password\s*=\s*([^&\s]+)`)

// logins checks that no password stands in clear text, and that a login says once
// where its password is.
func (c *checking) logins(root *value) {
	for _, s := range root.members("sources") {
		if s.value.str(discriminator) != ops.SourcePostgres.String() {
			continue
		}
		where := "sources." + s.name
		if d := s.value.at("dsn"); d != nil && d.node != nil {
			m := dsnPassword.FindStringSubmatch(d.node.raw)
			if clearPassword(d.node.raw) || m != nil && !strings.HasPrefix(m[1], "${") {
				c.fault(d.place, where+".dsn", "a password in clear text", "use password_file or passfile, or write the password as ${NAME}")
			}
		}
		c.onePassword(s.value, where)
		if a := s.value.at("actions"); a != nil {
			c.onePassword(a, where+".actions")
		}
	}
}

func (c *checking) onePassword(v *value, where string) {
	var have []string
	for _, name := range []string{"password", "password_file", "passfile"} {
		if v.at(name) != nil {
			have = append(have, name)
		}
	}
	if len(have) > 1 {
		c.fault(v.place, where, "has "+strings.Join(have, " and "), "give one of them; null removes an inherited one")
	}
}
