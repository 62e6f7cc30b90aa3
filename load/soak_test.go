package load

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// soakMinutes is the variable that says how long the soak sends; make soak-load sets it.
const soakMinutes = "OPSDECK_SOAK_LOAD"

// machineLoad is the machine's load average, as the kernel says it.
func machineLoad() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// A generator that is left to send keeps its memory and its pace: in what it sends there is
// nothing that one could look at afterwards for a fault of its own.
func TestAGeneratorThatSendsForLongKeepsItsMemoryAndItsPace(t *testing.T) {
	minutes, err := strconv.Atoi(os.Getenv(soakMinutes))
	if err != nil || minutes < 1 {
		t.Skip(soakMinutes + " says no minutes: make soak-load does")
	}
	const (
		rate       = 1000
		mostGrowth = 5 << 20 // bytes
		mostLate   = 5 * time.Millisecond
	)
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("well")) })
	o := at(address, 1)
	length := time.Duration(minutes) * time.Minute
	o.Stages, o.MaxRate, o.Connections, o.InFlight, o.Timeout, o.MaxDuration = constant(rate, length), rate, 64, 10_000, 10*time.Second, length+time.Minute

	// Memory is compared between two tenths of the run: one behind that in which buffers and
	// connections come to be, and the last.
	part := length / 10
	var first, last, most float64
	var inFirst, inLast int
	began := machineLoad()
	c, p := child()
	run, err := commanded(p, o, func(tick ops.LoadTick) {
		m := tick.Health.Memory
		if !m.Known {
			t.Errorf("at %s the memory of the generator is not known", tick.Second.At)
			return
		}
		most = max(most, m.Value)
		switch at := tick.Second.At; {
		case at > part && at <= 2*part:
			first, inFirst = first+m.Value, inFirst+1
		case at > length-part:
			last, inLast = last+m.Value, inLast+1
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	n := int64(rate) * int64(length/time.Second)
	if run.End != ops.LoadEndPlanned || run.Run.Planned != n || run.Run.Done != n || run.Run.Failed > 0 {
		t.Errorf("it ended %s, of %d requests: %+v", run.End, n, run.Run.LoadCount)
	}
	if inFirst == 0 || inLast == 0 {
		t.Fatalf("looked at its memory %d and %d times", inFirst, inLast)
	}
	grown := last/float64(inLast) - first/float64(inFirst)
	t.Logf("%s at %d/s: memory %s behind the first tenth, %+.0f bytes to the last, %s at the most; late p99 %s, CPU %.1f %% of all cores; machine's load %s before, %s after",
		length, rate, ops.Size(first/float64(inFirst)), grown, ops.Size(most), run.Health.LateP99, run.Health.CPU*100, began, machineLoad())
	if grown > mostGrowth {
		t.Errorf("it grew by %.0f bytes, more than %d", grown, mostGrowth)
	}
	if run.Health.LateP99 > mostLate {
		t.Errorf("it sent up to %s late (p99), more than %s: was the machine busy?", run.Health.LateP99, mostLate)
	}
}
