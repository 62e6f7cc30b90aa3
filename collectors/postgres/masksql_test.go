package postgres

import (
	"strings"
	"testing"
)

// bearing are statements that hold a secret wherever SQL takes one, as @.
func bearing() []string {
	return []string{
		"ALTER ROLE bob PASSWORD @", "ALTER ROLE bob PASSWORD/**/@", "alter user bob with encrypted password @valid until 'infinity'", "CREATE ROLE x LOGIN PASSWORD -- now\n@",
		"CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'u', password @)", "CREATE SUBSCRIPTION s CONNECTION @ PUBLICATION p", "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', passfile @)",
		"SELECT set_config('app.password', @, false)", "SET app.password = @", "SET app.password TO @", "ALTER SYSTEM SET primary_conninfo = @", "ALTER DATABASE d SET my.token = @",
		"SELECT crypt(@, gen_salt('bf', 8))", "SELECT id FROM users WHERE hash = crypt(@, hash)", "SELECT pgp_sym_encrypt('data', @), 1", "SELECT hmac(data, @, 'sha256')", "SELECT digest(@, 'sha1')",
		"SELECT dblink_connect('c', @)", "SELECT * FROM dblink(@, 'SELECT 1') AS t(a int)", "SELECT @::jsonb -> 'a'", "SELECT CAST(@ AS json)", "SELECT jsonb '{}' || @",
		"INSERT INTO users (name, password) VALUES ('bob', @), ('amy', @)", "INSERT INTO settings VALUES ('smtp_password', @)", "UPDATE settings SET value = @ WHERE name = 'smtp_password'",
		"UPDATE u SET a = 1, note = @ || 'x' WHERE id IN (1, 2)", "SELECT * FROM sessions WHERE cookie IN (@, @) AND pin LIKE @", "SELECT f(password => @, n := 4)", "CALL login(@, 5)", "EXECUTE plan(@)",
		"COPY t FROM PROGRAM @", "DO @", "DO LANGUAGE plpgsql @", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS @", "SELECT 1 /* @ */ + 2", "SELECT 1 /* a /* b */ @ */, 3", "SELECT 2 -- @", "SELECT 'a'\n  @",
		"SECURITY LABEL ON ROLE x IS @", "COMMENT ON TABLE t IS @", "NOTIFY c, @", "BEGIN; ALTER ROLE a PASSWORD @; COMMIT", "PREPARE TRANSACTION @", "SELECT 'it''s', @", `SELECT E'a\'b', @`, "SELECT a$b$c, @ FROM t$1",
		`SELECT "a""b", @`, "SELECT U&'x' UESCAPE '!', @", "SELECT 5 @ 6", "(@)", "@",
	}
}

// quotings are the ways to write a constant.
func quotings() []func(string) string {
	double := func(s string) string { return strings.ReplaceAll(s, "'", "''") }
	return []func(string) string{
		func(s string) string { return "'" + double(s) + "'" },
		func(s string) string { return "E'" + double(strings.ReplaceAll(s, `\`, `\\`)) + "'" },
		func(s string) string { return "e'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'" },
		func(s string) string { return "U&'" + double(s) + "'" },
		func(s string) string { return "N'" + double(s) + "'" },
		func(s string) string { return "$$" + strings.ReplaceAll(s, "$", "") + "$$" },
		func(s string) string { return "$_ü1$" + strings.ReplaceAll(s, "$", "") + "$$ $x$" + "$_ü1$" },
		func(s string) string { return "X'" + double(s) + "'" },
	}
}

// FuzzNoConstantOfAStatementIsShown puts a marked secret into every place of a statement, in every
// quoting, and cuts the statement off anywhere, as the server does.
func FuzzNoConstantOfAStatementIsShown(f *testing.F) {
	for i, s := range []string{"", "'", `\`, `\\`, `' , '`, "$", "--", "/*", "*/", "\n", `"`, `{"password":"`, "postgres://u:", `\' or \'`, ";", "é", "host=h password=", "));", "\x00\xff"} {
		for j := range quotings() {
			f.Add(s, s, uint16(i), uint8(j), uint16(1<<15))
		}
	}
	for i := range bearing() {
		f.Add("a", "b", uint16(i), uint8(i), uint16(1<<15))
		f.Add(`a\`, `\`, uint16(i), uint8(i), uint16(1<<15))
		f.Add("", "", uint16(i), uint8(i), uint16(i))
	}
	const marked = "S3CR3T"
	f.Fuzz(func(t *testing.T, before, after string, which uint16, quoting uint8, cut uint16) {
		all, ways := bearing(), quotings()
		form := all[int(which)%len(all)]
		if strings.Contains(before+after, marked) || strings.Contains(form, "/*") && strings.Contains(before+after, "/") || strings.Contains(form, "-- @") && strings.ContainsAny(before+after, "\r\n") {
			return // the last two would end the comment
		}
		sql := strings.ReplaceAll(form, "@", ways[int(quoting)%len(ways)](before+marked+after))
		sql = sql[:min(len(sql), int(cut))]
		got := maskSQL(sql)
		if strings.Contains(got, marked) || len(sql) > 40 && strings.HasSuffix(sql, marked[:4]) && strings.Contains(got, marked[:4]) {
			t.Errorf("%q\nis shown as %q", sql, got)
		}
	})
}

// FuzzEveryTokenHasALength: whatever a query holds, it is read to its end.
func FuzzEveryTokenHasALength(f *testing.F) {
	for _, s := range append(bearing(), "$", "$1", "$$", "/*", "--", "'", "U&", "e", "é'", "\xff$a$", `"`, "1.e5", "a:b::c") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for rest := sql; rest != ""; {
			_, n := sqlToken(rest)
			if n < 1 || n > len(rest) {
				t.Fatalf("%q: a token of %d bytes", rest, n)
			}
			rest = rest[n:]
		}
	})
}

func TestWhatIsMaskedStaysReadable(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT a, b::text FROM t WHERE id = 42 AND x > 1.5e3":             "",
		"SELECT password FROM users":                                       "",
		"SELECT password::text FROM t WHERE password IS NULL":              "",
		"UPDATE u SET password = $1, a = b.password WHERE id IN (11, 12)":  "",
		"CREATE TABLE t (token text, pin int DEFAULT 5)":                   "",
		"ALTER ROLE bob PASSWORD NULL":                                     "",
		"SELECT '' AS empty":                                               "",
		"UPDATE u SET password = crypt('s', salt), n = 5":                  "UPDATE u SET password = crypt('•••', salt), n = 5",
		"SELECT set_config('app.password', 's', false)":                    "SELECT set_config('•••', '•••', false)",
		"INSERT INTO u (name, password) VALUES ('bob', 's'), ('amy', 's')": "INSERT INTO u (name, password) VALUES ('•••', '•••'), ('•••', '•••')",
		"SELECT 1 /* s */ + 2 -- s\n, 3":                                   "SELECT 1 /*•••*/ + 2 --•••\n, 3",
		"ALTER ROLE bob PASSWORD s VALID UNTIL '2027-01-01'":               "ALTER ROLE bob PASSWORD ••• VALID UNTIL '•••'",
		`ALTER ROLE bob PASSWORD "s"`:                                      "ALTER ROLE bob PASSWORD •••",
		"SET app.token TO s":                                               "SET app.token TO •••",
		"UPDATE u SET pin = 1234, n = 5":                                   "UPDATE u SET pin = •••, n = 5",
		`SELECT 'C:\', 5, 's'`:                                             "SELECT '•••'",
		"COPY t FROM STDIN;\nbob\ts\n\\.\n":                                "COPY t FROM STDIN; •••",
		"DO $body$ BEGIN s; END $body$ LANGUAGE plpgsql":                   "DO '•••' LANGUAGE plpgsql",
		"ALTER ROLE bob PASSWORD 's is cut o":                              "ALTER ROLE bob PASSWORD '•••'",
		"SELECT E'a\\'s', U&'\\0073'":                                      "SELECT E'•••', U&'•••'",
	} {
		if want == "" {
			want = sql
		}
		if got := maskSQL(sql); got != want {
			t.Errorf("%s\nis shown as %s\nand not as  %s", sql, got, want)
		}
	}
}

func TestSecretsInWordsOfAServerAreHidden(t *testing.T) {
	for _, said := range []string{
		"password=hunter2", "postgres://u:hunter2@h/db", "SCRAM-SHA-256$4096:hunter2==$a:b", "token: hunter2", `{"access_token": "x", "secret":'hunter2'}`, "ALTER ROLE x PASSWORD 'hunter2 is cut o",
	} {
		if got := mask(said); strings.Contains(got, "hunter2") || !strings.Contains(got, hidden) {
			t.Errorf("%s\nis shown as %s", said, got)
		}
	}
}
