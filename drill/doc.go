// Package drill proves that a backup can be restored: it restores one into a folder of its
// own, starts a server on it that nobody else can reach, looks which position of the WAL it
// came to, asks what the estate wants to find there, times each stage, and takes everything
// away again.
//
// Nothing of the source is touched. The copy listens on no address, archives nothing,
// replicates from and to nowhere, loads no library that is not named, and what it reads as
// configuration is the drill's own. Only what carries the mark of a drill is ever deleted.
package drill
