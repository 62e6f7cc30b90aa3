package engine

import (
	"context"
	"encoding/json"
)

// saver writes one value of the picture down, one write at a time. What was not
// written yet when a newer one comes is never written.
type saver struct {
	name   string // in the history
	newest chan any
}

func newSaver(name string) saver { return saver{name, make(chan any, 1)} }

// submit gives a value to its writer, in place of one that it has not taken yet. One
// goroutine hands, and changes the value no more.
func (k saver) submit(v any) {
	for {
		select {
		case k.newest <- v:
			return
		default:
		}
		select {
		case <-k.newest:
		default:
		}
	}
}

// keep writes what is handed to k, and the last of it at the end.
func (e *Engine) keep(ctx context.Context, k saver) {
	for e.History != nil {
		select {
		case v := <-k.newest:
			e.writeDown(k.name, v)
		case <-ctx.Done():
			select {
			case v := <-k.newest:
				e.writeDown(k.name, v)
			default:
			}
			return
		}
	}
}

func (e *Engine) writeDown(name string, v any) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = e.History.PutValue(name, raw)
	}
	if err != nil {
		e.Log.Error("write a value of the picture down", "name", name, "err", err)
	}
	e.historyState(err)
}

// restore reads back into v what the last agent wrote down. What cannot be read is
// logged and left: an agent has to start.
func (e *Engine) restore(k saver, v any) error {
	if e.History == nil {
		return nil
	}
	raw, err := e.History.Value(k.name)
	if err != nil || len(raw) == 0 {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		e.Log.Error("read a value of the picture back", "name", k.name, "err", err)
	}
	return nil
}
