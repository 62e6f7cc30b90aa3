package docker

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// Own says which containers of a daemon are the estate's own: those that one of its
// parts selects. With no part at all every container is. What the estate expects by
// name is its own in any case.
type Own struct {
	Projects []string    // of compose
	Names    []string    // patterns with * and ?
	Labels   []ops.Label // a container has to have all of them
}

// has reports whether a container is the estate's own by its name and labels.
func (o Own) has(name string, labels map[string]string) bool {
	if len(o.Projects)+len(o.Names)+len(o.Labels) == 0 || slices.Contains(o.Projects, labels[labelProject]) {
		return true
	}
	if slices.ContainsFunc(o.Names, func(pattern string) bool { ok, err := path.Match(pattern, name); return ok && err == nil }) {
		return true
	}
	return len(o.Labels) > 0 && !slices.ContainsFunc(o.Labels, func(l ops.Label) bool {
		v, ok := labels[l.Name.String()]
		return !ok || ops.Clean(v) != l.Value
	})
}

// named says which of the listed containers the estate expects, by id, and which of
// those that it expects there are not. A container is the one that bears the name;
// where none does, each that compose made for it, whatever number it gave it.
func (c *Collector) named(items []container.Summary) (found map[string]ops.Expected, absent []ops.Expected) {
	found = map[string]ops.Expected{}
	byName := map[string][]string{} // ids
	for i := range items {
		byName[nameOf(&items[i])] = append(byName[nameOf(&items[i])], items[i].ID)
	}
	for i := range items {
		for _, name := range c.composeNames(items[i].Labels) {
			if _, borne := byName[name]; !borne {
				byName["compose/"+name] = append(byName["compose/"+name], items[i].ID)
			}
		}
	}
	for _, e := range c.cfg.Expected {
		ids := byName[e.Name.String()]
		if len(ids) == 0 {
			ids = byName["compose/"+e.Name.String()]
		}
		for _, id := range ids {
			found[id] = e
		}
		if len(ids) == 0 {
			absent = append(absent, e)
		}
	}
	return found, absent
}

// composeNames are what a container of compose may be called besides its name: by
// project and service, with and without its number, in the manner of either compose. The
// service alone names it only in a project of the estate's own: others have an api, too.
func (c *Collector) composeNames(labels map[string]string) []string {
	project, service := labels[labelProject], labels[labelService]
	if project == "" || service == "" || strings.EqualFold(labels[labelOneOff], "true") {
		return nil
	}
	var names []string
	if slices.Contains(c.cfg.Own.Projects, project) {
		names = append(names, service)
	}
	for _, sep := range []string{"-", "_"} {
		name := project + sep + service
		names = append(names, name, name+sep+labels[labelNumber])
	}
	return names
}
