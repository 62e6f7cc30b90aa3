// Command hold is the only program of the containers that the bench makes: it
// writes one line a second, as a service does, until it is asked to end.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case at := <-tick.C:
			fmt.Printf("{\"time\":%q,\"level\":\"info\",\"msg\":\"still here\",\"n\":%d}\n", at.UTC().Format(time.RFC3339), n)
		}
	}
}
