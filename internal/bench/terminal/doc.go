// Package terminal runs a full-screen program in a pseudo-terminal and sees what
// a person in front of it would: the screen after every piece of output, with
// the moment it arrived.
package terminal
