package servers

import (
	"os"
	"syscall"

	"opsdeck/lab/internal/layout"
)

// postgresBin is where Debian keeps PostgreSQL 15; the lab speaks of exactly
// this version because the backup tests read its files.
const postgresBin = "/usr/lib/postgresql/15/bin"

// Table lists every server in the order of `lab status`.
func Table() []Server {
	return []Server{
		postgres(),
		redis(),
		sinkServer(),
		nodeExporter(),
		postgresExporter(),
		redisExporter(),
		blackbox(),
		alertmanager(),
		prometheus(),
		proxyServer(),
		sshd(),
	}
}

func redis() Server {
	return Server{
		Name: "redis", Program: "/usr/bin/redis-server", Port: layout.PortRedis,
		Prepare: makeDir("redis"),
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"--port", port(layout.PortRedis), "--bind", layout.Host, "--dir", l.Path("redis"),
				"--save", "", "--daemonize", "no"}, nil, nil
		},
		Ready: redisReady(layout.PortRedis),
	}
}

// ourselves is the lab's own program.
func ourselves() string {
	self, err := os.Executable()
	if err != nil {
		return "lab"
	}
	return self
}

func proxyServer() Server {
	return Server{
		Name: "proxy", Program: ourselves(), Port: layout.PortProxy, Own: true,
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"proxy", "--state", l.State}, nil, nil
		},
		Ready: httpReady(layout.PortProxy, "/health"),
	}
}

func sinkServer() Server {
	return Server{
		Name: "sink", Program: ourselves(), Port: layout.PortWebhookSink, Own: true,
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"sink", "--dir", l.Path("sink"), "--smtp", layout.Addr(layout.PortMailSink),
				"--http", layout.Addr(layout.PortWebhookSink)}, nil, nil
		},
		Ready: httpReady(layout.PortWebhookSink, "/health"),
	}
}

func nodeExporter() Server {
	return Server{
		Name: "node-exporter", Program: "/usr/bin/prometheus-node-exporter", Port: layout.PortNodeExporter,
		Args: func(layout.Layout) ([]string, []string, error) {
			return []string{"--web.listen-address=" + layout.Addr(layout.PortNodeExporter)}, nil, nil
		},
		Ready: httpReady(layout.PortNodeExporter, "/"),
	}
}

func redisExporter() Server {
	return Server{
		Name: "redis-exporter", Program: "/usr/bin/prometheus-redis-exporter", Port: layout.PortRedisExporter, After: "redis",
		Args: func(layout.Layout) ([]string, []string, error) {
			return []string{"-redis.addr", "redis://" + layout.Addr(layout.PortRedis),
				"-web.listen-address", layout.Addr(layout.PortRedisExporter)}, nil, nil
		},
		Ready: httpReady(layout.PortRedisExporter, "/health"),
	}
}

func blackbox() Server {
	return Server{
		Name: "blackbox", Program: "/usr/bin/prometheus-blackbox-exporter", Port: layout.PortBlackbox,
		Prepare: writeConfig("blackbox.yml"),
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"--config.file=" + l.Path("etc", "blackbox.yml"),
				"--web.listen-address=" + layout.Addr(layout.PortBlackbox)}, nil, nil
		},
		Ready:   httpReady(layout.PortBlackbox, "/-/healthy"),
		Refresh: reload(layout.PortBlackbox),
	}
}

func alertmanager() Server {
	return Server{
		Name: "alertmanager", Program: "/usr/bin/prometheus-alertmanager", Port: layout.PortAlertmanager, After: "sink",
		Prepare: writeConfig("alertmanager.yml"),
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"--config.file=" + l.Path("etc", "alertmanager.yml"), "--storage.path=" + l.Path("alertmanager"),
				"--web.listen-address=" + layout.Addr(layout.PortAlertmanager),
				// Empty means: no gossip port, which would otherwise listen on every address.
				"--cluster.listen-address="}, nil, nil
		},
		Ready:   httpReady(layout.PortAlertmanager, "/-/ready"),
		Refresh: reload(layout.PortAlertmanager),
	}
}

func prometheus() Server {
	return Server{
		Name: "prometheus", Program: "/usr/bin/prometheus", Port: layout.PortPrometheus,
		Prepare: writeConfig("prometheus.yml", "ifrs9_alerting_rules.yml", "ifrs9_recording_rules.yml", "platform_rules.yml"),
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"--config.file=" + l.Path("etc", "prometheus.yml"), "--storage.tsdb.path=" + l.Path("prometheus"),
				"--storage.tsdb.retention.time=3d", "--storage.tsdb.retention.size=1GB",
				"--web.listen-address=" + layout.Addr(layout.PortPrometheus),
				"--web.external-url=" + layout.URL(layout.PortPrometheus), "--web.enable-lifecycle"}, nil, nil
		},
		Ready:   httpReady(layout.PortPrometheus, "/-/ready"),
		Refresh: reload(layout.PortPrometheus),
	}
}

func postgres() Server {
	return Server{
		Name: "postgres", Program: postgresBin + "/postgres", Port: layout.PortPostgres, User: "postgres",
		// SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients.
		Stop:    syscall.SIGINT,
		Prepare: preparePostgres,
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"-D", l.Path("postgres", "data")}, nil, nil
		},
		Ready: postgresReady,
	}
}

func postgresExporter() Server {
	return Server{
		Name: "postgres-exporter", Program: "/usr/bin/prometheus-postgres-exporter", Port: layout.PortPostgresExporter,
		// PostgreSQL must have its password file before the exporter reads it.
		After: "postgres",
		Args: func(l layout.Layout) ([]string, []string, error) {
			password, err := readPassword(l)
			if err != nil {
				return nil, nil, err
			}
			return []string{"--web.listen-address=" + layout.Addr(layout.PortPostgresExporter)},
				[]string{"DATA_SOURCE_NAME=postgresql://postgres:" + password + "@" + layout.Addr(layout.PortPostgres) + "/postgres?sslmode=disable"}, nil
		},
		Ready: httpReady(layout.PortPostgresExporter, "/"),
	}
}
