package config

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// EventTime is what the time of an event is called, after the name of its
// source and a dot.
const EventTime = "time"

// EventColumn is the column of its source that a sync of events calls by a text
// such as orders.amount, and whether it does: a text without the source names a
// trait.
func (f *From) EventColumn(text string) (column string, ok bool) {
	if f.Source == "" {
		return "", false
	}
	return strings.CutPrefix(text, f.Source+".")
}

// eventsOf returns the entity whose events a sync sends, "" where that cannot be
// said.
func (l *loader) eventsOf(ix *index, s *Sync) string {
	from := s.Pos.Get("from")
	if age := from.Get("max_age"); age.IsString() && s.From.MaxAge == 0 && strings.HasPrefix(age.Text().Value, "0") {
		l.report(diag.Errorf(from.At("max_age"), codeRange, "no event is as young as that").WithHelp("write for example 7 days"))
	}
	source, ok := find(l, ix.sources, ix.sourceNames, s.From.Source, from.At("source"), codeUnknownSource, "source")
	if !ok {
		return ""
	}
	if !source.Events {
		l.report(diag.Errorf(from.At("source"), codeConflict, "the rows of the source %q are not events", source.Name).
			WithHelp("write events: true there, if each is something that happened once").
			WithRelated(source.Pos.At("name"), "the source is here"))
	}
	seg, ok := find(l, ix.segments, ix.segmentNames, s.From.Segment, from.At("segment"), codeUnknownSegment, "segment")
	if ok && seg.Entity != source.Entity {
		l.report(diag.Errorf(from.At("segment"), codeOtherEntity, "the segment %q is about %s, the source %q about %s", seg.Name, seg.Entity, source.Name, source.Entity).
			WithHelp("name a segment of %s", source.Entity))
	}
	s.From.Entity = source.Entity
	return source.Entity
}

// eventField checks a field of a sync of events that is filled by one of its
// columns, and reports whether it is.
func (l *loader) eventField(ix *index, s *Sync, text string, at diag.Span) bool {
	name, ok := s.From.EventColumn(text)
	if !ok {
		return false
	}
	source, known := ix.sources[s.From.Source]
	if !known || name == EventTime {
		return true
	}
	if _, known := source.Field(name); !known {
		names := append(append(source.Columns.Keys(), source.Identifiers.Keys()...), EventTime)
		l.report(unknown(at, codeUnknownColumn, "column of the source "+source.Name, name, names).
			WithRelated(source.Pos.At("name"), "the source is here"))
	}
	return true
}

// eventKey checks that events are known by something of their own.
func (l *loader) eventKey(s *Sync, filledBy string, at diag.Span) {
	if _, own := s.From.EventColumn(filledBy); own || s.From.Source == "" {
		return
	}
	l.report(diag.Errorf(at, codeConflict, "the key %q is not of the event: all events of a customer would have the same one", s.To.Key).
		WithHelp("map the key to a column that tells events apart, such as %s.id", s.From.Source))
}
