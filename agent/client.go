package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"opsdeck/ops"
)

// Client is the port over a socket. It keeps no picture but the one of its
// Watch, so reconnecting is watching again.
type Client struct {
	route  atomic.Pointer[route]
	unread atomic.Pointer[ops.Error] // why the last Watch gave up
	heard  atomic.Int64              // when a Watch brought something last, a heartbeat too; Unix nanoseconds
}

// route is the way of a client's calls to its agent.
type route struct {
	socket  string // or what else leads there, for errors
	session ops.Text
	key     ops.Text
	http    *http.Client
}

var _ ops.Console = (*Client)(nil)

func newClient(socket, session string, t http.RoundTripper) *Client {
	c := &Client{}
	c.route.Store(&route{socket: socket, session: ops.Clean(session), http: &http.Client{Transport: t}})
	return c
}

// Dial returns a client of the agent behind a socket and who that is. session
// names the console: an unlock holds for it alone.
func Dial(ctx context.Context, socket, session string) (*Client, Hello, error) {
	d := net.Dialer{Timeout: time.Second}
	c := newClient(socket, session, &http.Transport{IdleConnTimeout: idleOurs,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", socket) },
	})
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return c.hello(ctx)
}

// hello asks who answers, and returns c where the two speak the same. Of an
// agent that speaks otherwise it still returns who that is.
func (c *Client) hello(ctx context.Context) (*Client, Hello, error) {
	h, err := get[Hello](ctx, c, "hello", nil)
	if err != nil {
		return nil, Hello{}, err
	}
	if h.Protocol != Protocol {
		return nil, h, versionError(strconv.Itoa(Protocol), h)
	}
	return c, h, nil
}

// Socket is where the agent answers.
func (c *Client) Socket() string { return c.route.Load().socket }

// Vouch names the ssh key that this caller came in with. The agent believes it of
// accounts that the estate calls shared, and of no others.
func (c *Client) Vouch(key ops.Text) {
	r := *c.route.Load()
	r.key = key
	c.route.Store(&r)
}

// Follow takes the way of another client to its agent from now on, and forgets what
// came on its own.
func (c *Client) Follow(other *Client) {
	c.route.Store(other.route.Load())
	c.unread.Store(nil)
	c.heard.Store(0)
}

// Why is the reason for which the last Watch gave an agent up that still talks;
// nil: there is none.
func (c *Client) Why() error {
	if e := c.unread.Load(); e != nil {
		return e
	}
	return nil
}

// Heard is when a Watch brought something last; zero: never.
func (c *Client) Heard() time.Time {
	if n := c.heard.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// Board fetches the whole picture once.
func (c *Client) Board(ctx context.Context) (ops.Board, error) {
	return get[ops.Board](ctx, c, "board", nil)
}

// Look tells the agent what is on screen.
func (c *Client) Look(ctx context.Context, refs []ops.Ref) error {
	_, err := post[struct{}](ctx, c, "look", refs)
	return err
}

// Detail opens one object.
func (c *Client) Detail(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	return get[ops.Detail](ctx, c, "detail", url.Values{"ref": {ref.String()}, "window": {window.String()}})
}

// Actions lists what can be done to ref.
func (c *Client) Actions(ctx context.Context, ref ops.Ref) ([]ops.ActionInfo, error) {
	q := url.Values{}
	if !ref.Zero() {
		q.Set("ref", ref.String())
	}
	return get[[]ops.ActionInfo](ctx, c, "actions", q)
}

// Plan asks what a request would do.
func (c *Client) Plan(ctx context.Context, req ops.Request) (ops.Plan, error) {
	return post[ops.Plan](ctx, c, "plan", req)
}

// Start starts a plan. When the answer is lost the job may have started: the
// error then is of CodeUnanswered, and the same Key tells.
func (c *Client) Start(ctx context.Context, id ops.PlanID, conf ops.Confirmation) (ops.JobID, error) {
	a, err := post[startAnswer](ctx, c, "start", startBody{id, conf})
	return a.Job, err
}

// Cancel asks a running job to stop.
func (c *Client) Cancel(ctx context.Context, id ops.JobID) error {
	_, err := post[struct{}](ctx, c, "cancel", startAnswer{id})
	return err
}

// History returns a page of records.
func (c *Client) History(ctx context.Context, q ops.Query) ([]ops.Record, error) {
	return post[[]ops.Record](ctx, c, "history", q)
}

// Watch follows the agent's boards. The channel closes when the agent is gone or
// has been silent for longer than its heartbeat allows.
func (c *Client) Watch(ctx context.Context) (<-chan ops.Event, error) {
	ctx, cancel := context.WithCancel(ctx)
	body, err := c.stream(ctx, "watch", nil)
	if err != nil {
		cancel()
		return nil, err
	}
	out := make(chan ops.Event)
	go func() {
		defer close(out)
		defer body.Close()
		defer cancel()
		silence := time.AfterFunc(lostAfter, cancel)
		defer silence.Stop()
		var b ops.Board
		var me ops.Me
		// Lines, not a decoder of the stream: that one keeps a buffer as large as the
		// largest line for as long as it lives.
		in := bufio.NewReaderSize(body, 64<<10)
		for {
			var f frame
			line, err := in.ReadBytes('\n')
			if err != nil || json.Unmarshal(line, &f) != nil {
				return
			}
			silence.Reset(lostAfter)
			c.heard.Store(time.Now().UnixNano())
			if f.Me == nil {
				continue // a heartbeat
			}
			if err := apply(&b, f); err != nil {
				c.unread.Store(ops.Errorf(ops.CodeVersion, "this console cannot read what the agent sends: %v", err).
					Help("the agent is of a newer build: leave, and open the console of that build"))
				return
			}
			me = *f.Me
			select {
			case out <- ops.Event{Board: b, Me: me}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// apply puts a frame's sections into the picture. Sections this build does not
// know are left out: an additive protocol lets a newer agent send more.
func apply(b *ops.Board, f frame) error {
	b.Rev, b.Revs, b.At, b.Level = f.Rev, f.Revs, f.At, f.Level
	for i := range ops.Sections {
		if raw, ok := f.Sections[i.String()]; ok {
			if err := b.DecodeSection(i, raw); err != nil {
				return fmt.Errorf("read section %s: %w", i, err)
			}
		}
	}
	b.Stamp()
	return nil
}

// Tail follows a log or a job's output.
func (c *Client) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom) (<-chan ops.Line, error) {
	q := url.Values{"ref": {ref.String()}, "offset": {strconv.FormatUint(from.Offset, 10)},
		"lines": {strconv.Itoa(from.Lines)}, "follow": {strconv.FormatBool(from.Follow)}}
	if !from.Since.IsZero() {
		q.Set("since", from.Since.Format(time.RFC3339Nano))
	}
	body, err := c.stream(ctx, "tail", q)
	if err != nil {
		return nil, err
	}
	out := make(chan ops.Line, 64)
	go func() {
		defer close(out)
		defer body.Close()
		dec := json.NewDecoder(bufio.NewReader(body))
		for {
			var l ops.Line
			if dec.Decode(&l) != nil {
				return
			}
			select {
			case out <- l:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// get and post are calls with a deadline of their own.
func get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	return call[T](ctx, c, http.MethodGet, path, q, nil)
}

func post[T any](ctx context.Context, c *Client, path string, in any) (none T, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return none, err
	}
	return call[T](ctx, c, http.MethodPost, path, nil, b)
}

func call[T any](ctx context.Context, c *Client, method, path string, q url.Values, body []byte) (out T, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := c.do(ctx, method, path, q, body)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return out, refusal(path, resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, ops.Errorf(ops.CodeUnanswered, "read the agent's answer to %s: %v", path, err)
	}
	return out, nil
}

func (c *Client) stream(ctx context.Context, path string, q url.Values) (io.ReadCloser, error) {
	resp, err := c.do(ctx, http.MethodGet, path, q, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refusal(path, resp)
	}
	return resp.Body, nil
}

func (c *Client) do(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Response, error) {
	u := "http://agent/v1/" + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	to := c.route.Load()
	req.Header.Set(headerProtocol, strconv.Itoa(Protocol))
	req.Header.Set(headerSession, to.session.String())
	if !to.key.Empty() {
		req.Header.Set(headerKey, to.key.String())
	}
	resp, err := to.http.Do(req)
	if err == nil {
		return resp, nil
	}
	if e, ok := errors.AsType[*ops.Error](err); ok {
		return nil, e
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return nil, ops.Errorf(ops.CodeUnavailable, "no agent answers on %s", to.socket).Help("opsdeck starts one; opsdeck agent status tells more")
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, ops.Errorf(ops.CodeDenied, "no permission for %s", to.socket).Help("join the group the socket belongs to: ls -l shows it")
	}
	return nil, ops.Errorf(ops.CodeUnanswered, "the agent did not answer %s: %v", path, errors.Unwrap(err)).
		Help("it may have done it all the same: look at the jobs")
}

// refusal is the error that an answer other than 200 carries.
func refusal(path string, resp *http.Response) error {
	var e ops.Error
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&e); err != nil {
		return ops.Errorf(ops.CodeInternal, "the agent answered %s with status %d", path, resp.StatusCode)
	}
	return &e
}
