package pgfake

import (
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"
)

// start is the login; false: there is no session.
func (k *session) start() bool {
	m, err := k.back.ReceiveStartupMessage()
	if err != nil {
		return false
	}
	k.srv.warm()
	switch m := m.(type) {
	case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
		k.say([]byte("N"))
		return k.start()
	case *pgproto3.CancelRequest:
		k.srv.mu.Lock()
		k.srv.canceled = append(k.srv.canceled, int(m.ProcessID))
		k.srv.mu.Unlock()
		return false
	case *pgproto3.StartupMessage:
		return k.login(m.Parameters)
	}
	return false
}

func (k *session) login(settings map[string]string) bool {
	k.srv.mu.Lock()
	refusal, password, version := k.srv.refusal, k.srv.password, k.srv.version
	k.srv.mu.Unlock()
	if password != "" && k.password() != password {
		refusal = &failure{"FATAL", "28P01", fmt.Sprintf("password authentication failed for user %q", settings["user"]), "auth_failed"}
	}
	if refusal != nil {
		k.back.Send(refusal.response())
		_ = k.back.Flush()
		return false
	}
	k.srv.mu.Lock()
	k.srv.logins = append(k.srv.logins, settings)
	k.srv.mu.Unlock()
	k.back.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": version, "client_encoding": "UTF8", "server_encoding": "UTF8",
		"standard_conforming_strings": "on", "integer_datetimes": "on", "TimeZone": "UTC", "DateStyle": "ISO, MDY"} {
		k.back.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	k.back.Send(&pgproto3.BackendKeyData{ProcessID: k.pid, SecretKey: []byte(rand.Text()[:4])})
	k.back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return k.back.Flush() == nil
}

// password asks for the password.
func (k *session) password() string {
	k.back.Send(&pgproto3.AuthenticationCleartextPassword{})
	_ = k.back.Flush()
	if k.back.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
		return ""
	}
	if m, err := k.back.Receive(); err == nil {
		if p, ok := m.(*pgproto3.PasswordMessage); ok {
			return p.Password
		}
	}
	return ""
}
