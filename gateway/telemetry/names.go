package telemetry

import "go.opentelemetry.io/otel/attribute"

// Scope is the instrumentation scope of the spans and metrics that this system makes itself.
const Scope = "safeconduct"

// Names of spans: one for each step of a referral that leaves the process or takes time.
const (
	SpanRequest     = "transfer.request"
	SpanReceive     = "transfer.receive"
	SpanCommit      = "transfer.commit"
	SpanPull        = "transfer.pull"
	SpanDecide      = "gate.decide"
	SpanWrap        = "keys.wrap"
	SpanUnwrap      = "keys.unwrap"
	SpanSequence    = "log.sequence"
	SpanSweep       = "transfer.sweep"
	SpanBlobCreate  = "blob.create"
	SpanBlobOpen    = "blob.open"
	SpanTransaction = "store.transaction"
)

// Names of metrics. Prometheus sees them with underscores, a unit and, for counters, "_total".
const (
	MetricDecisions       = "safeconduct.gate.decisions"     // counter, by AttrPhase and AttrVerdict
	MetricRefusals        = "safeconduct.gate.refusals"      // counter, by AttrPhase and AttrCode
	MetricSealedBytes     = "safeconduct.transfer.sealed"    // counter, bytes of plaintext sealed
	MetricReleasedBytes   = "safeconduct.transfer.released"  // counter, bytes of plaintext written to partners
	MetricLogEntries      = "safeconduct.log.entries"        // counter, entries integrated into the tree
	MetricLogUnsequenced  = "safeconduct.log.unsequenced"    // gauge, entries that wait for the tree
	MetricCheckpointDelay = "safeconduct.log.checkpoint.age" // gauge, seconds since the last signed checkpoint
)

// Keys of attributes. Their values come from fixed sets; never an id of a record, never a person.
const (
	AttrPhase   = attribute.Key("safeconduct.phase")   // gate.Phase
	AttrVerdict = attribute.Key("safeconduct.verdict") // evidence.Verdict
	AttrCode    = attribute.Key("safeconduct.code")    // gate.Code without its parameter
	AttrRoute   = attribute.Key("http.route")          // a route template
)
