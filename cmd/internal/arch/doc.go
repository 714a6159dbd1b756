// Package arch holds the architecture's rules as tests: who may import whom,
// that every driver and destination is in the one list, that every package
// says what it does. It has no code of its own. Start with rules in
// arch_test.go.
package arch
