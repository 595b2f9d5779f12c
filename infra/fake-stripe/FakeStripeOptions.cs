using Microsoft.Extensions.Options;

namespace Tollgate.FakeStripe;

/// <summary>Section <c>FakeStripe</c>.</summary>
public sealed class FakeStripeOptions
{
    public const string Section = "FakeStripe";

    /// <summary>The only key that the API accepts.</summary>
    [System.ComponentModel.DataAnnotations.Required]
    public string ApiKey { get; init; } = "sk_test_tollgate";

    /// <summary>Where events are sent; empty sends none.</summary>
    public string WebhookUrl { get; init; } = "";

    /// <summary>Address of the checkout pages as browsers reach them; empty takes the public listener's own.</summary>
    public string PublicUrl { get; init; } = "";

    /// <summary>Signs the events.</summary>
    public string WebhookSecret { get; init; } = "whsec_tollgate";

    /// <summary>Pause before the second delivery of an event; doubles with each further one. Default 1 s.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>File that keeps the state over restarts; empty keeps it in memory alone.</summary>
    public string StateFile { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class FakeStripeOptionsValidator : IValidateOptions<FakeStripeOptions>;
