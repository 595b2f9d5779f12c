namespace Tollgate.Inference.Decoders;

/// <summary>What may differ from layer to layer.</summary>
/// <param name="Window">Tokens that a position attends to, itself among them; null: all before it.</param>
/// <param name="Rotation">How positions turn queries and keys; null: not at all.</param>
internal sealed record LayerShape(int? Window, Rotation? Rotation)
{
    /// <summary>Reads the layers of a file.</summary>
    public static IReadOnlyList<LayerShape> Read(
        DecoderFamily family, ArchitectureKeys keys, ArchitectureTensors tensors, int count, int headWidth, int context)
    {
        var window = keys.Number("attention.sliding_window", 0, int.MaxValue, otherwise: family.Local?.Window ?? 0);
        var windowed = window > 0 ? ReadWindowed(family, keys, count) : new bool[count];
        var rotation = family.Positions == PositionForm.Learned ? null : Rotation.Read(keys, tensors, headWidth, context);
        var local = rotation is null ? null : ReadLocal(family, keys, rotation);
        return [.. Enumerable.Range(0, count).Select(i => new LayerShape(
            windowed[i] && window < context ? window : null,
            family.UnrotatedEvery > 0 && (i + 1) % family.UnrotatedEvery == 0 ? null : windowed[i] ? local : rotation))];
    }

    private static bool[] ReadWindowed(DecoderFamily family, ArchitectureKeys keys, int count)
    {
        if (family.Local is not { } layers)
        {
            return [.. Enumerable.Repeat(true, count)];
        }

        if (keys.Flags("attention.sliding_window_pattern", count) is { } listed)
        {
            return listed;
        }

        var every = keys.Number("attention.sliding_window_pattern", 0, 512, otherwise: layers.Every);
        return [.. Enumerable.Range(0, count).Select(i => every == 0 || i % every < every - 1)];
    }

    private static Rotation ReadLocal(DecoderFamily family, ArchitectureKeys keys, Rotation global)
    {
        if (family.Local is not { } layers)
        {
            return global;
        }

        var ropeBase = keys.Positive("rope.freq_base_swa", otherwise: layers.RopeBase ?? 0);
        return ropeBase == 0 ? global : Rotation.Plain(global.Width, ropeBase);
    }
}
