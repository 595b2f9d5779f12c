using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Tests.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Contracts.Tests.Metering;

public sealed class DrawingProgressTests
{
    [Fact]
    public void A_count_is_read_back_and_never_falls()
    {
        var known = new Units(8, Pixels: 4096);
        var last = -1L;
        foreach (var (images, steps) in new[] { (0, 0), (1, 0), (1, 5), (2, 5), (2, 6), (10, 6), (10, 10_000) })
        {
            var count = DrawingProgress.Of(new Units(0, Images: images, Steps: steps));

            Assert.True(count > last);
            Assert.Equal(new Units(8, Images: images, Pixels: images * 4096, Steps: steps), DrawingProgress.UnitsOf(known, count));
            last = count;
        }
    }

    [Fact]
    public void More_pictures_than_a_request_has_do_not_become_steps() => Assert.Equal(
        new Units(0, Images: 15, Steps: 3), DrawingProgress.UnitsOf(default, DrawingProgress.Of(new Units(0, Images: 99, Steps: 3))));

    [Theory]
    [InlineData("", 4096, 20)]
    [InlineData("\"size\":\"128x32\",\"steps\":7,\"n\":3", 3 * 4096, 21)]
    [InlineData("\"size\":\"16384x16384\",\"steps\":1000,\"n\":2", 2 * 65_536, 200)]
    public void The_most_units_of_a_request_are_those_asked_for_within_what_the_worker_draws(string members, long pixels, long steps)
    {
        var request = Parse.ImageGeneration(members);

        Assert.Equal(
            new Units(0, Images: request.N, Pixels: pixels, Steps: steps), new DrawingMeasure(4096, 65_536, 20, 100).MostUnits(request));
    }
}
