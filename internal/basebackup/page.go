package basebackup

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sort"

	"opsdeck/ops"
)

// Of a page of WAL, in the machine's own order of bytes (access/xlog_internal.h): magic 2,
// info 2, timeline 4, position 8, bytes of a record that began before 4. The first page of
// a segment has more: cluster 8, size of a segment 4, size of a page 4.
const (
	pageHead  = 24
	firstHead = 40
	firstInfo = 2 // the bit of info that says so
	align     = 8 // where records begin
)

var errNoWAL = errors.New("it does not begin as WAL does")

// SegmentSize is the size of the segments that a file of WAL is one of.
func SegmentSize(path string) (ops.Bytes, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	size, _, err := firstPage(f)
	return size, err
}

func firstPage(f io.ReaderAt) (segment ops.Bytes, page int64, err error) {
	var b [firstHead]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		return 0, 0, err
	}
	segment, page = ops.Bytes(binary.NativeEndian.Uint32(b[32:])), int64(binary.NativeEndian.Uint32(b[36:]))
	if binary.NativeEndian.Uint16(b[2:])&firstInfo == 0 || ops.CheckWALSegment(segment) != nil || page < 1<<10 || page > 64<<10 || page&(page-1) != 0 {
		return 0, 0, errNoWAL
	}
	return segment, page, nil
}

// Received is up to where the WAL in a file of a segment goes that is being received: the
// end of its last whole record, which is where the server is when it is quiet. The rest of
// the file is zero. 0: nothing is there yet.
func Received(path string, timeline uint32, begins ops.LSN) (ops.LSN, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	segment, page, err := firstPage(f)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, page)
	written := func(n int) bool { // page n is of this place
		if _, err := f.ReadAt(buf, int64(n)*page); err != nil {
			return false
		}
		return binary.NativeEndian.Uint32(buf[4:]) == timeline && ops.LSN(binary.NativeEndian.Uint64(buf[8:])) == begins+ops.LSN(int64(n)*page)
	}
	last := sort.Search(int(int64(segment)/page), func(n int) bool { return !written(n) }) - 1
	for ; last >= 0; last-- { // a page that holds no end of a record has the one before decide
		if !written(last) {
			return 0, errNoWAL
		}
		if end := lastRecord(buf, last == 0); end > 0 {
			return begins + ops.LSN(int64(last)*page+int64(end)), nil
		}
	}
	return 0, nil
}

// lastRecord is where the last whole record of a page ends; 0: none does in it.
func lastRecord(page []byte, first bool) int {
	at, end := pageHead, 0
	if first {
		at = firstHead
	}
	if before := int(binary.NativeEndian.Uint32(page[16:])); before > 0 {
		if at += (before + align - 1) / align * align; at > len(page) {
			return 0 // it goes on behind this page
		}
		end = at
	}
	for at+4 <= len(page) {
		length := int(binary.NativeEndian.Uint32(page[at:]))
		if length < pageHead || length > len(page)-at { // none, or it ends on another page
			break
		}
		at += (length + align - 1) / align * align
		end = min(at, len(page))
	}
	return end
}
