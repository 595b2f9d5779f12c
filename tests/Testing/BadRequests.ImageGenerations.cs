namespace Tollgate.Testing;

public static partial class BadRequests
{
    public const string ImageGenerationPath = "/v1/images/generations";

    /// <summary>A good request for a picture with further members.</summary>
    public static string ImageGenerationBody(string members = "") => $$"""{"model":"tiny-painter","prompt":"A tree"{{Comma(members)}}}""";

    private static BadRequest ImageGeneration(string members, string code, string? param) =>
        new(ImageGenerationPath, ImageGenerationBody(members), 400, code, param);

    private static IEnumerable<BadRequest> ImageGenerations()
    {
        string[] integers = ["n", "output_compression", "partial_images", "seed", "steps"];
        string[] texts =
        [
            "size", "output_format", "response_format", "user", "safety_identifier", "background", "moderation", "quality",
            "negative_prompt",
        ];
        foreach (var (names, wrong) in new[]
        {
            (integers, new[] { "\"1\"", "true", "[]", "{}", "1.5", "5.0" }),
            (texts, ["1", "true", "[]", "{}"]),
            (["guidance"], ["\"1\"", "true", "[]", "{}"]),
            (["stream"], ["\"true\"", "1", "[]", "{}"]),
        })
        {
            foreach (var request in names.SelectMany(name => wrong.Select(value =>
                ImageGeneration($"\"{name}\":{value}", InvalidType, name))))
            {
                yield return request;
            }
        }

        foreach (var (member, values) in new[]
        {
            ("n", new[] { "0", "11", "-1" }),
            ("size", ["\"\"", "\"x\"", "\"64\"", "\"64x\"", "\"x64\"", "\"0x64\"", "\"-64x64\"", "\"64X64\"", "\"9999999x64\""]),
            ("output_format", ["\"bmp\"", "\"PNG\"", "\"\""]),
            ("output_compression", ["-1", "101", "50"]), // 50 beside png
            ("response_format", ["\"b64\"", "\"\""]),
            ("partial_images", ["-1", "4", "2"]), // 2 without a stream
            ("background", ["\"white\""]),
            ("moderation", ["\"high\""]),
            ("quality", ["\"best\""]),
            ("seed", ["-1", "9007199254740992"]),
            ("steps", ["0", "1001"]),
            ("guidance", ["-0.5", "100.5"]),
            ("safety_identifier", [$"\"{new string('x', 65)}\""]),
            ("negative_prompt", [$"\"{new string('x', 32_001)}\""]),
        })
        {
            foreach (var value in values)
            {
                yield return ImageGeneration($"\"{member}\":{value}", InvalidValue, member);
            }
        }

        foreach (var (member, value) in new[]
        {
            ("output_format", "\"gif\""), ("output_format", "\"svg\""), ("response_format", "\"url\""), ("background", "\"transparent\""),
            ("quality", "\"hd\""), ("quality", "\"low\""), ("quality", "\"medium\""), ("quality", "\"high\""), ("quality", "\"xhigh\""),
            ("quality", "\"max\""), ("style", "\"vivid\""), ("style", "\"natural\""), ("complexity", "\"low\""),
            ("style", "7"),
            ("frame_count", "2"), ("frame_duration_ms", "40"), ("svg", "{}"), ("image", "\"x\""), ("mask", "\"x\""),
            ("input_fidelity", "\"high\""),
        })
        {
            yield return ImageGeneration($"\"{member}\":{value}", Unsupported, member);
        }

        yield return ImageGeneration("\"negative_prompt\":\"blue\",\"guidance\":1", InvalidValue, "negative_prompt");
        yield return ImageGeneration("\"colour\":\"blue\"", Unknown, "colour");
        yield return ImageGeneration("\"n\":1,\"n\":1", Duplicate, "n");
        yield return ImageGeneration("\"stream_options\":{}", Unknown, "stream_options");
        yield return new(ImageGenerationPath, """{"prompt":"A tree"}""", 400, Missing, "model");
        yield return new(ImageGenerationPath, """{"model":"tiny-painter"}""", 400, Missing, "prompt");
        yield return new(ImageGenerationPath, """{"model":"tiny-painter","prompt":null}""", 400, Missing, "prompt");
        foreach (var (value, code) in new[]
        {
            ("1", InvalidType), ("[\"a\"]", InvalidType), ("{}", InvalidType), ("\"\"", InvalidValue), ("\" \\n\"", InvalidValue),
            ("\"\\udfff\"", InvalidValue), ($"\"{new string('x', 32_001)}\"", InvalidValue),
        })
        {
            yield return new(ImageGenerationPath, $$"""{"model":"tiny-painter","prompt":{{value}}}""", 400, code, "prompt");
        }
    }
}
