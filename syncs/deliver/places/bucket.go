package places

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

const (
	// pieceSize is what a file is sent in, in bytes; a bucket wants 5 MiB at least,
	// and maxPieces of them at most.
	pieceSize = 8 << 20
	maxPieces = 9_000
	// requestTimeout bounds one request.
	requestTimeout = 2 * time.Minute
)

// bucket is a deliver.Place in a bucket. A file is staged as a multipart upload,
// which is no object before it is completed; the ids of the uploads of a lot are
// written to an object beside the files before anything is sent, so that whoever
// comes after a run that died can take them back.
type bucket struct {
	core minio.Core
	name string
	// prefix is what all names begin with: empty, or with a slash at its end.
	prefix string
	title  string
	google bool
	sse    encrypt.ServerSide
	hider  hider
	// idle closes connections.
	idle func()
	// unconditional says that the service knows no conditions, so that all that can
	// be done is to look first.
	unconditional bool

	uploads []upload
}

// upload is a file that is not an object yet.
type upload struct {
	Name   string `json:"name"`
	ID     string `json:"upload"`
	SHA256 string `json:"sha256"`
	// pieces are those that the bucket has, and done says that it is an object.
	pieces []minio.CompletePart
	done   bool
}

// uploads of a lot, as they are written down.
type uploadRecord struct {
	Dir      string   `json:"dir,omitempty"`
	Manifest string   `json:"manifest,omitempty"`
	Replace  bool     `json:"replace,omitempty"`
	Uploads  []upload `json:"uploads"`
}

func openBucket(ctx context.Context, spec syncs.Spec, secrets func(secret.Ref) secret.Value) (*bucket, error) {
	at := spec.Place.Bucket
	b := &bucket{name: at.Name.Expand(secrets), google: at.Google}
	if b.prefix = strings.Trim(spec.Place.Folder.Expand(secrets), "/"); b.prefix != "" {
		b.prefix += "/"
	}
	if err := s3utils.CheckValidBucketName(b.name); err != nil {
		return nil, stop("not-found", fmt.Sprintf("%q cannot be the name of a bucket: %v", b.name, err))
	}
	scheme := "s3"
	if at.Google {
		scheme = "gs"
	}
	b.title = scheme + "://" + strings.TrimSuffix(path.Join(b.name, b.prefix), "/")
	host, secure := "s3.amazonaws.com", true
	if at.Google {
		host = "storage.googleapis.com"
	}
	region := at.Region.Expand(secrets)
	if !at.Endpoint.IsZero() {
		u, err := url.Parse(at.Endpoint.Expand(secrets))
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, stop("bad-url", "the destination's endpoint is not an http or https address")
		}
		host, secure = u.Host, u.Scheme == "https"
	}
	switch {
	case region == "" && at.Google:
		region = "auto"
	case region == "":
		region = "us-east-1" // What services that have none take.
	}
	transport := deliver.Transport(spec.AllowPrivate, 1)
	b.idle = transport.CloseIdleConnections
	options := &minio.Options{Secure: secure, Region: region, Transport: transport, MaxRetries: 1, BucketLookup: minio.BucketLookupAuto}
	if at.PathStyle || at.Google {
		options.BucketLookup = minio.BucketLookupPath
	}
	switch {
	case !at.AccessKey.IsZero():
		b.hider.learn(secrets(at.AccessKey))
		options.Creds = credentials.NewStaticV4(secrets(at.AccessKey).Reveal(), b.hider.learn(secrets(at.SecretKey)), b.hider.learn(secrets(at.Session)))
	case at.Google:
		var account secret.Value
		if !at.Account.IsZero() {
			account = secrets(at.Account)
		}
		signed, err := googleTransport(ctx, account, transport)
		if err != nil {
			return nil, err
		}
		options.Creds, options.Transport = credentials.NewStatic("", "", "", credentials.SignatureAnonymous), signed
	default:
		options.Creds = credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		})
	}
	client, err := minio.New(host, options)
	if err != nil {
		return nil, stop("bad-url", "the bucket's address cannot be used: "+b.hider.hide(err.Error()))
	}
	b.core = minio.Core{Client: client}
	switch at.Encryption {
	case "AES256":
		b.sse = encrypt.NewSSE()
	case "aws:kms":
		if b.sse, err = encrypt.NewSSEKMS(at.Key.Expand(secrets), nil); err != nil {
			return nil, stop("bad-key", "the key of the bucket's encryption cannot be used")
		}
	}
	return b, nil
}

func (b *bucket) String() string { return b.title }

func (b *bucket) Close() error {
	b.idle()
	return nil
}

// key is the name in the bucket of a file of a lot.
func (b *bucket) key(dir, name string) string { return b.prefix + path.Join(dir, name) }

// note is the name in the bucket of what is written down of a lot.
func (b *bucket) note(lot deliver.Lot) string { return b.prefix + lot.Staging() + ".json" }

func (b *bucket) Recover(ctx context.Context, sync string) error {
	prefix := b.prefix + deliver.StagingPrefix(sync)
	token := ""
	for {
		var page minio.ListBucketV2Result
		err := b.call(ctx, "list the bucket", func(context.Context) (err error) {
			page, err = b.core.ListObjectsV2(b.name, prefix, "", token, "", 1000)
			return err
		})
		if gone, ok := errors.AsType[*goneError](err); ok {
			return stop("not-found", gone.Error())
		}
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			if err := b.withdraw(ctx, object.Key); err != nil {
				return err
			}
		}
		if !page.IsTruncated || page.NextContinuationToken == "" {
			return nil
		}
		token = page.NextContinuationToken
	}
}

func (b *bucket) Stage(ctx context.Context, lot deliver.Lot, f deliver.File) error {
	i := slices.IndexFunc(b.uploads, func(u upload) bool { return u.Name == f.Name })
	key := b.key(lot.Dir, f.Name)
	if i < 0 {
		if !lot.Replace {
			switch there, err := b.exists(ctx, key); {
			case err != nil:
				return err
			case there:
				return b.taken(key)
			}
		}
		var id string
		err := b.call(ctx, "begin an upload", func(ctx context.Context) (err error) {
			id, err = b.core.NewMultipartUpload(ctx, b.name, key, b.options(f.Name))
			return err
		})
		if err != nil {
			return err
		}
		b.uploads = append(b.uploads, upload{Name: f.Name, ID: id, SHA256: f.SHA256})
		i = len(b.uploads) - 1
	}
	u := &b.uploads[i]
	if len(u.pieces) == 0 {
		if err := b.write(ctx, lot, ""); err != nil {
			return err
		}
	}
	size := max(pieceSize, (f.Size+maxPieces-1)/maxPieces)
	for {
		from := int64(len(u.pieces)) * size
		if from >= f.Size && len(u.pieces) > 0 {
			return nil
		}
		piece, err := b.send(ctx, key, u, io.NewSectionReader(f.Body, from, min(size, f.Size-from)))
		if err != nil {
			return err
		}
		u.pieces = append(u.pieces, piece)
	}
}

// send sends the next piece of an upload.
func (b *bucket) send(ctx context.Context, key string, u *upload, body *io.SectionReader) (minio.CompletePart, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, body); err != nil {
		return minio.CompletePart{}, fmt.Errorf("reading what is to be sent to %s: %w", b.title, err)
	}
	number := len(u.pieces) + 1
	var piece minio.ObjectPart
	err := b.call(ctx, "send a file", func(ctx context.Context) (err error) {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return err
		}
		piece, err = b.core.PutObjectPart(ctx, b.name, key, u.ID, number, body, body.Size(), minio.PutObjectPartOptions{
			Sha256Hex: hex.EncodeToString(hash.Sum(nil)), DisableContentSha256: true,
		})
		return err
	})
	return minio.CompletePart{PartNumber: number, ETag: piece.ETag}, err
}

// write writes the uploads of a lot down.
func (b *bucket) write(ctx context.Context, lot deliver.Lot, manifest string) error {
	text, err := json.Marshal(uploadRecord{Dir: lot.Dir, Manifest: manifest, Replace: lot.Replace, Uploads: b.uploads})
	if err != nil {
		return fmt.Errorf("encoding the uploads: %w", err)
	}
	return b.put(ctx, b.note(lot), text, false)
}

// put writes a small object, or fails with errTaken where there is one that is
// not to be replaced.
func (b *bucket) put(ctx context.Context, key string, text []byte, fresh bool) error {
	sum := sha256.Sum256(text)
	options := b.options(key)
	options.DisableContentSha256 = true
	return b.unlessTaken(ctx, "write "+path.Base(key), fresh, options, func(ctx context.Context, options minio.PutObjectOptions) error {
		_, err := b.core.PutObject(ctx, b.name, key, bytes.NewReader(text), int64(len(text)), "", hex.EncodeToString(sum[:]), options)
		return err
	})
}

// errTaken says that there is an object of that name.
var errTaken = errors.New("there is an object of that name")

// unlessTaken writes an object, on the condition that there is none if it is to be
// fresh.
func (b *bucket) unlessTaken(ctx context.Context, what string, fresh bool, options minio.PutObjectOptions, write func(context.Context, minio.PutObjectOptions) error) error {
	conditional := fresh && !b.unconditional
	if conditional {
		options.SetMatchETagExcept("*")
	}
	var code string
	err := b.call(ctx, what, func(ctx context.Context) error {
		err := write(ctx, options)
		if refused, ok := errors.AsType[minio.ErrorResponse](err); ok {
			code = refused.Code
		}
		return err
	})
	switch {
	case err == nil || !conditional:
		return err
	case code == "PreconditionFailed":
		return errTaken
	case code == "NotImplemented":
		b.unconditional = true
		plain := b.options("")
		plain.ContentType = options.ContentType
		return b.unlessTaken(ctx, what, fresh, plain, write)
	}
	return err
}

func (b *bucket) Publish(ctx context.Context, lot deliver.Lot, manifest deliver.File) error {
	text, err := io.ReadAll(io.NewSectionReader(manifest.Body, 0, manifest.Size))
	if err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	// From here on there may be objects.
	if err := b.write(ctx, lot, manifest.Name); err != nil {
		return err
	}
	for i := range b.uploads {
		if err := b.complete(ctx, lot, &b.uploads[i]); err != nil {
			return b.refused(ctx, lot, b.key(lot.Dir, b.uploads[i].Name), err)
		}
	}
	key := b.key(lot.Dir, manifest.Name)
	err = b.put(ctx, key, text, true)
	if errors.Is(err, errTaken) {
		// It may be ours, of which nobody told us.
		var same bool
		if same, err = b.holds(ctx, key, manifest.SHA256); err == nil && !same {
			err = errTaken
		}
	}
	if err != nil {
		return b.refused(ctx, lot, key, err)
	}
	b.uploads = nil
	return b.remove(ctx, b.note(lot))
}

// refused takes the lot back where a name was taken.
func (b *bucket) refused(ctx context.Context, lot deliver.Lot, key string, err error) error {
	if !errors.Is(err, errTaken) {
		return err
	}
	b.uploads = nil
	return errors.Join(b.taken(key), b.withdraw(ctx, b.note(lot)))
}

func (b *bucket) taken(key string) error {
	return stop("already-published", fmt.Sprintf(
		"%s is there already, and is not replaced: move it away, or give the files of each run names of their own", b.address(key),
	))
}

// address is an object as people know it.
func (b *bucket) address(key string) string {
	scheme, _, _ := strings.Cut(b.title, "://")
	return scheme + "://" + b.name + "/" + key
}

// complete makes an upload an object.
func (b *bucket) complete(ctx context.Context, lot deliver.Lot, u *upload) error {
	if u.done {
		return nil
	}
	key := b.key(lot.Dir, u.Name)
	if !lot.Replace {
		// Not every service heeds the condition below.
		there, err := b.exists(ctx, key)
		if err == nil && there {
			u.done, err = b.holds(ctx, key, u.SHA256)
			if err == nil && !u.done {
				return errTaken
			}
		}
		if err != nil || u.done {
			return err
		}
	}
	options := minio.PutObjectOptions{}
	err := b.unlessTaken(ctx, "complete an upload", !lot.Replace, options, func(ctx context.Context, options minio.PutObjectOptions) error {
		_, err := b.core.CompleteMultipartUpload(ctx, b.name, key, u.ID, u.pieces, options)
		return err
	})
	if _, gone := errors.AsType[*goneError](err); gone || errors.Is(err, errTaken) {
		// An answer that was lost may have been that it is done.
		done, looked := b.holds(ctx, key, u.SHA256)
		switch {
		case looked != nil:
			err = looked
		case done:
			err = nil
		}
	}
	u.done = err == nil
	return err
}

func (b *bucket) Discard(ctx context.Context, lot deliver.Lot) error {
	if len(b.uploads) == 0 {
		return nil
	}
	b.uploads = nil
	return b.withdraw(ctx, b.note(lot))
}

// withdraw aborts the uploads of a lot, and removes what became an object though
// the manifest did not. What replaced others stays, since those are gone.
func (b *bucket) withdraw(ctx context.Context, note string) error {
	text, err := b.read(ctx, note)
	if _, gone := errors.AsType[*goneError](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	var r uploadRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return stop("unreadable-record", b.address(note)+" is not what Customhouse wrote: remove it")
	}
	finished := false
	if r.Manifest != "" {
		if finished, err = b.exists(ctx, b.key(r.Dir, r.Manifest)); err != nil {
			return err
		}
	}
	for _, u := range r.Uploads {
		if finished {
			break
		}
		key := b.key(r.Dir, u.Name)
		err := b.call(ctx, "abort an upload", func(ctx context.Context) error {
			return b.core.AbortMultipartUpload(ctx, b.name, key, u.ID)
		})
		if _, gone := errors.AsType[*goneError](err); err != nil && !gone {
			return err
		}
		if r.Manifest == "" || r.Replace {
			continue
		}
		ours, err := b.holds(ctx, key, u.SHA256)
		if err == nil && ours {
			err = b.remove(ctx, key)
		}
		if err != nil {
			return err
		}
	}
	return b.remove(ctx, note)
}

// exists says whether there is an object.
func (b *bucket) exists(ctx context.Context, key string) (bool, error) {
	err := b.call(ctx, "look at an object", func(ctx context.Context) error {
		_, err := b.core.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
		return err
	})
	if _, gone := errors.AsType[*goneError](err); gone {
		return false, nil
	}
	return err == nil, err
}

// holds says whether there is an object with this content.
func (b *bucket) holds(ctx context.Context, key, sum string) (bool, error) {
	hash := sha256.New()
	err := b.get(ctx, key, hash)
	if _, gone := errors.AsType[*goneError](err); gone {
		return false, nil
	}
	return err == nil && hex.EncodeToString(hash.Sum(nil)) == sum, err
}

// read is a small object.
func (b *bucket) read(ctx context.Context, key string) ([]byte, error) {
	var text bytes.Buffer
	err := b.get(ctx, key, &text)
	return text.Bytes(), err
}

func (b *bucket) get(ctx context.Context, key string, to io.Writer) error {
	return b.call(ctx, "read an object", func(ctx context.Context) error {
		body, _, _, err := b.core.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		_, err = io.Copy(to, body)
		return errors.Join(err, body.Close())
	})
}

func (b *bucket) remove(ctx context.Context, key string) error {
	err := b.call(ctx, "remove an object", func(ctx context.Context) error {
		return b.core.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{})
	})
	if _, gone := errors.AsType[*goneError](err); gone {
		return nil
	}
	return err
}

// Check lists the bucket, and begins an upload that it aborts.
func (b *bucket) Check(ctx context.Context) error {
	err := b.call(ctx, "list the bucket", func(context.Context) error {
		_, err := b.core.ListObjectsV2(b.name, b.prefix, "", "", "/", 1)
		return err
	})
	if err != nil {
		return err
	}
	key := b.prefix + ".customhouse-check"
	var id string
	err = b.call(ctx, "begin an upload", func(ctx context.Context) (err error) {
		id, err = b.core.NewMultipartUpload(ctx, b.name, key, b.options(key))
		return err
	})
	if err != nil {
		return err
	}
	return b.call(ctx, "abort an upload", func(ctx context.Context) error {
		return b.core.AbortMultipartUpload(ctx, b.name, key, id)
	})
}

// options are those of an object of a name.
func (b *bucket) options(name string) minio.PutObjectOptions {
	return minio.PutObjectOptions{ContentType: contentType(name), ServerSideEncryption: b.sse}
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".csv":
		return "text/csv"
	case ".json":
		return "application/json"
	case ".ndjson":
		return "application/x-ndjson"
	case ".parquet":
		return "application/vnd.apache.parquet"
	case ".gz":
		return "application/gzip"
	case ".zst":
		return "application/zstd"
	default:
		return "application/octet-stream"
	}
}

// goneError says that an object or upload is not there.
type goneError struct{ err error }

func (e *goneError) Error() string { return e.err.Error() }

// call does one request, and says what its error means.
func (b *bucket) call(ctx context.Context, what string, do func(context.Context) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	limited, done := context.WithTimeout(ctx, requestTimeout)
	defer done()
	err := do(limited)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return b.explain(what, err)
}

// explain sorts the errors of a bucket: what is not there, what may pass, and
// what somebody has to mend.
func (b *bucket) explain(what string, err error) error {
	if stopped, ok := errors.AsType[*deliver.StopError](err); ok {
		return stopped
	}
	refused, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		if refused, found := errors.AsType[*minio.ErrorResponse](err); found {
			return b.explain(what, *refused)
		}
		return b.unreachable(what, err)
	}
	said := refused.Code
	if refused.Message != "" {
		said += ": " + b.hider.hide(refused.Message)
	}
	message := fmt.Sprintf("%s refused to %s: %s", b.title, what, said)
	switch refused.Code {
	case "NoSuchKey", "NoSuchUpload":
		return &goneError{errors.New(message)}
	case "NoSuchBucket":
		return stop("not-found", message+"; check the name of the bucket, its region and its endpoint")
	case "AccessDenied", "AllAccessDisabled", "Forbidden", "InsufficientPermissions":
		return stop("forbidden", message+"; the documentation lists the permissions that a bucket asks for")
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "AuthenticationRequired", "Unauthorized", "XAdminUserNotFound":
		return stop("unauthorized", message+"; check the keys of the destination")
	case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "XMinioAdminBucketQuotaExceeded":
		return stop("no-space", message)
	case "OperationAborted", "ConditionalRequestConflict", "BadDigest", "RequestTimeout", "SlowDown", "Throttling", "InternalError", "ServiceUnavailable", "RequestTimeTooSkewed", "XAmzContentSHA256Mismatch", "IncompleteBody":
		return &deliver.PassingError{Err: errors.New(message)}
	}
	switch status := refused.StatusCode; {
	case status == http.StatusNotFound:
		return &goneError{errors.New(message)}
	case status == http.StatusInsufficientStorage:
		return stop("no-space", message)
	case status == http.StatusForbidden:
		return stop("forbidden", message+"; the documentation lists the permissions that a bucket asks for")
	case status == http.StatusUnauthorized:
		return stop("unauthorized", message+"; check the keys of the destination")
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500 && status != http.StatusNotImplemented:
		return &deliver.PassingError{Err: errors.New(message)}
	}
	return stop("refused", message)
}

// unreachable is the error of a request without an answer.
func (b *bucket) unreachable(what string, err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // Without the address, which may be signed.
	}
	if denied, ok := errors.AsType[*tokenError](err); ok {
		return denied.err
	}
	why := b.hider.hide(err.Error())
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("no answer within %s", requestTimeout)
	}
	message := fmt.Sprintf("could not %s of %s: %s", what, b.title, why)
	var name *net.DNSError
	if errors.As(err, &name) && name.IsNotFound {
		return stop("not-found", message+"; check endpoint and region")
	}
	return &deliver.PassingError{Err: errors.New(message)}
}
