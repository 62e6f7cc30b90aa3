package layout

// The lab's own ports, all on 127.0.0.1. They lie away from the defaults on
// purpose: Debian starts its packages' services on 9090, 5432 and so on, and
// the lab must be able to run beside them.
const (
	PortPrometheus   = 19090
	PortAlertmanager = 19093
	// The console's ways to the two, which faults can disturb.
	PortPrometheusProxy   = 19091
	PortAlertmanagerProxy = 19094
	PortProxy             = 19092 // the proxy's own page
	PortNodeExporter      = 19100
	PortPostgresExporter  = 19187
	PortRedisExporter     = 19121
	PortBlackbox          = 19115
	PortPostgres          = 19432
	PortReplica           = 19433 // only while the fault replica-paused lasts
	PortCertificate       = 19443
	PortRedis             = 19379
	PortSSH               = 19022
	PortMailSink          = 19025
	PortWebhookSink       = 19026
)
