package snowflake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what openssl writes where Snowflake's manual is followed
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the default of the standard, in old files
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
)

var (
	errNoKey      = errors.New("it holds no private key in PEM format")
	errPassphrase = errors.New("its passphrase is missing or wrong")
	errCipher     = errors.New("it is encrypted in a way that is not known: write it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc")
)

// parseKey reads a private key in PEM format, encrypted or not.
func parseKey(text, passphrase string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errNoKey
	}
	der := block.Bytes
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, errNoKey
		}
		return key, nil
	case "ENCRYPTED PRIVATE KEY":
		var err error
		if der, err = decrypt(der, passphrase); err != nil {
			return nil, err
		}
	case "PRIVATE KEY":
	default:
		return nil, errNoKey
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil && block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errPassphrase
	}
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errNoKey
	}
	return private, nil
}

// The structures of PKCS #8 (RFC 5958) and of PBES2 in PKCS #5 (RFC 8018).
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct{ Derivation, Cipher pkix.AlgorithmIdentifier }
	pbkdf struct {
		Salt   []byte
		Count  int
		Length int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// hashes and ciphers are by the number of their object identifiers.
var hashes = map[string]func() hash.Hash{
	"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.11": sha512.New,
}

var ciphers = map[string]struct {
	size int
	make func([]byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// decrypt gives the key inside of an encrypted one.
func decrypt(der []byte, passphrase string) ([]byte, error) {
	if passphrase == "" {
		return nil, errPassphrase
	}
	var outer encryptedKey
	var scheme pbes2
	var derivation pbkdf
	var iv []byte
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, errNoKey
	}
	if !outer.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errCipher
	}
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) {
		return nil, errCipher
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &derivation); err != nil {
		return nil, errCipher
	}
	if _, err := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, errCipher
	}
	prf := ""
	if derivation.PRF.Algorithm != nil {
		prf = derivation.PRF.Algorithm.String()
	}
	digest, known := hashes[prf]
	method, also := ciphers[scheme.Cipher.Algorithm.String()]
	if !known || !also {
		return nil, errCipher
	}
	key, err := pbkdf2.Key(digest, passphrase, derivation.Salt, derivation.Count, method.size)
	if err != nil {
		return nil, errCipher
	}
	block, err := method.make(key)
	if err != nil || len(iv) != block.BlockSize() || len(outer.Data) == 0 || len(outer.Data)%block.BlockSize() != 0 {
		return nil, errCipher
	}
	plain := make([]byte, len(outer.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, outer.Data)
	// The last byte says how many there are to fill the block.
	fill := int(plain[len(plain)-1])
	if fill == 0 || fill > block.BlockSize() || fill > len(plain) {
		return nil, errPassphrase
	}
	return plain[:len(plain)-fill], nil
}
