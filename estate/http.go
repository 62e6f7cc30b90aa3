package estate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/config"
)

// httpConfig hands what http_config says to prometheus/common. Only what the
// file says is handed over: the library has defaults of its own.
func (d *draft) httpConfig(s *said) config.HTTPClientConfig {
	c := d.loaded(s, s.plain())
	if c == nil {
		return config.HTTPClientConfig{}
	}
	return *c
}

// tlsConfig hands a tls_config to prometheus/common; nil where there is none.
func (d *draft) tlsConfig(s *said) *config.TLSConfig {
	c := d.loaded(s, map[string]any{"tls_config": s.plain()})
	if c == nil {
		return nil
	}
	return &c.TLSConfig
}

// loaded is what the library makes of what a file says; nil: a fault, which is told.
func (d *draft) loaded(s *said, plain any) *config.HTTPClientConfig {
	if slices.ContainsFunc(*d.faults, func(f Fault) bool { return strings.HasPrefix(f.Where.String(), s.where+".") }) {
		return nil // what is left of it would only be misjudged
	}
	c, what := loadHTTP(plain)
	if what != "" {
		d.tell(s.place, s.where, what, "")
		return nil
	}
	return c
}

// loadHTTP reads what a file says with the library, or says what is wrong with it.
func loadHTTP(plain any) (c *config.HTTPClientConfig, what string) {
	// JSON is YAML too, and needs no second YAML library to be written.
	text, err := json.Marshal(plain)
	if err == nil {
		if c, err = config.LoadHTTPConfig(spelt(text)); err == nil {
			return c, ""
		}
	}
	if what = err.Error(); strings.HasPrefix(what, "yaml:") {
		what = "cannot be read as an http_config" // its text would quote values
	}
	return nil, what
}

// spelt escapes what JSON may hold as it is and YAML may not.
func spelt(text []byte) string {
	var b strings.Builder
	for _, r := range string(text) {
		if r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain returns what the file says as maps, lists and scalars, without defaults.
func (v *value) plain() any {
	switch v.key.shape {
	case shapeMapping, shapeTable:
		out := make(map[string]any, len(v.member))
		for _, m := range v.member {
			if m.value.node != nil {
				out[m.name] = m.value.plain()
			}
		}
		return out
	case shapeList:
		out := make([]any, 0, len(v.items))
		for _, i := range v.items {
			out = append(out, i.plain())
		}
		return out
	case shapeFlag:
		return v.flag
	case shapeNumber:
		return v.number
	}
	return v.text
}
