package pgfake

// Version makes the server another one for the logins to come.
func (s *Server) Version(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// Password makes the server ask each login for one.
func (s *Server) Password(password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// Refuse lets no login in any more: each one is told this. Who is in stays in.
func (s *Server) Refuse(code, message string) { s.RefuseIn("", code, message) }

// RefuseIn is Refuse with the routine of the server's source that says so.
func (s *Server) RefuseIn(routine, code, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = &failure{"FATAL", code, message, routine}
}

// Admit lets logins in again.
func (s *Server) Admit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = nil
}

// Freeze stops the server as SIGSTOP does: connections are accepted, what clients send
// is taken, and nothing is answered.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.thawed == nil {
		s.thawed = make(chan struct{})
	}
}

// Thaw lets the server go on.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.thawed != nil {
		close(s.thawed)
		s.thawed = nil
	}
}

// warm waits until the server is not frozen.
func (s *Server) warm() {
	s.mu.Lock()
	thawed := s.thawed
	s.mu.Unlock()
	if thawed != nil {
		<-thawed
	}
}

// Down ends all sessions without a word and refuses connections by Dial, as a machine
// does whose server is not there.
func (s *Server) Down() {
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	s.Cut()
}

// Up accepts connections again.
func (s *Server) Up() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// Cut breaks all connections without a word.
func (s *Server) Cut() {
	for _, k := range s.all() {
		k.end()
	}
}

// Shut ends all sessions with these words, as an administrator's command does (57P01).
func (s *Server) Shut(code, message string) {
	for _, k := range s.all() {
		k.say(encoded(failure{severity: "FATAL", code: code, message: message}.response()))
		k.end()
	}
}

// Connections is how many there are now.
func (s *Server) Connections() int { return len(s.all()) }

func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*session
	for k := range s.sessions {
		out = append(out, k)
	}
	return out
}
