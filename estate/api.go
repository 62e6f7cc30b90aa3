package estate

import "opsdeck/ops"

func notYet(path string) error {
	return (Faults{{File: path, What: ops.Clean("reading estates is not built yet")}}).err(nil)
}

// Load reads the estate at path, or the shipped one of that name. env looks up
// a variable of the environment. The error is a *Faults.
func Load(path string, env func(string) (string, bool)) (File, error) { return File{}, notYet(path) }

// Show returns the effective estate as YAML.
func Show(path string, env func(string) (string, bool)) ([]byte, error) { return nil, notYet(path) }

// Shipped returns the names of the estates inside the program.
func Shipped() []string { return nil }

// Schema returns the JSON Schema of an estate file.
func Schema() []byte { return nil }

// Reference returns the reference of every key as Markdown.
func Reference() []byte { return nil }

// Starter returns a commented estate for what a machine had.
func Starter(found Found) []byte { return nil }

// Hash returns a hash of the effective estate.
func Hash(f File) ops.Text { return ops.Text{} }
