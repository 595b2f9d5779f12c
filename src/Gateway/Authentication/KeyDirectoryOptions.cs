using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Authentication;

/// <summary>Section <c>Keys</c>.</summary>
internal sealed class KeyDirectoryOptions
{
    public const string Section = "Keys";

    /// <summary>
    /// The peppers under which secrets of keys are stored, <c>&lt;id&gt;:&lt;hex&gt;</c> parted by commas or white space; usually by
    /// <c>TOLLGATE__Keys__Peppers_FILE</c>. Shared with Accounts.
    /// </summary>
    [Required]
    public string Peppers { get; init; } = "";

    /// <summary>Keys, and policies, kept in memory. Default 100,000.</summary>
    [Range(100, 10_000_000)]
    public int Remembered { get; init; } = 100_000;

    /// <summary>How long a key that does not exist, or a secret that is not its key's, is refused without asking Redis or Accounts again.
    /// Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan RememberUnknown { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Look-ups of keys that do not exist which one address may cause in a minute; then keys that this gateway does not remember
    /// are answered with 429. Default 30.</summary>
    [Range(1, 1_000_000)]
    public int FailuresPerMinute { get; init; } = 30;
}

[OptionsValidator]
internal sealed partial class KeyDirectoryOptionsValidator : IValidateOptions<KeyDirectoryOptions>;
