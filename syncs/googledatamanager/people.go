package googledatamanager

import (
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// The fields that people are known by.
const (
	email     = "email"
	phone     = "phone"
	firstName = "first_name"
	lastName  = "last_name"
	zip       = "zip"
	country   = "country"
	mobileID  = "mobile_id"
	userID    = "user_id"
)

// rulesOf are how Google documents that identifiers are normalised, before those
// of email, phone and names are hashed. At Gmail dots, and what follows a +, are
// taken no notice of.
func rulesOf(hash identify.Hash) map[string]identify.Rule {
	rule := func(h identify.Hash, steps ...identify.Step) identify.Rule {
		return identify.Rule{Steps: steps, Hash: h}
	}
	name := rule(hash, identify.Trim, identify.Lower, identify.NoPunctuation, identify.Trim)
	return map[string]identify.Rule{
		email:     rule(hash, identify.NoSpace, identify.Lower, identify.Gmail("gmail.com", "googlemail.com"), identify.Email),
		phone:     rule(hash, identify.Phone),
		firstName: name,
		lastName:  name,
		zip:       rule(identify.Plain, identify.Trim),
		country:   rule(identify.Plain, identify.Trim, identify.Upper, identify.Country),
		mobileID:  rule(identify.Plain, identify.Trim),
		userID:    rule(identify.Plain, identify.Trim),
	}
}

// Rules are how the fields are normalised and hashed, by their names, with digests
// in hexadecimal and in base64.
func Rules(hash identify.Hash) map[string]identify.Rule { return rulesOf(hash) }

// columnsOf are the columns of audiences by their kind. Parts of an address tell
// nobody alone: see address.
func columnsOf(hash identify.Hash) map[string][]identify.Column {
	rules := rulesOf(hash)
	return map[string][]identify.Column{
		audience: {
			{Field: email, Name: "emailAddress", Rule: rules[email]},
			{Field: phone, Name: "phoneNumber", Rule: rules[phone]},
			{Field: firstName, Name: "givenName", Rule: rules[firstName], Detail: true},
			{Field: lastName, Name: "familyName", Rule: rules[lastName], Detail: true},
			{Field: country, Name: "regionCode", Rule: rules[country], Detail: true},
			{Field: zip, Name: "postalCode", Rule: rules[zip], Detail: true},
		},
		mobiles: {{Field: mobileID, Name: "mobileIds", Rule: rules[mobileID]}},
		userIDs: {{Field: userID, Name: "userId", Rule: rules[userID]}},
	}
}

// userColumns are what the person of an event is known by: contact information,
// and then what an advertisement left.
func userColumns(hash identify.Hash) []identify.Column {
	columns := columnsOf(hash)[audience]
	for _, name := range adIdentifiers {
		columns = append(columns, identify.Column{Field: name, Name: name, Rule: rulesOf(hash)[userID]})
	}
	return columns
}

// adIdentifiers are the clicks that an event may follow.
var adIdentifiers = []string{"gclid", "gbraid", "wbraid", "dclid"}

// The fields of consent, and what they may say.
const (
	adUserData        = "ad_user_data"
	adPersonalization = "ad_personalization"

	granted = "granted"
	denied  = "denied"
)

// memberFields are the fields of an audience; keys can be the key.
func memberFields(columns []identify.Column, keys ...string) []syncs.PlatformField {
	out := make([]syncs.PlatformField, 0, len(columns)+2)
	for _, c := range columns {
		f := syncs.PlatformField{Name: c.Field, Types: []syncs.Type{syncs.String, syncs.Int}, Matches: true}
		for _, k := range keys {
			f.Unique = f.Unique || k == c.Field
		}
		out = append(out, f)
	}
	return append(out, consentFields()...)
}

func consentFields() []syncs.PlatformField {
	types := []syncs.Type{syncs.Bool, syncs.String}
	return []syncs.PlatformField{
		{Name: adUserData, Types: types, Enum: []string{granted, denied}}, {Name: adPersonalization, Types: types, Enum: []string{granted, denied}},
	}
}

// appendIdentifiers appends the identifiers of the row that was read, as far as
// columns has contact information. It reports how many there are, and whether an
// address was left out since it is not whole.
func appendIdentifiers(b []byte, m *identify.Members) (out []byte, count int, partial bool) {
	parts, address := 0, 0
	for i, c := range m.Columns() {
		cell := m.Cell(i)
		if c.Detail {
			if len(cell) > 0 {
				address++
			}
			parts++
			continue
		}
		if len(cell) == 0 || c.Field != email && c.Field != phone {
			continue
		}
		if count > 0 {
			b = append(b, ',')
		}
		count++
		b = append(append(append(b, `{"`...), c.Name...), `":`...)
		b = append(m.AppendCell(b, i), '}')
	}
	if address < wholeAddress {
		return b, count, address > 0
	}
	if count > 0 {
		b = append(b, ',')
	}
	b = append(b, `{"address":{`...)
	some := false
	for i, c := range m.Columns() {
		if !c.Detail {
			continue
		}
		if some {
			b = append(b, ',')
		}
		some = true
		b = append(append(append(b, '"'), c.Name...), `":`...)
		b = m.AppendCell(b, i)
	}
	return append(b, "}}"...), count + 1, false
}

// wholeAddress is how many parts an address has: Google wants all of them.
const wholeAddress = 4
