package stack

import "testing"

// expected is the list of the IFRS9 document, by hand: the table must not
// drift from it.
var expected = map[string]string{
	"ifrs9-api": "8000", "ifrs9-rules-engine": "8001", "ifrs9-data-generator": "8002", "ifrs9-ml-models": "8003",
	"ifrs9-validator": "8004", "ifrs9-integrator": "8005", "ifrs9-orchestrator": "8006", "ifrs9-reporter": "8007",
	"ifrs9-debugger": "8008", "postgres": "5432", "redis": "6379", "prometheus": "9090", "grafana": "3000",
}

func TestThirteenContainersOfTheDocument(t *testing.T) {
	outside := map[string]bool{}
	for _, ct := range Table() {
		if expected[ct.Name] != ct.Inside {
			t.Errorf("%s has port %s inside, the document says %q", ct.Name, ct.Inside, expected[ct.Name])
		}
		if outside[ct.Outside] {
			t.Errorf("%s: port %s is published twice", ct.Name, ct.Outside)
		}
		outside[ct.Outside] = true
	}
	if len(Table()) != len(expected) {
		t.Errorf("%d containers, the document has %d", len(Table()), len(expected))
	}
}

func TestConfigHashFollowsTheImageAndTheSettings(t *testing.T) {
	ct := Table()[0]
	hash := func(c Container, image string) string {
		opts, err := c.options(image)
		if err != nil {
			t.Fatal(err)
		}
		return opts.Config.Labels[hashLabel]
	}
	base := hash(ct, "sha256:1")
	if base != hash(ct, "sha256:1") {
		t.Error("the same container hashes differently")
	}
	if base == hash(ct, "sha256:2") {
		t.Error("a new image does not change the hash")
	}
	ct.Memory++
	if base == hash(ct, "sha256:1") {
		t.Error("another memory limit does not change the hash")
	}
}
