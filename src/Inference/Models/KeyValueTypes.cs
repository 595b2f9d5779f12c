namespace Tollgate.Inference.Models;

/// <summary>How a decoder's keys and values are held, as the option <c>--kv</c> and manifests name it.</summary>
public static class KeyValueTypes
{
    public const string Float32 = "f32";

    /// <summary>Half the memory; query, key and value are rounded before the attention.</summary>
    public const string Float16 = "f16";

    public static IReadOnlyList<string> All { get; } = [Float32, Float16];
}
