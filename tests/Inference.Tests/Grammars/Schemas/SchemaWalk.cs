using System.Text;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>Writes random texts of a grammar with the real engine, token by token, as a model without sense would.</summary>
internal sealed class SchemaWalk(CompiledGrammar grammar, TokenVocabulary vocabulary)
{
    private const int UsualTokens = 400;

    /// <summary>A vocabulary of every byte and of pieces that models have; its last token ends the answer.</summary>
    public static TokenVocabulary Vocabulary { get; } = MakeVocabulary();

    /// <summary>A whole text: tokens that are allowed are drawn until the end token, or until nothing but it may follow.</summary>
    /// <param name="isWeighted">Whether some tokens are much likelier than others in this text, rather than all alike.</param>
    public string Write(Random random, bool isWeighted)
    {
        // Not disposed: a pool thread may still be in its release when the text ends.
        var woken = new SemaphoreSlim(0);
        var most = UsualTokens + (int)Math.Min(2 * grammar.FewestBytes, 100_000);
        var constraint = new GrammarConstraint(grammar, vocabulary, most, () => woken.Release());
        float[] weights = [.. Enumerable.Range(0, vocabulary.Size).Select(_ => isWeighted ? -8 * random.NextSingle() : 0)];
        var logits = new float[vocabulary.Size];
        var text = new MemoryStream();
        for (var left = most; left > 0 && !constraint.IsComplete; left--)
        {
            while (!constraint.IsReady)
            {
                woken.Wait();
            }

            weights.CopyTo(logits, 0);
            constraint.Restrict(logits);
            var token = Draw(logits, random);
            constraint.Accept(token, left - 1);
            if (vocabulary.IsEnd(token))
            {
                break;
            }

            text.Write(vocabulary.BytesOf(token));
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    /// <summary>Whether a text is a whole one of the grammar.</summary>
    public static bool Accepts(CompiledGrammar grammar, string text)
    {
        var stepper = new Stepper(grammar);
        var at = stepper.Begin();
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            at = stepper.After(at, [value]);
            if (at.IsDead)
            {
                return false;
            }
        }

        return at.CanEnd;
    }

    /// <summary>The likeliest token after noise is added to each logarithm of a weight, which draws by weight.</summary>
    private static int Draw(float[] logits, Random random)
    {
        var (best, highest) = (-1, double.NegativeInfinity);
        for (var token = 0; token < logits.Length; token++)
        {
            if (float.IsNegativeInfinity(logits[token]))
            {
                continue;
            }

            var drawn = logits[token] - Math.Log(-Math.Log(random.NextDouble() + 1e-12) + 1e-12);
            if (drawn > highest)
            {
                (best, highest) = (token, drawn);
            }
        }

        return best;
    }

    private static TokenVocabulary MakeVocabulary()
    {
        string[] pieces =
        [
            "{\"", "\":", "\": ", "\": \"", "\",", "\", \"", "\"}", "\"]", "}}", "]}", "],", "},", "{}", "[]", "[{", "[{\"", "null", "true",
            "false", " the", " a", "name", "type", "value", "\": {\"", "10", "20", "19", "00", "-0", "0.", ".5", "https://", ".com",
            "@example", "é", "日本", "😀", "\\n", "\\\"", "\\u00", "  ", "\n", "\n  ", "\t", "id", "in", "er", "on", "re", "kind", "items",
        ];
        List<byte[]> bytes =
            [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. pieces.Select(Encoding.UTF8.GetBytes), []];
        return new TokenVocabulary(bytes, [bytes.Count - 1]);
    }
}
