package load

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"opsdeck/ops"
)

// Target is one request. Requests of a run take the targets in turn.
type Target struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// Bounds of a file of targets.
const (
	mostTargets = 10_000
	mostBodies  = 8 << 20 // bytes of all bodies together
)

var (
	methodLine = regexp.MustCompile(`^([A-Z]+)\s+(\S.*)$`)
	method     = regexp.MustCompile(`^[A-Z]+$`)
	headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
)

// ParseTargets reads targets as vegeta's http format has them: a line of method and
// URL, lines of headers, a line @file with the body's file, an empty line. Lines that
// begin with # are comments. Files are taken from a folder and from nowhere else, with
// "" none at all.
func ParseTargets(text, folder string) ([]Target, error) {
	var all []Target
	room, open := int64(mostBodies), false // open: lines of the last target may follow
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			open = false
		case methodLine.MatchString(line):
			words := methodLine.FindStringSubmatch(line)
			t := Target{Method: words[1], URL: words[2], Header: http.Header{}}
			if _, err := t.parse(); err != nil {
				return nil, inLine(i, err)
			}
			if all, open = append(all, t), true; len(all) > mostTargets {
				return nil, invalid("more than %d targets", mostTargets)
			}
		case !open:
			return nil, inLine(i, invalid("a target begins with its method in capitals and its URL"))
		case strings.HasPrefix(line, "@"):
			body, err := readBody(folder, line[1:], room)
			if err != nil {
				return nil, inLine(i, err)
			}
			all[len(all)-1].Body, open = body, false
			room -= int64(len(body))
		default:
			name, value, _ := strings.Cut(line, ":")
			if err := all[len(all)-1].addHeader(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
				return nil, inLine(i, err)
			}
		}
	}
	if len(all) == 0 {
		return nil, invalid("there is no target in it")
	}
	return all, nil
}

// inLine names the line of a file of targets; from 0. The line itself may hold a token.
func inLine(i int, err error) error { return ops.Errorf(ops.CodeOf(err), "line %d: %v", i+1, err) }

// parse returns the URL of a target that may be sent.
func (t Target) parse() (*url.URL, error) {
	u, err := url.Parse(t.URL)
	switch {
	case !method.MatchString(t.Method) || t.Method == http.MethodConnect:
		return nil, invalid("this is no method of a request")
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, invalid("the URL is not a whole http address")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil, invalid("the host is not written as it is dialled").Help("write it in ASCII (xn--...)")
	case u.User != nil:
		return nil, invalid("the URL holds a user").Help("send an Authorization header")
	}
	return u, nil
}

// addHeader adds a header under the name as it is written: some servers tell capitals.
func (t *Target) addHeader(name, value string) error {
	if !validHeader(name, value) {
		return invalid("this is no header (name: value)")
	}
	t.Header[name] = append(t.Header[name], value)
	return nil
}

func validHeader(name, value string) bool {
	return headerName.MatchString(name) && value != "" && !strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}

// readBody reads a file below the folder, through no link that leads out of it.
func readBody(folder, name string, room int64) ([]byte, error) {
	if folder == "" {
		return nil, invalid("a body is named, and no folder of bodies is")
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, invalid("the folder of bodies cannot be opened: %v", err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	if filepath.IsAbs(name) {
		if name, err = filepath.Rel(folder, name); err != nil {
			return nil, invalid("the body does not lie in the folder of bodies")
		}
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe there would not be waited for
	if err != nil {
		return nil, invalid("the body cannot be read: %v", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, invalid("the body is no plain file")
	}
	body, err := io.ReadAll(io.LimitReader(f, room+1))
	switch {
	case err != nil:
		return nil, invalid("the body cannot be read: %v", err)
	case int64(len(body)) > room:
		return nil, invalid("all bodies together are larger than %d bytes", mostBodies)
	}
	return body, nil
}

// HostPort is what is dialled for a URL, in small letters.
func HostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port == "" && u.Scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// allowed reports whether a target may be sent to, by a list of host:port, written in
// small letters as they are dialled.
func (t Target) allowed(list []string) bool {
	u, err := t.parse()
	return err == nil && slices.Contains(list, HostPort(u))
}
