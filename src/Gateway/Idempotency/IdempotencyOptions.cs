using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Idempotency;

/// <summary>Section <c>Idempotency</c>.</summary>
internal sealed class IdempotencyOptions
{
    public const string Section = "Idempotency";

    /// <summary>
    /// How long Billing may take to find or to keep an answer. Then a request with an <c>Idempotency-Key</c> is refused or, when it was
    /// run, answered and only remembered as done. Default 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan StoreTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

[OptionsValidator]
internal sealed partial class IdempotencyOptionsValidator : IValidateOptions<IdempotencyOptions>;
