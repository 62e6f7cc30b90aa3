package machine

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Goroutines is the most goroutines a process of Go ever had at once: the runtime
// keeps what it made for the next one, and counts them in runtime.allglen. One that
// never ends makes it grow without an end. The program has to have its symbols
// (built without -ldflags -s).
func Goroutines(pid int) (n uint64, err error) {
	at, err := symbol(fmt.Sprintf("/proc/%d/exe", pid), "runtime.allglen")
	if err != nil {
		return 0, err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, mem.Close()) }()
	var word [8]byte
	if _, err := mem.ReadAt(word[:], int64(at)); err != nil {
		return 0, fmt.Errorf("read the count of goroutines of process %d: %w", pid, err)
	}
	return binary.NativeEndian.Uint64(word[:]), nil
}

// symbol is the address of a variable in a program that is loaded where it says.
func symbol(path, name string) (at uint64, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if f.Type != elf.ET_EXEC || f.Class != elf.ELFCLASS64 {
		return 0, fmt.Errorf("%s is not a program of 64 bits with fixed addresses", path)
	}
	all, err := f.Symbols()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range all {
		if s.Name == name {
			return s.Value, nil
		}
	}
	return 0, fmt.Errorf("%s has no symbol %s", path, name)
}
