package sim

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
)

// apiVersion is the one of the daemon whose answers these are modelled on.
const apiVersion = "1.41"

var versioned = regexp.MustCompile(`^/v1\.\d+/`)

// Docker returns the handler of the simulated Docker daemon.
func (w *World) Docker() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) { _, _ = rw.Write([]byte("OK")) }))
	mux.HandleFunc("GET /version", w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) {
		send(rw, http.StatusOK, system.VersionResponse{Platform: system.PlatformInfo{Name: "simulated"}, Version: w.script.Versions.Docker,
			APIVersion: apiVersion, MinAPIVersion: "1.12", Os: "linux", Arch: "amd64"})
	}))
	mux.HandleFunc("GET /containers/json", w.serve(w.list))
	mux.HandleFunc("GET /containers/{id}/json", w.of(func(rw http.ResponseWriter, _ *http.Request, b *box, now time.Time) {
		send(rw, http.StatusOK, b.inspect(now))
	}))
	mux.HandleFunc("GET /containers/{id}/stats", w.of(func(rw http.ResponseWriter, _ *http.Request, b *box, now time.Time) {
		send(rw, http.StatusOK, b.stats(now))
	}))
	mux.HandleFunc("GET /containers/{id}/logs", w.logs)
	mux.HandleFunc("GET /events", w.follow)
	mux.HandleFunc("POST /containers/{id}/{verb}", w.of(w.act))
	mux.HandleFunc("DELETE /containers/{id}", w.of(w.remove))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Api-Version", apiVersion)
		rw.Header().Set("Server", "Docker/"+w.script.Versions.Docker+" (simulated)")
		if m := versioned.FindString(r.URL.Path); m != "" {
			r.URL.Path = "/" + strings.TrimPrefix(r.URL.Path, m)
		}
		mux.ServeHTTP(rw, r)
	})
}

// of hands a request to the container that it names, by name or id.
func (w *World) of(h func(http.ResponseWriter, *http.Request, *box, time.Time)) http.HandlerFunc {
	return w.serve(func(rw http.ResponseWriter, r *http.Request, now time.Time) {
		if b := w.find(r.PathValue("id")); b != nil {
			h(rw, r, b, now)
			return
		}
		refuse(rw, http.StatusNotFound, "No such container: "+r.PathValue("id"))
	})
}

func refuse(rw http.ResponseWriter, status int, why string) {
	send(rw, status, map[string]string{"message": why})
}

// find looks a container up by name, else by id or its beginning.
func (w *World) find(name string) *box {
	if b := w.byName[name]; b != nil && !b.removed {
		return b
	}
	i := slices.IndexFunc(w.containers, func(b *box) bool { return len(name) >= 4 && strings.HasPrefix(b.id, name) && !b.removed })
	if i < 0 {
		return nil
	}
	return w.containers[i]
}

func (w *World) list(rw http.ResponseWriter, r *http.Request, now time.Time) {
	all := r.FormValue("all") == "1" || r.FormValue("all") == "true"
	out := []container.Summary{}
	for _, b := range w.containers {
		if !b.removed && (all || b.up()) {
			out = append(out, b.summary(now))
		}
	}
	send(rw, http.StatusOK, out)
}

// up reports whether a process of it lives.
func (b *box) up() bool {
	return b.state == container.StateRunning || b.state == container.StatePaused
}

func (b *box) summary(now time.Time) container.Summary {
	s := container.Summary{ID: b.id, Names: []string{"/" + b.script.Name}, Image: b.image(), ImageID: b.imageID(), Command: "/app/run",
		Created: b.created().Unix(), Labels: b.labels(), State: b.state, Status: b.status(now), Ports: []container.PortSummary{}, Mounts: []container.MountPoint{},
		NetworkSettings: &container.NetworkSettingsSummary{Networks: b.networks()}}
	s.HostConfig.NetworkMode = b.w.script.Project
	if p := b.script.Port; p != 0 && b.up() {
		s.Ports = append(s.Ports, container.PortSummary{IP: netip.IPv4Unspecified(), PrivatePort: p, PublicPort: p, Type: "tcp"})
	}
	return s
}

// status is what docker ps says: "Up 3 days (healthy)".
func (b *box) status(now time.Time) string {
	ago := func(t time.Time) string { return units.HumanDuration(max(0, now.Sub(t))) }
	switch b.state {
	case container.StateRestarting:
		return "Restarting (" + strconv.Itoa(b.code) + ") " + ago(b.run.to) + " ago"
	case container.StateExited:
		return "Exited (" + strconv.Itoa(b.code) + ") " + ago(b.run.to) + " ago"
	case container.StatePaused:
		return "Up " + ago(b.run.from) + " (Paused)"
	}
	switch b.health {
	case container.Starting:
		return "Up " + ago(b.run.from) + " (health: starting)"
	case container.NoHealthcheck:
		return "Up " + ago(b.run.from)
	}
	return "Up " + ago(b.run.from) + " (" + string(b.health) + ")"
}

func (b *box) imageID() string { return "sha256:" + b.w.chance.id(b.script.Image, 64) }

func (b *box) created() time.Time { return b.w.started() }

func (b *box) networks() map[string]*network.EndpointSettings {
	address, _, _ := strings.Cut(b.address(), ":")
	ip, _ := netip.ParseAddr(address) // we wrote it
	return map[string]*network.EndpointSettings{b.w.script.Project: {NetworkID: b.w.chance.id("network", 64), IPAddress: ip, IPPrefixLen: 16}}
}

// restartPolicy is every simulated container's.
const restartPolicy = container.RestartPolicyUnlessStopped

func (b *box) inspect(now time.Time) container.InspectResponse {
	r := container.InspectResponse{ID: b.id, Name: "/" + b.script.Name, Created: b.created().UTC().Format(time.RFC3339Nano), Path: "/app/run", Args: []string{},
		Image: b.imageID(), RestartCount: b.restarts, Driver: "overlay2", Platform: "linux", State: b.inspectState(now), Mounts: []container.MountPoint{},
		Config: &container.Config{Image: b.image(), Labels: b.labels(), Entrypoint: []string{"/app/run"}, Env: []string{"SIMULATED=yes"}},
		HostConfig: &container.HostConfig{NetworkMode: container.NetworkMode(b.w.script.Project), RestartPolicy: container.RestartPolicy{Name: restartPolicy},
			Resources: container.Resources{Memory: b.script.Limit << 20}},
		NetworkSettings: &container.NetworkSettings{Networks: b.networks()}}
	if b.script.Port != 0 {
		port, err := network.ParsePort(strconv.Itoa(int(b.script.Port)) + "/tcp")
		if err == nil {
			bound := network.PortMap{port: {{HostIP: netip.IPv4Unspecified(), HostPort: strconv.Itoa(int(b.script.Port))}}}
			r.HostConfig.PortBindings = bound
			if b.up() {
				r.NetworkSettings.Ports = bound
			}
		}
	}
	return r
}

// pidOf is the process that it would be.
func (b *box) pidOf() int { return 1000 + int(b.w.chance.bits(b.script.Name, 4)%30000) }

func (b *box) inspectState(now time.Time) *container.State {
	st := &container.State{Status: b.state, Running: b.up() || b.state == container.StateRestarting, Paused: b.state == container.StatePaused,
		Restarting: b.state == container.StateRestarting, ExitCode: b.code, StartedAt: b.run.from.UTC().Format(time.RFC3339Nano), FinishedAt: "0001-01-01T00:00:00Z"}
	if b.up() {
		st.Pid = b.pidOf()
	}
	switch {
	case !b.run.to.IsZero():
		st.FinishedAt = b.run.to.UTC().Format(time.RFC3339Nano)
	case len(b.past) > 0:
		st.FinishedAt = b.past[len(b.past)-1].to.UTC().Format(time.RFC3339Nano)
	}
	if b.script.Check {
		st.Health = &container.Health{Status: b.health, FailingStreak: b.failing, Log: []*container.HealthcheckResult{b.lastCheck(now)}}
	}
	return st
}

// checkEvery is how often health is checked.
const checkEvery = 10 * time.Second

func (b *box) lastCheck(now time.Time) *container.HealthcheckResult {
	at := now.Truncate(checkEvery).UTC()
	out := &container.HealthcheckResult{Start: at, End: at.Add(40 * time.Millisecond), Output: "ok"}
	if b.health == container.Unhealthy {
		out.ExitCode, out.Output = 1, "no answer from /health within 3s"
	}
	return out
}
