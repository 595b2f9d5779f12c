namespace Tollgate.Contracts.Metering;

/// <summary>Kinds of units that are priced together. Values are not stored.</summary>
[Flags]
public enum UnitSet
{
    None = 0,

    /// <summary>Prompt tokens that are computed.</summary>
    Input = 1,

    /// <summary>Generated tokens, hidden ones too.</summary>
    Output = 2,

    /// <summary>Milliseconds of audio.</summary>
    Audio = 4,

    /// <summary>Pictures read or made.</summary>
    Images = 8,

    /// <summary>Pixels of the pictures read or made.</summary>
    Pixels = 16,

    /// <summary>Steps of a denoiser.</summary>
    Steps = 32,

    /// <summary>Calls of a model of any kind.</summary>
    Calls = 64,

    /// <summary>Elements of tensors read and given.</summary>
    Elements = 128,

    /// <summary>Prompt tokens out of a prefix cache.</summary>
    Cached = 256,
}
