package prometheus

import (
	"net/http"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestFiguresOfContainersComeFromOneQueryForOneHost(t *testing.T) {
	f := newFakeServer(t)
	var asked []string
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		asked = append(asked, r.FormValue("query"))
		return answerWith(t, w, http.StatusOK, "cadvisor.json")
	}
	c := f.collector(t)
	got, err := c.ContainerFigures(t.Context(), []string{"web", "shop.api-1", "unknown"}, []ops.Matcher{{Name: ops.Lit("instance"), Value: ops.Clean(`far:8080`)}})
	if err != nil || len(asked) != 1 {
		t.Fatalf("%v, %d queries", err, len(asked))
	}
	for _, want := range []string{`name=~"web|shop\\.api-1|unknown"`, `instance="far:8080"`, "rate(container_cpu_usage_seconds_total{"} {
		if !strings.Contains(asked[0], want) {
			t.Errorf("no %s in %s", want, asked[0])
		}
	}
	web := got["web"]
	if web.CPU != ops.Num(0.12396194331623699) || web.Memory != ops.Num(7340032) || web.Limit != ops.Num(67108864) || web.NetIn != ops.Num(1000) || web.NetOut.Known || web.At.IsZero() {
		t.Errorf("%+v", web)
	}
	if api := got["shop.api-1"]; api.Limit.Known || !api.Memory.Known {
		t.Errorf("without a limit: %+v", api)
	}
	if _, ok := got["unknown"]; ok || len(got) != 2 {
		t.Errorf("%v", got)
	}
	if got, err := c.ContainerFigures(t.Context(), nil, nil); err != nil || len(got) != 0 || len(asked) != 1 {
		t.Errorf("nothing asked for: %v, %v", got, err)
	}
}
