// Package agent puts an ops.Console behind a unix socket and in front of one:
// HTTP and JSON, newline-delimited JSON for the two streams. The server takes the
// caller's identity from the kernel, never from the request; curl can speak the
// protocol (docs/guide/socket.md).
package agent
