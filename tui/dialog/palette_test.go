package dialog

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/themes"
)

func TestThePaletteIsTheSameInWhateverOrderAnswersCome(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	one := []ops.Ref{{Kind: ops.KindContainer, ID: ops.Lit("web")}}
	answers := []func(p *Palette){
		func(p *Palette) { p.AddActions([]ops.ActionInfo{{Verb: ops.Lit("restart")}}, one) },
		func(p *Palette) {
			p.AddActions([]ops.ActionInfo{{Verb: ops.Lit("note")}}, []ops.Ref{{Kind: ops.KindEstate}})
		},
		func(p *Palette) { p.AddEstates([]Choice{{Name: "shop-us"}}) },
	}
	want := []string{"restart web", "note for the estate", "estate shop-us"}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		p := NewPalette(th, 1, one, "web", nil)
		for _, i := range order {
			answers[i](p)
		}
		for i, line := range p.View(80, 3) {
			if !strings.Contains(line, want[i]) {
				t.Errorf("answers came as %v: line %d is %q, want %q", order, i, line, want[i])
			}
		}
	}
}
