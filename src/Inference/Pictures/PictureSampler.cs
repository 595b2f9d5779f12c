namespace Tollgate.Inference.Pictures;

/// <summary>Stretches a picture to the size that a model reads, by the nearest four pixels, without averaging when it shrinks.
/// Stateless.</summary>
/// <remarks>TensorFlow's <c>resize_bilinear</c> without aligned corners or half pixels, which TF.js's <c>image.resizeBilinear</c> is by
/// default.</remarks>
internal static unsafe class PictureSampler
{
    private const int Channels = 3;

    /// <summary>Returns the channels of 0 to 255 one after the other, <c>[3, height, width]</c>.</summary>
    public static float[] Sample(Picture picture, int width, int height)
    {
        var (columns, rows) = (Places(picture.Width, width), Places(picture.Height, height));
        var result = new float[Channels * width * height];
        for (var y = 0; y < height; y++)
        {
            var (top, bottom, down) = rows[y];
            var upper = picture.Pixels + picture.First + (top * (nint)picture.StepY);
            var lower = picture.Pixels + picture.First + (bottom * (nint)picture.StepY);
            for (var x = 0; x < width; x++)
            {
                var (left, right, across) = (columns[x].Low * (nint)picture.StepX, columns[x].High * (nint)picture.StepX, columns[x].Part);
                for (var channel = 0; channel < Channels; channel++)
                {
                    var above = upper[left + channel] + ((upper[right + channel] - upper[left + channel]) * across);
                    var below = lower[left + channel] + ((lower[right + channel] - lower[left + channel]) * across);
                    result[(((channel * height) + y) * width) + x] = above + ((below - above) * down);
                }
            }
        }

        return result;
    }

    private static (int Low, int High, float Part)[] Places(int source, int target) =>
    [
        .. Enumerable.Range(0, target).Select(i =>
        {
            var at = (float)source / target * i;
            var low = (int)at;
            return (low, Math.Min((int)MathF.Ceiling(at), source - 1), at - low);
        }),
    ];
}
