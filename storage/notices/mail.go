package notices

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// mailer hands letters to a mail server, each over a connection of its own.
type mailer struct {
	host    string
	from    string
	options []mail.Option
}

func newMailer(c *MailConfig) (*mailer, error) {
	host, portText, _ := net.SplitHostPort(c.Server)
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, bad("notices.mail.server %q: write HOST:PORT, as mail.example:587", c.Server)
	}
	password, err := secret("notices.mail.password_file", c.PasswordFile)
	if err != nil {
		return nil, err
	}
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	m := &mailer{host: host, from: c.From, options: []mail.Option{
		mail.WithPort(port), mail.WithTimeout(sendTimeout), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}),
	}}
	switch c.TLS {
	case "implicit":
		m.options = append(m.options, mail.WithSSL())
	case "none":
		m.options = append(m.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.User != "" {
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.User), mail.WithPassword(password))
	}
	return m, nil
}

func (m *mailer) carry(ctx context.Context, l *Letter) error {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return bad("notices.mail.from: %w", err)
	}
	if err := msg.To(l.To); err != nil {
		return &answer{text: "the address is not one", one: true, final: true}
	}
	msg.Subject(l.Subject)
	msg.SetMessageIDWithValue(l.ID + "@" + m.host)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday reply
	text := l.Text
	if l.Link != "" {
		text += "\n\n" + l.Link
	}
	if l.Paper != "" {
		text += "\n\n" + strings.TrimSuffix(l.Paper, "\n")
	}
	msg.SetBodyString(mail.TypeTextPlain, text+"\n")
	client, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return bad("notices.mail: %w", err)
	}
	// What fails once the server has said yes (RSET, QUIT) is no reason to send twice.
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return mailAnswer(err)
	}
	return nil
}
