// Package quiet keeps Snowflake's client from doing what nobody asked for.
//
// When it is initialised the client writes a library of machine code to a
// temporary folder and loads it; when it first connects it asks the networks of
// three clouds whether it runs in one. Both can be turned off by the environment
// alone, and the first only before the client is initialised. Packages that
// depend on nothing but the standard library are initialised in the order of
// their import paths, before those that depend on more: this one comes first.
//
// A test of package snowflake looks whether that holds.
package quiet

import (
	"errors"
	"os"
)

// Err is what kept the environment from being set; nil.
var Err = errors.Join(
	os.Setenv("SF_DISABLE_MINICORE", "true"),
	os.Setenv("SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "true"),
)
