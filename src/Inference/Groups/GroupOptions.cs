using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Groups;

/// <summary>The processes of groups. Section <c>Groups</c>.</summary>
public sealed class GroupOptions
{
    public const string Section = "Groups";

    /// <summary>How long a process may fail its health calls before it is killed and started again, by looks in a row and not by the
    /// clock. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class GroupOptionsValidator : IValidateOptions<GroupOptions>;
