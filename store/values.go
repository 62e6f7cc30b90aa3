package store

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// maxValue bounds one value in bytes: a load run of a day fits.
const maxValue = 5 << 20

// PutValue keeps a state under a name, such as when a user last looked.
// nil deletes it.
func (s *Store) PutValue(name string, v []byte) error {
	if name == "" || len(name) > 256 || len(v) > maxValue {
		return ops.Errorf(ops.CodeInvalid, "value %q of %d bytes cannot be kept", name, len(v))
	}
	return s.update(func(w *writing) error {
		if v == nil {
			return w.tx.Bucket(valueBucket).Delete([]byte(name))
		}
		return w.tx.Bucket(valueBucket).Put([]byte(name), v)
	})
}

// Value returns what PutValue kept; nil where there is nothing.
func (s *Store) Value(name string) (v []byte, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		v = bytes.Clone(tx.Bucket(valueBucket).Get([]byte(name)))
		return nil
	})
	return v, err
}
