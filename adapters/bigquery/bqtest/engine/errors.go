package main

import "net/http"

// An Error is an error of BigQuery's API.
type Error struct {
	// Reason is BigQuery's word, which clients look at.
	Reason   string
	Message  string
	Location string
}

func (e *Error) Error() string { return e.Message }

// statuses are the HTTP statuses of reasons.
var statuses = map[string]int{
	"invalid": http.StatusBadRequest, "invalidQuery": http.StatusBadRequest, "required": http.StatusBadRequest,
	"bytesBilledLimitExceeded": http.StatusBadRequest, "resourceInUse": http.StatusBadRequest, "stopped": http.StatusBadRequest,
	"notFound": http.StatusNotFound, "duplicate": http.StatusConflict, "accessDenied": http.StatusForbidden,
	"quotaExceeded": http.StatusForbidden, "rateLimitExceeded": http.StatusForbidden, "responseTooLarge": http.StatusForbidden,
	"authError": http.StatusUnauthorized, "conditionNotMet": http.StatusPreconditionFailed,
	"backendError": http.StatusServiceUnavailable, "internalError": http.StatusInternalServerError,
	"jobBackendError": http.StatusBadRequest, "jobRateLimitExceeded": http.StatusBadRequest,
	"notImplemented": http.StatusNotImplemented,
}

func (e *Error) status() int {
	if s, ok := statuses[e.Reason]; ok {
		return s
	}
	return http.StatusBadRequest
}

// unsupported says that BigQuery does what the emulator does not.
func unsupported(what string) *Error {
	return &Error{Reason: "notImplemented", Message: "emulator: " + what + " is analyzed here but not executed"}
}

// invalid says that BigQuery refuses a statement.
func invalid(message string) *Error {
	return &Error{Reason: "invalidQuery", Location: "query", Message: message}
}
