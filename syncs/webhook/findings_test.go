package webhook_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// TestFindings: what is wrong is found before anything runs, at its place.
func TestFindings(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"unknown placeholder": {"requests:\n  - {for: upsert, path: '/a/{kye}'}", "3:29 unknown-placeholder there is no placeholder {kye} (did you mean {key}?)"},
		"open":                {"requests:\n  - {for: upsert, path: '/a/{key'}", "3:29 bad-template this placeholder has no end"},
		"stray":               {"requests:\n  - {for: upsert, path: '/{key}/}'}", "3:33 bad-template this brace closes nothing"},
		"not quoted":          {"requests:\n  - for: upsert\n    json: {email: {key}}", "4:19 bad-template YAML reads this as a mapping, and not as a placeholder (put it in quotes: '{key}')"},
		"date":                {"requests:\n  - for: upsert\n    json: {email: '{key}', at: 2026-01-02}", "4:32 bad-template JSON cannot say this"},
		"placeholder as name": {"requests:\n  - for: upsert\n    json: {'{key}': '{key}'}", "4:12 bad-template the name of a value holds no placeholders"},
		"fields in a path":    {"requests:\n  - {for: upsert, path: '/{fields}'}", "3:27 misplaced-placeholder {fields} is no text, and cannot be a part of one"},
		"fields of who left":  {"requests:\n  - {for: delete, json: '{fields}'}", "3:26 misplaced-placeholder {fields} cannot stand here: who left has no values"},
		"row in a batch":      {"requests:\n  - {for: upsert, path: '/{key}', json: '{rows}', row: '{key}'}", "3:27 misplaced-placeholder {key} is of one row, and this request has many"},
		"rows nowhere":        {"requests:\n  - {for: upsert, json: {a: 1}, row: '{key}'}", "3:33 bad-template the rows stand nowhere in the body"},
		"rows without row":    {"requests:\n  - {for: upsert, json: ['{rows}', '{key}']}", "3:27 misplaced-placeholder {rows} cannot stand here"},
		"count in a row":      {"requests:\n  - {for: upsert, json: '{rows}', row: ['{count}', '{key}']}", "3:42 misplaced-placeholder {count} is of the whole request, and this is one row of it"},
		"no row":              {"requests:\n  - {for: upsert, path: /all}", "3:11 bad-template the request says nothing of its row"},
		"two bodies":          {"requests:\n  - {for: upsert, json: '{key}', form: {a: '{key}'}}", "3:34 conflicting-keys there are two bodies, json and form"},
		"GET with a body":     {"requests:\n  - {for: upsert, method: GET, json: '{key}'}", "3:32 conflicting-keys a GET has no body"},
		"method":              {"requests:\n  - {for: upsert, method: get, path: '/{key}'}", "3:27 unknown-value this is no method that can be used"},
		"operation":           {"requests:\n  - {for: upsret, path: '/{key}'}", `3:11 unknown-value unknown operation "upsret" (did you mean upsert?)`},
		"twice":               {"requests:\n  - {for: upsert, path: '/{key}'}\n  - {for: [upsert], path: '/{key}'}", "4:12 conflicting-keys there are two requests for upsert"},
		"query in a path":     {"requests:\n  - {for: upsert, path: '/a?b={key}'}", `3:26 bad-url a path holds no '?'`},
		"percent":             {"requests:\n  - {for: upsert, path: '/100%/{key}'}", "3:26 bad-url a percent sign in a path begins two hexadecimal digits"},
		"header":              {"requests:\n  - {for: upsert, path: '/{key}', headers: {'X Y': a}}", "3:45 bad-header this is not the name of a header"},
		"header of ours":      {"requests:\n  - {for: upsert, path: '/{key}', headers: {Host: a}}", "3:45 bad-header this header is set by Customhouse"},
		"credential":          {"requests:\n  - {for: upsert, path: '/{key}', headers: {X-Api-Key: s3cret}}", "3:56 literal-secret this header holds a credential"},
		"text that is json":   {"requests:\n  - {for: upsert, text: '{key}', headers: {Content-Type: application/json}}", "3:58 conflicting-keys in text values stand as they are, and could change what a body of this type means"},
		"credential in query": {"query: {api_key: s3cret}", "2:18 literal-secret this parameter holds a credential"},
		"erase without by":    {"requests:\n  - {for: erase, path: '/{key}'}", "3:11 missing-key it is not said by what people are erased"},
		"by without erase":    {"erase_by: email\nrequests:\n  - {for: upsert, path: '/{key}'}", "2:1 missing-key there is no request that erases"},
		"erase whom":          {"erase_by: email\nrequests:\n  - {for: erase, path: '/people/{id}'}", "4:11 bad-template the request does not say who is erased"},
		"erase by which":      {"erase_by: [email, phone]\nrequests:\n  - {for: erase, path: '/{key}'}", "2:11 bad-template people are erased by email, phone, and the request does not say by which"},
		"erase by a sentence": {"erase_by: an address", `2:11 bad-choice "an address" is not the name of an identifier`},
		"erase by twice":      {"erase_by: [email, email]", "2:19 conflicting-keys email is there twice"},
		"two signatures":      {"secret: '${env:A}'\nsignature: {secret: '${env:A}'}", "3:1 conflicting-keys secret signs requests, and so does signature"},
		"style and more":      {"signature: {secret: '${env:A}', style: standard_webhooks, algorithm: sha512}", "2:59 conflicting-keys algorithm says how to sign, and so does the style"},
		"signature of":        {"signature: {secret: '${env:A}', of: '{timestamp}'}", "2:37 bad-template of lacks {body}"},
		"signature value":     {"signature: {secret: '${env:A}', value: '{signature}{key}'}", "2:52 misplaced-placeholder {key} cannot stand here: this is about the signature"},
		"signature header":    {"signature: {secret: '${env:A}', header: Host}", "2:41 bad-header this is not the name of a header that can be set"},
		"no credential":       {"auth: {}", "2:7 empty-value there is no credential here"},
		"two credentials":     {"auth: {bearer: '${env:A}', basic: {user: a}}", "2:28 conflicting-keys there are two credentials, bearer and basic"},
		"token_url":           {"auth: {oauth2: {token_url: 'ftp://x', client_id: a, client_secret: '${env:A}'}}", "2:28 bad-url token_url is not an http or https address"},
		"path":                {"response: {code: '$.a[*]'}", "2:22 bad-json-path this is no path to a value"},
		"condition":           {"response: {accepted: {path: $.ok}}", "2:23 missing-key nothing is said of the value"},
		"condition of all":    {"response: {retry: {}}", "2:19 empty-value this holds of every answer"},
		"is and empty":        {"response: {retry: {path: $.a, is: 1, empty: true}}", "2:38 conflicting-keys is and empty say the same twice, or what cannot be"},
		"status of a result":  {"response: {rows: {path: $, by: position, accepted: {status: 200}}}", "2:53 conflicting-keys a result has no HTTP status"},
		"absent of many":      {"requests:\n  - for: upsert\n    json: '{rows}'\n    row: '{key}'\n    response: {absent: {status: 404}}", "6:16 conflicting-keys absent is about one row, and a request has many"},
		"rows of one":         {"requests:\n  - for: upsert\n    path: '/{key}'\n    response: {rows: {path: $, by: position, accepted: {path: $, is: ok}}}", "5:16 conflicting-keys rows is about the results of a batch, and a request has one row"},
		"index where":         {"response: {rows: {path: $, by: index, unlisted: accepted}}", "2:32 missing-key it is not said where a result has the index"},
		"good results":        {"response: {rows: {path: $, by: position}}", "2:19 missing-key it is not said which results are good"},
		"status":              {"response: {retry: {status: 99}}", "2:28 out-of-range 99 is no status of an answer"},
		"results":             {"results: indexed\nresponse: {retry: {status: 423}}", "2:10 conflicting-keys results is about answers in our own format, and the project says what answers are like"},
		"check of a row":      {"check: {path: '/{key}'}", "2:17 misplaced-placeholder {key} cannot stand here: a check is of no sync and no row"},
		"row without body":    {"requests:\n  - {for: upsert, path: /a, row: '{key}'}", "3:29 missing-key there is no body for the rows to stand in"},
		"row of a form":       {"requests:\n  - {for: upsert, form: {a: b}, row: '{key}'}", "3:33 conflicting-keys a form has no rows"},
		"tree in text":        {"requests:\n  - {for: upsert, xml: '<a>{rows}</a>', row: [1, '{key}']}", "3:46 wrong-type in a body that is text a row is a text"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			report := func(d diag.Diagnostic) {
				line := strings.TrimPrefix(d.Span.String(), "crm.yml:") + " " + d.Code + " " + d.Summary
				if strings.HasPrefix(d.Help, "did you mean") || strings.HasPrefix(d.Help, "put it in quotes:") {
					line += " (" + d.Help + ")"
				}
				if d.Help == "" {
					t.Errorf("%s: no help", line)
				}
				got = append(got, line)
			}
			n := strict.Parse(&diag.Source{Name: "crm.yml", Text: []byte("url: https://example.com\n" + test.text + "\n")}, report)
			c := webhook.Default()
			if n.Decode(report, c) {
				c.Check(n, report)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestURL: what a literal address may not be.
func TestURL(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com/a?b=c": "", "'https://${env:HOST}/x'": "", "'${env:URL}'": "",
		"'https://example.com/{key}'": webhook.CodeURL, "ftp://example.com": webhook.CodeURL, "https://example.com/#a": webhook.CodeURL,
		"https://u:p@example.com": "literal-secret", "/x": webhook.CodeURL, "http://:80": webhook.CodeURL,
		"http://127.0.0.1:8080/hook": webhook.CodeURL, "http://localhost": webhook.CodeURL, "https://[::1]/": webhook.CodeURL,
	} {
		_, found := parse(t, "url: "+address+"\n")
		if want == "" && found != "" || want != "" && !strings.Contains(found, "error["+want+"]") || strings.Contains(found, "u:p@") {
			t.Errorf("%s: %s, want %q", address, found, want)
		}
	}
}

// TestSyncs: templates are held against what each sync maps.
func TestSyncs(t *testing.T) {
	c, found := parse(t, `url: https://example.com
requests:
  - {for: [upsert], path: '/{key}', json: {a: '{fields.emial}', b: '{fields.email}'}}
  - {for: delete, path: '/{fields.email}/{fields.name}'}
`)
	if found != "" {
		t.Fatal(found)
	}
	for name, test := range map[string]struct {
		operations []string
		want       string
	}{
		"upsert":         {[]string{"upsert", ""}, "crm.yml:3:48 unmapped-field the sync vips has no field \"emial\" (did you mean {fields.email}?)"},
		"delete":         {[]string{"add", "delete"}, "crm.yml:4:42 misplaced-placeholder {fields.name} cannot stand here: who left has no values (use {key}, which is the email of the sync vips)"},
		"something else": {[]string{"add", "remove"}, ""},
	} {
		got := ""
		c.CheckSync("vips", test.operations, "email", []string{"email", "name"}, func(d diag.Diagnostic) {
			got += d.Span.String() + " " + d.Code + " " + d.Summary + " (" + d.Help + ")"
		})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
