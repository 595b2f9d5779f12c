using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Audio;

/// <summary>How recordings that are no WAV files are decoded. Section <c>Audio</c>.</summary>
public sealed class AudioOptions
{
    public const string Section = "Audio";

    /// <summary>The program ffmpeg: a name that is looked up in <c>PATH</c>, or a path. Where there is none, or for an empty text, WAV
    /// alone is taken. Default <c>ffmpeg</c>.</summary>
    public string Ffmpeg { get; init; } = "ffmpeg";

    /// <summary>How long it may take for one recording. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan DecodeTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

[OptionsValidator]
internal sealed partial class AudioOptionsValidator : IValidateOptions<AudioOptions>;
