package main

import (
	"fmt"
	"io"
	"os"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/layout"
)

// env prints what a test needs to find the lab. No secret is among it: the
// PostgreSQL password stays in the pgpass file.
func env(out io.Writer) error {
	l, err := layout.FromEnvironment()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, kv := range [][2]string{
		{"OPSDECK_LAB", "1"},
		{"OPSDECK_LAB_BIN", self},
		{layout.EnvState, l.State},
		{"OPSDECK_LAB_ESTATE", l.Estate()},
		{"OPSDECK_LAB_DOCKER_HOST", engine.Host(l)},
		{"OPSDECK_LAB_PROMETHEUS_URL", layout.URL(layout.PortPrometheus)},
		{"OPSDECK_LAB_PROMETHEUS_PROXY_URL", layout.URL(layout.PortPrometheusProxy)},
		{"OPSDECK_LAB_ALERTMANAGER_URL", layout.URL(layout.PortAlertmanager)},
		{"OPSDECK_LAB_ALERTMANAGER_PROXY_URL", layout.URL(layout.PortAlertmanagerProxy)},
		{"OPSDECK_LAB_POSTGRES_DSN", l.PostgresDSN()},
		{"OPSDECK_LAB_POSTGRES_PASSFILE", l.PgPass()},
		{"OPSDECK_LAB_POSTGRES_DATA", l.Path("postgres", "data")},
		{"OPSDECK_LAB_SINK_DIR", l.Path("sink")},
		{"OPSDECK_LAB_SSH_DIR", l.Path("ssh")},
		{"OPSDECK_LAB_PORT_PROMETHEUS", fmt.Sprint(layout.PortPrometheus)},
		{"OPSDECK_LAB_PORT_ALERTMANAGER", fmt.Sprint(layout.PortAlertmanager)},
		{"OPSDECK_LAB_PORT_NODE_EXPORTER", fmt.Sprint(layout.PortNodeExporter)},
		{"OPSDECK_LAB_PORT_POSTGRES_EXPORTER", fmt.Sprint(layout.PortPostgresExporter)},
		{"OPSDECK_LAB_PORT_REDIS_EXPORTER", fmt.Sprint(layout.PortRedisExporter)},
		{"OPSDECK_LAB_PORT_BLACKBOX", fmt.Sprint(layout.PortBlackbox)},
		{"OPSDECK_LAB_PORT_POSTGRES", fmt.Sprint(layout.PortPostgres)},
		{"OPSDECK_LAB_PORT_REDIS", fmt.Sprint(layout.PortRedis)},
		{"OPSDECK_LAB_PORT_SSH", fmt.Sprint(layout.PortSSH)},
		{"OPSDECK_LAB_PORT_MAIL_SINK", fmt.Sprint(layout.PortMailSink)},
		{"OPSDECK_LAB_PORT_WEBHOOK_SINK", fmt.Sprint(layout.PortWebhookSink)},
		{"DOCKER_HOST", engine.Host(l)},
	} {
		if _, err := fmt.Fprintf(out, "%s=%s\n", kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}
