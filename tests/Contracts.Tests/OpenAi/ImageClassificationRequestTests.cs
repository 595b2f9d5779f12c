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
        Assert.Equal((1000, new Units(0, Images: 16)), (request.TopN, request.Media));
        Assert.False(request.Generates);
    }

    private static ImageClassificationRequest Read(string image, string members = "")
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","image":{{image}}{{members}}}""");
        Assert.True(ImageClassificationRequest.TryParse(body, out var request, out var error), error?.Message);
        return request;
    }
}
