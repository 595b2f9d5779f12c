using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Calls;

/// <summary>Section <c>OpenAi</c>.</summary>
internal sealed class OpenAiOptions
{
    public const string Section = "OpenAi";

    /// <summary>Largest request body that is read, bytes. Default 4 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxBodyBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Sends <c>Strict-Transport-Security</c>. Only for a gateway that is reached over TLS alone. Default off.</summary>
    public bool StrictTransportSecurity { get; init; }

    /// <summary>Web origins whose pages may call the API from a browser, or <c>*</c>: a list. Default none: a key does not belong into a
    /// page.</summary>
    public string BrowserOrigins { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class OpenAiOptionsValidator : IValidateOptions<OpenAiOptions>;
