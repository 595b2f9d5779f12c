using System.Text;
using Tollgate.Contracts.Datasets;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Growth;

/// <summary>A kind of work.</summary>
/// <param name="Prepare">Makes the work for an input of the full size divided by the argument.</param>
internal sealed record GrowthCase(string Name, Func<int, Action> Prepare);

/// <summary>Work whose time must not grow faster than its input.</summary>
internal static class GrowthCases
{
    private const int Characters = 100_000;
    private const int Marks = 200_000;
    private const int DatasetRows = 160_000;
    private const int PieceBytes = 4_096;

    public static IEnumerable<GrowthCase> All() => [.. Templates(), .. Tokens(), Forms(), .. Datasets()];

    private static IEnumerable<GrowthCase> Templates() => HostileTemplates.Long().Select((source, i) => new GrowthCase(
        $"parse {source[..Math.Min(source.Length, 24)]}…",
        divisor =>
        {
            var text = HostileTemplates.Long(divisor)[i];
            return () => ParseOrRefuse(text);
        }));

    private static void ParseOrRefuse(string source)
    {
        try
        {
            ChatTemplate.Parse(source, TimeProvider.System).Render([], true, "", "");
        }
        catch (TemplateException)
        {
            return; // A refusal is an answer too.
        }
    }

    private static IEnumerable<GrowthCase> Tokens()
    {
        var vocabulary = ReadVocabulary();
        var plain = new BpeTokenizer(vocabulary);
        foreach (var sign in (string[])["a", "ab", " ", "<|im_", "你"])
        {
            yield return new GrowthCase($"encode a run of '{sign}'", divisor =>
            {
                var text = string.Concat(Enumerable.Repeat(sign, Characters / sign.Length / divisor));
                return () => plain.Encode(text, allowSpecial: true, []);
            });
        }

        var pieces = SentencePieceTokenizer.Create(new SentencePieceVocabulary
        {
            Tokens = ["<unk>", "▁", .. Enumerable.Range(0, 8).Select(power => new string('a', 1 << power))],
            Scores = [0, -1, .. Enumerable.Range(0, 8).Select(power => (float)-power)],
            Control = [0], UserDefined = [], Bytes = [], Unknown = 0, AddSpacePrefix = true,
        });
        yield return new GrowthCase("merge a run of 'a' by scores", divisor =>
        {
            var text = new string('a', Characters / divisor);
            return () => pieces.Encode(text, allowSpecial: false, []);
        });

        foreach (var expression in (string[])["(a+)+b", "(?:a|a|aa)*b|c", "a*a*a*b"])
        {
            var pattern = new SplitPattern(expression);
            yield return new GrowthCase($"search for {expression}", divisor =>
            {
                var text = new string('a', Characters / divisor);
                return () => pattern.Find(text, []);
            });
        }

        var added = Enumerable.Range(0, 30_000).Select(i => $"{new string('a', 48)}{i}").ToArray();
        var alike = new BpeTokenizer(vocabulary with
        {
            Tokens = [.. vocabulary.Tokens, .. added],
            UserDefined = [.. Enumerable.Range(vocabulary.Tokens.Count, added.Length)],
        });
        yield return new GrowthCase("encode where 30,000 tokens begin alike", divisor =>
        {
            var text = new string('a', Characters / divisor) + added[7];
            return () => alike.Encode(text, allowSpecial: false, []);
        });
    }

    private static GrowthCase Forms() => new("compose a run of marks", divisor =>
    {
        var text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", Marks / divisor));
        return () => CanonicalForms.Compose(text);
    });

    /// <summary>Rows of training files, and lines that are hard for one of the two readers.</summary>
    private static IEnumerable<GrowthCase> Datasets() =>
    [
        Dataset("JSONL of many rows", divisor => Repeat(i => $"{{\"text\":\"text {i}\",\"label\":\"{i % 2}\"}}\n", DatasetRows / divisor)),
        Dataset("JSONL of one row with many names", divisor => "{" + Repeat(i => $"\"n{i}\":0,", Marks / 4 / divisor) + "\"text\":\"x\"}"),
        Dataset(
            "JSONL of one row with one name many times", divisor => "{" + Repeat(_ => "\"ä\":0,", Marks / 2 / divisor) + "\"text\":\"x\"}"),
        Dataset("JSONL of one row of escapes", divisor => $"{{\"text\":\"{Repeat(_ => @"\u0041", Marks / 2 / divisor)}\"}}"),
        Dataset("CSV of many rows", divisor => "text,label\n" + Repeat(i => $"\"text {i}\",{i % 2}\n", DatasetRows / divisor)),
        Dataset("CSV of one row of quotes", divisor => "text,label\n\"" + new string('"', 4 * Marks / divisor)),
        Dataset("CSV of one row of separators", divisor => "text,label\n" + new string(',', 4 * Marks / divisor)),
        Dataset("CSV of an open quote over many rows", divisor => "text,label\n\"" + Repeat(_ => "a,b\n", DatasetRows / divisor)),
    ];

    private static GrowthCase Dataset(string name, Func<int, string> write) => new($"read {name}", divisor =>
    {
        var file = Encoding.UTF8.GetBytes(write(divisor));
        return () =>
        {
            var reader = DatasetReader.ForExamples();
            for (var at = 0; at < file.Length; at += PieceBytes)
            {
                reader.Feed(file.AsSpan(at, Math.Min(PieceBytes, file.Length - at)));
            }

            reader.Complete();
        };
    });

    private static string Repeat(Func<int, string> write, int times) => string.Concat(Enumerable.Range(0, times).Select(write));

    private static BpeVocabulary ReadVocabulary()
    {
        using var file = GgufFile.Open(Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf"));
        return GgufVocabulary.Read(file.Metadata, 4096);
    }
}
