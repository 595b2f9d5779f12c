namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Makes the n-th request of a seed: mostly with a real key, so that it gets past the door; some without.</summary>
internal sealed class HostileGenerator(int seed, string keyText)
{
    /// <summary>Kinds by weight, in thousandths.</summary>
    private static readonly (int Weight, Func<HostileDraw, HostileRequest> Make)[] Kinds =
    [
        (200, HostileBodies.Mutated), (120, HostileBodies.KnownBad), (60, HostileBodies.Nested), (70, HostileBodies.Numbers),
        (80, HostileBodies.Text), (40, HostileBodies.Encodings), (4, HostileBodies.TooLarge), (60, HostileHeads.Credentials),
        (60, HostileHeads.Bombs), (60, HostileHeads.Lines), (60, HostileFrames.Lengths), (70, HostileFrames.Chunks),
        (40, HostileFrames.Pipelined), (40, HostileFrames.Truncated), (16, HostileFrames.OtherProtocols), (6, HostileFrames.Slow),
        (14, HostileFrames.Leaving), (10, HostileBodies.Honest), (120, HostileForms.Make),
    ];

    private static readonly int Total = Kinds.Sum(kind => kind.Weight);

    public HostileRequest Make(int number)
    {
        var draw = new HostileDraw(new Random(unchecked((seed * 1_000_003) + number)), keyText);
        var at = draw.Random.Next(Total);
        foreach (var (weight, make) in Kinds)
        {
            at -= weight;
            if (at < 0)
            {
                return make(draw);
            }
        }

        throw new InvalidOperationException("The weights do not add up.");
    }
}

/// <summary>The random numbers of one request, and its key.</summary>
internal sealed class HostileDraw(Random random, string keyText)
{
    private static readonly string[] Paths =
    [
        "/v1/chat/completions", "/v1/messages", "/v1/completions", "/v1/embeddings", "/v1/engines/tiny-assistant/completions", "/v1/rerank",
        "/v1/classifications", "/predict", "/v1/moderations", "/v1/images/classifications", "/v1/images/generations",
    ];

    public Random Random => random;

    public string Key => keyText;

    /// <summary>The header line of the real key, and now and then none.</summary>
    public string Authorization => random.Next(10) == 0 ? "" : Real;

    public string Real => $"Authorization: Bearer {keyText}\r\n";

    public string Path => One(Paths);

    public T One<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    public byte[] Noise(int most)
    {
        var noise = new byte[random.Next(1, most)];
        random.NextBytes(noise);
        return noise;
    }
}
