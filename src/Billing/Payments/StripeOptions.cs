using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Payments;

/// <summary>The payment provider. Section <c>Stripe</c>. Without a key nobody can top up, and everything else works.</summary>
public sealed class StripeOptions
{
    public const string Section = "Stripe";

    /// <summary>Secret key, usually by <c>ApiKey_FILE</c>.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>Base address of the API; the fake's in development. Default Stripe's own.</summary>
    [Url]
    public string ApiBase { get; init; } = "https://api.stripe.com";

    /// <summary>
    /// Signing secret of the webhook endpoint, usually by <c>WebhookSecret_FILE</c>. Several, parted by white space, while it is changed.
    /// </summary>
    public string WebhookSecret { get; init; } = "";

    /// <summary>
    /// How old an open checkout is before Stripe is asked about it, in case its webhook was lost; doubles with every asking. Default 30
    /// s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How far back completed sessions are read again after a start and when the database was restored: further than the oldest backup that
    /// may be restored. Default 90 days.
    /// </summary>
    [Range(typeof(TimeSpan), "30.00:00:00", "3650.00:00:00")]
    public TimeSpan LookBack { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long Stripe may take to answer. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);
}

[OptionsValidator]
internal sealed partial class StripeOptionsValidator : IValidateOptions<StripeOptions>;
