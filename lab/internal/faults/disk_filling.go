package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	spoolBytes = 32 << 20
	spoolFull  = spoolBytes / 100 * 98
)

// diskFilling mounts a small file system of memory and fills it, so that no
// real disk is at risk.
func diskFilling() Fault {
	return Fault{
		Name: "disk-filling",
		Line: "a file system of 32 MB (tmpfs, STATE/spool) is 98 % full; needs root",
		Apply: func(_ context.Context, lab Lab) error {
			if os.Geteuid() != 0 {
				return errors.New("only root can mount a file system")
			}
			if err := mountSpool(spool(lab)); err != nil {
				return err
			}
			path := filepath.Join(spool(lab), "loans.csv")
			if st, err := os.Stat(path); err == nil && st.Size() == spoolFull {
				return nil
			}
			return os.WriteFile(path, make([]byte, spoolFull), 0o644)
		},
		Heal: func(_ context.Context, lab Lab) error { return releaseSpool(spool(lab)) },
	}
}

func spool(lab Lab) string { return lab.Layout.Path("spool") }

func mountSpool(dir string) error {
	if mounted(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	options := fmt.Sprintf("size=%d,mode=755", spoolBytes)
	if err := syscall.Mount("opsdeck-lab", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("mount %s: %w", dir, err)
	}
	return nil
}

// releaseSpool never removes what lies in a folder that is not our mount.
func releaseSpool(dir string) error {
	if mounted(dir) {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", dir, err)
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// mounted tells whether dir lies on another device than the folder it is in.
func mounted(dir string) bool {
	var in, above syscall.Stat_t
	return syscall.Stat(dir, &in) == nil && syscall.Stat(filepath.Dir(dir), &above) == nil && in.Dev != above.Dev
}
