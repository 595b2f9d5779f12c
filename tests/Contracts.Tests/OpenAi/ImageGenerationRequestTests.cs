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

    [Fact]
    public void Rewrite_puts_the_models_real_name_in_and_nothing_else()
    {
        var body = """{"prompt":"A tree","model":"dall-e-2","n":2}"""u8.ToArray();
        Assert.True(ImageGenerationRequest.TryParse(body, out var request, out _));

        var forwarded = request.Rewrite(body, "tiny-painter", outputCap: 0);

        Assert.Equal("""{"prompt":"A tree","model":"tiny-painter","n":2}"""u8.ToArray(), forwarded);
    }
}
