package sim

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"math"
	"regexp"
	"strconv"
)

// chance gives numbers that look random and are the same for the same seed and
// question: what was so a minute ago still is when it is asked for again.
type chance uint64

// of returns a number from 0 to 1 for a thing and a moment.
func (c chance) of(what string, n int64) float64 {
	return float64(c.bits(what, n)>>11) / (1 << 53)
}

func (c chance) bits(what string, n int64) uint64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(c))
	binary.LittleEndian.PutUint64(b[8:], uint64(n))
	_, _ = h.Write(b[:]) // a hash never fails
	_, _ = h.Write([]byte(what))
	// fnv alone leaves the high bits of short inputs alike.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// id returns so many hexadecimal digits, at most 64, as ids of containers and
// images have them.
func (c chance) id(what string, digits int) string {
	var b [32]byte
	for i := range 4 {
		binary.BigEndian.PutUint64(b[8*i:], c.bits(what, int64(i)))
	}
	return hex.EncodeToString(b[:])[:digits]
}

// uuid returns an id as silences have it.
func (c chance) uuid(what string, n int64) string {
	s := c.id(what+"#"+strconv.FormatInt(n, 10), 32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}

var ranges = regexp.MustCompile(`\{(\d+)-(\d+)\}`)

// fill puts a number of its range into each {1-90} of a line.
func (c chance) fill(line, what string, n int64) string {
	i := 0
	return ranges.ReplaceAllStringFunc(line, func(s string) string {
		m := ranges.FindStringSubmatch(s)
		from, _ := strconv.Atoi(m[1]) // digits
		to, _ := strconv.Atoi(m[2])
		i++
		return strconv.Itoa(from + int(c.of(what+strconv.Itoa(i), n)*float64(to-from+1)))
	})
}

// wave is a slow swing from -1 to 1 that each thing has at its own time.
func (c chance) wave(what string, seconds, period float64) float64 {
	if period <= 0 {
		return 0
	}
	return math.Sin(2 * math.Pi * (seconds/period + c.of(what, 0)))
}
