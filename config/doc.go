// Package config reads a project: a folder of YAML becomes one typed Project
// whose every part knows its place in the text.
//
// It checks everything that can be known without a warehouse and without
// understanding expressions, and reports all of it at once. It never resolves
// a secret, never reads a clock, the network or the environment, and never
// looks outside the folder it is given. Start at Load and Project.
package config
