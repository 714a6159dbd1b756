package identify

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// Settings are the part of a destination's configuration that says what the
// identifiers of people look like. A Config embeds it.
type Settings struct {
	Hashing string `yaml:"hashing" doc:"Whether values are hashed already: auto (the default) looks at each, hash_all and already_hashed drop those that are not as they say."`
	Region  string `yaml:"region" doc:"Country that telephone numbers without a country code are of, such as FR."`
}

// The codes of the findings of CheckSettings; docs/errors.md explains them.
const (
	CodeChoice = "bad-choice"
	CodeRegion = "bad-region"
)

// CheckSettings finds what is wrong with the settings of a configuration.
func (s *Settings) CheckSettings(n strict.Node, report func(diag.Diagnostic)) {
	if s.Hashing != "" && !slices.Contains(Policies, s.Hashing) {
		report(diag.Errorf(n.At("hashing"), CodeChoice, "hashing is none of the ways there are").WithHelp("write %s", strings.Join(Policies, ", ")))
	}
	if _, known := normalize.Regions[s.Region]; s.Region != "" && !known {
		help := "write the code of a country in two capital letters, such as FR"
		if _, known := normalize.Regions[strings.ToUpper(s.Region)]; known {
			help = "write " + strings.ToUpper(s.Region)
		}
		report(diag.Errorf(n.At("region"), CodeRegion, "telephone numbers of the region %q are not known", s.Region).WithHelp("%s", help))
	}
}

// Policy is what Hashing says.
func (s *Settings) Policy() Policy { return Policy(max(slices.Index(Policies, s.Hashing), 0)) }
