using Microsoft.Extensions.Options;

namespace Tollgate.FakeStripe;

/// <summary>Settings of the fake Stripe. Section <c>FakeStripe</c>.</summary>
public sealed class FakeStripeOptions
{
    public const string Section = "FakeStripe";

    /// <summary>The only key that the API accepts.</summary>
    [System.ComponentModel.DataAnnotations.Required]
    public string ApiKey { get; init; } = "sk_test_tollgate";

    /// <summary>Address for events; empty sends none.</summary>
    public string WebhookUrl { get; init; } = "";

    /// <summary>Address of the checkout pages for browsers; empty uses the public listener's address.</summary>
    public string PublicUrl { get; init; } = "";

    /// <summary>Secret that signs the events.</summary>
    public string WebhookSecret { get; init; } = "whsec_tollgate";

    /// <summary>Pause before the second delivery of an event; doubles with each further delivery. Default 1 s.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>File that keeps the state across restarts; empty keeps it only in memory.</summary>
    public string StateFile { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class FakeStripeOptionsValidator : IValidateOptions<FakeStripeOptions>;
