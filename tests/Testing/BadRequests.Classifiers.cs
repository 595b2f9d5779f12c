namespace Tollgate.Testing;

/// <summary>Requests for classifications, predictions and moderations.</summary>
public static partial class BadRequests
{
    private static string Picture => Convert.ToBase64String(PictureBytes.Gif);

    private static string PicturePart => $$$"""{"type":"image_url","image_url":{"url":"{{{Picture}}}"}}""";

    private static IEnumerable<BadRequest> Classifications()
    {
        var texts = string.Join(',', Enumerable.Repeat("\"x\"", 2049));
        var tokens = string.Join(',', Enumerable.Repeat("1", 8193));
        foreach (var (members, code, param) in new[]
        {
            ("\"top_n\":0", InvalidValue, "top_n"),
            ("\"top_n\":-1", InvalidValue, "top_n"),
            ("\"top_n\":1.5", InvalidType, "top_n"),
            ("\"top_n\":\"2\"", InvalidType, "top_n"),
            ("\"top_n\":true", InvalidType, "top_n"),
            ("\"top_n\":2147483648", InvalidValue, "top_n"),
            ("\"top_n\":2,\"return_all_scores\":true", InvalidValue, "top_n"),
            ("\"return_all_scores\":1", InvalidType, "return_all_scores"),
            ("\"return_all_scores\":\"true\"", InvalidType, "return_all_scores"),
            ("\"return_all_scores\":[]", InvalidType, "return_all_scores"),
            ("\"truncation\":\"left\"", InvalidValue, "truncation"),
            ("\"truncation\":\"\"", InvalidValue, "truncation"),
            ("\"truncation\":\"Cut\"", InvalidValue, "truncation"),
            ("\"truncation\":true", InvalidType, "truncation"),
            ("\"truncation\":1", InvalidType, "truncation"),
            ("\"truncation\":[\"cut\"]", InvalidType, "truncation"),
            ("\"explain\":1", InvalidType, "explain"),
            ("\"explain\":\"true\"", InvalidType, "explain"),
            ("\"explain\":[true]", InvalidType, "explain"),
            ("\"explain\":{\"label\":1}", InvalidType, "explain.label"),
            ("\"explain\":{\"label\":\"\"}", InvalidValue, "explain.label"),
            ("\"explain\":{\"steps\":16}", InvalidValue, "explain.steps"),
            ("\"explain\":{\"steps\":1026}", InvalidValue, "explain.steps"),
            ("\"explain\":{\"steps\":64.5}", InvalidType, "explain.steps"),
            ("\"explain\":{\"method\":\"lime\"}", InvalidValue, "explain.method"),
            ("\"explain\":{\"method\":null,\"method\":null}", Duplicate, "explain.method"),
            ("\"explain\":{\"points\":64}", Unknown, "explain.points"),
            ("\"user\":1", InvalidType, "user"),
            ("\"stream\":true", Unknown, "stream"),
            ("\"top_k\":1", Unknown, "top_k"),
            ("\"input\":\"x\"", Duplicate, "input"),
        })
        {
            yield return new(ClassificationPath, $$"""{"model":"tiny-sentiment","input":"Once",{{members}}}""", 400, code, param);
        }

        yield return new(ClassificationPath, """{"input":"Once"}""", 400, Missing, "model");
        yield return new(ClassificationPath, """{"model":null,"input":"Once"}""", 400, Missing, "model");
        yield return new(ClassificationPath, """{"model":1,"input":"Once"}""", 400, InvalidType, "model");
        yield return new(ClassificationPath, """{"model":"","input":"Once"}""", 400, InvalidValue, "model");
        yield return new(ClassificationPath, """{"model":"tiny-sentiment"}""", 400, Missing, "input");
        yield return new(ClassificationPath, $$"""{"model":"tiny-sentiment","input":[{{texts}}]}""", 400, InvalidValue, "input");
        yield return new(ClassificationPath, $$"""{"model":"tiny-sentiment","input":[{{tokens}}]}""", 400, InvalidValue, "input");
        yield return new(ClassificationPath, """{"model":"tiny-sentiment","input":[1],"explain":true}""", 400, InvalidValue, "input");
        var many = string.Join(',', Enumerable.Repeat("\"x\"", 17));
        yield return new(
            ClassificationPath, $$"""{"model":"tiny-sentiment","explain":true,"input":[{{many}}]}""", 400, InvalidValue, "input");
        foreach (var request in Prompts(ClassificationPath, "input"))
        {
            yield return request;
        }
    }

    private static IEnumerable<BadRequest> Predictions()
    {
        foreach (var (body, code, param) in new[]
        {
            ("{}", Missing, "data"),
            ("""{"data":null}""", Missing, "data"),
            ("""{"data":1}""", InvalidType, "data"),
            ("""{"data":true}""", InvalidType, "data"),
            ("""{"data":{}}""", InvalidType, "data"),
            ("""{"data":[]}""", InvalidValue, "data"),
            ("""{"data":[1]}""", InvalidType, "data[0]"),
            ("""{"data":[[1]]}""", InvalidType, "data[0]"),
            ("""{"data":[null]}""", InvalidType, "data[0]"),
            ("""{"data":["x",1]}""", InvalidType, "data[1]"),
            ("""{"data":"\ud800"}""", InvalidValue, "data"),
            ("""{"data":"x","data":"y"}""", Duplicate, "data"),
            ("""{"data":"x","text":"y"}""", Unknown, "text"),
            ("""{"data":"x","model":1}""", InvalidType, "model"),
            ("""{"data":"x","model":""}""", InvalidValue, "model"),
            ("""{"data":"x","explain":"yes"}""", InvalidType, "explain"),
            ("""{"data":"x","explain":{"steps":0}}""", InvalidValue, "explain.steps"),
            ("""{"data":"x","explain":{"text":1}}""", Unknown, "explain.text"),
            ($$"""{"data":[{{string.Join(',', Enumerable.Repeat("\"x\"", 17))}}],"explain":true}""", InvalidValue, "data"),
            ($$"""{"data":[{{string.Join(',', Enumerable.Repeat("\"x\"", 2049))}}]}""", InvalidValue, "data"),
        })
        {
            yield return new(PredictPath, body, 400, code, param);
        }
    }

    private static string PictureOf(ReadOnlySpan<byte> file) =>
        $$$"""[{"type":"image_url","image_url":{"url":"{{{PictureBytes.DataUrl(file)}}}"}}]""";

    private static IEnumerable<BadRequest> Moderations()
    {
        foreach (var (input, code, param) in new[]
        {
            ("null", Missing, "input"),
            ("1", InvalidType, "input"),
            ("true", InvalidType, "input"),
            ("{}", InvalidType, "input"),
            ("[]", InvalidValue, "input"),
            ("[1]", InvalidType, "input[0]"),
            ("[[\"x\"]]", InvalidType, "input[0]"),
            ("[null]", InvalidType, "input[0]"),
            ("[\"x\",{}]", InvalidType, "input[1]"),
            ("""[{"type":"text","text":"x"},"x"]""", InvalidType, "input[1]"),
            ("[{}]", Missing, "input[0].type"),
            ("""[{"type":"text"}]""", Missing, "input[0].text"),
            ("""[{"type":"text","text":null}]""", Missing, "input[0].text"),
            ("""[{"type":"text","text":1}]""", InvalidType, "input[0].text"),
            ("""[{"type":1,"text":"x"}]""", InvalidType, "input[0].type"),
            ("""[{"type":"smell","text":"x"}]""", InvalidValue, "input[0].type"),
            ("""["x",{"type":"image_url","image_url":{"url":"x"}}]""", InvalidType, "input[1]"),
            ("""[{"type":"image_url","image_url":{"url":"x"}}]""", "invalid_base64_image", "input[0].image_url.url"),
            ("""[{"image_url":{"url":"https://example.com/a.png"},"type":"image_url"}]""", "invalid_image_url", "input[0].image_url.url"),
            ("""[{"image_url":{"url":"aGVsbG8gd29ybGQ="},"type":"image_url"}]""", "invalid_image_format", "input[0].image_url.url"),
            ("""[{"image_url":{"url":""},"type":"image_url"}]""", "empty_image_file", "input[0].image_url.url"),
            ("""[{"image_url":{"url":1},"type":"image_url"}]""", InvalidType, "input[0].image_url.url"),
            ("""[{"image_url":{},"type":"image_url"}]""", Missing, "input[0].image_url.url"),
            ("""[{"image_url":{"url":null},"type":"image_url"}]""", Missing, "input[0].image_url.url"),
            ("""[{"image_url":{"detail":"low"},"type":"image_url"}]""", Unknown, "input[0].image_url.detail"),
            ("""[{"type":"image_url"}]""", Missing, "input[0].image_url"),
            ("""[{"type":"image_url","text":"x"}]""", Missing, "input[0].image_url"),
            ($$$"""[{"type":"image_url","text":"x","image_url":{"url":"{{{Picture}}}"}}]""", Unsupported, "input[0].text"),
            ($$$"""[{"type":"text","text":"x","image_url":{"url":"{{{Picture}}}"}}]""", Unsupported, "input[0].image_url"),
            ($"[{string.Join(',', Enumerable.Repeat(PicturePart, 17))}]", InvalidValue, "input[16].image_url.url"),
            (PictureOf(PictureBytes.LyingPng(60_000, 60_000)), "image_too_large", "input[0].image_url.url"),
            (PictureOf(PictureBytes.AnimatedGif), "invalid_image_format", "input[0].image_url.url"),
            ("""[{"image_url":"x","type":"image_url"}]""", InvalidType, "input[0].image_url"),
            ("""[{"type":"text","text":"x","bold":1}]""", Unknown, "input[0].bold"),
            ("[\"\\udfff\"]", InvalidValue, "input[0]"),
            ($"[{string.Join(',', Enumerable.Repeat("\"x\"", 2049))}]", InvalidValue, "input"),
        })
        {
            yield return new(ModerationPath, $$"""{"input":{{input}}}""", 400, code, param);
        }

        yield return new(ModerationPath, "{}", 400, Missing, "input");
        yield return new(ModerationPath, """{"input":"x","model":1}""", 400, InvalidType, "model");
        yield return new(ModerationPath, """{"input":"x","model":""}""", 400, InvalidValue, "model");
        yield return new(ModerationPath, """{"input":"x","user":"u"}""", 400, Unknown, "user");
    }
}
