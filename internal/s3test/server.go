// Package s3test gives tests a store that speaks as much of S3 as pgBackRest asks of one:
// over TLS, with signatures that are checked, in memory, and down when a test wants it.
package s3test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5" // S3's own name of a content
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Where everything is that the store holds.
const (
	Region = "eu-lab-1"
	Bucket = "backups"
	Host   = "localhost" // that its certificate is of
)

// Server is a store with one bucket.
type Server struct {
	Key, Secret string // of the one who may use it
	Port        string // on 127.0.0.1
	CA          []byte // its certificate, in PEM
	Says        string // what it adds to a refusal, as a store does that says too much

	mu      sync.Mutex
	objects map[string]object // by their keys
	parts   map[string][]byte // of objects that come in parts: id/number
	down    bool
	refused int
	served  int
}

type object struct {
	body []byte
	at   time.Time
}

// Start starts a store that ends with the test.
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{Key: "AKIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text()[:14], objects: map[string]object{}, parts: map[string][]byte{}}
	cert, ca, err := sign()
	if err != nil {
		t.Fatal(err)
	}
	s.CA = ca
	h := httptest.NewUnstartedServer(s)
	h.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	h.StartTLS()
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	_, s.Port, _ = net.SplitHostPort(h.Listener.Addr().String())
	return s
}

// sign makes a certificate that signs itself, and its PEM.
func sign() (cert tls.Certificate, ca []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: Host}, DNSNames: []string{Host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

// Down lets the store answer 503 to everything, as one does that is overloaded, or ends that.
func (s *Server) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Counts are how many requests were served, and how many refused for their signature.
func (s *Server) Counts() (served, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served, s.refused
}

// Holds returns all that the store holds, by its keys.
func (s *Server) Holds() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string][]byte{}
	for key, o := range s.objects {
		all[key] = o.body
	}
	return all
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		refuse(w, &refusal{status: http.StatusServiceUnavailable, code: "SlowDown", what: "please reduce your request rate"})
		return
	}
	if no := s.check(r); no != nil {
		s.refused++
		no.what += s.Says
		refuse(w, no)
		return
	}
	s.served++
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket != Bucket {
		refuse(w, &refusal{status: http.StatusNotFound, code: "NoSuchBucket", what: "there is none of this name"})
		return
	}
	body, _ := io.ReadAll(r.Body) // it was read whole already
	query := r.URL.Query()
	switch {
	case key == "" && r.Method == http.MethodGet:
		s.list(w, query.Get("prefix"), query.Get("delimiter"), query.Get("continuation-token"))
	case key == "" && query.Has("delete"):
		s.deleteAll(w, body)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.get(w, r, key)
	case r.Method == http.MethodPost && query.Has("uploads"):
		answer(w, struct {
			XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
			Bucket, Key, UploadId string
		}{Bucket: bucket, Key: key, UploadId: rand.Text()})
	case r.Method == http.MethodPut && query.Has("uploadId"):
		s.parts[query.Get("uploadId")+"/"+query.Get("partNumber")] = body
		w.Header().Set("ETag", tag(body))
	case r.Method == http.MethodPost && query.Has("uploadId"):
		s.join(w, key, query.Get("uploadId"))
	case r.Method == http.MethodPut:
		s.objects[key] = object{body, time.Now()}
		w.Header().Set("ETag", tag(body))
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, &refusal{status: http.StatusNotImplemented, code: "NotImplemented", what: r.Method})
	}
}

// pageMost is how many names are in one page of a listing.
const pageMost = 1000

// list is ListObjectsV2.
func (s *Server) list(w http.ResponseWriter, prefix, delimiter, after string) {
	type content struct {
		Key, LastModified string
		Size              int
	}
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string                    `xml:",omitempty"`
		Contents              []content                 `xml:"Contents"`
		CommonPrefixes        []struct{ Prefix string } `xml:"CommonPrefixes"`
	}
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	last := ""
	for _, key := range keys {
		name := key
		if at := strings.Index(key[len(prefix):], delimiter); delimiter != "" && at >= 0 {
			name = key[:len(prefix)+at+len(delimiter)]
		}
		switch {
		case name <= after || name == last:
			continue
		case len(page.Contents)+len(page.CommonPrefixes) == pageMost:
			page.IsTruncated, page.NextContinuationToken = true, last
			answer(w, page)
			return
		case name != key:
			page.CommonPrefixes = append(page.CommonPrefixes, struct{ Prefix string }{name})
		default:
			o := s.objects[key]
			page.Contents = append(page.Contents, content{key, o.at.UTC().Format("2006-01-02T15:04:05.000Z"), len(o.body)})
		}
		last = name
	}
	answer(w, page)
}

func (s *Server) deleteAll(w http.ResponseWriter, body []byte) {
	var asked struct {
		Object []struct{ Key string }
	}
	if err := xml.Unmarshal(body, &asked); err != nil {
		refuse(w, &refusal{status: http.StatusBadRequest, code: "MalformedXML", what: err.Error()})
		return
	}
	for _, o := range asked.Object {
		delete(s.objects, o.Key)
	}
	answer(w, struct {
		XMLName xml.Name `xml:"DeleteResult"`
	}{})
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, key string) {
	o, there := s.objects[key]
	if !there {
		refuse(w, &refusal{status: http.StatusNotFound, code: "NoSuchKey", what: "there is no such object"})
		return
	}
	w.Header().Set("ETag", tag(o.body))
	http.ServeContent(w, r, "", o.at, strings.NewReader(string(o.body)))
}

// join makes one object of its parts.
func (s *Server) join(w http.ResponseWriter, key, id string) {
	var whole []byte
	for n := 1; ; n++ {
		name := id + "/" + strconv.Itoa(n)
		part, there := s.parts[name]
		if !there {
			break
		}
		whole = append(whole, part...)
		delete(s.parts, name)
	}
	s.objects[key] = object{whole, time.Now()}
	answer(w, struct {
		XMLName   xml.Name `xml:"CompleteMultipartUploadResult"`
		Key, ETag string
	}{Key: key, ETag: tag(whole)})
}

func tag(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/xml")
	if b, err := xml.Marshal(v); err == nil {
		_, _ = w.Write(append([]byte(xml.Header), b...)) // who asked may be gone
	}
}

func refuse(w http.ResponseWriter, no *refusal) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(no.status)
	answer(w, struct {
		XMLName        xml.Name `xml:"Error"`
		Code, Message  string
		AWSAccessKeyId string `xml:",omitempty"`
	}{Code: no.code, Message: no.what, AWSAccessKeyId: no.key})
}
