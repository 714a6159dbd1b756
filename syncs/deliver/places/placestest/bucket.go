// Package placestest has servers to publish files to, for tests: a bucket that
// speaks the protocol of Amazon S3 or of Google Cloud Storage, and an SFTP
// server. They are as strict as the services are, and share no code with what
// is tested. Start at NewBucket and NewServer.
package placestest

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what the service's tags are made of
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The credentials that a Bucket accepts.
const (
	AccessKey = "AKIDPLACESTEST"
	SecretKey = "canary-7f3a9c51d2e8-secret" //nolint:gosec // a fake's
	Session   = "canary-7f3a9c51d2e8-session"
	Region    = "eu-west-9"
	Name      = "exports"
)

// leastPiece is the size that all pieces of an upload but the last have at
// least, in bytes.
const leastPiece = 5 << 20

// Bucket is one bucket over HTTP.
type Bucket struct {
	// Google says that it is one of Google's: requests carry tokens instead of
	// signatures, and no header of Amazon's.
	Google bool
	// Account is the public key of the service account that tokens are given to.
	Account *rsa.PublicKey
	// Token is what NewToken gave last.
	token string
	// Unconditional says that it answers conditions with NotImplemented.
	Unconditional bool
	// Ignores says that it does not heed conditions.
	Ignores bool
	// Encryption is what uploads have to ask for, where it is not empty.
	Encryption string
	// Fault is asked before a request is done, and after; where it returns a
	// response, that is the answer instead.
	Fault func(when string, n int, r *http.Request) *Answer

	mu       sync.Mutex
	requests int
	objects  map[string][]byte
	uploads  map[string]*pending
	next     int
}

// Answer is what a Fault makes of a request; a zero Status closes the
// connection.
type Answer struct {
	Status int
	Code   string
}

type pending struct {
	key    string
	pieces map[int][]byte
}

// NewBucket makes an empty bucket.
func NewBucket() *Bucket {
	return &Bucket{objects: map[string][]byte{}, uploads: map[string]*pending{}}
}

// Objects are all there are.
func (b *Bucket) Objects() map[string][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.objects)
}

// Put puts an object there.
func (b *Bucket) Put(key string, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = body
}

// Uploads is how many uploads are open that have pieces.
func (b *Bucket) Uploads() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, u := range b.uploads {
		if len(u.pieces) > 0 {
			n++
		}
	}
	return n
}

// Requests is how many there were.
func (b *Bucket) Requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s, said the test</Message><Resource>x</Resource></Error>`, code, code) //nolint:gosec // codes of the tests
}

func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The client has gone.
	}
	b.mu.Lock()
	b.requests++
	n := b.requests
	b.mu.Unlock()
	if b.fails(w, "before", n, r) {
		return
	}
	if r.URL.Path == "/token" {
		b.issue(w, string(body))
		return
	}
	if code := b.authorise(r, body); code != "" {
		refuse(w, http.StatusForbidden, code)
		return
	}
	answer := b.answer(r, body)
	if b.fails(w, "after", n, r) {
		return
	}
	answer(w)
}

// fails answers as the fault says, if there is one.
func (b *Bucket) fails(w http.ResponseWriter, when string, n int, r *http.Request) bool {
	if b.Fault == nil {
		return false
	}
	fault := b.Fault(when, n, r)
	if fault == nil {
		return false
	}
	if fault.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	refuse(w, fault.Status, fault.Code)
	return true
}

// authorise returns the code of a refusal.
func (b *Bucket) authorise(r *http.Request, body []byte) string {
	if b.Google && !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Amz-") {
				return "ExcessHeaderValues"
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.token == "" || r.Header.Get("Authorization") != "Bearer "+b.token {
			return "AccessDenied"
		}
		return ""
	}
	return signed(r, body)
}

// signed checks a signature of version 4, as Amazon's documentation builds it.
func signed(r *http.Request, body []byte) string {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return "AccessDenied"
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[0] != AccessKey {
		return "InvalidAccessKeyId"
	}
	if token := r.Header.Get("X-Amz-Security-Token"); token != "" && token != Session {
		return "InvalidToken"
	}
	sum := r.Header.Get("X-Amz-Content-Sha256")
	if hashed := sha256.Sum256(body); sum != "UNSIGNED-PAYLOAD" && sum != hex.EncodeToString(hashed[:]) {
		return "XAmzContentSHA256Mismatch"
	}
	var headers strings.Builder
	names := strings.Split(parts["SignedHeaders"], ";")
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(names, name) {
			return "AccessDenied"
		}
	}
	query := r.URL.Query()
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(pairs)
	segments := strings.Split(r.URL.Path, "/")
	for i := range segments {
		segments[i] = escape(segments[i])
	}
	canonical := strings.Join([]string{
		r.Method, strings.Join(segments, "/"), strings.Join(pairs, "&"), headers.String(), parts["SignedHeaders"], sum,
	}, "\n")
	hashed := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), strings.Join(scope[1:], "/"), hex.EncodeToString(hashed[:])}, "\n")
	key := []byte("AWS4" + SecretKey)
	for _, step := range scope[1:] {
		key = mac(key, step)
	}
	if hex.EncodeToString(mac(key, text)) != parts["Signature"] {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return m.Sum(nil)
}

// escape is how Amazon spells names and values in addresses.
func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), "%7E", "~")
}

// issue gives a token to who signs with the key of the account.
func (b *Bucket) issue(w http.ResponseWriter, body string) {
	form, _ := url.ParseQuery(body)
	parts := strings.Split(form.Get("assertion"), ".")
	if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(parts) != 3 {
		http.Error(w, `{"error":"unsupported_grant_type"}`, http.StatusBadRequest)
		return
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	hashed := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(b.Account, crypto.SHA256, hashed[:], signature) != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
		return
	}
	b.mu.Lock()
	b.token = "canary-7f3a9c51d2e8-token"
	b.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"access_token":"canary-7f3a9c51d2e8-token","token_type":"Bearer","expires_in":3600}`)
}

// AccountKey is the JSON key of a service account that gets its tokens at an
// address.
func AccountKey(key *rsa.PrivateKey, address string) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("spelling the key: %w", err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "sync@p.iam.example.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": address + "/token",
	})
	return string(text), err
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func failure(code int, name string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { refuse(w, code, name) }
}

func document(v any) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/xml")
		_ = xml.NewEncoder(w).Encode(v)
	}
}

// answer does a request, and returns how it is answered.
func (b *Bucket) answer(r *http.Request, body []byte) func(http.ResponseWriter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name != Name {
		return failure(http.StatusNotFound, "NoSuchBucket")
	}
	query := r.URL.Query()
	_, begins := query["uploads"]
	switch {
	case r.Method == http.MethodGet && key == "":
		return b.list(query)
	case r.Method == http.MethodPost && begins:
		return b.begin(r, key)
	case query.Has("uploadId"):
		return b.piece(r, key, query, body)
	case r.Method == http.MethodPut:
		if refused := b.condition(r, key); refused != nil {
			return refused
		}
		b.objects[key] = body
		return func(w http.ResponseWriter) { w.Header().Set("ETag", tag(body)) }
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		object, there := b.objects[key]
		if !there {
			return failure(http.StatusNotFound, "NoSuchKey")
		}
		return func(w http.ResponseWriter) {
			w.Header().Set("ETag", tag(object))
			w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 00:00:00 GMT")
			w.Header().Set("Content-Length", strconv.Itoa(len(object)))
			if r.Method == http.MethodGet {
				_, _ = w.Write(object)
			}
		}
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		return status(http.StatusNoContent)
	}
	return failure(http.StatusMethodNotAllowed, "MethodNotAllowed")
}

func tag(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // what the service's tags are
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// condition refuses to replace an object where the request says so.
func (b *Bucket) condition(r *http.Request, key string) func(http.ResponseWriter) {
	asked := r.Header.Get("If-None-Match") == "*"
	if b.Google {
		if asked {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
		asked = r.Header.Get("X-Goog-If-Generation-Match") == "0"
		if asked && r.Method == http.MethodPost {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
	}
	if !asked || b.Ignores {
		return nil
	}
	if b.Unconditional {
		return failure(http.StatusNotImplemented, "NotImplemented")
	}
	if _, there := b.objects[key]; there {
		return failure(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	return nil
}

func (b *Bucket) list(query url.Values) func(http.ResponseWriter) {
	type entry struct{ Key string }
	type result struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []entry
	}
	var out result
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if !strings.HasPrefix(key, query.Get("prefix")) || key <= query.Get("continuation-token") {
			continue
		}
		if len(out.Contents) == 2 { // Pages are small, so that there are some.
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[1].Key
			break
		}
		out.Contents = append(out.Contents, entry{key})
	}
	return document(out)
}

func (b *Bucket) begin(r *http.Request, key string) func(http.ResponseWriter) {
	if asked := r.Header.Get("X-Amz-Server-Side-Encryption"); b.Encryption != "" && asked != b.Encryption {
		return failure(http.StatusForbidden, "AccessDenied")
	}
	b.next++
	id := fmt.Sprintf("upload-%d", b.next)
	b.uploads[id] = &pending{key: key, pieces: map[int][]byte{}}
	return document(struct {
		XMLName     xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{Bucket: Name, Key: key, UploadID: id})
}

// piece does what concerns an upload.
func (b *Bucket) piece(r *http.Request, key string, query url.Values, body []byte) func(http.ResponseWriter) {
	id := query.Get("uploadId")
	u := b.uploads[id]
	if u == nil || u.key != key {
		return failure(http.StatusNotFound, "NoSuchUpload")
	}
	switch r.Method {
	case http.MethodPut:
		number, err := strconv.Atoi(query.Get("partNumber"))
		if err != nil || number < 1 || number > 10_000 {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
		u.pieces[number] = body
		return func(w http.ResponseWriter) { w.Header().Set("ETag", tag(body)) }
	case http.MethodDelete:
		delete(b.uploads, id)
		return status(http.StatusNoContent)
	case http.MethodPost:
		return b.complete(r, id, u, body)
	}
	return failure(http.StatusMethodNotAllowed, "MethodNotAllowed")
}

func (b *Bucket) complete(r *http.Request, id string, u *pending, body []byte) func(http.ResponseWriter) {
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if xml.Unmarshal(body, &asked) != nil || len(asked.Part) == 0 {
		return failure(http.StatusBadRequest, "MalformedXML")
	}
	var whole []byte
	for i, p := range asked.Part {
		piece, there := u.pieces[p.PartNumber]
		switch {
		case !there || strings.Trim(p.ETag, `"`) != strings.Trim(tag(piece), `"`):
			return failure(http.StatusBadRequest, "InvalidPart")
		case i > 0 && p.PartNumber <= asked.Part[i-1].PartNumber:
			return failure(http.StatusBadRequest, "InvalidPartOrder")
		case i < len(asked.Part)-1 && len(piece) < leastPiece:
			return failure(http.StatusBadRequest, "EntityTooSmall")
		}
		whole = append(whole, piece...)
	}
	if refused := b.condition(r, u.key); refused != nil {
		return refused
	}
	b.objects[u.key] = whole
	delete(b.uploads, id)
	return document(struct {
		XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: Name, Key: u.key, ETag: tag(whole)})
}
