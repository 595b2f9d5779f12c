using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Files;

/// <summary>What one organization may keep. Section <c>Files</c>.</summary>
internal sealed class FileLimitOptions
{
    public const string Section = "Files";

    /// <summary>Most bytes of one file, sent whole or in parts. Default 512 MiB, as at OpenAI.</summary>
    [Range(1024, 64L * 1024 * 1024 * 1024)]
    public long MaxFileBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Most bytes of one part of an upload. Default 64 MiB, as at OpenAI.</summary>
    [Range(1024, 4L * 1024 * 1024 * 1024)]
    public long MaxPartBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Most bytes of an organization's files and parts together. Default 100 GiB.</summary>
    [Range(1024, 1024L * 1024 * 1024 * 1024 * 1024)]
    public long MaxTotalBytes { get; init; } = 100L * 1024 * 1024 * 1024;

    /// <summary>Most files and open uploads of an organization. Default 10,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxFiles { get; init; } = 10_000;

    /// <summary>Most files and parts that an organization sends at once to one process of this service. Default 10.</summary>
    [Range(1, 10_000)]
    public int MaxTransfers { get; init; } = 10;

    /// <summary>Days after which a file is deleted, and the most of <c>expires_after</c>; 0 keeps files until they are deleted. Default
    /// 0.</summary>
    [Range(0, 36_500)]
    public int RetentionDays { get; init; }

    /// <summary>The end of a file.</summary>
    /// <param name="seconds">What the client asked for, or null.</param>
    /// <returns>Null for a file that is kept until it is deleted.</returns>
    public DateTimeOffset? EndOf(DateTimeOffset createdAt, long? seconds) =>
        seconds is { } asked ? createdAt.AddSeconds(asked) : RetentionDays > 0 ? createdAt.AddDays(RetentionDays) : null;

    /// <summary>Whether a file may live as long as the client asks.</summary>
    public bool Allows(long? seconds) => RetentionDays == 0 || seconds is null || seconds <= RetentionDays * 86_400L;
}

[OptionsValidator]
internal sealed partial class FileLimitOptionsValidator : IValidateOptions<FileLimitOptions>;
