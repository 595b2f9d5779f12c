using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ImageGenerationRequestTests
{
    [Fact]
    public void TryParse_reads_every_member()
    {
        var request = Parse.ImageGeneration(
            """
            "n":3,"size":"128x64","output_format":"webp","output_compression":70,"response_format":"b64_json","stream":true,
            "partial_images":2,"user":"u","safety_identifier":"s","background":"opaque","moderation":"low","quality":"auto",
            "seed":9007199254740991,"negative_prompt":"a dog","steps":12,"guidance":4.5
            """);

        Assert.Equal(
            (3, (128, 64), ImageOutputFormat.Webp, 70, true, 2), (request.N, request.PictureSize, request.Format, request.Compression,
                request.Stream, request.PartialImages));
        Assert.Equal(
            (9007199254740991, "a dog", 12, 4.5), (request.Seed, request.NegativePrompt, request.Steps, request.Guidance));
        Assert.Equal(new PromptSize(11, 0, 0, Prompts: 2), request.Size); // "A tree" and "a dog"
        Assert.Equal(new Units(0, Images: 3), request.Media);
        Assert.False(request.Generates);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"size\":\"auto\",\"output_format\":\"png\",\"output_compression\":100,\"partial_images\":0,\"negative_prompt\":\"\"")]
    [InlineData("\"n\":null,\"size\":null,\"style\":null,\"svg\":null,\"background\":null,\"seed\":null,\"quality\":null,\"stream\":null")]
    public void TryParse_has_the_defaults_for_what_is_missing_null_or_auto(string members)
    {
        var request = Parse.ImageGeneration(members);

        Assert.Equal(
            (1, null, ImageOutputFormat.Png, 100, false, 0), (request.N, request.PictureSize, request.Format, request.Compression,
                request.Stream, request.PartialImages));
        Assert.Equal((null, null, null, null), (request.Seed, request.NegativePrompt, request.Steps, request.Guidance));
        Assert.Equal(1, request.Size.Prompts);
        Assert.Equal(1, request.Media.Images);
    }

    /// <summary>Members and values of OpenAI's that the models cannot do, each in its own words.</summary>
    [Theory]
    [InlineData("\"background\":\"transparent\"", "unsupported_parameter", "'background' is 'transparent', which the models cannot draw")]
    [InlineData("\"output_format\":\"gif\"", "unsupported_parameter", "'output_format' can be png, jpeg or webp with this endpoint")]
    [InlineData("\"output_format\":\"svg\"", "unsupported_parameter", "'output_format' can be png, jpeg or webp with this endpoint")]
    [InlineData("\"response_format\":\"url\"", "unsupported_parameter", "this server keeps no files: use 'b64_json'")]
    [InlineData("\"quality\":\"high\"", "unsupported_parameter", "has one value with this endpoint, 'auto'; 'steps' sets how much work")]
    [InlineData("\"quality\":\"hd\"", "unsupported_parameter", "has one value with this endpoint, 'auto'; 'steps' sets how much work")]
    [InlineData("\"style\":\"vivid\"", "unsupported_parameter", "'style'")]
    [InlineData("\"complexity\":\"low\"", "unsupported_parameter", "'complexity'")]
    [InlineData("\"frame_count\":2", "unsupported_parameter", "'frame_count'")]
    [InlineData("\"frame_duration_ms\":40", "unsupported_parameter", "'frame_duration_ms'")]
    [InlineData("\"svg\":{\"model\":\"m\"}", "unsupported_parameter", "'svg'")]
    [InlineData("\"image\":\"x\"", "unsupported_parameter", "'image' is not supported: pictures are drawn from text alone")]
    [InlineData("\"mask\":\"x\"", "unsupported_parameter", "'mask' is not supported: pictures are drawn from text alone")]
    [InlineData("\"input_fidelity\":\"high\"", "unsupported_parameter", "'input_fidelity' is not supported: pictures are drawn from text")]
    [InlineData("\"moderation\":\"high\"", "invalid_value", "'auto' or 'low'")]
    [InlineData("\"output_compression\":90", "invalid_value", "100, because 'output_format' is png")]
    [InlineData("\"output_format\":\"png\",\"output_compression\":0", "invalid_value", "100, because 'output_format' is png")]
    [InlineData("\"partial_images\":1", "invalid_value", "0, because 'stream' is not true")]
    [InlineData("\"partial_images\":4,\"stream\":true", "invalid_value", "3")]
    public void TryParse_names_what_it_refuses_and_why(string members, string code, string message)
    {
        Assert.False(ImageGenerationRequest.TryParse(
            System.Text.Encoding.UTF8.GetBytes($$"""{"model":"m","prompt":"A tree",{{members}}}"""), out _, out var error));

        Assert.Equal((400, "invalid_request_error", code), (error.Status, error.Type, error.Code));
        Assert.Equal(members[1..members.IndexOf('"', 1)], members.StartsWith("\"output_format\":\"png", StringComparison.Ordinal)
            ? "output_format" : error.Param);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"output_format\":\"jpeg\",\"output_compression\":0")]
    [InlineData("\"partial_images\":3,\"stream\":true")]
    [InlineData("\"partial_images\":0")]
    [InlineData("\"quality\":\"standard\",\"moderation\":\"auto\",\"background\":\"auto\"")]
    public void TryParse_takes_what_the_models_can_do(string members) => Assert.NotNull(Parse.ImageGeneration(members));

    [Fact]
    public void Rewrite_puts_the_models_real_name_in_and_nothing_else()
    {
        var body = """{"prompt":"A tree","model":"dall-e-2","n":2}"""u8.ToArray();
        Assert.True(ImageGenerationRequest.TryParse(body, out var request, out _));

        var forwarded = request.Rewrite(body, "tiny-painter", outputCap: 0);

        Assert.Equal("""{"prompt":"A tree","model":"tiny-painter","n":2}"""u8.ToArray(), forwarded);
    }
}
