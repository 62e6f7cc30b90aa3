//go:build lab

// Command probe is the only program of the image that lab tests run. Its first
// argument says how it behaves.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	mode := "run"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if filepath.Base(os.Args[0]) == "sh" {
		mode = "shell"
	}
	switch mode {
	case "shell": // says what it is told, until it is told to exit
		fmt.Println("shell ready")
		for in := bufio.NewScanner(os.Stdin); in.Scan() && in.Text() != "exit"; {
			fmt.Printf("told %q\n", in.Text())
		}
	case "run": // ends at once when asked; USR1 makes it sick
		fmt.Println("up")
		fmt.Fprintln(os.Stderr, "up, on the error stream")
		sig := make(chan os.Signal, 1)
		signal.Notify(sig, syscall.SIGTERM, syscall.SIGUSR1)
		for s := range sig {
			if s == syscall.SIGTERM {
				return
			}
			_ = os.WriteFile("/sick", nil, 0o600)
		}
	case "stubborn": // has to be killed
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("up and stubborn")
		for {
			time.Sleep(time.Hour)
		}
	case "exit": // exit CODE [AFTER]
		fmt.Println("cannot open the model: no such file")
		if len(os.Args) > 3 {
			after, _ := time.ParseDuration(os.Args[3])
			time.Sleep(after)
		}
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "eat": // memory, until the kernel ends it
		var kept [][]byte
		for {
			b := make([]byte, 4<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
			runtime.KeepAlive(kept)
			time.Sleep(time.Millisecond)
		}
	case "burn": // one core
		for n := uint(0); ; n++ {
			runtime.KeepAlive(n)
		}
	case "lines": // hostile and huge lines
		fmt.Println("plain")
		fmt.Println("\x1b]0;title\x07\x1b[31mred\r hidden \u202e rtl")
		fmt.Println(strings.Repeat("é", 20_000))
		fmt.Println(strings.Repeat("y", 70_000))
		fmt.Println("last")
	case "check": // health check: healthy while the file is there
		if _, err := os.Stat("/sick"); err == nil {
			fmt.Println("sick \x1b[5mblink")
			os.Exit(1)
		}
		fmt.Println("fine")
	}
}
