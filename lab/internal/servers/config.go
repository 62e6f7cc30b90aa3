package servers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"text/template"

	routes "opsdeck/lab/alertmanager"
	"opsdeck/lab/internal/layout"
	rules "opsdeck/lab/prometheus"
)

// Ports is what the configuration templates may name.
type Ports struct {
	Prometheus, Alertmanager, NodeExporter, PostgresExporter, RedisExporter string
	Blackbox, MailSink, WebhookSink                                         string
	Certificate, Etc                                                        string
}

func ports(l layout.Layout) Ports {
	return Ports{
		Prometheus:       layout.Addr(layout.PortPrometheus),
		Alertmanager:     layout.Addr(layout.PortAlertmanager),
		NodeExporter:     layout.Addr(layout.PortNodeExporter),
		PostgresExporter: layout.Addr(layout.PortPostgresExporter),
		RedisExporter:    layout.Addr(layout.PortRedisExporter),
		Blackbox:         layout.Addr(layout.PortBlackbox),
		MailSink:         layout.Addr(layout.PortMailSink),
		WebhookSink:      layout.Addr(layout.PortWebhookSink),
		Certificate:      layout.Addr(layout.PortCertificate),
		Etc:              l.Path("etc"),
	}
}

// writeConfig renders the named files into the state folder.
func writeConfig(names ...string) func(context.Context, layout.Layout) error {
	return func(_ context.Context, l layout.Layout) error {
		for _, name := range names {
			data, err := Render(name, l)
			if err != nil {
				return err
			}
			if err := os.WriteFile(l.Path("etc", name), data, 0o644); err != nil {
				return err
			}
		}
		return nil
	}
}

// Render gives a configuration file as the server will read it. The brackets
// are [[ ]] because Prometheus and Alertmanager use {{ }} themselves.
func Render(name string, l layout.Layout) ([]byte, error) {
	src, err := rules.Files.ReadFile(name)
	if err != nil {
		if src, err = routes.Files.ReadFile(name); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", name, err)
		}
	}
	t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").Parse(string(src))
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, ports(l)); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", name, err)
	}
	return out.Bytes(), nil
}
