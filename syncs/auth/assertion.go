package auth

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"time"
)

// Claims are what an assertion says.
type Claims struct {
	// Issuer is who signs, Subject for whom (may be empty), Audience who is to
	// believe it; Scope is Google's, and may be empty.
	Issuer, Subject, Audience, Scope string
	// At is when it is signed, and For how long it is believed.
	At  time.Time
	For time.Duration
}

// ErrKey says that a text is no private key that RS256 can sign with.
var ErrKey = errors.New("the private key is not an RSA key in PEM")

// ErrServiceAccount says that a text is not the key of a service account.
var ErrServiceAccount = errors.New("this is not the JSON key of a service account, with client_email and private_key")

// minKey is the least length of a key in bits (RFC 7518, section 3.3).
const minKey = 2048

// Assertion signs claims as a JSON Web Token with RS256 (RFC 7515, RFC 7518):
// key is an RSA key in PEM, PKCS #1 or PKCS #8. Signing the same twice gives the
// same. The error is ErrKey.
func Assertion(key string, c Claims) (string, error) {
	private, err := parse(key)
	if err != nil {
		return "", err
	}
	claims := struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub,omitempty"`
		Audience string `json:"aud"`
		Scope    string `json:"scope,omitempty"`
		At       int64  `json:"iat"`
		Until    int64  `json:"exp"`
	}{c.Issuer, c.Subject, c.Audience, c.Scope, c.At.Unix(), c.At.Add(c.For).Unix()}
	text, err := json.Marshal(claims)
	if err != nil {
		panic("auth: spelling claims: " + err.Error()) // They are texts and numbers.
	}
	signed := encoded([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encoded(text)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	if err != nil {
		return "", ErrKey
	}
	return signed + "." + encoded(signature), nil
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func parse(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, ErrKey
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		other, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, ErrKey
		}
		var ok bool
		if key, ok = other.(*rsa.PrivateKey); !ok {
			return nil, ErrKey
		}
	}
	if key.N.BitLen() < minKey {
		return nil, ErrKey
	}
	return key, nil
}

// ServiceAccount is a key as Google's console gives it out.
type ServiceAccount struct {
	Email    string `json:"client_email"`
	Key      string `json:"private_key"`
	TokenURL string `json:"token_uri"`
}

// ParseServiceAccount reads the JSON of a key. The error is ErrServiceAccount.
func ParseServiceAccount(text string) (ServiceAccount, error) {
	var a ServiceAccount
	if err := json.Unmarshal([]byte(text), &a); err != nil || a.Email == "" || a.Key == "" {
		return ServiceAccount{}, ErrServiceAccount
	}
	if a.TokenURL == "" {
		a.TokenURL = "https://oauth2.googleapis.com/token"
	}
	return a, nil
}
