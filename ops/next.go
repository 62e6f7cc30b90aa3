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
	KeyHolder
)

var keyNames = enumOf[Key]("key", "none", "open", "actions", "logs", "ack", "holder")

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
	// Action is what does it, on Ref with Params; empty: no single action does.
	Action Text    `json:"action,omitzero"`
	Ref    Ref     `json:"ref,omitzero"`
	Params []Param `json:"params,omitempty"`
	// SQL is what does it by hand, of whoever may, where no action does; In is the
	// database that it has to be said in, empty where that does not matter.
	SQL Text `json:"sql,omitzero"`
	In  Text `json:"in,omitzero"`
}

// Words is what to do in words, with the statement that does it.
func (n Next) Words() string {
	s := n.What.String()
	if !n.SQL.Empty() {
		s += ": " + n.SQL.String()
	}
	if !n.In.Empty() {
		s += " in database " + n.In.String()
	}
	return s
}
