package backup

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"opsdeck/ops"
)

// Describe says what the action does. It is disruptive: a file of WAL is sent that is not
// full, and where archiving fails one more waits.
func (s *switchWAL) Describe() ops.ActionInfo {
	return s.info("backup.switch-wal", "switch WAL", "has the server begin a new WAL file, and looks for the one before in each repository", ops.ClassDisruptive)
}

// Plan says what would be asked. pgBackRest's check calls pg_switch_wal and waits for the
// segment.
func (s *switchWAL) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	v, err := s.known(b)
	if err == nil && v.Stopped {
		err = ops.Errorf(ops.CodeInvalid, "pgBackRest is stopped").Help("start it first: backup.start")
	}
	if err != nil {
		return ops.Plan{}, err
	}
	p, err := s.switched("check", req)
	p.Title = ops.Textf("switch WAL of %s", s.plan.Name)
	p.Replaces = []ops.Text{ops.Lit("nothing; the server makes a restore point and calls pg_switch_wal(), and the WAL until now goes to every repository")}
	p.Warnings = faults(v)
	return p, err
}

// Blocked says why it cannot be done now, from the picture.
func (s *switchWAL) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	if v, err := s.known(b); err == nil && v.Stopped {
		return ops.Lit("pgBackRest is stopped")
	}
	return ops.Text{}
}

// archived is what check says of the segment: "WAL segment 0000... successfully archived
// to '/...' on repo1".
var archived = regexp.MustCompile(` WAL segment ([0-9A-F]{24}) successfully archived to `)

// Run switches, and looks for the segment in each repository.
func (s *switchWAL) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	if len(p.Steps) != 1 {
		return ops.Result{}, ops.Errorf(ops.CodeChanged, "the plan has %s", ops.Count(len(p.Steps), "step")).Help("plan again")
	}
	segment := ""
	_, err := s.carry(ctx, p.Steps[0], ops.RepositoryPlan{}, history{}, out, func(_ ops.Stream, text string) {
		if m := archived.FindStringSubmatch(text); m != nil {
			segment = m[1]
		}
	})
	switch {
	case err != nil:
		return ops.Result{}, err
	case segment == "":
		return ops.Result{State: ops.JobUnknown, What: ops.Lit("check ended well and names no segment: read its output, and look at what is at risk")}, nil
	}
	return s.arrived(context.WithoutCancel(ctx), segment), nil
}

// arrived looks for a segment in each repository.
func (s *switchWAL) arrived(ctx context.Context, segment string) ops.Result {
	var missing []string
	for _, r := range s.plan.Repositories {
		there, err := s.commands.Holds(ctx, r.Key, segment)
		switch {
		case err != nil:
			missing = append(missing, fmt.Sprintf("%s could not be asked for it: %s", r.Name, ops.AsError(err).What))
		case !there:
			missing = append(missing, r.Name.String()+" does not hold it")
		}
	}
	if len(missing) > 0 {
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("check says that segment %s is archived; %s", segment, strings.Join(missing, "; "))}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("segment %s is in %s", segment, strings.Join(namesOf(s.plan.Repositories), " and "))}
}
