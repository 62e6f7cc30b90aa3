package basebackup

// Server is what one has to know of a server to copy it.
type Server struct {
	Cluster     string            // system identifier
	Version     int               // server_version_num
	Tablespaces map[string]string // where each is, by oid; without those in the data folder
}
