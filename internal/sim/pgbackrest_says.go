package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// info is what `info --output=json` says of one repository.
func (c *call) info(key int) string {
	type m = map[string]any
	id := m{"id": 1, "repo-key": key}
	code, words := 0, "ok"
	if len(c.sets[key]) == 0 {
		code, words = 2, "no valid backups"
	}
	var backups []m
	for _, s := range c.sets[key] {
		from, to := c.segment(s.from), c.segment(s.to.Add(-time.Nanosecond))
		one := m{"label": s.label, "type": s.kind, "database": id, "error": false,
			"archive":   m{"start": walName(from), "stop": walName(to)},
			"lsn":       m{"start": lsn(from, 0x28), "stop": lsn(to, 0x2100)},
			"timestamp": m{"start": s.from.Unix(), "stop": s.to.Unix()},
			"info":      m{"size": c.script.Size << 20, "repository": m{"delta": c.script.Types[s.kind].Adds << 20}},
		}
		if s.prior != "" {
			one["prior"], one["reference"] = s.prior, []string{s.prior}
		}
		backups = append(backups, one)
	}
	status := m{"code": code, "message": words}
	whole := m{"lock": m{"backup": m{"held": !c.until.IsZero()}}}
	maps.Copy(whole, status)
	text, err := json.Marshal([]m{{
		"name": c.script.Stanza, "status": whole, "cipher": "none", "backup": backups,
		"archive": []m{{"database": id, "id": "15-1", "min": walName(c.first[key]), "max": walName(c.archived(c.w.now()) - 1)}},
		"db":      []m{{"id": 1, "repo-key": key, "system-id": json.Number(c.script.Cluster), "version": "15"}},
		"repo":    []m{{"key": key, "cipher": "none", "status": status}},
	}})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// list is what `repo-ls --output=json` says of the archive, or of a folder in it.
func (c *call) list(key int, path string) string {
	rest, _ := strings.CutPrefix(path, "archive/"+c.script.Stanza+"/15-1")
	folder := strings.TrimPrefix(rest, "/")
	deep := false
	for _, w := range c.Words {
		deep = deep || w == "--recurse"
	}
	entries := map[string]any{".": map[string]any{"type": "path"}}
	for n := c.first[key]; n < c.archived(c.w.now()); n++ {
		name := walName(n)
		if c.missing(key, n) || folder != "" && name[:16] != folder {
			continue
		}
		file := map[string]any{"type": "file", "size": 3 << 20, "time": c.filled(n, c.w.now()).Unix()}
		name = fmt.Sprintf("%s-%040x.zst", name, n)
		switch {
		case folder != "":
			entries[name] = file
		case deep:
			entries[name[:16]+"/"+name] = file
			fallthrough
		default:
			entries[name[:16]] = map[string]any{"type": "path"}
		}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
