using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Sealing;

/// <summary>Secrets that seal files. Section <c>Sealing</c>.</summary>
internal sealed class SealingOptions
{
    public const string Section = "Sealing";

    /// <summary>
    /// Master keys: <c>&lt;id&gt;:&lt;32 bytes in hex&gt;</c>, separated by white space or commas, the one that seals first. Older ones
    /// open what they sealed. Usually set through <c>TOLLGATE__Sealing__MasterKeys_FILE</c>. Without them no file can be read.
    /// </summary>
    [Required]
    [RegularExpression(@"^\s*[A-Za-z0-9_.-]{1,32}:[0-9a-fA-F]{64}([\s,]+[A-Za-z0-9_.-]{1,32}:[0-9a-fA-F]{64})*\s*$")]
    public string MasterKeys { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class SealingOptionsValidator : IValidateOptions<SealingOptions>;

/// <summary>Registers the master keys.</summary>
internal static class SealingSlice
{
    public static IServiceCollection AddSealing(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<SealingOptions>, SealingOptionsValidator>();
        services.AddOptions<SealingOptions>().BindConfiguration(SealingOptions.Section).ValidateOnStart();
        services.AddSingleton<MasterKeys>();
        return services;
    }
}
