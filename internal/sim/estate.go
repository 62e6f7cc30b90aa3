package sim

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed world/estate.yaml world/runbooks
var estateFiles embed.FS

// Variables that the estate of the simulated system takes its addresses from.
const (
	varPrometheus   = "OPSDECK_DEMO_PROMETHEUS"
	varAlertmanager = "OPSDECK_DEMO_ALERTMANAGER"
	varDocker       = "OPSDECK_DEMO_DOCKER"
	varPostgres     = "OPSDECK_DEMO_POSTGRES"
	varBackups      = "OPSDECK_DEMO_BACKUPS"
	varShop         = "OPSDECK_DEMO_SHOP"
	varShopHost     = "OPSDECK_DEMO_SHOP_HOST"
)

// WriteEstate writes the estate of the simulated system with its runbooks into a
// folder and returns its path. It is read with the environment of Env.
func WriteEstate(dir string) (string, error) {
	err := fs.WalkDir(estateFiles, "world", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, rerr := estateFiles.ReadFile(name)
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, "world/")))
		return errors.Join(rerr, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600))
	})
	return filepath.Join(dir, "estate.yaml"), err
}

// Env looks up the variables of the estate; there are no others.
func (s *Servers) Env(name string) (string, bool) {
	v, ok := s.vars()[name]
	return v, ok
}

// Environ is the same for a process of its own, as NAME=value.
func (s *Servers) Environ() []string {
	var env []string
	for name, v := range s.vars() {
		env = append(env, name+"="+v)
	}
	return env
}

func (s *Servers) vars() map[string]string {
	return map[string]string{varPrometheus: s.Prometheus, varAlertmanager: s.Alertmanager, varDocker: s.Docker, varBackups: s.Backups, varPostgres: s.Postgres,
		varShop: s.Shop, varShopHost: strings.TrimPrefix(s.Shop, "http://")}
}
