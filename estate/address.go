package estate

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// check returns what is wrong with a URL and what to do, or nothing. It never
// quotes the URL, which may hold a password.
func (a address) check(text string) (what, remedy string) {
	allowed := strings.Join(a.schemes, "://, ") + "://"
	u, err := url.Parse(text)
	if err != nil {
		return "not a URL", "begin with " + allowed
	}
	if !slices.Contains(a.schemes, u.Scheme) {
		return "a URL of a kind that is not known here", "begin with " + allowed
	}
	if u.Scheme == "unix" {
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return "not the address of a socket", "write unix:// and an absolute path, for example unix:///var/run/docker.sock"
		}
		return "", ""
	}
	if u.Hostname() == "" || u.Opaque != "" {
		return "a URL without a host", "for example " + u.Scheme + "://127.0.0.1:9090"
	}
	if strings.Contains(u.EscapedPath()+u.RawQuery+u.EscapedFragment(), "@") {
		// What was meant as a password would be looked up as a host.
		return "holds an @ behind the host", "within a password write @ as %40, / as %2F, ? as %3F, # as %23; elsewhere write @ as %40"
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "not a port from 1 to 65535", ""
		}
	} else if strings.HasSuffix(u.Host, ":") || u.Scheme == "tcp" {
		return "a URL without a port", "for example " + u.Scheme + "://" + net.JoinHostPort("127.0.0.1", "2375")
	}
	if u.Scheme == "ssh" {
		return checkSSH(u)
	}
	if !a.bare {
		return "", ""
	}
	switch {
	case u.User != nil:
		return "holds a user or a password", "log in by http_config: basic_auth with password_file"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "holds a query or a fragment", "leave out what begins with ? or #"
	case u.Scheme == "tcp" && u.Path != "" && u.Path != "/":
		return "holds a path", "leave out what follows the port"
	}
	return "", ""
}

// checkSSH checks what is particular to ssh://: a user is part of it, a password
// never.
func checkSSH(u *url.URL) (what, remedy string) {
	_, secret := u.User.Password()
	switch {
	case secret:
		return "holds a password", "ssh logs in by key: leave it out"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return "holds more than user, host and port", "for example ssh://ops@10.0.0.5:22"
	case strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-"):
		return "a user or host that begins with a dash", ""
	}
	return "", ""
}

// allows reports whether check finds nothing wrong and no reference is in text.
func (a address) allows(text string) bool {
	what, _ := a.check(text)
	return what == "" && !fromEnvironment(text)
}

// clearPassword reports whether raw, before references are replaced, is a URL
// whose password stands in clear text.
func clearPassword(raw string) bool {
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return false
	}
	userinfo, _, ok := cutLast(strings.SplitN(rest, "/", 2)[0], "@")
	if !ok {
		return false
	}
	_, password, ok := strings.Cut(userinfo, ":")
	return ok && password != "" && !wholeReference(password)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// pattern is as much of check as a regular expression can say.
func (a address) pattern() string {
	if slices.Contains(a.schemes, "ssh") {
		return "^(" + strings.Join(a.schemes, "|") + ")://([^:@/?#]+@)?[^@?#]+$"
	}
	if a.bare {
		return "^(" + strings.Join(a.schemes, "|") + ")://[^@?#]+$"
	}
	return "^(" + strings.Join(a.schemes, "|") + ")://.+$"
}
