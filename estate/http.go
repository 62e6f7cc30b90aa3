package estate

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

// httpConfig hands what http_config says to prometheus/common. Only what the
// file says is handed over: the library has defaults of its own.
func httpConfig(v *value, where string, faults *Faults) config.HTTPClientConfig {
	if v == nil {
		return config.DefaultHTTPClientConfig
	}
	if slices.ContainsFunc(*faults, func(f Fault) bool { return strings.HasPrefix(f.Where.String(), where+".") }) {
		return config.HTTPClientConfig{} // what is left of it would only be misjudged
	}
	c, what := loadHTTP(v.plain())
	if what == "" {
		return *c
	}
	f := Fault{Line: v.place.line, Column: v.place.col, Where: ops.Clean(where), What: ops.Clean(what)}
	if v.place.src != nil {
		f.File = v.place.src.name
	}
	*faults = append(*faults, f)
	return config.HTTPClientConfig{}
}

// tlsConfig hands a tls_config to prometheus/common; nil where there is none.
func tlsConfig(v *value, where string, faults *Faults) *config.TLSConfig {
	if v == nil || v.node == nil {
		return nil
	}
	if slices.ContainsFunc(*faults, func(f Fault) bool { return strings.HasPrefix(f.Where.String(), where+".") }) {
		return nil
	}
	c, what := loadHTTP(map[string]any{"tls_config": v.plain()})
	if what == "" {
		return &c.TLSConfig
	}
	f := Fault{Line: v.place.line, Column: v.place.col, Where: ops.Clean(where), What: ops.Clean(what)}
	if v.place.src != nil {
		f.File = v.place.src.name
	}
	*faults = append(*faults, f)
	return nil
}

// loadHTTP reads what a file says with the library, or says what is wrong with it.
func loadHTTP(plain any) (c *config.HTTPClientConfig, what string) {
	// JSON is YAML too, and needs no second YAML library to be written.
	text, err := json.Marshal(plain)
	if err == nil {
		if c, err = config.LoadHTTPConfig(string(text)); err == nil {
			return c, ""
		}
	}
	if what = err.Error(); strings.HasPrefix(what, "yaml:") {
		what = "cannot be read as an http_config" // its text would quote values
	}
	return nil, what
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
