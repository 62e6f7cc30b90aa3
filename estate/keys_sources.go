package estate

import (
	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

func sourceKey() *key {
	k := &key{shape: shapeMapping, by: sourceBy, meaning: "One server.", fields: sourceKeys(new(Source))}
	for _, kind := range kinds() {
		k.variants = append(k.variants, kind.variant())
	}
	return k
}

// sourceKeys are the keys of every kind of source.
func sourceKeys(s *Source) []key {
	var words []string
	for _, k := range kinds() {
		words = append(words, k.is.String())
	}
	return []key{
		{name: sourceBy, shape: shapeWord, words: words, required: true, example: "docker",
			meaning: "What sort of server it is."},
		bindBy(key{name: "optional", shape: shapeFlag, fallback: "false", example: "true",
			meaning: "Whether the whole may be called ok while this source cannot be read. A required source that is unreadable makes the whole unknown."},
			func(_ *draft, v *said) { s.Required = !v.flag }),
	}
}

func prometheusKeys(p *Prometheus) []key {
	return []key{
		bind(&p.URL, key{name: "url", shape: shapeAddress, required: true, example: "http://127.0.0.1:9090", address: address{schemes: []string{"http", "https"}, bare: true},
			meaning: "Where Prometheus answers, with the path prefix where it has one. User and password stand in http_config."}),
		bind(&p.Every, every("10s")), bind(&p.Timeout, timeout("3s")), httpConfigKey(&p.HTTP),
	}
}

func dockerKeys(s *Docker) []key {
	return []key{
		bind(&s.Host, key{name: "host", shape: shapeAddress, fallback: "unix:///var/run/docker.sock", example: "ssh://ops@10.0.0.5", address: address{schemes: []string{"unix", "tcp", "ssh"}, bare: true},
			meaning: "The daemon's socket. ssh://user@host runs `docker system dial-stdio` there over the system's ssh, with the keys of the user who runs the agent. tcp:// without `tls_config` is neither encrypted nor authenticated, and whoever reaches it is root there."}),
		bindBy(tlsKey("How a tcp:// daemon is spoken to by TLS. Without it the certificates are those the docker command would take: `DOCKER_CERT_PATH`, `DOCKER_TLS_VERIFY`."),
			func(d *draft, v *said) { s.TLS = d.tlsConfig(v) }),
		onlyKey(&s.Only), cadvisorKey(&s.Cadvisor), bind(&s.Every, every("15s")), bind(&s.Timeout, timeout("5s")),
	}
}

func alertmanagerKeys(s *Alertmanager) []key {
	return []key{
		bindBy(key{name: "url", shape: shapeAddress, example: "http://127.0.0.1:9093", address: address{schemes: []string{"http", "https"}, bare: true},
			meaning: "Where Alertmanager answers, with the path prefix where it has one."},
			func(_ *draft, v *said) { s.Peers = []Peer{{Name: s.Name, URL: v.text}} }), // a lone server bears the source's name
		table(&s.Peers, key{name: "peers", filled: true, pattern: nameOfSource, example: `{a: "http://10.0.0.1:9093", b: "http://10.0.0.2:9093"}`,
			meaning: "The members of a cluster, by names of your choice. They are read as one; each is asked, because each may know what the others do not."},
			func(name string, p *Peer) key {
				p.Name = name
				return bind(&p.URL, key{shape: shapeAddress, example: "http://10.0.0.1:9093", address: address{schemes: []string{"http", "https"}, bare: true}, meaning: "Where this member answers."})
			}),
		bind(&s.Every, every("10s")), bind(&s.Timeout, timeout("3s")), httpConfigKey(&s.HTTP),
	}
}

func onlyKey(o *Only) key {
	return key{name: "only", shape: shapeMapping, meaning: "Which containers of a daemon that serves others too are the estate's own: those that one of these selects, and those that `containers` names. The rest is shown in a group of its own and counts nowhere.", fields: []key{
		bind(&o.Projects, key{name: "projects", shape: shapeList, meaning: "Compose projects.",
			elem: &key{shape: shapeText, pattern: anyText, example: "shop", meaning: "The name of a project."}}),
		bind(&o.Names, key{name: "names", shape: shapeList, meaning: "Patterns of container names.",
			elem: &key{shape: shapeText, pattern: nameGlob, example: "shop-*", meaning: "`*` stands for any characters, `?` for one."}}),
		table(&o.Labels, key{name: "labels", filled: true, pattern: anyText, example: "{team: payments}",
			meaning: "Labels of the container, all of which it has to have."},
			func(name string, l *ops.Label) key {
				l.Name = ops.Clean(name)
				return bind(&l.Value, key{shape: shapeText, pattern: anyText, example: "payments", meaning: "The value this label has to have."})
			}),
	}}
}

func cadvisorKey(c *Cadvisor) key {
	return note(c, key{name: "cadvisor", shape: shapeMapping, meaning: "cAdvisor of this host, scraped by a Prometheus: CPU and memory are taken from there, and the daemon is asked only for what it does not know.", fields: []key{
		prometheusOf(&c.Source, "The Prometheus that scrapes it."),
		table(&c.Match, key{name: "match", filled: true, pattern: labelName, example: `{instance: "10.0.0.5:8080"}`,
			meaning: "The labels of this host's series. Without it the series of every host that has a container of the same name are added up."},
			func(name string, m *ops.Matcher) key {
				m.Name = ops.Clean(name)
				return bind(&m.Value, key{shape: shapeText, pattern: anyText, example: "cadvisor", meaning: "The value this label has to have."})
			}),
	}})
}

// httpConfigKey binds to what the library makes of it; where it is left out, to the
// library's defaults.
func httpConfigKey(c *config.HTTPClientConfig) key {
	*c = config.DefaultHTTPClientConfig
	return bindBy(key{name: "http_config", shape: shapeMapping, fields: httpKeys(),
		meaning: "How to connect and to log in: the `http_config` of Prometheus's own configuration."},
		func(d *draft, s *said) { *c = d.httpConfig(s) })
}
