using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>The text on which a converted decoder is compared with its source.</summary>
internal static class ParityText
{
    private const int MostTokens = 128;

    /// <summary>A tokenizer that makes fewer of the text does not know its letters.</summary>
    private const int FewestTokens = 16;

    /// <summary>Prose, a list, code and other scripts, so that much of the vocabulary is touched.</summary>
    private const string Text =
        "The ferry left the harbour at seven, and by noon the wind had turned. On board were two doctors, a teacher with her class, and a "
        + "man who sold clocks. Nobody spoke about the storm of the year before.\n\nWhat you need: 250 g of flour, 3 eggs, a pinch of "
        + "salt.\n1. Mix the flour and the eggs.\n2. Wait 20 minutes.\n\nfor (int i = 0; i < 10; i++) { total += prices[i]; }\n\n"
        + "Il pleut depuis ce matin. Der Zug kommt um halb neun. 今日は寒いです。 Привет, мир!";

    /// <summary>Ids of the text, or ids spread over the vocabulary where the tokenizer makes too few of it.</summary>
    /// <param name="context">Longest row, tokens; at least 2.</param>
    public static int[] Read(ITokenizer tokenizer, int vocabulary, int context)
    {
        var ids = new List<int>();
        tokenizer.Encode(Text, allowSpecial: false, ids);
        var known = ids.Where(id => id < vocabulary).Take(Math.Min(MostTokens, context - 1)).ToArray();
        return known.Length >= Math.Min(FewestTokens, context - 1) ? known : Spread(Math.Min(FewestTokens, context - 1), vocabulary);
    }

    /// <summary>Ids spread over the vocabulary.</summary>
    public static int[] Spread(int count, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(((i * 2_654_435_761L) + 1) % vocabulary))];
}
