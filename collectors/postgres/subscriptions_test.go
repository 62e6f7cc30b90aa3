package postgres

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSinceWhenASubscriptionHasNoWorkerIsRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		says := func(enabled, works bool) {
			f.rows("subscriptions", []any{"orders", "shop", enabled, works}, []any{"loans", "shop", true, true})
		}
		c := f.collector()
		says(true, true)
		if d := collect(t, c); len(d.Subscriptions) != 2 || !d.Subscriptions[0].Gone.IsZero() || !d.Subscriptions[0].Works {
			t.Fatalf("%+v", d.Subscriptions)
		}
		says(true, false)
		first := collect(t, c).Subscriptions[0].Gone
		time.Sleep(20 * time.Second)
		synctest.Wait()
		d := collect(t, c)
		if first.IsZero() || !d.Subscriptions[0].Gone.Equal(first) || !d.Subscriptions[1].Gone.IsZero() {
			t.Errorf("since %v, then %+v", first, d.Subscriptions)
		}
		says(false, false)
		if d := collect(t, c); !d.Subscriptions[0].Gone.IsZero() {
			t.Errorf("nobody wants a worker: %+v", d.Subscriptions)
		}
		says(true, false)
		time.Sleep(time.Second)
		if again := collect(t, c).Subscriptions[0].Gone; !again.After(first) {
			t.Errorf("it was enabled again, and is missed since %v", again)
		}
	})
}
