package meta

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// userColumns are what the person of an event is known by.
var userColumns = []identify.Column{
	{Field: "email", Name: "em", Rule: email},
	{Field: "phone", Name: "ph", Rule: phone},
	{Field: "first_name", Name: "fn", Rule: name},
	{Field: "last_name", Name: "ln", Rule: name},
	{Field: "gender", Name: "ge", Rule: gender, Detail: true},
	{Field: "birthday", Name: "db", Rule: birthday, Detail: true},
	{Field: "city", Name: "ct", Rule: city, Detail: true},
	{Field: "state", Name: "st", Rule: state, Detail: true},
	{Field: "zip", Name: "zp", Rule: zip, Detail: true},
	{Field: "country", Name: "country", Rule: country, Detail: true},
	{Field: "external_id", Name: "external_id", Rule: anyID},
	{Field: "client_ip_address", Name: "client_ip_address", Rule: plain},
	{Field: "client_user_agent", Name: "client_user_agent", Rule: plain, Detail: true},
	{Field: "fbc", Name: "fbc", Rule: plain},
	{Field: "fbp", Name: "fbp", Rule: plain},
	{Field: "mobile_id", Name: "madid", Rule: device},
}

// The fields of an event beside its person, and what is below custom.
const (
	eventID      = "event_id"
	eventName    = "event_name"
	eventTime    = "event_time"
	sourceURL    = "event_source_url"
	actionSource = "action_source"
	optOut       = "opt_out"
	custom       = "custom_data."
)

// eventFields are the fields of a dataset; sourced says that each event has to say
// where it happened.
func eventFields(sourced bool) []syncs.PlatformField {
	text := []syncs.Type{syncs.String}
	out := []syncs.PlatformField{
		{Name: eventID, Types: []syncs.Type{syncs.String, syncs.Int}, Required: true, Unique: true, MaxLength: 50},
		{Name: eventName, Types: text, Required: true, MaxLength: 50},
		{Name: eventTime, Types: []syncs.Type{syncs.Timestamp}, Required: true},
		{Name: actionSource, Types: text, Required: sourced, Enum: actionSources},
		{Name: sourceURL, Types: text},
		{Name: optOut, Types: []syncs.Type{syncs.Bool}},
	}
	for _, c := range userColumns {
		types := []syncs.Type{syncs.String, syncs.Int}
		if c.Field == "birthday" {
			types = []syncs.Type{syncs.String, syncs.Date}
		}
		out = append(out, syncs.PlatformField{Name: c.Field, Types: types})
	}
	return append(out, syncs.PlatformField{Name: custom + "*"})
}

// eventSpelling is how the events of a chunk are written.
type eventSpelling struct {
	people *identify.Members
	// at are the places of the fields among the values of a row, -1 where the sync
	// does not map them.
	id, name, time, source, url, out int
	custom                           *syncs.Spelling
	settings                         *Config
}

func (d *destination) newEventSpelling(schema syncs.Schema) eventSpelling {
	at := schema.At
	fields := slices.Clone(schema.Fields)
	for i, f := range fields {
		// What is below custom_data is spelled as an object of its own, and empty
		// values are not there.
		if rest, ok := strings.CutPrefix(f.Name, custom); ok {
			fields[i].Path, fields[i].SkipNull = strings.Split(rest, "."), true
			if len(f.Path) > 1 {
				fields[i].Path = f.Path[1:]
			}
		}
	}
	return eventSpelling{
		people: identify.NewMembers(schema, userColumns, d.config.Policy(), d.config.Region),
		id:     at(eventID), name: at(eventName), time: at(eventTime), source: at(actionSource), url: at(sourceURL), out: at(optOut),
		custom:   syncs.NewSpelling(fields, func(f syncs.Field) bool { return strings.HasPrefix(f.Name, custom) }),
		settings: &d.config,
	}
}

// encodeEvents spells a request of all events. Meta knows an event by its id and
// name for two days, so that one which is sent again within a run is no second.
func (d *destination) encodeEvents(chunk *syncs.Chunk, id string) ([]syncs.Request, []syncs.Rejection) {
	s := d.newEventSpelling(chunk.Schema)
	b := append(make([]byte, 0, 256+512*len(chunk.Ops)), `{"data":[`...)
	var draft syncs.Draft
	b, sent := draft.Elements(b, chunk, chunk.OfKind(syncs.Append), s.append)
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	b = append(b, ']')
	if code := d.config.TestEventCode; code != "" {
		b = syncs.AppendJSONString(append(b, `,"test_event_code":`...), code)
	}
	b = append(d.appendProof(b, chunk), '}')
	request := d.request(http.MethodPost, "/"+id+"/events", b, chunk.Secrets)
	return []syncs.Request{{HTTP: request, Ops: sent, Idempotent: true, Bucket: dataset, Values: s.people.Values()}}, draft.Rejections
}

// append appends one event.
func (s *eventSpelling) append(b []byte, op *syncs.Op) ([]byte, error) {
	text := func(at int) string {
		v, _ := op.At(at).(string)
		return strings.TrimSpace(v)
	}
	refuse := func(code, message string) ([]byte, error) {
		return b, &syncs.Refusal{Code: code, Message: message}
	}
	name, source := text(s.name), text(s.source)
	if source == "" {
		source = s.settings.ActionSource
	}
	when, dated := op.At(s.time).(time.Time)
	switch {
	case name == "":
		return refuse("no-event-name", "the event has no event_name")
	case !dated:
		return refuse("no-event-time", "the event has no event_time")
	case !slices.Contains(actionSources, source):
		return refuse("bad-action-source", "the event's action_source is none of "+strings.Join(actionSources, ", "))
	case !s.people.Read(op):
		return b, s.people.Nobody()
	}
	if source == "website" && len(s.cell("client_user_agent")) == 0 {
		return refuse("no-user-agent", "an event of a website needs client_user_agent")
	}
	b = syncs.AppendJSONString(append(b, `{"event_name":`...), name)
	b = strconv.AppendInt(append(b, `,"event_time":`...), when.Unix(), 10)
	b = syncs.AppendJSONString(append(b, `,"event_id":`...), op.Key)
	b = syncs.AppendJSONString(append(b, `,"action_source":`...), source)
	if url := text(s.url); url != "" {
		b = syncs.AppendJSONString(append(b, `,"event_source_url":`...), url)
	}
	if out, ok := op.At(s.out).(bool); ok {
		b = strconv.AppendBool(append(b, `,"opt_out":`...), out)
	}
	b = s.appendUser(append(b, `,"user_data":{`...))
	b = append(b, '}')
	if !s.custom.Empty() {
		var err error
		if b, err = s.custom.Append(append(b, `,"custom_data":`...), op.Values); err != nil {
			return b, err //nolint:wrapcheck // it names the field
		}
	}
	return append(b, '}'), nil
}

// appendUser appends what there is to know the person by.
func (s *eventSpelling) appendUser(b []byte) []byte {
	some := false
	for i, c := range s.people.Columns() {
		cell := s.people.Cell(i)
		if len(cell) == 0 {
			continue
		}
		if some {
			b = append(b, ',')
		}
		some = true
		b = append(append(append(b, '"'), c.Name...), `":`...)
		if c.Rule.Hash == identify.Plain {
			b = s.people.AppendCell(b, i)
			continue
		}
		b = append(s.people.AppendCell(append(b, '['), i), ']')
	}
	return b
}

// cell is what the row that was read has for a field.
func (s *eventSpelling) cell(field string) []byte {
	for i, c := range s.people.Columns() {
		if c.Field == field {
			return s.people.Cell(i)
		}
	}
	return nil
}
