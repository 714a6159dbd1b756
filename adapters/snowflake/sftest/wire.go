package sftest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes of the session layer.
const (
	codeLogin        = 390100
	codeTokenExpired = 390112
	codeTokenInvalid = 390104
	codeMasterGone   = 390114
	codeJWT          = 390144
	codeOAuth        = 390303
	codePending      = 333334
)

type answer struct {
	Success bool   `json:"success"`
	Code    any    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session/v1/login-request", s.login)
	mux.HandleFunc("POST /session/token-request", s.renew)
	mux.HandleFunc("POST /session/heartbeat", s.heartbeat)
	mux.HandleFunc("POST /session", s.delete)
	mux.HandleFunc("POST /queries/v1/query-request", s.query)
	mux.HandleFunc("POST /queries/v1/abort-request", s.abort)
	mux.HandleFunc("GET /queries/{id}/result", s.queryResult)
	mux.HandleFunc("GET /monitoring/queries/{id}", s.monitoring)
	mux.HandleFunc("POST /telemetry/send", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, answer{Success: true, Data: "Log Received"})
	})
	return mux
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // a client that is gone needs no answer
}

func refused(w http.ResponseWriter, code int, message string) {
	reply(w, answer{Code: fmt.Sprintf("%06d", code), Message: message})
}

// body reads a request, which may be compressed.
func body(r *http.Request, into any) error {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		from = z
	}
	if err := json.NewDecoder(from).Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a request: %w", err)
	}
	return nil
}

func bearer(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), `Token="`)
	return strings.TrimSuffix(rest, `"`)
}

func newToken() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Data struct {
			Login         string         `json:"LOGIN_NAME"`
			Password      string         `json:"PASSWORD"`
			Account       string         `json:"ACCOUNT_NAME"`
			Authenticator string         `json:"AUTHENTICATOR"`
			Token         string         `json:"TOKEN"`
			Parameters    map[string]any `json:"SESSION_PARAMETERS"`
			Client        map[string]any `json:"CLIENT_ENVIRONMENT"`
		} `json:"data"`
	}
	if err := body(r, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d := request.Data
	user := strings.ToUpper(s.User)
	switch strings.ToUpper(d.Authenticator) {
	case "", "SNOWFLAKE":
		if !strings.EqualFold(d.Login, s.User) || d.Password != s.Password {
			refused(w, codeLogin, "Incorrect username or password was specified.")
			return
		}
	case "SNOWFLAKE_JWT":
		if err := s.verifyJWT(d.Token); err != nil {
			refused(w, codeJWT, "JWT token is invalid. ["+err.Error()+"]")
			return
		}
	case "OAUTH":
		if s.oauth() == "" || d.Token != s.oauth() {
			refused(w, codeOAuth, "Invalid OAuth access token. ")
			return
		}
	default:
		refused(w, 390190, "stub: the authenticator "+d.Authenticator+" is not supported")
		return
	}
	x := &session{
		server: s, id: s.number.Add(1), token: newToken(), master: newToken(), user: user, role: s.Role, warehouse: s.Warehouse,
		parameters: map[string]string{"TIMEZONE": "UTC"}, variables: map[string]string{}, temporary: map[string]*object{},
	}
	// The names of a login are identifiers: folded unless they are quoted.
	q := r.URL.Query()
	pick := func(key string) string {
		v := q.Get(key)
		if strings.HasPrefix(v, `"`) {
			return strings.Trim(v, `"`)
		}
		return strings.ToUpper(v)
	}
	check, _ := d.Parameters["CLIENT_VALIDATE_DEFAULT_PARAMETERS"].(bool)
	if err := func() (err error) {
		defer catch(&err)
		if v := pick("databaseName"); v != "" {
			if s.catalog.has(v, "") {
				x.database = v
				if s.catalog.has(v, "PUBLIC") {
					x.schema = "PUBLIC"
				}
			} else if check {
				return refuse(390201, "08001", "The requested database does not exist or not authorized.")
			}
		}
		if v := pick("schemaName"); v != "" {
			if s.catalog.has(x.database, v) {
				x.schema = v
			} else if check {
				return refuse(390201, "08001", "The requested schema does not exist or not authorized.")
			}
		}
		if v := pick("warehouse"); v != "" {
			if s.missingWarehouse(v) {
				if check {
					return refuse(390201, "08001", "The requested warehouse does not exist or not authorized.")
				}
			} else {
				x.warehouse = v
			}
		}
		if v := pick("roleName"); v != "" {
			if s.missingRole(v) {
				return refuse(390189, "08001", "Role '%s' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.", v)
			}
			x.role = v
		}
		for k, v := range d.Parameters {
			if _, known := parameterDefaults[strings.ToUpper(k)]; known {
				x.set(k, fmt.Sprint(v))
			}
		}
		return nil
	}(); err != nil {
		r := asRefusal(err)
		refused(w, r.code, r.message)
		return
	}
	conn, err := s.db.Conn(context.Background())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	x.conn = conn
	s.mu.Lock()
	s.sessions[x.token] = x
	s.mu.Unlock()
	reply(w, answer{Success: true, Data: map[string]any{
		"token": x.token, "masterToken": x.master, "validityInSeconds": 3600, "masterValidityInSeconds": 14400,
		"displayUserName": user, "serverVersion": serverVersion, "sessionId": x.id, "parameters": x.shared(), "healthCheckInterval": 45,
		"sessionInfo": map[string]string{"databaseName": x.database, "schemaName": x.schema, "warehouseName": x.warehouse, "roleName": x.role},
	}})
}

// shared are the parameters that a client is told.
func (s *session) shared() []map[string]any {
	var out []map[string]any
	for _, k := range []string{"AUTOCOMMIT", "TIMEZONE", "CLIENT_TELEMETRY_ENABLED", "CLIENT_SESSION_KEEP_ALIVE", "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "GO_QUERY_RESULT_FORMAT", "QUERY_TAG", "TIMESTAMP_OUTPUT_FORMAT", "TIMESTAMP_NTZ_OUTPUT_FORMAT", "DATE_OUTPUT_FORMAT", "TIMESTAMP_TYPE_MAPPING", "BINARY_OUTPUT_FORMAT", "CLIENT_RESULT_PREFETCH_THREADS"} {
		var v any = s.parameter(k)
		switch v {
		case "true", "false":
			v = v == "true"
		}
		if k == "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD" {
			v = 0 // no stage for bindings here
		}
		out = append(out, map[string]any{"name": k, "value": v})
	}
	return out
}

// verifyJWT checks a key pair's token: RS256 by the key that was registered,
// and who it is for.
func (s *Server) verifyJWT(jwt string) error {
	key := s.publicKey()
	if key == nil {
		return errors.New("no key is registered for the user")
	}
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return errors.New("not a JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return errors.New("not a JWT")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return errors.New("the signature is wrong")
	}
	var claims struct {
		Subject string `json:"sub"`
		Expires int64  `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return errors.New("not a JWT")
	}
	if want := strings.ToUpper(s.Account + "." + s.User); claims.Subject != want {
		return fmt.Errorf("the subject is %q, not %q", claims.Subject, want)
	}
	return nil
}

// session finds the session of a request, or answers why there is none.
func (s *Server) session(w http.ResponseWriter, r *http.Request) *session {
	s.mu.Lock()
	x, expired := s.sessions[bearer(r)], s.expired[bearer(r)]
	s.mu.Unlock()
	switch {
	case expired:
		refused(w, codeTokenExpired, "Session token has expired. The session must be re-authenticated using the login flow or renewed.")
	case x == nil:
		refused(w, codeSessionEnded, "Session no longer exists.  New login required to access the service.")
	default:
		return x
	}
	return nil
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Old string `json:"oldSessionToken"`
	}
	if err := body(r, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[request.Old]
	if x == nil || x.master != bearer(r) || s.masterless {
		refused(w, codeMasterGone, "Authentication token has expired.  The user must authenticate again.")
		return
	}
	delete(s.sessions, request.Old)
	delete(s.expired, request.Old)
	x.token, x.master = newToken(), newToken()
	s.sessions[x.token] = x
	s.renewals++
	reply(w, answer{Success: true, Data: map[string]any{
		"sessionToken": x.token, "validityInSecondsST": 3600, "masterToken": x.master, "validityInSecondsMT": 14400, "sessionId": x.id,
	}})
}

func (s *Server) heartbeat(w http.ResponseWriter, r *http.Request) {
	if s.session(w, r) != nil {
		reply(w, answer{Success: true})
	}
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	x := s.session(w, r)
	if x == nil {
		return
	}
	s.mu.Lock()
	delete(s.sessions, x.token)
	s.mu.Unlock()
	x.close()
	s.sweep()
	reply(w, answer{Success: true})
}

func (s *Server) abort(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ID string `json:"requestId"`
	}
	if err := body(r, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.session(w, r) == nil {
		return
	}
	s.mu.Lock()
	stop := s.running[request.ID]
	s.mu.Unlock()
	if stop == nil {
		refused(w, 605, "Identified SQL statement is not currently executing.")
		return
	}
	stop(refuse(codeCanceled, "57014", "SQL execution canceled"))
	reply(w, answer{Success: true})
}

type queryRequest struct {
	SQL        string         `json:"sqlText"`
	Describe   bool           `json:"describeOnly"`
	Async      bool           `json:"asyncExec"`
	Parameters map[string]any `json:"parameters"`
	Bindings   map[string]struct {
		Type   string `json:"type"`
		Value  any    `json:"value"`
		Format string `json:"fmt"`
	} `json:"bindings"`
	BindStage string `json:"bindStage"`
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	x := s.session(w, r)
	if x == nil {
		return
	}
	var request queryRequest
	if err := body(r, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	requestID := r.URL.Query().Get("requestId")
	fault := s.fault(request.SQL)
	if fault != nil && fault.Status != 0 {
		http.Error(w, fault.Message, fault.Status)
		return
	}
	id := fmt.Sprintf("01%06x-0000-0000-0000-%012x", x.id, s.number.Add(1))
	// A request may live longer than its connection: it is asked for again.
	ctx, stop := context.WithCancelCause(context.Background())
	s.mu.Lock()
	if done := s.finished[requestID]; done != nil { // a repetition of what was answered
		s.mu.Unlock()
		stop(nil)
		<-done.ready
		s.answer(w, done)
		return
	}
	job := &job{id: id, session: x, ready: make(chan struct{}), request: request.SQL, stop: stop}
	if tag, ok := request.Parameters["QUERY_TAG"]; ok {
		job.tag = fmt.Sprint(tag)
	}
	s.jobs[id], s.running[requestID], s.finished[requestID] = job, stop, job
	s.mu.Unlock()
	go func() {
		defer close(job.ready)
		defer stop(nil)
		if fault != nil && fault.Delay > 0 {
			select {
			case <-time.After(fault.Delay):
			case <-ctx.Done():
			}
		}
		if fault != nil && fault.Code != 0 {
			job.err = refuse(fault.Code, fault.State, "%s", fault.Message)
			s.record(x, &request, job.err)
		} else {
			s.perform(ctx, stop, job, &request)
		}
		s.mu.Lock()
		delete(s.running, requestID)
		s.mu.Unlock()
	}()
	if !s.await(r.Context(), job) {
		pending(w, id)
		return
	}
	s.answer(w, job)
}

// await waits for a job as long as Snowflake lets a client wait.
func (s *Server) await(ctx context.Context, j *job) bool {
	timer := time.NewTimer(s.patience())
	defer timer.Stop()
	select {
	case <-j.ready:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func pending(w http.ResponseWriter, id string) {
	reply(w, answer{Success: true, Code: strconv.Itoa(codePending), Message: "Query execution in progress.", Data: map[string]any{
		"queryId": id, "getResultUrl": "/queries/" + id + "/result", "queryAbortsAfterSecs": 300,
	}})
}

func (s *Server) queryResult(w http.ResponseWriter, r *http.Request) {
	if s.session(w, r) == nil {
		return
	}
	s.mu.Lock()
	j := s.jobs[r.PathValue("id")]
	s.mu.Unlock()
	if j == nil {
		refused(w, 709, "Statement "+r.PathValue("id")+" not found")
		return
	}
	if !s.await(r.Context(), j) {
		pending(w, j.id)
		return
	}
	s.answer(w, j)
}

func (s *Server) monitoring(w http.ResponseWriter, r *http.Request) {
	if s.session(w, r) == nil {
		return
	}
	s.mu.Lock()
	j := s.jobs[r.PathValue("id")]
	s.mu.Unlock()
	if j == nil {
		reply(w, answer{Success: true, Data: map[string]any{"queries": []any{}}})
		return
	}
	state := "RUNNING"
	q := map[string]any{"id": j.id}
	select {
	case <-j.ready:
		state = "SUCCESS"
		if j.err != nil {
			state, q["errorCode"], q["errorMessage"] = "FAILED_WITH_ERROR", strconv.Itoa(j.err.code), j.err.message
		}
	default:
	}
	q["status"] = state
	reply(w, answer{Success: true, Data: map[string]any{"queries": []any{q}}})
}

// job is a statement, or several, and what came of it.
type job struct {
	id string
	// request and tag are what was asked for, stop ends it.
	request, tag string
	stop         context.CancelCauseFunc

	session *session
	ready   chan struct{}
	err     *refusal
	// text is the answer's data, without the braces around it.
	text   []byte
	typeID int64
}

func (s *Server) answer(w http.ResponseWriter, j *job) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	defer func() { _ = out.Flush() }()
	if j.err != nil {
		reply(out2{out, w}, answer{Code: fmt.Sprintf("%06d", j.err.code), Message: j.err.message, Data: map[string]any{
			"queryId": j.id, "sqlState": j.err.state, "errorCode": fmt.Sprintf("%06d", j.err.code), "type": "COMPILATION",
		}})
		return
	}
	_, _ = out.WriteString(`{"success":true,"code":null,"message":null,"data":{`)
	_, _ = out.Write(j.text)
	_, _ = out.WriteString(`}}`)
}

// out2 lets reply write to a buffer.
type out2 struct {
	*bufio.Writer
	w http.ResponseWriter
}

func (o out2) Header() http.Header { return o.w.Header() }
func (o out2) WriteHeader(n int)   { o.w.WriteHeader(n) }

// perform runs what a request asks for.
func (s *Server) perform(ctx context.Context, stop context.CancelCauseFunc, j *job, request *queryRequest) {
	x := j.session
	x.mu.Lock()
	defer x.mu.Unlock()
	defer s.sweep()
	var err error
	var r *result
	func() {
		defer catch(&err)
		if x.conn == nil {
			panic(refuse(codeSessionEnded, "08003", "Session no longer exists.  New login required to access the service."))
		}
		tag, tagged := request.Parameters["QUERY_TAG"]
		if tagged {
			old, had := x.parameters["QUERY_TAG"]
			x.set("QUERY_TAG", fmt.Sprint(tag))
			defer func() {
				delete(x.parameters, "QUERY_TAG")
				if had {
					x.parameters["QUERY_TAG"] = old
				}
			}()
		}
		if n, convErr := strconv.Atoi(x.parameter("STATEMENT_TIMEOUT_IN_SECONDS")); convErr == nil && n > 0 {
			timer := time.AfterFunc(time.Duration(n)*time.Second, func() {
				stop(refuse(codeTimeout, "57014", "Statement reached its statement or warehouse timeout of %d second(s) and was canceled.", n))
			})
			defer timer.Stop()
		}
		texts := []string{request.SQL}
		want := 1
		if n, ok := request.Parameters["MULTI_STATEMENT_COUNT"]; ok {
			want, _ = strconv.Atoi(fmt.Sprint(n))
		} else if n, convErr := strconv.Atoi(x.parameter("MULTI_STATEMENT_COUNT")); convErr == nil {
			want = n
		}
		if !putText.MatchString(request.SQL) {
			texts = statements(request.SQL)
		}
		if want != 0 && len(texts) != want && len(texts) > 0 {
			panic(refuse(codeStatements, "0A000", "Actual statement count %d did not match the desired statement count %d.", len(texts), want))
		}
		if len(texts) == 0 {
			panic(refuse(900, "42601", "SQL compilation error:\nEmpty SQL statement."))
		}
		if len(texts) == 1 {
			sets := bindings(request)
			switch {
			case len(sets) <= 1:
				var binds []expr
				if len(sets) == 1 {
					binds = sets[0]
				}
				s.record(x, request, nil)
				r, err = s.one(ctx, x, j, texts[0], binds, request.Describe)
			default:
				s.record(x, request, nil)
				r, err = s.bulk(ctx, x, texts[0], request)
			}
			if err == nil {
				j.text = s.encode(x, j.id, r)
				j.typeID = r.typeID
				remember(texts[0])
			}
			return
		}
		if len(request.Bindings) > 0 {
			panic(cannot("bindings in several statements"))
		}
		var ids, types []string
		for _, text := range texts {
			child := &job{id: fmt.Sprintf("01%06x-0000-0000-0001-%012x", x.id, s.number.Add(1)), session: x, ready: make(chan struct{})}
			part := *request
			part.SQL = text
			s.record(x, &part, nil)
			r, err = s.one(ctx, x, child, text, nil, request.Describe)
			if err == nil {
				child.text = s.encode(x, child.id, r)
			}
			if err != nil {
				failed := asRefusal(err)
				err = refuse(failed.code, failed.state, "Uncaught exception of type 'STATEMENT_ERROR' in statement %d: %s", len(ids)+1, failed.message)
				return
			}
			remember(text)
			close(child.ready)
			s.mu.Lock()
			s.jobs[child.id] = child
			s.mu.Unlock()
			ids, types = append(ids, child.id), append(types, strconv.FormatInt(r.typeID, 10))
		}
		r = status(typeMulti, "Multiple statements executed successfully.")
		r.columns[0].name = "multiple statement execution"
		j.typeID = r.typeID
		j.text = s.encode(x, j.id, r)
		j.text = append(j.text, fmt.Sprintf(`,"resultIds":%q,"resultTypes":%q`, strings.Join(ids, ","), strings.Join(types, ","))...)
	}()
	x.last = j.id
	if err != nil {
		j.err = asRefusal(err)
		s.recordError(j.err)
	}
}

// one executes a statement, while its tables are kept.
func (s *Server) one(ctx context.Context, x *session, _ *job, text string, binds []expr, describe bool) (*result, error) {
	s.catalog.enter()
	r, err := x.execute(ctx, text, binds, describe)
	if err == nil && r.query != "" && !describe {
		err = s.read(ctx, x, r)
	}
	s.catalog.leave()
	return r, err
}

// read has the query of a result executed: the rows go into the answer.
func (s *Server) read(ctx context.Context, x *session, r *result) error {
	if err := x.begin(ctx); err != nil {
		return err
	}
	rows, err := x.conn.QueryContext(ctx, r.query)
	if err != nil {
		err = x.failed(ctx, err)
		x.recover()
		return err
	}
	defer func() { _ = rows.Close() }()
	values, places := make([]any, len(r.columns)), make([]any, len(r.columns))
	for i := range values {
		places[i] = &values[i]
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	n, style := 0, x.json()
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return x.failed(ctx, err)
		}
		if n > 0 {
			_ = w.WriteByte(',')
		}
		n++
		_ = w.WriteByte('[')
		for i, v := range values {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			if v == nil {
				_, _ = w.WriteString("null")
				continue
			}
			text, err := cell(v, r.columns[i].t, style)
			if err != nil {
				return err
			}
			if err := writeString(w, text); err != nil {
				return err
			}
		}
		_ = w.WriteByte(']')
	}
	if err := rows.Err(); err != nil {
		return x.failed(ctx, err)
	}
	_ = w.Flush()
	r.encoded, r.count = b.Bytes(), n
	return nil
}

// encode is the data of an answer.
func (s *Server) encode(x *session, id string, r *result) []byte {
	var b bytes.Buffer
	field := func(name string, v any) {
		text, _ := json.Marshal(v) //nolint:errchkjson // maps and structs of texts and numbers
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", name, text)
	}
	field("queryId", id)
	field("statementTypeId", r.typeID)
	if u := r.upload; u != nil {
		field("command", "UPLOAD")
		field("src_locations", u.sources)
		field("parallel", u.parallel)
		field("autoCompress", u.autoCompress)
		field("overwrite", u.overwrite)
		field("sourceCompression", "none")
		field("clientShowEncryptionParameter", false)
		field("threshold", 209715200)
		field("stageInfo", map[string]any{"locationType": "LOCAL_FS", "location": u.folder, "creds": map[string]string{}})
		return b.Bytes()
	}
	field("queryResultFormat", "json")
	field("finalDatabaseName", x.database)
	field("finalSchemaName", x.schema)
	field("finalWarehouseName", x.warehouse)
	field("finalRoleName", x.role)
	field("sqlState", "00000")
	field("parameters", x.shared())
	field("rowtype", describe(r.columns))
	count := len(r.rows)
	if r.query != "" {
		count = r.count
		b.WriteString(`,"rowset":[`)
		b.Write(r.encoded)
		b.WriteByte(']')
	} else {
		field("rowset", append([][]*string{}, r.rows...))
	}
	field("total", count)
	field("returned", count)
	return b.Bytes()
}

// bindings are the values of ?, one set, or one for each row.
func bindings(r *queryRequest) [][]expr {
	if r.BindStage != "" {
		panic(cannot("bindings in a stage"))
	}
	if len(r.Bindings) == 0 {
		return nil
	}
	n := 1
	for _, v := range r.Bindings {
		if list, ok := v.Value.([]any); ok {
			n = len(list)
		}
	}
	out := make([][]expr, n)
	for row := range out {
		out[row] = make([]expr, len(r.Bindings))
		for k, v := range r.Bindings {
			at, err := strconv.Atoi(k)
			if err != nil || at < 1 || at > len(r.Bindings) {
				panic(compilation(2049, "42601", "Bind variable :%s not set.", k))
			}
			value := v.Value
			if list, ok := value.([]any); ok {
				value = list[row]
			}
			out[row][at-1] = binding(v.Type, v.Format, value)
		}
	}
	return out
}

// binding is a bound value as a literal of its type.
func binding(kind, format string, value any) expr {
	if value == nil {
		return expr{sql: "NULL", t: tNull}
	}
	text, ok := value.(string)
	if !ok {
		panic(cannot("a binding %T", value))
	}
	micros := func(t kindOf) expr {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(unrecognisedBinding(kind, text))
		}
		sql := fmt.Sprintf("make_timestamp(CAST(%d AS BIGINT))", floorDiv(n, 1000))
		if t.k == kLTZ {
			sql = "timezone('UTC', " + sql + ")"
		}
		return expr{sql: sql, t: t}
	}
	switch strings.ToUpper(kind) {
	case "FIXED":
		return numberLiteral(text)
	case "REAL":
		return expr{sql: "CAST(" + quote(text) + " AS DOUBLE)", t: tReal, constant: &text}
	case "TEXT":
		if format == "json" {
			panic(cannot("a binding of JSON"))
		}
		e := stringLiteralExpr(text)
		return e
	case "BOOLEAN":
		if v, ok := parseBool(text); ok {
			return expr{sql: strings.ToUpper(strconv.FormatBool(v)), t: tBool}
		}
	case "DATE":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return expr{sql: fmt.Sprintf("CAST('1970-01-01' AS DATE) + CAST(%d AS INTEGER)", floorDiv(n, 86400000)), t: tDate}
		}
	case "TIME":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return expr{sql: fmt.Sprintf("CAST(make_timestamp(CAST(%d AS BIGINT)) AS TIME)", n/1000), t: tTime}
		}
	case "TIMESTAMP_NTZ":
		return micros(tNTZ)
	case "TIMESTAMP_LTZ":
		return micros(tLTZ)
	case "TIMESTAMP_TZ":
		nanos, offset, _ := strings.Cut(text, " ")
		n, err := strconv.ParseInt(nanos, 10, 64)
		if err == nil {
			return expr{sql: fmt.Sprintf("struct_pack(u := make_timestamp(CAST(%d AS BIGINT)), o := CAST(%d AS INTEGER))", floorDiv(n, 1000), atoi(offset)-1440), t: tTZ}
		}
	case "BINARY":
		if _, err := hex.DecodeString(text); err == nil {
			return expr{sql: "unhex(" + quote(text) + ")", t: tBinary}
		}
	}
	panic(unrecognisedBinding(kind, text))
}

func unrecognisedBinding(kind, text string) *refusal {
	return refuse(100038, "22018", "%s value '%s' is not recognized", kind, text)
}

// bulk runs an INSERT once for all of its rows.
func (s *Server) bulk(ctx context.Context, x *session, text string, request *queryRequest) (*result, error) {
	total := int64(0)
	sets := bindings(request)
	wasOpen := x.open
	x.open = true
	// One statement of many rows: its values are put into one list.
	var err error
	var r *result
	s.catalog.enter()
	defer s.catalog.leave()
	const most = 500
	for start := 0; start < len(sets) && err == nil; start += most {
		r, err = x.insertSets(ctx, text, sets[start:min(start+most, len(sets))])
		if err == nil {
			total += int64(atoi(*r.rows[0][0]))
		}
	}
	if !wasOpen {
		if endErr := x.end(err == nil); err == nil {
			err = endErr
		}
		x.open = false
	}
	if err != nil {
		return nil, err
	}
	return counts(typeInsert, "number of rows inserted", total), nil
}
