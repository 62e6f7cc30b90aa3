// Command engine stands in for pgbackrest where opsdeck is measured beside many backups
// and much WAL: it answers what opsdeck reads, and its WAL grows with the clock.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// usage is pgBackRest's own exit code of a call that it does not know.
const usage = 27

// holds is what a repository has, as the first line of the configuration says.
type holds struct {
	began    int64 // of the first backup and segment, in Unix time
	backups  int
	segments int64 // when it was written; each minute there is one more
}

func main() {
	if err := answer(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ERROR: [027]:", err)
		os.Exit(usage)
	}
}

// answer prints what a call asks for.
func answer(args []string) error {
	options := map[string]string{}
	var words []string
	for _, a := range args {
		if o, is := strings.CutPrefix(a, "--"); is {
			name, value, _ := strings.Cut(o, "=")
			options[name] = value
		} else {
			words = append(words, a)
		}
	}
	if slices.Equal(words, []string{"version"}) {
		fmt.Println("pgBackRest 2.45")
		return nil
	}
	text, err := os.ReadFile(options["config"])
	if err != nil {
		return err
	}
	var h holds
	if _, err := fmt.Sscanf(string(text), "# began=%d backups=%d segments=%d", &h.began, &h.backups, &h.segments); err != nil {
		return fmt.Errorf("the configuration does not say what there is: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	_, deep := options["recurse"]
	switch {
	case slices.Equal(words, []string{"info"}):
		h.info(out, options["stanza"], options["repo"])
	case len(words) == 2 && words[0] == "repo-ls":
		folder := strings.TrimPrefix(strings.TrimPrefix(words[1], "archive/"+options["stanza"]+"/15-1"), "/")
		h.list(out, folder, deep)
	default:
		return fmt.Errorf("it does not stand in for %q", args)
	}
	return out.Flush()
}

// minute is the time of a segment, and of what a backup does in it.
func (h holds) minute(segment int64) int64 { return h.began + 60*segment }

// newest is the segment that came last.
func (h holds) newest() int64 { return (time.Now().Unix() - h.began) / 60 }

func name(segment int64) string { return fmt.Sprintf("00000001%08X%08X", segment/256, segment%256) }

func lsn(segment, more int64) string { return fmt.Sprintf("%X/%X", segment/256, segment%256<<24+more) }

// weekly is how many backups stand between two full ones.
const weekly = 7

// info prints what `info --output=json` says: each seventh backup is a full one.
func (h holds) info(out *bufio.Writer, stanza, repo string) {
	db := fmt.Sprintf(`"database":{"id":1,"repo-key":%s}`, repo)
	fmt.Fprintf(out, `[{"archive":[{%s,"id":"15-1","max":%q,"min":%q}],"backup":[`, db, name(h.newest()), name(0))
	var chain []string // of the last full one
	for n := range h.backups {
		first := int64(n) * (h.segments / int64(h.backups))
		began := h.minute(first)
		label, kind, tail := time.Unix(began, 0).UTC().Format("20060102-150405"), "incr", ""
		if n%weekly == 0 {
			label, kind, chain = label+"F", "full", nil
		} else {
			label = chain[0] + "_" + label + "I"
			tail = fmt.Sprintf(`"prior":%q,"reference":["%s"],`, chain[len(chain)-1], strings.Join(chain, `","`))
		}
		chain = append(chain, label)
		if n > 0 {
			_ = out.WriteByte(',') // Flush tells
		}
		fmt.Fprintf(out, `{"archive":{"start":%q,"stop":%q},"backrest":{"format":5,"version":"2.45"},%s,"error":false,"info":{"delta":41231686041,"repository":{"delta":5231686041,"size":5231686041},"size":41231686041},`+
			`"label":%q,"lsn":{"start":%q,"stop":%q},%s"timestamp":{"start":%d,"stop":%d},"type":%q}`,
			name(first), name(first+1), db, label, lsn(first, 40), lsn(first+1, 312), tail, began, h.minute(first+1), kind)
	}
	status := `"status":{"code":0,"message":"ok"}`
	fmt.Fprintf(out, `],"cipher":"none","db":[{"id":1,"repo-key":%s,"system-id":7000000000000000001,"version":"15"}],"name":%q,"repo":[{"cipher":"none","key":%s,%s}],"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]`, repo, stanza, repo, status)
}

// list prints what `repo-ls --output=json` says of the archive, or of a folder in it.
func (h holds) list(out *bufio.Writer, folder string, deep bool) {
	fmt.Fprint(out, `{".":{"type":"path"}`)
	for n, last := int64(0), h.newest(); n <= last; n++ {
		segment := name(n)
		if folder == "" && n%256 == 0 {
			fmt.Fprintf(out, `,%q:{"type":"path"}`, segment[:16])
		}
		if path := segment[:16] + "/"; folder == segment[:16] || deep && folder == "" {
			if folder != "" {
				path = ""
			}
			fmt.Fprintf(out, `,"%s%s-%040x.zst":{"size":3145728,"time":%d,"type":"file"}`, path, segment, n, h.minute(n+1))
		}
	}
	fmt.Fprint(out, "}")
}
