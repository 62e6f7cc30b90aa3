package postgres

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// parsed reads a DSN with all that it names. Its errors hold nothing of the DSN, which
// may hold a password.
func parsed(dsn string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if _, file := errors.AsType[*fs.PathError](err); file {
		return nil, ops.Errorf(ops.CodeInvalid, "a certificate or key that its dsn names cannot be read").Help("see sslrootcert, sslcert and sslkey")
	}
	if err != nil {
		for _, f := range dsnFaults {
			if strings.Contains(err.Error(), f.said) {
				return nil, ops.Errorf(ops.CodeInvalid, "its dsn has %s", f.what).Help("%s", f.help)
			}
		}
		return nil, unreadable()
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.RuntimeParams)) {
		if err := honour(cfg, name, strings.ToLower(cfg.RuntimeParams[name])); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func unreadable() error {
	return ops.Errorf(ops.CodeInvalid, "its dsn cannot be read").Help("write postgres://user@host:5432/database, or host=... user=... dbname=...; within a password of a URL write @ as %%40, / as %%2F, %% as %%25")
}

// dsnFaults name what is wrong with an option, by what the parser says of it.
var dsnFaults = []struct{ said, what, help string }{
	{"sslmode is invalid", "an sslmode that there is not", "write disable, allow, prefer, require, verify-ca or verify-full"},
	{"unknown target_session_attrs value", "a target_session_attrs that there is not", "write any, read-write, read-only, primary, standby or prefer-standby"},
	{"failed to read service", "a service that cannot be read", "it has to stand in the file that servicefile or PGSERVICEFILE names, else in ~/.pg_service.conf, and the user who runs opsdeck has to be able to read it"},
	{"could not match", "another number of ports than of hosts", "give one port for all hosts, or one for each"},
	{"invalid port", "a port that is none", "write a number from 1 to 65535"},
	{"invalid connect_timeout", "a connect_timeout that is none", "write seconds"},
	{"unknown channel_binding value", "a channel_binding that there is not", "write disable, prefer or require"},
	{"invalid require_auth", "a require_auth that there is not", "write the methods as libpq has them, apart by commas"},
	{"invalid sslcertmode", "an sslcertmode that there is not", "write disable, allow or require"},
	{"protocol_version", "a protocol version that there is not", "write 3.0, 3.2 or latest"},
	{"failed to configure TLS", "options of TLS that cannot be used", "sslrootcert, sslcert and sslkey name files that the user who runs opsdeck can read, and that belong together"},
}

// honour deals with an option that the library would send to the server as a setting of
// its own. What libpq has it for is done here, or not needed, or refused: nothing of a
// DSN is left out unsaid.
func honour(cfg *pgx.ConnConfig, name, value string) error {
	needless := map[string][]string{ // and for which values; nil: for all
		// A server that is gone is found out by the deadline of each look.
		"keepalives": nil, "keepalives_idle": nil, "keepalives_interval": nil, "keepalives_count": nil, "tcp_user_timeout": nil,
		"fallback_application_name": nil, // our name is opsdeck
		"sslcompression":            {"0"},
		"gssencmode":                {"disable", "prefer"},
		"load_balance_hosts":        {"disable"},
		"replication":               {"false", "off", "no", "0"},
		"client_encoding":           {"auto", "utf8", "utf-8", "unicode"},
	}
	switch values, known := needless[name]; {
	case slices.Contains([]string{"application_name", "timezone", "datestyle", "options"}, name): // ours hold, whatever the environment says
		return nil
	case known && (values == nil || slices.Contains(values, value)):
		delete(cfg.RuntimeParams, name)
		return nil
	case known:
		return ops.Errorf(ops.CodeInvalid, "its dsn has %s with a value that opsdeck does not take", name).Help("leave it out, or write %s", strings.Join(values, " or "))
	case slices.Contains(refusedOptions, name):
		return ops.Errorf(ops.CodeInvalid, "its dsn has %s, an option of libpq's that opsdeck does not have", name).Help("leave it out; what takes its place, the guide says")
	}
	return ops.Errorf(ops.CodeInvalid, "its dsn has %.40s, which is no option of libpq's", ops.Clean(name)).Help("a setting of the server's goes into options, as options='-c name=value'")
}

// refusedOptions are those of libpq's that change who is talked to or how, and that the
// library does not have.
var refusedOptions = []string{"hostaddr", "requirepeer", "sslcrl", "sslcrldir", "ssl_min_protocol_version", "ssl_max_protocol_version", "requiressl", "sslkeylogfile",
	"gsslib", "gssdelegation", "scram_client_key", "scram_server_key", "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"}
