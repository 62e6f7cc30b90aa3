package ops

// Key names a key as the console's key map and its user's config do: which key
// that is, only the console knows. The zero value is none.
type Key uint8

// The keys that judgements lead to.
const (
	KeyNone Key = iota
	KeyOpen
	KeyActions
	KeyLogs
	KeyAck
)

var keyNames = enumOf[Key]("key", "none", "open", "actions", "logs", "ack")

func (k Key) String() string               { return keyNames.name(k) }
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *Key) UnmarshalText(b []byte) error { return keyNames.parse(k, b) }

// Next is one thing to do about a verdict or a finding. It holds no key and no
// command in words: each face writes its own.
type Next struct {
	What Text `json:"what"`
	// Key is what leads there in the console, from what the judgement is about.
	Key Key `json:"key,omitempty"`
	// Action is what does it, on Ref; empty: no single action does.
	Action Text `json:"action,omitzero"`
	Ref    Ref  `json:"ref,omitzero"`
}
