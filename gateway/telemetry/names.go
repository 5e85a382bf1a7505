package telemetry

import (
	"go.opentelemetry.io/otel/attribute"

	"safeconduct/transfer"
)

// Scope is the instrumentation scope of the spans and metrics that this system makes itself.
const Scope = "safeconduct"

// Steps beside those of the use cases (transfer.Step). A step is a span of that name, and a value of AttrStep.
const (
	StepWrap        transfer.Step = "wrap"        // a data key from the key service
	StepUnwrap      transfer.Step = "unwrap"      // a data key opened by the key service
	StepKey         transfer.Step = "key"         // the keeper's: ensure, rotate, rewrap, trim
	StepSign        transfer.Step = "sign"        // a signature by the key service
	StepPut         transfer.Step = "put"         // one object landed
	StepGet         transfer.Step = "get"         // one object opened: until its first byte may be read
	StepDelete      transfer.Step = "delete"      // the objects under a prefix destroyed
	StepTransaction transfer.Step = "transaction" // one transaction with its evidence, repetitions included
	StepRead        transfer.Step = "read"        // one snapshot read
	StepSequence    transfer.Step = "sequence"    // one batch of entries placed in the tree
	StepCheckpoint  transfer.Step = "checkpoint"  // the wait of an act for its signed checkpoint
	StepJob         transfer.Step = "job"         // one run of a job of the clock, by AttrJob
)

// Names of metrics. Prometheus sees them with underscores, a unit and, for counters, "_total".
const (
	MetricDecisions     = "safeconduct.gate.decisions"     // counter, by AttrPhase and AttrVerdict
	MetricRefusals      = "safeconduct.gate.refusals"      // counter, by AttrPhase and AttrCode
	MetricSteps         = "safeconduct.step.duration"      // histogram, seconds, by AttrStep and AttrOutcome
	MetricSealedBytes   = "safeconduct.transfer.sealed"    // counter, bytes of plaintext sealed
	MetricReleasedBytes = "safeconduct.transfer.released"  // counter, bytes of plaintext written to partners
	MetricUploadsBroken = "safeconduct.transfer.broken"    // counter, uploads that broke off
	MetricPulls         = "safeconduct.transfer.pulls"     // counter, deliveries that ended, by AttrOutcome: written, aborted
	MetricUploads       = "safeconduct.uploads"            // gauge, announced uploads, by AttrState: open, doomed
	MetricJobs          = "safeconduct.job.done"           // counter, what jobs of the clock did, by AttrJob
	MetricJobAge        = "safeconduct.job.succeeded.age"  // gauge, seconds since a job last succeeded in this process, or since the start, by AttrJob
	MetricEntries       = "safeconduct.log.entries"        // counter, entries that this process placed in the tree
	MetricUnsequenced   = "safeconduct.log.unsequenced"    // gauge, entries that wait for their place
	MetricUnsigned      = "safeconduct.log.unsigned.age"   // gauge, seconds for which the oldest entry waits for a checkpoint
	MetricCheckpoint    = "safeconduct.log.checkpoint.age" // gauge, seconds since the newest entry under a checkpoint was written
	MetricLogSound      = "safeconduct.log.sound"          // gauge, 1 where the last verification found the log sound
	MetricVerified      = "safeconduct.log.verified.age"   // gauge, seconds since the last verification, or since the start
	MetricTampered      = "safeconduct.authority.tampered" // counter, rows with a wrong tag, by AttrKind
	MetricLimited       = "safeconduct.edge.limited"       // counter, requests refused by a rate limit, by AttrKind
	MetricDependency    = "safeconduct.dependency.up"      // gauge, 1 where the dependency answers, by AttrDependency
	MetricCertificate   = "safeconduct.tls.expiry"         // gauge, seconds until the server's certificate ends
	MetricLogin         = "safeconduct.vault.login.expiry" // gauge, seconds until the secret id of the Vault login ends, by AttrDuty
	MetricLost          = "safeconduct.telemetry.lost"     // counter, exports that the collector did not take, by AttrSignal
)

// Keys of attributes. Their values come from fixed sets; never an id of a record, never a person.
const (
	AttrPhase      = attribute.Key("safeconduct.phase")      // gate.Phase; "none" for a denial outside the gate
	AttrVerdict    = attribute.Key("safeconduct.verdict")    // evidence.Verdict
	AttrCode       = attribute.Key("safeconduct.code")       // gate.Code without its parameter
	AttrStep       = attribute.Key("safeconduct.step")       // transfer.Step
	AttrOutcome    = attribute.Key("safeconduct.outcome")    // Outcome
	AttrState      = attribute.Key("safeconduct.state")      // of an upload
	AttrJob        = attribute.Key("safeconduct.job")        // jobs.Job.Name
	AttrKind       = attribute.Key("safeconduct.kind")       // kind of a record, or class of a limit
	AttrDependency = attribute.Key("safeconduct.dependency") // database, keys, objects
	AttrDuty       = attribute.Key("safeconduct.duty")       // duty.Duty
	AttrSignal     = attribute.Key("safeconduct.signal")     // traces, metrics
	AttrRoute      = attribute.Key("http.route")             // a route template
)
