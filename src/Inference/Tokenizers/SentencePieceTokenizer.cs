using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Makes the tokenizer of SentencePiece's BPE: ▁ stands for a blank, two neighbours that are a piece are merged in the order of
/// the pieces' scores, and what has no piece is spelled in bytes.</summary>
internal static class SentencePieceTokenizer
{
    private const string Blanks = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
    private const string Plain = """{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}""";

    /// <exception cref="FormatException">The vocabulary contradicts itself.</exception>
    public static ITokenizer Create(SentencePieceVocabulary vocabulary)
    {
        var count = vocabulary.Tokens.Count;
        if (vocabulary.Scores.Count != count
            || vocabulary.Control.Concat(vocabulary.UserDefined).Concat(vocabulary.Bytes).Append(vocabulary.Unknown ?? 0)
                .Any(id => id < 0 || id >= count) || vocabulary.Scores.Any(score => !float.IsFinite(score)))
        {
            throw new FormatException("The vocabulary has not one score a token that is a number, or ids outside of it.");
        }

        IPieceModel model = new BpeModel(vocabulary);
        var (normalizer, decoder) = vocabulary.AddSpacePrefix
            ? ($$"""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{{Blanks}}]}""",
                $$"""{"type":"Sequence","decoders":[{{Plain}},{"type":"Strip","content":" ","start":1,"stop":0}]}""")
            : (Blanks, $$"""{"type":"Sequence","decoders":[{{Plain}}]}""");
        using var steps = JsonDocument.Parse($"[{normalizer},{decoder}]");
        return new PipelineTokenizer(new TokenizerParts
        {
            Added =
            [
                .. vocabulary.Control.Select(id => new AddedToken(vocabulary.Tokens[id], id, IsControl: true)),
                .. vocabulary.UserDefined.Select(id => new AddedToken(vocabulary.Tokens[id], id, IsControl: false)),
            ],
            Normalizer = TextNormalizer.Read(steps.RootElement[0], model.Weigh),
            Steps = PieceSteps.Read(null, model.Weigh),
            Model = model,
            Decoder = TokenBytesReader.Read(steps.RootElement[1], mark: null, continuing: ""),
            Frame = new TextFrame([], [], null),
            Space = vocabulary.AddSpacePrefix ? SpaceRule.EveryText : SpaceRule.Nowhere,
        });
    }
}
