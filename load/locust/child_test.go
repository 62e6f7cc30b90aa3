package locust

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/load"
	"opsdeck/load/loadtest"
	"opsdeck/ops"
)

// role makes this test binary the child of a run, or an agent that starts one.
const role = "OPSDECK_LOCUST_TEST_ROLE"

func TestMain(m *testing.M) { loadtest.Main(m, role, Work().Child, agentMain) }

// children start this binary as the child of a run.
func children() load.Children {
	argv := []string{os.Args[0]}
	return load.Children{Argv: argv, Secret: []byte("s"), LastWords: LastWords, Start: func() (load.Process, error) {
		return proc.Talk(proc.Spec{Argv: argv, Env: append(os.Environ(), role+"=child")}, io.Discard, false)
	}}
}

// agentMain has a Locust make the load of the order that it is given, says which process
// holds the run, and waits to be killed.
func agentMain() int {
	var o Order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return 1
	}
	d, s := driven(o.URL)
	p, err := d.Plan(context.Background(), s)
	if err == nil {
		_, err = d.Run(context.Background(), s, p.Steps, func(p ops.Process) { fmt.Println(p.PID) }, func(ops.LoadTick) {})
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// driven is a driver of one scenario with a Locust, and that scenario.
func driven(url string) (Driver, ops.LoadScenario) {
	o := order()
	s := ops.LoadScenario{Name: ops.Lit("users"), Driver: ops.DriverLocust, Target: ops.Lit("api"), Allow: []ops.Text{ops.Lit("127.0.0.1:8000")}, Stages: o.Stages, MaxUsers: o.MaxUsers, MaxDuration: o.MaxDuration}
	s.Stages[0].For = 30 * time.Minute
	return Driver{Children: children(), Sources: []Source{{Scenario: s.Name, URL: url, Host: o.Host}}, Addresses: func(string) []string { return nil }}, s
}

// served is a fake on a port of this machine. told gets what changes something.
func served(t *testing.T) (url string, f *fake, told chan string) {
	f, told = two(), make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text := f.answer(r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		if r.URL.Path == "/swarm" || r.URL.Path == "/stop" {
			told <- r.URL.Path
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, f, told
}

// Locust itself cannot notice that nobody holds its run any more.
func TestADeadAgentLeavesNoLoadOfLocustBehind(t *testing.T) {
	t.Parallel()
	url, f, told := served(t)
	agent := exec.Command(os.Args[0])
	agent.Env, agent.Stderr = append(os.Environ(), role+"=agent"), os.Stderr
	text, err := json.Marshal(Order{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	agent.Stdin = strings.NewReader(string(text) + "\n")
	out, err := agent.StdoutPipe()
	if err == nil {
		err = agent.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Wait() //nolint:errcheck // it is killed
	var pid int
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	} else if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	if first := <-told; first != "/swarm" {
		t.Fatal(first)
	}
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if next := <-told; next != "/stop" {
		t.Error(next)
	}
	f.change(func(f *fake) {
		if f.users > 0 {
			t.Error("the load goes on without its agent")
		}
	})
}

// The other half: whoever holds the run dies, and the agent knows.
func TestADeadChildLeavesNoLoadOfLocustBehind(t *testing.T) {
	t.Parallel()
	url, f, told := served(t)
	d, s := driven(url)
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Run(t.Context(), s, p.Steps, func(p ops.Process) {
		go func() {
			<-told
			_ = proc.Signal(p.PID, 9)
		}()
	}, func(ops.LoadTick) {})
	if !errors.Is(err, load.ErrNoResult) || <-told != "/stop" {
		t.Error(err)
	}
	f.change(func(f *fake) {
		if f.users > 0 {
			t.Error("the load goes on without the process that holds it")
		}
	})
}

func TestAPlanOfLocustSaysEachCall(t *testing.T) {
	url, f, _ := served(t)
	d, s := driven(url)
	s.Warmup = time.Minute
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, st := range p.Steps[1:] {
		calls = append(calls, st.Method.String()+" "+strings.TrimPrefix(st.Path.String(), url)+" "+st.Body.String())
	}
	if got := strings.Join(calls, ", "); got != "GET /stats/reset , POST /swarm host=http%3A%2F%2F127.0.0.1%3A8000&spawn_rate=10&user_count=10, GET /stats/reset , GET /stop " {
		t.Error(got)
	}
	if len(f.asked) > 0 || len(p.Hosts) != 1 || p.Hosts[0] != "127.0.0.1:8000" || !strings.Contains(fmt.Sprint(p.Notes), "where its locustfile sends besides is not known") || len(p.Warnings) > 0 {
		t.Errorf("planning asked %q; %+v", f.asked, p)
	}
	s.Warmup = 2 * time.Minute
	if _, err := d.Run(t.Context(), s, p.Steps, nil, nil); ops.CodeOf(err) != ops.CodeChanged {
		t.Errorf("what was planned has changed: %v", err)
	}
	f.change(func(f *fake) { f.lose("w0", "w1"); f.cached = "" })
	if _, err := d.Plan(t.Context(), s); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("a master without workers: %v", err)
	}
}

func TestAWebAPIThatOthersReachIsWarnedOf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := l.Addr().String()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := shut.Addr().String()
	_ = shut.Close()
	defer l.Close()
	for name, c := range map[string]struct {
		url  string
		at   string // another address of this machine
		want string
	}{
		"on this machine alone":         {url: "http://127.0.0.1:8089", at: closed},
		"on all addresses":              {url: "http://127.0.0.1:8089", at: open, want: "answers at " + open + " too"},
		"the same by its name":          {url: "http://localhost:8089", at: open, want: "answers at " + open + " too"},
		"on another machine":            {url: "http://10.0.0.5:8089", want: "is at 10.0.0.5:8089, which is not this machine alone"},
		"on another machine, by a name": {url: "https://locust.example", want: "is at locust.example:443"},
		"version 6 of this machine":     {url: "http://[::1]:8089", at: closed},
	} {
		t.Run(name, func(t *testing.T) {
			d := Driver{Addresses: func(port string) []string {
				if port != "8089" {
					t.Errorf("port %s", port)
				}
				return []string{c.at}
			}}
			got := fmt.Sprint(d.exposed(t.Context(), c.url))
			if c.want == "" && got != "[]" || !strings.Contains(got, c.want) {
				t.Error(got)
			}
		})
	}
	for _, a := range Addresses("8089") {
		if host, port, err := net.SplitHostPort(a); err != nil || port != "8089" || net.ParseIP(host).IsLoopback() {
			t.Errorf("%s, %v", a, err)
		}
	}
}
