using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Exported;

/// <summary>How positions turn queries and keys, measured in a graph's tables of cosines and sines.</summary>
/// <param name="Pairs">Pairs of numbers of a head that turn.</param>
/// <param name="Base">Base of their frequencies.</param>
/// <param name="Factor">By which all of them are divided.</param>
/// <param name="Divisors">By which they are divided instead, one a pair; null: by the factor alone.</param>
internal sealed record RotaryFacts(int Pairs, double Base, double Factor, IReadOnlyList<double>? Divisors)
{
    /// <summary>How far frequencies may be from those of a base to count as such.</summary>
    private const double Near = 1e-4;

    private const double UsualBase = 10_000;

    /// <param name="attention">The operator that reads the tables.</param>
    /// <exception cref="Models.ModelImportException">They do not show the frequencies.</exception>
    public static RotaryFacts Read(ExportedGraph graph, ModelNode attention)
    {
        var frequencies = ReadFrequencies(graph, attention);
        var (pairs, width) = (frequencies.Length, 2 * frequencies.Length);
        var factor = Rounded(1 / frequencies[0]); // The first of any base is 1.
        var found = pairs == 1 ? UsualBase : Rounded(Math.Pow(frequencies[^1] * factor, -width / (width - 2.0)));
        double At(double theta, int pair) => Math.Pow(theta, -2.0 * pair / width);
        return Enumerable.Range(0, pairs).All(i => Math.Abs((At(found, i) / (factor * frequencies[i])) - 1) < Near)
            ? new RotaryFacts(pairs, found, factor, Divisors: null)
            : new RotaryFacts(pairs, UsualBase, Factor: 1, [.. frequencies.Select((frequency, i) => At(UsualBase, i) / frequency)]);
    }

    /// <summary>The whole number that it is near to, if any.</summary>
    private static double Rounded(double number) =>
        Math.Abs(number - Math.Round(number)) < number * Near ? Math.Round(number) : number;

    /// <summary>Angle per position of each pair. Rows twice as far make it twice as exact.</summary>
    private static double[] ReadFrequencies(ExportedGraph graph, ModelNode attention)
    {
        var (cosines, sines) = (graph.Find(attention.Input(7)), graph.Find(attention.Input(8)).Constant);
        if (cosines.Producer is { Operator: "If" } choice)
        {
            throw GraphFacts.Hidden("rope_scaling", $"{ExportedOperators.Describe(choice)} between tables of short and of long texts");
        }

        if (attention.Whole("rotary_interleaved", 0) != 0 || cosines.Constant is not { Shape: [var rows, var pairs] } table
            || sines is null || !table.Shape.SequenceEqual(sines.Shape) || rows < 2 || pairs < 1)
        {
            throw GraphFacts.Hidden("rope_theta", $"no one table of cosines and sines for {ExportedOperators.Describe(attention)}");
        }

        var frequencies = new double[pairs];
        for (var position = 0; position < rows; position = position == 0 ? 1 : 2 * position)
        {
            var (cos, sin) = (table.ReadReals((long)position * pairs, pairs), sines.ReadReals((long)position * pairs, pairs));
            for (var i = 0; i < pairs; i++)
            {
                if (position == 0 && Math.Abs(cos[i] - 1) > Near)
                {
                    throw GraphFacts.Hidden("rope_scaling", "scaled cosines");
                }

                if (position > 0)
                {
                    var away = Math.Atan2(sin[i], cos[i]) - (frequencies[i] * position);
                    frequencies[i] += Math.IEEERemainder(away, 2 * Math.PI) / position;
                }
            }
        }

        return Array.TrueForAll(frequencies, frequency => frequency > 0) ? frequencies
            : throw GraphFacts.Hidden("rope_theta", "frequencies that are not above 0");
    }
}
