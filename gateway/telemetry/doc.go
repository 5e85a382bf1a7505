// Package telemetry sets up traces, metrics and the log of operations, and names the spans and metrics of the system.
//
// Nothing here is global: what Setup returns is handed to whoever measures. Attributes are of low cardinality, and hold
// no personal data: routes are templates, never paths (architecture.md, Telemetry).
package telemetry
