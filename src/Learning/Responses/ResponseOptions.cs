using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Responses;

/// <summary>Which answers of <c>/v1/responses</c> are kept, and for how long. Section <c>Responses</c>.</summary>
internal sealed class ResponseOptions
{
    public const string Section = "Responses";

    /// <summary>How long a response is kept. A change holds for those that are kept from then on. Default 30 days, as at OpenAI.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Most bytes of one response with its own input. Default 16 MiB.</summary>
    [Range(1024, 1024L * 1024 * 1024)]
    public long MaxBytes { get; init; } = 16L * 1024 * 1024;

    /// <summary>Most bytes of an organization's responses together. Default 10 GiB.</summary>
    [Range(1024, 1024L * 1024 * 1024 * 1024 * 1024)]
    public long MaxTotalBytes { get; init; } = 10L * 1024 * 1024 * 1024;

    /// <summary>Most responses of an organization. Default 1,000,000.</summary>
    [Range(1, 1_000_000_000)]
    public long MaxResponses { get; init; } = 1_000_000;

    /// <summary>Most responses of a conversation that can go on. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int MaxConversationResponses { get; init; } = 1_000;

    /// <summary>Most bytes of a conversation's items, input and output together, with which it can go on. Default 8 MiB.</summary>
    [Range(1024, 1024L * 1024 * 1024)]
    public long MaxConversationBytes { get; init; } = 8L * 1024 * 1024;

    /// <summary>Most conversations that an organization reads at once from one process of this service; others wait. Default 8.</summary>
    [Range(1, 10_000)]
    public int MaxReads { get; init; } = 8;
}

[OptionsValidator]
internal sealed partial class ResponseOptionsValidator : IValidateOptions<ResponseOptions>;
