package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"cloud.google.com/go/auth"
	client "cloud.google.com/go/bigquery"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// kindOf classifies by the reasons of BigQuery's errors; see
// https://cloud.google.com/bigquery/docs/error-messages. The others are Unknown.
// What is Transient here had no effect: a job that fails takes back what its
// statement did.
var kindOf = map[string]adapters.Kind{
	"backendError":         adapters.Transient,
	"internalError":        adapters.Transient,
	"jobBackendError":      adapters.Transient,
	"jobInternalError":     adapters.Transient,
	"jobRateLimitExceeded": adapters.Transient,
	"rateLimitExceeded":    adapters.Transient,
	"tableUnavailable":     adapters.Transient,

	"accessDenied":              adapters.Permission,
	"accessNotConfigured":       adapters.Permission,
	"authError":                 adapters.Permission,
	"billingNotEnabled":         adapters.Permission,
	"blocked":                   adapters.Permission,
	"forbidden":                 adapters.Permission,
	"required":                  adapters.Permission,
	"ACCESS_TOKEN_EXPIRED":      adapters.Permission,
	"proxyAuthenticationFailed": adapters.Permission,

	"notFound": adapters.NotFound,

	"invalidQuery": adapters.Syntax,
	"invalid":      adapters.Syntax,
	"duplicate":    adapters.Syntax,

	"billingTierLimitExceeded":  adapters.Quota,
	"bytesBilledLimitExceeded":  adapters.Quota,
	"quotaExceeded":             adapters.Quota,
	"resourcesExceeded":         adapters.Quota,
	"responseTooLarge":          adapters.Quota,
	"timeout":                   adapters.Quota,
	"dailyLimitExceeded":        adapters.Quota,
	"concurrentLimitExceeded":   adapters.Quota,
	"maximumCapacityExceeded":   adapters.Quota,
	"userRateLimitExceeded":     adapters.Transient,
	"stopped":                   adapters.Canceled,
	"conditionNotMet":           adapters.Transient,
	"resourceInUse":             adapters.Transient,
	"dataLocationNotFoundError": adapters.NotFound,
}

// helps say what to do about some of them.
var helps = map[string]string{
	"accessDenied":             "customhouse doctor --grants prints the roles that a target needs",
	"accessNotConfigured":      "enable the BigQuery API in the project",
	"billingNotEnabled":        "enable billing for the project: without it nothing can be changed",
	"bytesBilledLimitExceeded": "raise max_bytes_billed of the target, or lower what the job reads",
	"quotaExceeded":            "see the quotas of the project in the console, under IAM and admin; another run goes on where this one stopped",
	"resourcesExceeded":        "the query needs more memory than BigQuery gives: partition or cluster the source",
	"authError":                "sign in again (gcloud auth application-default login), or check the credentials of the target",
}

// placed is where in the text of a job an error is.
type placed struct{ line int }

func (p *placed) Error() string { return "at line " + strconv.Itoa(p.line) }

// failure turns an error of the client into one of ours. What BigQuery says of
// values is not kept, nor is the error wrapped: it would say all of it.
func failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*adapters.Error](err); ok {
		return known
	}
	if e := ctx.Err(); e != nil {
		return canceled(e)
	}
	if e, ok := errors.AsType[*client.Error](err); ok {
		return reason(e.Reason, e.Message)
	}
	if e, ok := errors.AsType[client.MultiError](err); ok && len(e) > 0 {
		return failure(ctx, e[0])
	}
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return answer(e)
	}
	if e := untrusted(err); e != nil {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return canceled(err)
	}
	if strings.Contains(err.Error(), "could not find default credentials") {
		return &adapters.Error{
			Kind: adapters.Permission, Message: "there are no application default credentials on this machine",
			Help: "sign in (gcloud auth application-default login), or give credentials in the target",
		}
	}
	return &adapters.Error{Kind: adapters.Transient, Message: "BigQuery cannot be reached: " + cause(err), Help: "check the network, and endpoint of the target"}
}

// untrusted is the error where Google gives no token for the credentials, so that
// nothing was asked of BigQuery; nil of others.
func untrusted(err error) *adapters.Error {
	var status int
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if e, ok := errors.AsType[*auth.Error](err); ok {
		if e.Response != nil {
			status = e.Response.StatusCode
		}
		if json.Unmarshal(e.Body, &said) != nil {
			said.Error = "status " + strconv.Itoa(status) // a page of somebody in between
		}
	} else if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if e.Response != nil {
			status = e.Response.StatusCode
		}
		said.Error, said.Description = e.ErrorCode, e.ErrorDescription
	} else {
		return nil
	}
	out := &adapters.Error{Kind: adapters.Permission, Message: "Google gives no token for the credentials: " + oneLine(said.Error+" "+said.Description), Help: helps["authError"]}
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		out.Kind, out.Help = adapters.Transient, ""
	}
	return out
}

// answer is an error of HTTP.
func answer(e *googleapi.Error) error {
	if len(e.Errors) > 0 && e.Errors[0].Reason != "" {
		if _, ok := kindOf[e.Errors[0].Reason]; ok {
			return reason(e.Errors[0].Reason, e.Message)
		}
	}
	switch {
	case e.Code == http.StatusUnauthorized:
		return reason("authError", e.Message)
	case e.Code == http.StatusForbidden:
		return reason("accessDenied", e.Message)
	case e.Code == http.StatusNotFound:
		return reason("notFound", e.Message)
	case e.Code == http.StatusTooManyRequests:
		return reason("rateLimitExceeded", e.Message)
	case e.Code == http.StatusBadRequest:
		return reason("invalid", e.Message)
	case e.Code >= http.StatusInternalServerError:
		return reason("backendError", "status "+strconv.Itoa(e.Code))
	}
	return &adapters.Error{Message: "BigQuery answers with status " + strconv.Itoa(e.Code)}
}

var (
	// place is where in the text of the statement an error is.
	place = regexp.MustCompile(` at \[(\d+):(\d+)\]`)
	// ofValue matches what is said of values, which are in it.
	ofValue = regexp.MustCompile(`(?i)^(?:Query error: )?(?:Bad \w+ value|Could not (?:cast|parse|convert)|Invalid (?:timestamp|date|datetime|time|NUMERIC|BIGNUMERIC|bool)|Failed to (?:parse|cast)|Cannot (?:parse|return)|Error while reading data|JSON p|Casting |Floating point|Array cannot have a null|.*(?:overflow|out of range|division by zero|value out of|Provided Schema does not match))`)
	// target is the type that a value was to become.
	target = regexp.MustCompile(`(?i)(?:Bad (\w+) value|to type (\w+)|Invalid (timestamp|date|datetime|time|NUMERIC|BIGNUMERIC)|as (\w+)[ :])`)
	// literal is a text of the statement.
	literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)
)

// reason is an error by its reason.
func reason(why, message string) error {
	out := &adapters.Error{Kind: kindOf[why], Help: helps[why]}
	if at := place.FindAllStringSubmatch(message, -1); at != nil {
		if line, err := strconv.Atoi(at[len(at)-1][1]); err == nil {
			out.Err = &placed{line: line}
		}
	}
	text := oneLine(message)
	switch {
	case strings.Contains(text, "ransaction is aborted due to concurrent update"), strings.Contains(text, "ould not serialize access"):
		out.Kind = adapters.Transient
	case out.Kind == adapters.Syntax && ofValue.MatchString(text):
		out.Kind = adapters.Data
		text = "a value cannot be converted"
		if m := target.FindStringSubmatch(oneLine(message)); m != nil {
			text = "a value cannot be read as " + strings.ToUpper(m[1]+m[2]+m[3]+m[4])
		}
		out.Help = "find the value in the source, or declare the column as string"
	case out.Kind == adapters.Syntax && strings.Contains(text, "Not found: "):
		out.Kind = adapters.NotFound
	case out.Kind == adapters.Canceled:
		out.Err = context.Canceled
	}
	if out.Kind != adapters.Data {
		text = literal.ReplaceAllString(text, "'...'")
	}
	out.Message = "BigQuery (" + why + "): " + strings.TrimRight(text, ". ")
	return out
}

func canceled(err error) error {
	return &adapters.Error{Kind: adapters.Canceled, Message: "the statement was stopped", Err: err}
}

// cause is the innermost error.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return oneLine(err.Error())
		}
		err = next
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
