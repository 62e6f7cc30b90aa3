package postgres

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// pair is two servers behind one DSN; option is what it says besides.
func pair(t *testing.T, a *fake, option string, change ...func(*Config)) (*fake, *Collector) {
	t.Helper()
	b := newFake(t)
	for _, f := range []*fake{a, b} {
		f.Answer("SET default_transaction_read_only", pgfake.Reply{})
	}
	return b, a.collector(append([]func(*Config){func(c *Config) {
		c.Login.DSN = "postgres://reader@10.0.0.1:5432,10.0.0.2:5432/postgres?sslmode=disable" + option
		c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, "10.0.0.2") {
				return b.Dial(ctx, network, address)
			}
			return a.Dial(ctx, network, address)
		}
	}}, change...)...)
}

// serves lets a server say that it takes writes, as far as the client did not ask for
// none, or that it is a standby.
func (f *fake) serves(login string, standby bool) {
	f.servesAs(login, standby)
	one := func(name, value string) pgfake.Reply {
		return pgfake.Reply{Columns: []pgfake.Column{{Name: name, Type: "text"}}, Rows: [][]any{{value}}}
	}
	f.AnswerWith("show transaction_read_only", func(string) pgfake.Reply {
		logins := f.Logins()
		if standby || logins[len(logins)-1]["default_transaction_read_only"] == "on" {
			return one("transaction_read_only", "on")
		}
		return one("transaction_read_only", "off")
	})
	f.Answer("select pg_is_in_recovery()", one("pg_is_in_recovery", map[bool]string{true: "t", false: "f"}[standby]))
}

// TestTheServerThatADSNAsksForIsTaken, whatever we set ourselves.
func TestTheServerThatADSNAsksForIsTaken(t *testing.T) {
	for _, x := range []struct{ wants, first, second, takes string }{
		{"read-write", "standby", "primary", "second"}, {"read-write", "primary", "standby", "first"},
		{"read-only", "primary", "standby", "second"}, {"primary", "standby", "primary", "second"}, {"standby", "primary", "standby", "second"},
		{"prefer-standby", "primary", "standby", "second"}, {"prefer-standby", "primary", "primary", "first"}, {"any", "standby", "primary", "first"},
		{"read-write", "standby", "standby", ""}, {"standby", "primary", "primary", ""},
	} {
		inBubble(t, func(t *testing.T, a *fake) {
			b, c := pair(t, a, "&target_session_attrs="+x.wants)
			a.serves("first", x.first == "standby")
			b.serves("second", x.second == "standby")
			o, err := c.Collect(t.Context())
			switch {
			case x.takes == "" && (err == nil || !strings.Contains(err.Error(), "10.0.0.1:5432: it ") || !strings.Contains(err.Error(), "10.0.0.2:5432: it ") || !strings.Contains(err.Error(), "target_session_attrs is "+x.wants)):
				t.Errorf("%+v: %v", x, err)
			case x.takes != "" && (err != nil || o.Database.Login.String() != x.takes):
				t.Errorf("%+v: %v", x, err)
			}
			if x.takes != "" && x.wants != "any" {
				taken := map[string]*fake{"first": a, "second": b}[x.takes]
				if asked := strings.Join(taken.Asked(), "\n"); !strings.Contains(asked, "SET default_transaction_read_only = on") {
					t.Errorf("%+v: the session may write", x)
				}
			}
		})
	}
}

func TestWhereNoHostWillDoEachOnesWordIsTold(t *testing.T) {
	for name, x := range map[string]struct {
		first, second func(*fake)
		is            func(error) bool
	}{
		"one is down, one is full": {(*fake).down, func(f *fake) { f.RefuseIn("InitPostgres", "53300", "x") },
			says("10.0.0.1:5432: nobody listens; 10.0.0.2:5432: connections exhausted: the server takes no login (53300)")},
		"one starts, one is down": {func(f *fake) { f.Refuse("57P03", "the database system is starting up") }, (*fake).down,
			says("10.0.0.1:5432: it takes no logins now: the database system is starting up; 10.0.0.2:5432: nobody listens")},
		"one is silent, one is down": {func(f *fake) { f.Freeze() }, (*fake).down, says("10.0.0.1:5432: no answer in time; 10.0.0.2:5432: nobody listens")},
		"one is down, one lets nobody in": {(*fake).down, func(f *fake) { f.RefuseIn("ClientAuthentication", "28000", "no pg_hba.conf entry") },
			func(err error) bool {
				return ops.CodeOf(err) == ops.CodeDenied && strings.Contains(err.Error(), "10.0.0.1:5432: nobody listens")
			}},
		"both are down": {(*fake).down, (*fake).down, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
	} {
		inBubble(t, func(t *testing.T, a *fake) {
			b, c := pair(t, a, "")
			x.first(a)
			x.second(b)
			began := time.Now()
			if _, err := c.Collect(t.Context()); err == nil || !x.is(err) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > c.cfg.Timeout {
				t.Errorf("%s: it took %s", name, took)
			}
		})
	}
}

func (f *fake) down() { f.Down() }

// TestAHostThatIsSilentLeavesTimeForTheNext and the password of each is its own.
func TestAHostThatIsSilentLeavesTimeForTheNext(t *testing.T) {
	inBubble(t, func(t *testing.T, a *fake) {
		pass := filepath.Join(t.TempDir(), "pgpass")
		if err := os.WriteFile(pass, []byte("10.0.0.1:*:*:*:first\n10.0.0.2:*:*:*:second\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		b, c := pair(t, a, "", func(c *Config) { c.Login.Passfile = pass })
		b.Password("second")
		b.servesAs("other", true)
		a.Freeze()
		if d := collect(t, c); d.Login.String() != "other" {
			t.Errorf("%+v", d.Login)
		}
	})
}

// TestWhoActsIsOnTheServerThatIsRead: behind a DSN with two, a pid of one is another
// session on the other.
func TestWhoActsIsOnTheServerThatIsRead(t *testing.T) {
	inBubble(t, func(t *testing.T, a *fake) {
		b, c := pair(t, a, "", a.acts)
		a.Down()
		collect(t, c)
		a.Up() // the next login would get in here
		c.actor.drop(t.Context())
		b.Answer("SELECT act()", pgfake.Reply{})
		if _, err := c.Query(t.Context(), "SELECT act()"); err != nil {
			t.Errorf("on the second: %v", err)
		}
		b.Down()
		collect(t, c) // the reader goes back to the first
		a.Answer("SELECT act()", pgfake.Reply{})
		if _, err := c.Query(t.Context(), "SELECT act()"); err != nil {
			t.Errorf("on the first: %v", err)
		}
	})
}

func TestOptionsOfADSNAreHonouredOrRefusedInWords(t *testing.T) {
	for option, want := range map[string]string{
		"connect_timeout=3": "", "target_session_attrs=any": "", "channel_binding=prefer": "", "application_name=x": "", "fallback_application_name=x": "", "keepalives=1": "", "keepalives_idle=30": "",
		"tcp_user_timeout=1000": "", "gssencmode=prefer": "", "load_balance_hosts=disable": "", "client_encoding=UTF8": "", "options=-c%20work_mem%3D1MB": "", "replication=false": "", "sslmode=allow": "",
		"gssencmode=require": "gssencmode with a value", "load_balance_hosts=random": "load_balance_hosts with a value", "client_encoding=LATIN1": "client_encoding with a value", "replication=database": "replication with a value",
		"hostaddr=10.0.0.1": "hostaddr, an option of libpq's that opsdeck does not have", "requirepeer=postgres": "requirepeer, an option", "sslcrl=/x": "sslcrl, an option", "ssl_min_protocol_version=TLSv1.3": "ssl_min_protocol_version, an option",
		"statement_timeout=1": "statement_timeout, which is no option of libpq's", "sslmod=require": "sslmod, which is no option", "pl4nted%1b=1": "which is no option",
		"sslmode=sometimes": "an sslmode that there is not", "target_session_attrs=writable": "a target_session_attrs that there is not", "service=nobody&servicefile=/nowhere": "a service that cannot be read",
		"connect_timeout=soon": "a connect_timeout that is none", "channel_binding=maybe": "a channel_binding that there is not", "sslmode=verify-full&sslrootcert=/nowhere": "its dsn names cannot be read", "require_auth=magic": "a require_auth that there is not",
	} {
		pairs := strings.NewReplacer("&", " ", "%20", `\ `, "%3D", "=", "%1b", "x").Replace(option)
		for _, dsn := range []string{"postgres://reader:pl4nted@127.0.0.1/postgres?" + option, "host=127.0.0.1 user=reader password=pl4nted dbname=postgres " + pairs} {
			cfg, err := Login{DSN: dsn}.Config()
			if want == "" {
				if err != nil {
					t.Errorf("%s: %v", dsn, err)
					continue
				}
				for name := range cfg.RuntimeParams {
					if name != "application_name" && name != "options" {
						t.Errorf("%s: %s goes to the server, which does not know it", dsn, name)
					}
				}
				continue
			}
			if ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(ops.AsError(err).What.String(), want) || ops.AsError(err).Remedy.Empty() || strings.ContainsAny(err.Error(), "\x1b") {
				t.Errorf("%s: %v", dsn, err)
			}
			if err != nil && strings.Contains(err.Error(), "pl4nted") && !strings.HasPrefix(option, "pl4nted") {
				t.Errorf("%s: %v", dsn, err)
			}
		}
	}
}

func TestAServiceOfLibpqIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services")
	if err := os.WriteFile(path, []byte("[shop]\nhost=10.0.0.9\nport=6543\ndbname=shop\nuser=bob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Login{DSN: "service=shop servicefile=" + path}.Config()
	if err != nil || cfg.Host != "10.0.0.9" || cfg.Port != 6543 || cfg.Database != "shop" || cfg.User != "bob" {
		t.Errorf("%+v %v", cfg, err)
	}
}
