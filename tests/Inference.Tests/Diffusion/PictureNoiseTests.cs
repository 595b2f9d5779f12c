using Tollgate.Inference.Diffusion;

namespace Tollgate.Inference.Tests.Diffusion;

public sealed class PictureNoiseTests
{
    [Theory] // Known answers of the authors' Random123, kat_vectors: philox4x32 10.
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_the_known_answers(
        uint a, uint b, uint c, uint d, uint firstKey, uint secondKey, uint e, uint f, uint g, uint h)
    {
        uint[] counter = [a, b, c, d];

        PictureNoise.Philox(counter, firstKey, secondKey);

        Assert.Equal([e, f, g, h], counter);
    }

    [Fact]
    public void Draw_gives_standard_normal_numbers_that_depend_on_seed_picture_and_draw_alone()
    {
        var noise = Draw(seed: 7, picture: 0, draw: 0, count: 100_000);

        Assert.Equal(noise, Draw(7, 0, 0, 100_000));
        Assert.Equal(noise[..10], Draw(7, 0, 0, 10)); // A number does not depend on how many are drawn.
        Assert.NotEqual(noise[..10], Draw(8, 0, 0, 10));
        Assert.NotEqual(noise[..10], Draw(7UL + (1UL << 32), 0, 0, 10));
        Assert.NotEqual(noise[..10], Draw(7, 1, 0, 10));
        Assert.NotEqual(noise[..10], Draw(7, 0, 1, 10));
        Assert.InRange(noise.Average(), -0.02, 0.02); // Five deviations of the mean of 100,000 are 0.016.
        Assert.InRange(noise.Average(value => value * value), 0.97, 1.03);
        Assert.InRange(noise.Max(Math.Abs), 3.5f, 6.5f);
    }

    private static float[] Draw(ulong seed, uint picture, uint draw, int count)
    {
        var noise = new float[count];
        new PictureNoise(seed, picture).Draw(draw, noise);
        return noise;
    }
}
