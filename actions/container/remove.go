package container

import (
	"cmp"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"

	"opsdeck/ops"
)

// Labels that tell where a container comes from.
const (
	labelWorkingDir   = "com.docker.compose.project.working_dir"
	labelSwarmService = "com.docker.swarm.service.name"
)

// removed tells what goes with a container.
func removed(r *container.InspectResponse, c call) []ops.Text {
	out := []ops.Text{ops.Clean("what it wrote outside its volumes" + logWords(r) + ", and its last state: exit code, health log, restart count")}
	if anonymous, _ := volumesOf(r); c.volumes {
		for _, v := range anonymous {
			out = append(out, ops.Clean("anonymous volume "+v+", with everything in it"))
		}
	}
	return out
}

// left tells what stays, and who makes the container again.
func left(r *container.InspectResponse, c call) []ops.Text {
	var out []ops.Text
	anonymous, kept := volumesOf(r)
	if !c.volumes && len(anonymous) > 0 {
		out = append(out, ops.Clean("stays behind without an owner: anonymous volume "+strings.Join(anonymous, ", ")))
	}
	if len(kept) > 0 {
		out = append(out, ops.Clean("stays: "+strings.Join(kept, ", ")))
	}
	return append(out, recreation(r))
}

// logWords says whether the log goes too: these two drivers keep it in the
// container's own folder, the others have sent it away.
func logWords(r *container.InspectResponse) string {
	if r.HostConfig == nil {
		return ", its log"
	}
	switch r.HostConfig.LogConfig.Type {
	case "json-file", "local", "":
		return ", its log"
	}
	return ""
}

// volumesOf divides the mounts into those that nothing else can find again and
// those that outlive the container by a name or a path.
func volumesOf(r *container.InspectResponse) (anonymous, kept []string) {
	for _, m := range r.Mounts {
		switch {
		case m.Type == mount.TypeVolume && nameless(m.Name):
			anonymous = append(anonymous, short(m.Name)+" at "+m.Destination)
		case m.Type == mount.TypeVolume:
			kept = append(kept, "volume "+m.Name)
		case m.Type == mount.TypeBind:
			kept = append(kept, "folder "+m.Source)
		}
	}
	slices.Sort(anonymous)
	slices.Sort(kept)
	return anonymous, kept
}

// nameless reports whether Docker made a volume's name up: 64 hex digits.
func nameless(volume string) bool {
	return len(volume) == 64 && strings.Trim(volume, "0123456789abcdef") == ""
}

// recreation says who makes the container again, if anybody does.
func recreation(r *container.InspectResponse) ops.Text {
	var labels map[string]string
	if r.Config != nil {
		labels = r.Config.Labels
	}
	service, project := labels[labelService], labels[labelProject]
	switch {
	case labels[labelSwarmService] != "":
		return ops.Textf("it is a task of the swarm service %s, which makes another one at once", labels[labelSwarmService])
	case service != "" && project != "":
		return ops.Textf("nothing makes it again by itself: docker compose up -d %s in %s does (project %s)",
			service, cmp.Or(labels[labelWorkingDir], "the folder of its compose file"), project)
	}
	return ops.Lit("no compose project knows it: nobody makes it again, and how it was made is gone with it (open it and keep what you need)")
}
