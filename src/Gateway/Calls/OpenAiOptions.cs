using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>Section <c>OpenAi</c>.</summary>
internal sealed class OpenAiOptions
{
    public const string Section = "OpenAi";

    /// <summary>Largest request body of an endpoint that takes no file, bytes. Default 4 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxBodyBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Largest request body of an endpoint that takes audio, bytes. Default 25 MiB, as at OpenAI.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxAudioBytes { get; init; } = 25 * 1024 * 1024;

    /// <summary>Largest request body of an endpoint that takes pictures, bytes. Base64 is a third longer than the picture. Default
    /// 25 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxImageBytes { get; init; } = 25 * 1024 * 1024;

    /// <summary>Largest request body of an endpoint that takes tensors, bytes. Default 64 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxTensorBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Largest request body of an endpoint that takes files to keep, bytes. Such a body passes through without being held. It
    /// bounds what is read at all: 1 MiB more than Learning's <c>Files:MaxFileBytes</c> and <c>Files:MaxPartBytes</c>. Default 513
    /// MiB.</summary>
    [Range(1024, 65L * 1024 * 1024 * 1024)]
    public long MaxFileBytes { get; init; } = 513L * 1024 * 1024;

    /// <summary>How long a client may send nothing of a body that it has begun. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan BodyStallTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Sends <c>Strict-Transport-Security</c>. Only for a gateway that is reached over TLS alone. Default off.</summary>
    public bool StrictTransportSecurity { get; init; }

    /// <summary>Web origins whose pages may call the API from a browser, or <c>*</c>: a list. Default none: a key does not belong into a
    /// page.</summary>
    public string BrowserOrigins { get; init; } = "";

    /// <summary>Largest body that an endpoint reads, bytes.</summary>
    public long MostBytes(PublicEndpoint? endpoint) => endpoint?.Upload switch
    {
        UploadKind.Audio => MaxAudioBytes,
        UploadKind.Image => MaxImageBytes,
        UploadKind.Tensors => MaxTensorBytes,
        UploadKind.File => MaxFileBytes,
        _ => MaxBodyBytes,
    };
}

[OptionsValidator]
internal sealed partial class OpenAiOptionsValidator : IValidateOptions<OpenAiOptions>;
