namespace Tollgate.Testing;

/// <summary>Bad requests of <c>/v1/images/classifications</c>, <c>/v1/images/detections</c> and <c>/v1/images/ocr</c>.</summary>
public static class BadPictureRequests
{
    public const string Path = "/v1/images/classifications";
    public const string DetectionPath = "/v1/images/detections";
    public const string OcrPath = "/v1/images/ocr";

    private const string InvalidType = "invalid_type";
    private const string InvalidValue = "invalid_value";
    private const string Missing = "missing_required_parameter";
    private const string Unknown = "unknown_parameter";
    private static readonly string Good = Convert.ToBase64String(PictureBytes.Gif);

    /// <summary>Those of <see cref="Path"/>.</summary>
    public static IEnumerable<BadRequest> All =>
    [
        .. Members(Path, "tiny-classifier", [.. Integers("top_n"), ("\"top_k\":1", Unknown, "top_k")]), .. Images(Path, "tiny-classifier"),
    ];

    /// <summary>Those of <see cref="DetectionPath"/>.</summary>
    public static IEnumerable<BadRequest> Detections =>
    [
        .. Members(
            DetectionPath, "tiny-detector",
            [
                .. Integers("top_k"),
                ("\"threshold\":-0.1", InvalidValue, "threshold"),
                ("\"threshold\":1.1", InvalidValue, "threshold"),
                ("\"threshold\":1e999", InvalidValue, "threshold"),
                ("\"threshold\":\"0.5\"", InvalidType, "threshold"),
                ("\"threshold\":true", InvalidType, "threshold"),
                ("\"top_n\":1", Unknown, "top_n"),
            ]),
        .. Images(DetectionPath, "tiny-detector"),
    ];

    /// <summary>Those of <see cref="OcrPath"/>.</summary>
    public static IEnumerable<BadRequest> Ocr => [.. OcrMembers(), .. OneImage(OcrPath, "tiny-classifier")];

    /// <summary>A good request with further members.</summary>
    public static string Body(string members = "") =>
        $$"""{"model":"tiny-classifier","image":"{{Good}}"{{(members.Length == 0 ? "" : "," + members)}}}""";

    private static (string Members, string Code, string Param)[] Integers(string name) =>
    [
        ($"\"{name}\":0", InvalidValue, name),
        ($"\"{name}\":-1", InvalidValue, name),
        ($"\"{name}\":1001", InvalidValue, name),
        ($"\"{name}\":1.5", InvalidType, name),
        ($"\"{name}\":\"5\"", InvalidType, name),
        ($"\"{name}\":[]", InvalidType, name),
    ];

    private static IEnumerable<BadRequest> Members(
        string path, string model, IEnumerable<(string Members, string Code, string Param)> own)
    {
        foreach (var (members, code, param) in own.Concat(
        [
            ("\"user\":1", InvalidType, "user"),
            ("\"user\":{}", InvalidType, "user"),
            ("\"stream\":true", Unknown, "stream"),
            ("\"image_url\":\"x\"", Unknown, "image_url"),
            ("\"image\":\"x\"", "duplicate_parameter", "image"),
        ]))
        {
            yield return new(path, $$"""{"model":"{{model}}","image":"{{Good}}",{{members}}}""", 400, code, param);
        }

        yield return new(path, $$"""{"image":"{{Good}}"}""", 400, Missing, "model");
        yield return new(path, $$"""{"model":1,"image":"{{Good}}"}""", 400, InvalidType, "model");
        yield return new(path, $$"""{"model":"","image":"{{Good}}"}""", 400, InvalidValue, "model");
        yield return new(path, $$"""{"model":"{{model}}"}""", 400, Missing, "image");
        yield return new(path, $$"""{"model":"{{model}}","image":null}""", 400, Missing, "image");
    }

    private static IEnumerable<BadRequest> OcrMembers()
    {
        foreach (var (members, code, param) in new[]
        {
            ("\"min_confidence\":-0.1", InvalidValue, "min_confidence"),
            ("\"min_confidence\":1.1", InvalidValue, "min_confidence"),
            ("\"min_confidence\":1e999", InvalidValue, "min_confidence"),
            ("\"min_confidence\":\"0.5\"", InvalidType, "min_confidence"),
            ("\"min_confidence\":[]", InvalidType, "min_confidence"),
            ("\"language\":\"en\"", "unsupported_parameter", "language"),
            ("\"language\":1", InvalidType, "language"),
            ("\"user\":1", InvalidType, "user"),
            ("\"top_n\":1", Unknown, "top_n"),
            ("\"stream\":true", Unknown, "stream"),
            ("\"image\":\"x\"", "duplicate_parameter", "image"),
        })
        {
            yield return new(OcrPath, Body(members), 400, code, param);
        }

        yield return new(OcrPath, $$"""{"image":"{{Good}}"}""", 400, Missing, "model");
        yield return new(OcrPath, $$"""{"model":1,"image":"{{Good}}"}""", 400, InvalidType, "model");
        yield return new(OcrPath, """{"model":"tiny-classifier"}""", 400, Missing, "image");
        yield return new(OcrPath, """{"model":"tiny-classifier","image":null}""", 400, Missing, "image");
        yield return new(OcrPath, $$"""{"model":"tiny-classifier","image":["{{Good}}"]}""", 400, InvalidType, "image");
    }

    private static IEnumerable<BadRequest> Images(string path, string model)
    {
        var many = string.Join(',', Enumerable.Repeat($"\"{Good}\"", 17));
        foreach (var (image, code, at) in new[]
        {
            ("[]", InvalidValue, ""),
            ($"[{many}]", InvalidValue, ""),
            ("[1]", InvalidType, "[0]"),
            ($"[\"{Good}\",null]", InvalidType, "[1]"),
            ($"[\"{Good}\",[]]", InvalidType, "[1]"),
            ($"[\"{Good}\",\"HTTP://169.254.169.254/\"]", "invalid_image_url", "[1]"),
            ($"[\"{Good}\",{Text(PictureBytes.AnimatedGif)}]", "invalid_image_format", "[1]"),
        })
        {
            yield return Bad(path, image, code, at, model);
        }

        foreach (var bad in OneImage(path, model))
        {
            yield return bad;
        }
    }

    /// <summary>Those of one picture.</summary>
    private static IEnumerable<BadRequest> OneImage(string path, string model)
    {
        foreach (var (image, code) in new[]
        {
            ("1", InvalidType),
            ("true", InvalidType),
            ("{\"url\":\"x\"}", InvalidType),
            ("\"\"", "empty_image_file"),
            ("\"data:image/png;base64,\"", "empty_image_file"),
            ("\"not base64\"", "invalid_base64_image"),
            ($"\"{Good[..^1]}\"", "invalid_base64_image"),
            ($"\"data:image/png,{Good}\"", "invalid_base64_image"),
            ($"\"data:text/plain;base64,{Good}\"", "invalid_base64_image"),
            ("\"data:image/png;base64\"", "invalid_base64_image"),
            ("\"https://example.com/cat.png\"", "invalid_image_url"),
            ("\"file:///etc/passwd\"", "invalid_image_url"),
            ("\"aGVsbG8gd29ybGQ=\"", "invalid_image_format"),
            (Text(PictureBytes.Gif.AsSpan(0, 12)), "image_parse_error"),
            (Text(PictureBytes.LyingPng(60_000, 60_000)), "image_too_large"),
            (Text(PictureBytes.LyingPng(5001, 5000)), "image_too_large"),
            (Text(PictureBytes.LyingPng(0, 5)), "image_parse_error"),
            (Text(PictureBytes.LyingPng(uint.MaxValue, uint.MaxValue)), "image_too_large"),
            (Text(PictureBytes.AnimatedGif), "invalid_image_format"),
            (Text(PictureBytes.AnimatedWebP), "invalid_image_format"),
            (Text(PictureBytes.AnimatedPng), "invalid_image_format"),
        })
        {
            yield return Bad(path, image, code, "", model);
        }
    }

    private static BadRequest Bad(string path, string image, string code, string at, string model) =>
        new(path, $$"""{"model":"{{model}}","image":{{image}}}""", 400, code, "image" + at);

    private static string Text(ReadOnlySpan<byte> file) => $"\"{PictureBytes.DataUrl(file)}\"";
}
