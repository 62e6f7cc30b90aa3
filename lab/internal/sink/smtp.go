package sink

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// letter is one line of mail.ndjson.
type letter struct {
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Body    string    `json:"body"`
}

// sessionLimit ends a connection that says nothing.
const sessionLimit = time.Minute

// ServeSMTP takes mail from anybody and delivers it to the journal. It speaks
// just enough of the protocol for Alertmanager, swaks and net/smtp.
func ServeSMTP(ln net.Listener, j *Journal, now func() time.Time) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close() //nolint:errcheck // the peer has its answer
			if err := conn.SetDeadline(now().Add(sessionLimit)); err != nil {
				return
			}
			s := session{text: textproto.NewConn(conn), journal: j, now: now}
			s.run()
		}()
	}
}

type session struct {
	text    *textproto.Conn
	journal *Journal
	now     func() time.Time
	from    string
	to      []string
}

func (s *session) run() {
	reply := "220 lab mail sink"
	for {
		if err := s.text.PrintfLine("%s", reply); err != nil {
			return
		}
		line, err := s.text.ReadLine()
		if err != nil {
			return
		}
		if strings.EqualFold(strings.TrimSpace(line), "QUIT") {
			_ = s.text.PrintfLine("221 bye")
			return
		}
		reply = s.command(line)
	}
}

func (s *session) command(line string) string {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch strings.ToUpper(verb) {
	case "HELO", "EHLO":
		return "250 lab"
	case "MAIL":
		s.from, s.to = address(rest), nil
		return "250 ok"
	case "RCPT":
		s.to = append(s.to, address(rest))
		return "250 ok"
	case "DATA":
		return s.data()
	case "RSET", "NOOP":
		return "250 ok"
	default:
		return "502 not known here"
	}
}

func (s *session) data() string {
	if len(s.to) == 0 {
		return "503 no recipient"
	}
	if err := s.text.PrintfLine("354 go on"); err != nil {
		return "451 " + err.Error()
	}
	raw, err := io.ReadAll(io.LimitReader(s.text.DotReader(), maxBody))
	if err != nil {
		return "451 " + err.Error()
	}
	subject, body, err := parseMail(raw)
	if err != nil {
		return "554 " + err.Error()
	}
	if err := s.journal.Add(letter{At: s.now().UTC(), From: s.from, To: s.to, Subject: subject, Body: body}); err != nil {
		return "451 " + err.Error()
	}
	return "250 kept"
}

func parseMail(raw []byte) (subject, body string, err error) {
	m, err := mail.ReadMessage(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return "", "", fmt.Errorf("not a mail: %w", err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return "", "", errors.New("subject cannot be decoded")
	}
	data, err := io.ReadAll(m.Body)
	if err != nil {
		return "", "", err
	}
	return subject, string(data), nil
}

// address takes what stands between the angle brackets of FROM:<...>.
func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
