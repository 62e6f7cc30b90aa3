package daemon

import (
	"os"
	"os/user"
	"strconv"

	"opsdeck/agent"
	"opsdeck/ops"
)

// identify turns what the kernel says of a caller into an actor. The estate's
// grants decide. Where none matches, the superuser and the owner of a personal
// agent are admins, because either could do by hand what opsdeck guards; a grant
// that names them takes precedence, so an estate can make them viewers. Neither
// holds for a shared account: who comes in there gets nothing but opsdeck, and is
// told apart by the ssh key. Of any other account a key's name is no news.
func identify(access ops.Access, owner uint32, personal bool) func(agent.Peer, ops.Text) ops.Actor {
	return func(p agent.Peer, key ops.Text) ops.Actor {
		uid := strconv.FormatUint(uint64(p.UID), 10)
		l := ops.Login{User: uid}
		if u, err := user.LookupId(uid); err == nil {
			l.User, l.Groups = u.Username, groupsOf(u)
		}
		name, shared := l.User, access.IsShared(l.User)
		if shared && !key.Empty() {
			l.Key = key.String()
			name += "/" + l.Key
		}
		role, matched := access.RoleOf(l)
		if !matched && !shared && (p.UID == 0 || personal && p.UID == owner) {
			role = ops.RoleAdmin
		}
		return ops.Actor{Name: ops.Clean(name), UID: int(p.UID), Role: role}
	}
}

func groupsOf(u *user.User) []string {
	ids, err := u.GroupIds()
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		if g, err := user.LookupGroupId(id); err == nil {
			names = append(names, g.Name)
		}
	}
	return names
}

// giveToGroup lets a group use the socket.
func giveToGroup(socket, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return err
	}
	return os.Chown(socket, -1, gid)
}
