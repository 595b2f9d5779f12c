using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Till;

/// <summary>Section <c>Till</c>.</summary>
internal sealed class TillOptions
{
    public const string Section = "Till";

    /// <summary>Longest that a request waits for money to come into its till. Default 750 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan LeaseWait { get; init; } = TimeSpan.FromMilliseconds(750);
}

[OptionsValidator]
internal sealed partial class TillOptionsValidator : IValidateOptions<TillOptions>;
