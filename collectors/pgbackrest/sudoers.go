package pgbackrest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Sudoers are the lines of a sudoers file that let an account make the calls of this plan,
// and no other, as the account that pgBackRest runs as. program is where sudo finds it.
// Arguments are regular expressions from end to end (sudo 1.9.10 and later) and never
// wildcards: pgBackRest takes --cmd-ssh and --config, by which a wildcard is a shell.
func (c *Collector) Sudoers(account, program string) []string {
	var keys []string
	for _, r := range c.cfg.Plan.Repositories {
		keys = append(keys, strconv.Itoa(r.Key))
	}
	repo := "--repo=(" + strings.Join(keys, "|") + ")"
	archive := "archive/" + regexp.QuoteMeta(c.cfg.Stanza) + "/[0-9.]+-[0-9]+"
	may := fmt.Sprintf("%s ALL=(%s) NOPASSWD: %s ", account, c.cfg.RunAs, program)
	lines := []string{may + "version"}
	add := func(output, errors string, words ...string) {
		fixed := c.call(output, errors)[len(c.program()):]
		for i, w := range fixed {
			fixed[i] = regexp.QuoteMeta(w)
		}
		lines = append(lines, may+"^"+strings.Join(append(fixed, words...), " ")+"$")
	}
	add("off", "error", repo, "--output=json info")
	add("off", "error", repo, "--output=json( --recurse)? repo-ls "+archive+"(/[0-9A-F]{16})?")
	add("off", "error", repo, "repo-get "+archive+`/[0-9A-F]{8}\.history`)
	add("info", "off", repo, "--type=(full|diff|incr) backup")
	add("info", "off", repo, "--output=text --verbose verify")
	add("info", "off", "(stop|start|check)")
	add("info", "off", "(--dry-run )?"+repo, "expire")
	return lines
}
