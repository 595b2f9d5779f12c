using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>Settings of metrics and traces. Section <c>Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>
    /// Address of an OpenTelemetry collector. It overrides the variable <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>. Without both, nothing is
    /// exported and no trace is recorded. Default none.
    /// </summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>
    /// <c>grpc</c> or <c>http/protobuf</c>. It overrides the variable <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>. Default <c>grpc</c>.
    /// </summary>
    [AllowedValues(null, "", "grpc", "http/protobuf")]
    public string? OtlpProtocol { get; init; }

    /// <summary>Share of the traces that are recorded, 0 to 1. A trace that another service began is recorded if it is recorded
    /// there. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double TraceRatio { get; init; } = 1;
}

[OptionsValidator]
internal sealed partial class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>;
