using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ImageOcrRequestTests
{
    [Theory]
    [InlineData("")]
    [InlineData("data:image/gif;base64,")]
    public void TryParse_reads_a_picture_and_bounds_its_units(string before)
    {
        var image = before + Convert.ToBase64String(PictureBytes.Gif);
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","image":"{{image}}","min_confidence":0.25,"user":"u","language":null}""");

        Assert.True(ImageOcrRequest.TryParse(body, out var request, out var error), error?.Message);

        Assert.Equal(PictureBytes.Gif, request.Image.File.ToArray());
        Assert.Equal(("image", new PictureHeader(PictureFormat.Gif, 3, 2)), (request.Image.Param, request.Image.Header));
        Assert.Equal(("m", 0.25, new Units(0, Images: 1, Pixels: 6)), (request.Model, request.MinConfidence, request.Media));
        Assert.False(request.Generates);
    }

    [Theory]
    [InlineData("image")]
    [InlineData("file")]
    public async Task TryParse_reads_the_file_of_a_form(string part)
    {
        using var form = await FormBytes.GoodAsync(
            new FormBytes().Field("model", "m").Field("min_confidence", "0").File(part, "a.gif", PictureBytes.Gif).End());

        Assert.True(ImageOcrRequest.TryParse(form, out var request, out _));

        Assert.Equal((part, 0.0, 0.5), (request.Image.Param, request.MinConfidence, await DefaultAsync()));
        Assert.Equal(PictureBytes.Gif, request.Image.File.ToArray());
    }

    [Fact]
    public async Task TryParse_of_a_form_names_the_part_at_fault()
    {
        Assert.Equal(("missing_required_parameter", "model"), await RefuseAsync(new FormBytes().File("file", "a", PictureBytes.Gif)));
        Assert.Equal(("missing_required_parameter", "image"), await RefuseAsync(Model()));
        Assert.Equal(("invalid_value", "min_confidence"), await RefuseAsync(Model().Field("min_confidence", "1.5")));
        Assert.Equal(("invalid_value", "min_confidence"), await RefuseAsync(Model().Field("min_confidence", "high")));
        Assert.Equal(("unsupported_parameter", "language"), await RefuseAsync(Model().Field("language", "en")));
        Assert.Equal(("invalid_type", "image"), await RefuseAsync(Model().Field("image", "aGk=")));
        Assert.Equal(("unknown_parameter", "image[]"), await RefuseAsync(Model().File("image[]", "a", PictureBytes.Gif)));
        Assert.Equal(("invalid_image_format", "file"), await RefuseAsync(Model().File("file", "page.png", "no picture"u8)));
        Assert.Equal(
            ("invalid_value", "file"),
            await RefuseAsync(Model().File("image", "a", PictureBytes.Gif).File("file", "b", PictureBytes.Gif)));
    }

    private static FormBytes Model() => new FormBytes().Field("model", "m");

    private static async Task<double> DefaultAsync()
    {
        using var form = await FormBytes.GoodAsync(Model().File("file", "a", PictureBytes.Gif).End());
        Assert.True(ImageOcrRequest.TryParse(form, out var request, out _));
        return request.MinConfidence;
    }

    private static async Task<(string?, string?)> RefuseAsync(FormBytes bytes)
    {
        using var form = await FormBytes.GoodAsync(bytes.End());
        Assert.False(ImageOcrRequest.TryParse(form, out _, out var error));
        return (error.Code, error.Param);
    }
}
