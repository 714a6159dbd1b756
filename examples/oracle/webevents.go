package oracle

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// WebEvents is what examples/web-events must find.
type WebEvents struct {
	// Events counts the rows, with the events that were sent twice.
	Events int
	// Users and Cookies count the distinct user_id and domain_userid.
	Users, Cookies int
	// Visitors are the customers, sorted by their key.
	Visitors []*Visitor
}

// Visitor is one customer and their traits.
type Visitor struct {
	// Users and Cookies are their identifiers, sorted.
	Users, Cookies []string
	// Events counts rows; PageViews counts page views once each, by event_id;
	// Sessions counts the sessions that the events name.
	Events, PageViews, Sessions int
	FirstSeen, LastSeen         time.Time
	// LastUser is the user_id of the last event.
	LastUser string
	// TopPage is the path with most events.
	TopPage string
	// Asked and Answered count consent banners shown and answered.
	Asked, Answered int
}

// Key is the smallest user_id, which names a visitor in messages and tests.
func (v *Visitor) Key() string { return v.Users[0] }

// VisitorSegments are the segments of examples/web-events, as Go.
var VisitorSegments = map[string]func(*Visitor) bool{
	"returning": func(v *Visitor) bool { return v.Sessions >= 2 },
	"readers":   func(v *Visitor) bool { return v.PageViews >= 3 },
	"one_visit": func(v *Visitor) bool { return v.Sessions == 1 && v.PageViews < 3 },
	"undecided": func(v *Visitor) bool { return v.Asked > v.Answered },
}

// Members are the keys of a segment's visitors, sorted. An unknown segment has
// none.
func (w *WebEvents) Members(segment string) []string {
	in, ok := VisitorSegments[segment]
	if !ok {
		return nil
	}
	var members []string
	for _, v := range w.Visitors {
		if in(v) {
			members = append(members, v.Key())
		}
	}
	return members
}

// tally is a Visitor in the making.
type tally struct {
	Visitor
	users, cookies, views, sessions map[string]bool
	pages                           map[string]int
}

// ReadWebEvents reads the events in the data folder. Users who were seen with
// one cookie are one visitor.
func ReadWebEvents(data string) (*WebEvents, error) {
	path := filepath.Join(data, "snowplow", "web", "source", "snowplow_web_events.csv")
	joined := sets{}
	err := readCSV(path, func(field row) error {
		user, cookie := field("user_id"), field("domain_userid")
		if strings.TrimSpace(user) == "" {
			return fmt.Errorf("event %s has no user_id, which this oracle does not expect", field("event_id"))
		}
		joined.find("user:" + user)
		if strings.TrimSpace(cookie) != "" {
			joined.join("user:"+user, "cookie:"+cookie)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &WebEvents{}
	found := map[string]*tally{}
	err = readCSV(path, func(field row) error {
		out.Events++
		group := joined.find("user:" + field("user_id"))
		v := found[group]
		if v == nil {
			v = &tally{
				users: map[string]bool{}, cookies: map[string]bool{}, views: map[string]bool{},
				sessions: map[string]bool{}, pages: map[string]int{},
			}
			found[group] = v
		}
		return v.add(field)
	})
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		v.Users, v.Cookies = slices.Sorted(maps.Keys(v.users)), slices.Sorted(maps.Keys(v.cookies))
		v.PageViews, v.Sessions, v.TopPage = len(v.views), len(v.sessions), mode(v.pages)
		out.Users += len(v.Users)
		out.Cookies += len(v.Cookies)
		out.Visitors = append(out.Visitors, &v.Visitor)
	}
	slices.SortFunc(out.Visitors, func(a, b *Visitor) int { return strings.Compare(a.Key(), b.Key()) })
	return out, nil
}

func (v *tally) add(field row) error {
	at, err := time.Parse("2006-01-02 15:04:05.999", field("collector_tstamp"))
	if err != nil {
		return fmt.Errorf("reading the time: %w", err)
	}
	v.Events++
	v.users[field("user_id")] = true
	if cookie := field("domain_userid"); strings.TrimSpace(cookie) != "" {
		v.cookies[cookie] = true
	}
	if session := field("domain_sessionid"); session != "" {
		v.sessions[session] = true
	}
	if page := field("page_urlpath"); page != "" {
		v.pages[page]++
	}
	switch field("event_name") {
	case "page_view":
		v.views[field("event_id")] = true
	case "cmp_visible":
		v.Asked++
	case "consent_preferences":
		v.Answered++
	}
	if v.FirstSeen.IsZero() || at.Before(v.FirstSeen) {
		v.FirstSeen = at
	}
	if user := field("user_id"); at.After(v.LastSeen) {
		v.LastSeen, v.LastUser = at, user
	} else if at.Equal(v.LastSeen) && user != v.LastUser {
		return fmt.Errorf("%s and %s were seen at one time, which this oracle does not expect", user, v.LastUser)
	}
	return nil
}

// Stitch is what a row of Snowplow's published results says of who is who.
type Stitch struct {
	// Table is the result, Cookie its domain_userid, which is never empty.
	Table, Cookie string
	// User is the user_id; "" where the table does not say.
	User string
	// Last is the user_id that Snowplow gives all sessions of the cookie: the
	// last one seen with it; "" where the table does not say.
	Last string
}

// ReadStitches reads the results that Snowplow publishes with the events, as
// far as they name cookies. Rows without a cookie say nothing of anybody.
func ReadStitches(data string) ([]Stitch, error) {
	var out []Stitch
	for _, table := range []struct {
		name        string
		users, last bool
	}{
		{name: "snowplow_web_users", users: true},
		{name: "default/snowplow_web_sessions", users: true, last: true},
		{name: "snowplow_web_page_views", users: true},
		{name: "snowplow_web_consent_users", users: true},
		{name: "snowplow_web_consent_log", users: true},
		{name: "snowplow_web_consent_cmp_stats"},
	} {
		path := filepath.Join(data, "snowplow", "web", "expected", filepath.FromSlash(table.name)+"_expected.csv")
		err := readCSV(path, func(field row) error {
			s := Stitch{Table: table.name, Cookie: field("domain_userid")}
			if table.users {
				s.User = field("user_id")
			}
			if table.last {
				s.Last = field("stitched_user_id")
			}
			if s.Cookie != "" {
				out = append(out, s)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
