package main

import (
	"testing"
	"time"
)

func TestSecondsStirredByOthersAreNotIdle(t *testing.T) {
	began := time.Now()
	var all []second
	for i := range 20 {
		s := second{from: began.Add(time.Duration(i) * time.Second), bytes: 10, socket: 100}
		if i >= 5 && i < 9 {
			s.bytes = 5000 // what follows the event at second 5
		}
		all = append(all, s)
	}
	var quiet idled
	quiet.calm(all[:5], nil)
	if quiet.seconds != 5 || quiet.bytes != 600 || quiet.socket != 6000 || quiet.words() != "" {
		t.Errorf("%+v", quiet)
	}
	var d idled
	d.calm(all, []time.Time{began.Add(5*time.Second + 300*time.Millisecond)})
	if d.seconds != 15 || d.bytes != 600 || d.words() == "" {
		t.Errorf("%+v %s", d, d.words())
	}
}
