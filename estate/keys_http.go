package estate

import "strings"

// httpKeys describes http_config, whose home is prometheus/common. Left out are
// the *_ref keys, which need a secret manager, the JWT grants of oauth2, and the
// deprecated bearer_token pair; a test compares the rest with the library.
func httpKeys() []key {
	return []key{
		{name: "basic_auth", shape: shapeMapping, meaning: "Log in with user and password.", fields: []key{
			{name: "username", shape: shapeText, pattern: anyText, example: "opsdeck", meaning: "The user."},
			path("username_file", "A file that holds the user."),
			secret("password", "The password."),
			path("password_file", "A file that holds the password."),
		}},
		{name: "authorization", shape: shapeMapping, meaning: "Log in with a token.", fields: []key{
			{name: "type", shape: shapeText, pattern: anyText, fallback: "Bearer", example: "Bearer", meaning: "The scheme of the Authorization header. Not Basic: that is basic_auth."},
			secret("credentials", "The token."),
			path("credentials_file", "A file that holds the token."),
		}},
		{name: "oauth2", shape: shapeMapping, meaning: "Fetch a token by the client credentials grant.", fields: []key{
			{name: "client_id", shape: shapeText, pattern: anyText, required: true, example: "opsdeck", meaning: "The client."},
			secret("client_secret", "Its secret."),
			path("client_secret_file", "A file that holds its secret."),
			{name: "scopes", shape: shapeList, elem: &key{shape: shapeText, pattern: anyText, example: "read", meaning: "One scope."}, meaning: "The scopes to ask for."},
			{name: "token_url", shape: shapeAddress, required: true, example: "https://login.example/token", address: address{schemes: []string{"http", "https"}}, meaning: "Where the token is fetched."},
			tlsKey("How the token server is connected to."),
		}},
		tlsKey("How the server is connected to by TLS."),
		{name: "follow_redirects", shape: shapeFlag, fallback: "true", example: "false", meaning: "Whether redirects are followed. A login, headers and a client certificate stay with scheme, host and port of the address."},
		{name: "enable_http2", shape: shapeFlag, fallback: "true", example: "false", meaning: "Whether HTTP/2 is used."},
		{name: "proxy_url", shape: shapeAddress, example: "http://proxy.example:3128", address: address{schemes: []string{"http", "https", "socks5", "socks5h"}}, meaning: "The proxy to go through."},
		{name: "no_proxy", shape: shapeText, pattern: anyText, example: "127.0.0.1,.internal", meaning: "Addresses that do not go through the proxy, with commas between."},
		{name: "proxy_from_environment", shape: shapeFlag, fallback: "false", example: "true", meaning: "Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY are heeded."},
		{name: "proxy_connect_header", shape: shapeTable, pattern: headerName, meaning: "Headers sent to the proxy with CONNECT.",
			elem: &key{shape: shapeList, meaning: "The values of this header.", elem: secretItem()}},
		{name: "http_headers", shape: shapeTable, pattern: headerName, meaning: "Further headers of every request.",
			elem: &key{shape: shapeMapping, meaning: "One header.", fields: []key{
				{name: "values", shape: shapeList, meaning: "Values that anybody may read.", elem: &key{shape: shapeText, pattern: anyText, example: "tenant-1", meaning: "One value."}},
				{name: "secrets", shape: shapeList, meaning: "Values that are secret.", elem: secretItem()},
				{name: "files", shape: shapeList, meaning: "Files that hold values.", elem: &key{shape: shapePath, example: "header.txt", meaning: "One file."}},
			}}},
	}
}

var headerName = pattern{`^[A-Za-z0-9-]+$`, "a header name: letters, digits and dash"}

func tlsKey(meaning string) key {
	versions := []string{"TLS10", "TLS11", "TLS12", "TLS13"}
	return key{name: "tls_config", shape: shapeMapping, meaning: meaning, fields: []key{
		path("ca_file", "The certificate authority to trust."),
		path("cert_file", "The client certificate."),
		path("key_file", "The client certificate's key."),
		{name: "server_name", shape: shapeText, pattern: anyText, example: "prometheus.internal", meaning: "The name the server's certificate has to carry."},
		{name: "insecure_skip_verify", shape: shapeFlag, fallback: "false", example: "true", meaning: "Whether any certificate will do. Then anybody on the way can read and answer."},
		{name: "min_version", shape: shapeWord, words: versions, example: "TLS12", meaning: "The oldest TLS version to speak."},
		{name: "max_version", shape: shapeWord, words: versions, example: "TLS13", meaning: "The newest TLS version to speak."},
	}}
}

func path(name, meaning string) key {
	return key{name: name, shape: shapePath, example: "secrets/" + name, meaning: meaning}
}

func secret(name, meaning string) key {
	return key{name: name, shape: shapeSecret, example: `"${` + "OPSDECK_" + strings.ToUpper(name) + `}"`, meaning: meaning}
}

func secretItem() *key {
	return &key{shape: shapeSecret, example: `"${OPSDECK_HEADER}"`, meaning: "One secret value."}
}
