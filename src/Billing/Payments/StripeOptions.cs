using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Payments;

/// <summary>Settings of the payment provider. Section <c>Stripe</c>. Without a key, top-ups are off and everything else works.</summary>
public sealed class StripeOptions
{
    public const string Section = "Stripe";

    /// <summary>Secret key, usually set through <c>ApiKey_FILE</c>.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>Base address of the API. Default is Stripe's; development uses the fake's.</summary>
    [Url]
    public string ApiBase { get; init; } = "https://api.stripe.com";

    /// <summary>
    /// Signing secret of the webhook endpoint, usually set through <c>WebhookSecret_FILE</c>. May hold several, separated by white space,
    /// during a rotation.
    /// </summary>
    public string WebhookSecret { get; init; } = "";

    /// <summary>
    /// Shortest pause between two questions to Stripe about an open checkout, in case its webhook was lost. The first comes 30 s after the
    /// checkout's start; each pause is the checkout's age, up to an hour, if that is longer. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How far back completed sessions are read after a start and after a restore. Must exceed the age of the oldest backup that may be
    /// restored. Default 90 days.
    /// </summary>
    [Range(typeof(TimeSpan), "30.00:00:00", "3650.00:00:00")]
    public TimeSpan LookBack { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Timeout of a call to Stripe. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);
}

[OptionsValidator]
internal sealed partial class StripeOptionsValidator : IValidateOptions<StripeOptions>;
