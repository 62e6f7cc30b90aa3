package estate

import (
	"regexp"
	"strings"
)

// inherit gives a second login what is said once, of who reads.
func (p *Postgres) inherit(second *Login) {
	if second == nil {
		return
	}
	second.DSN, second.Written = p.Login.DSN, p.Login.Written
	if second.Passfile == "" {
		second.Passfile = p.Login.Passfile
	}
}

// also is a second login on the server, where there is one; else the one that reads.
func (p *Postgres) also(second *Login) *Login {
	if second == nil {
		login := p.Login
		return &login
	}
	p.inherit(second)
	return second
}

// dsnPassword finds a password within a connection string.
var dsnPassword = regexp.MustCompile(`(?i)(?:^|[\s?&])(?:ssl)?password\s*=\s*([^&\s]+)`)

// logins checks that no password stands in clear text, and that a login says once
// where its password is.
func (d *draft) logins() {
	for i := range d.Postgres {
		p := &d.Postgres[i]
		if dsn := d.of(&p.Login.DSN); dsn != nil && dsn.node != nil {
			p.Login.Written = dsn.node.raw
			m := dsnPassword.FindStringSubmatch(reference.ReplaceAllLiteralString(dsn.node.raw, "\x00"))
			if clearPassword(dsn.node.raw) || m != nil && strings.Trim(m[1], "\x00'") != "" {
				d.tell(dsn.place, dsn.where, "a password in clear text", "use password_file or passfile, or write the password as ${NAME}")
			}
		}
		d.onePassword(&p.Login, d.of(&p.Source))
		if p.Actor != nil {
			d.onePassword(p.Actor, d.of(p.Actor))
		}
	}
	var others []*Login
	for i := range d.Backups {
		others = append(others, d.Backups[i].Base.Login)
	}
	for i := range d.Loads {
		others = append(others, d.Loads[i].Loans.Login)
	}
	for _, l := range others {
		if l != nil {
			d.onePassword(l, d.of(l))
		}
	}
}

func (d *draft) onePassword(l *Login, at *said) {
	var have []string
	for _, field := range []*string{&l.Password, &l.PasswordFile, &l.Passfile} {
		if s := d.of(field); s != nil {
			have = append(have, s.value.key.name)
		}
	}
	if len(have) > 1 {
		d.tell(at.place, at.where, "has "+strings.Join(have, " and "), "give one of them; null removes an inherited one")
	}
}
