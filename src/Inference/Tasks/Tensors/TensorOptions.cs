using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>Models of any kind. Section <c>Tensors</c>.</summary>
public sealed class TensorOptions
{
    public const string Section = "Tensors";

    /// <summary>How long one run may take before it is stopped, between two operators. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RunTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest answer, bytes; below the gateway's <c>Forwarding:MaxAnswerBytes</c>. Default 48 MiB.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxAnswerBytes { get; init; } = 48 * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class TensorOptionsValidator : IValidateOptions<TensorOptions>;
