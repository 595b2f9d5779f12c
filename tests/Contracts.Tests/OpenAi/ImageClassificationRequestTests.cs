using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ImageClassificationRequestTests
{
    private static readonly string Gif = Convert.ToBase64String(PictureBytes.Gif);

    [Theory]
    [InlineData("")]
    [InlineData("data:image/gif;base64,")]
    [InlineData("DATA:IMAGE/GIF;BASE64,")]
    [InlineData("data:image/png;charset=x;base64,")]
    public void TryParse_reads_base64_and_data_URLs(string before)
    {
        var request = Read($"\"{before}{Gif}\"");

        var picture = Assert.Single(request.Images);
        Assert.Equal(PictureBytes.Gif, picture.File.ToArray());
        Assert.Equal(("image", new PictureHeader(PictureFormat.Gif, 3, 2)), (picture.Param, picture.Header));
        Assert.Equal(5, request.TopN);
    }

    [Fact]
    public void TryParse_reads_escaped_slashes_as_PHP_writes_them()
    {
        var jpeg = Convert.ToBase64String(PictureBytes.InkJpeg).Replace("/", "\\/", StringComparison.Ordinal);

        Assert.Equal(PictureBytes.InkJpeg, Assert.Single(Read($"\"{jpeg}\"").Images).File.ToArray());
    }

    [Fact]
    public void TryParse_reads_several_pictures_and_bounds_their_units()
    {
        var request = Read($"[{string.Join(',', Enumerable.Repeat($"\"{Gif}\"", 16))}]", ",\"top_n\":1000,\"user\":\"u\"");

        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"image[{i}]"), request.Images.Select(image => image.Param));
        Assert.Equal((1000, new Units(0, Images: 16, Pixels: 16 * 6)), (request.TopN, request.Media));
        Assert.False(request.Generates);
    }

    [Fact]
    public async Task TryParse_reads_the_files_of_a_form()
    {
        using var form = await FormBytes.GoodAsync(new FormBytes().Field("model", "m").Field("top_n", "7")
            .File("image[]", "a.gif", PictureBytes.Gif).File("image[]", "b.jpg", PictureBytes.InkJpeg).End());

        Assert.True(ImageClassificationRequest.TryParse(form, out var request, out _));

        Assert.Equal(["image[0]", "image[1]"], request.Images.Select(image => image.Param));
        Assert.Equal(PictureBytes.InkJpeg, request.Images[1].File.ToArray());
        Assert.Equal(("m", 7, new Units(0, Images: 2, Pixels: 70)), (request.Model, request.TopN, request.Media));
    }

    [Fact]
    public async Task TryParse_of_a_form_names_the_part_at_fault()
    {
        Assert.Equal(("missing_required_parameter", "model"), await RefuseAsync(new FormBytes().File("file", "a", PictureBytes.Gif)));
        Assert.Equal(("missing_required_parameter", "image"), await RefuseAsync(Model()));
        Assert.Equal(("invalid_value", "top_n"), await RefuseAsync(Model().Field("top_n", "0")));
        Assert.Equal(("invalid_type", "image"), await RefuseAsync(Model().Field("image", "aGk=")));
        Assert.Equal(("invalid_type", "user"), await RefuseAsync(Model().File("user", "u", [1])));
        Assert.Equal(("unknown_parameter", "mask"), await RefuseAsync(Model().File("mask", "m", PictureBytes.Gif)));
        Assert.Equal(("invalid_image_format", "file"), await RefuseAsync(Model().File("file", "cat.png", "no picture"u8)));
        Assert.Equal(
            ("image_too_large", "image[0]"), await RefuseAsync(Model().File("image[]", "a", PictureBytes.LyingPng(60_000, 60_000))));
        var many = Enumerable.Range(0, 17).Aggregate(Model(), (form, _) => form.File("image[]", "a", PictureBytes.Gif));
        Assert.Equal(("invalid_value", "image[]"), await RefuseAsync(many));
    }

    private static FormBytes Model() => new FormBytes().Field("model", "m");

    private static async Task<(string?, string?)> RefuseAsync(FormBytes bytes)
    {
        using var form = await FormBytes.GoodAsync(bytes.End());
        Assert.False(ImageClassificationRequest.TryParse(form, out _, out var error));
        return (error.Code, error.Param);
    }

    private static ImageClassificationRequest Read(string image, string members = "")
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","image":{{image}}{{members}}}""");
        Assert.True(ImageClassificationRequest.TryParse(body, out var request, out var error), error?.Message);
        return request;
    }
}
