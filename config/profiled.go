package config

import (
	"io/fs"
	"maps"
	"path"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// profiled is a target that dbt knows.
type profiled struct {
	Profiles string      `yaml:"profiles,required" doc:"Path of dbt's profiles.yml, relative to the project; ~/ is the home folder."`
	Profile  string      `yaml:"profile" doc:"Profile in that file; not needed where it has one alone."`
	Target   string      `yaml:"target" doc:"Target of the profile; the one that the profile names where none is given."`
	Folder   string      `yaml:"folder" doc:"Folder of the dbt project, where relative paths of the profile start; that of profiles.yml where none is given and it is a dbt project."`
	Pos      strict.Node `yaml:"-"`
}

// Environment is an optional ability of the file system that Load is given: to look
// variables of the environment up, for a target from dbt's profiles. Without it
// none is set.
type Environment interface {
	LookupEnv(name string) (string, bool)
}

// targets are the types of target that a project may write.
func (k Kinds) targets() map[string]func() any {
	if len(k.Profiles) == 0 {
		return k.Targets
	}
	out := maps.Clone(k.Targets)
	out["dbt"] = func() any { return new(profiled) }
	return out
}

// fromDBT makes a target what dbt's profiles say it is.
func (l *loader) fromDBT(t *Target, from *profiled) {
	t.Type, t.Config = "", nil
	report := func(d diag.Diagnostic) { t.Found = append(t.Found, d) }
	if from.Profiles == "" {
		return // it is reported as missing
	}
	options := profile.Options{Env: l.lookupEnv, Dir: l.project.Dir, Report: report}
	name := from.Profiles
	if rest, home := strings.CutPrefix(name, "~/"); home {
		if folder, ok := options.Env("HOME"); ok {
			name = path.Join(folder, rest)
		}
	}
	switch folder := path.Dir(name); {
	case from.Folder != "":
		options.Folder = from.Folder
	case l.exists(path.Join(folder, "dbt_project.yml")):
		options.Folder = folder
	}
	text := l.reach(name, t.Pos.At("profiles"), "see that it is there, and that this process may read it", report)
	if text == nil {
		return
	}
	src := &diag.Source{Name: from.Profiles, Text: text}
	root := strict.Parse(src, func(d diag.Diagnostic) {
		src.Mask(src.Span(0, len(src.Text))) // who knows what is a secret in it
		report(d)
	})
	if root.Kind() != strict.Mapping {
		if len(t.Found) == 0 {
			report(diag.Errorf(t.Pos.At("profiles"), codeMissing, "%s has no profiles", from.Profiles).WithHelp("name dbt's profiles.yml"))
		}
		return
	}
	output, profileName, target := profile.Find(root, profile.Named{
		Profile: from.Profile, ProfileAt: t.Pos.At("profile"), Target: from.Target, TargetAt: t.Pos.At("target"),
	}, options)
	if output.Kind() == strict.Absent {
		return
	}
	t.From = profile.Names(from.Profiles, profileName, target)
	if t.Type = profile.Type(output, l.kinds.Profiles, options); t.Type == "" {
		return
	}
	keys, ok := profile.Read(output, l.kinds.Profiles[t.Type], options)
	if !ok {
		return
	}
	config := l.kinds.Targets[t.Type]()
	if keys.DecodeKeys(report, config) {
		if c, ok := config.(Checker); ok {
			c.Check(keys, report)
		}
	}
	t.Config = config
}

// lookupEnv looks a variable up, where the file system can.
func (l *loader) lookupEnv(name string) (string, bool) {
	if e, ok := l.fsys.(Environment); ok {
		return e.LookupEnv(name)
	}
	return "", false
}

// exists says that a file is there, below the project's folder or elsewhere.
func (l *loader) exists(name string) bool {
	open := l.fsys.Open
	if !fs.ValidPath(path.Clean(name)) {
		r, ok := l.fsys.(Reacher)
		if !ok {
			return false
		}
		open = r.Reach
	}
	f, err := open(path.Clean(name))
	if err == nil {
		_ = f.Close() // it was not even read
	}
	return err == nil
}
